"""What may be asked of a funnel: periods of whole days, groups, parts of a period; what is refused, and why."""

import re
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import insert

from domain.errors import NotFound, Refused
from domain.fold.days import ZoneDays
from domain.model.definition import parse_model
from projections.projecting.saved import FORMAT, SavedByAnother
from projections.queries.cursors import BadCursor
from projections.queries.days import EVER, BadPeriod, DayRange, day_bound, day_named, days_between, starts_at
from projections.queries.told_apart import BadGroups, grouping, told_by
from projections.queries.view import View
from projections.reports.funnels.leads import FunnelNumber, leads_in
from projections.reports.funnels.report import funnel, funnels
from projections.reports.funnels.shapes import BadFunnel
from store.database.database import Database, open_database
from store.database.tables import live
from tests.given_funnels import FIRST, filled, put, started, view_of

ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "Pacific/Apia", "America/Havana")


CAMPAIGNS = [started(n, FIRST + n % 60, 1 + n % 4, f"campaign {min(n % 70, n % 64)}") for n in range(1_200)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with filled(request, tmp_path_factory, CAMPAIGNS) as database:
        yield database


@pytest.fixture
def view(database: Database) -> Iterator[View]:
    with view_of(database) as view:
        yield view


def test_of_more_than_fifty_groups_the_smaller_ones_are_other(view: View) -> None:
    report = funnel(view, "sale", by="first_campaign")
    assert report.groups is not None and len(report.groups) == 50
    [other] = [group for group in report.groups if group.group == "other"]
    assert other.groups == 64 - 49 and sum(group.groups for group in report.groups) == 64
    assert sum(group.entered for group in report.groups) == report.entered == len(CAMPAIGNS)
    smallest = min(group.entered for group in report.groups if group is not other)
    assert other.entered <= smallest * other.groups
    for group in report.groups:
        page = leads_in(view, "sale", EVER, FunnelNumber(by="first_campaign", group=group.group), limit=1_000)
        assert len(page.items) == group.entered


def test_a_value_that_reads_like_a_group_of_others_is_a_group_of_its_own(view: View) -> None:
    told = told_by(view, "profile.amount")
    texts = [orjson.dumps(text).decode() for text in ("none", '"none"', "other", '"other"', "", "else")]
    assert grouping(told, dict.fromkeys(texts, 1)) == dict(
        zip(texts, ('"none"', '""none""', "other", '"other"', "none", "else"), strict=True)
    )
    many = {orjson.dumps(text).decode(): 2 for text in ("other", '"other"', *map(str, range(47)))}
    groups = grouping(told, many | {'"small"': 1, '"smaller"': 1})
    assert [groups[text] for text in ('"other"', orjson.dumps('"other"').decode(), '"small"', '"smaller"')] == [
        '"other"', '""other""', "other", "other",
    ]  # fmt: skip


def test_bands_that_the_model_declares_are_used_where_nobody_gives_others(view: View) -> None:
    declared = parse_model("bands = { amount = [5000, 7500.5] }\n" + 'stages = [{ name = "lead" }]\n').bands
    told = replace(view, model=view.model.model_copy(update={"bands": declared}))
    names = ["below 5000", "5000 to 7500.5", "7500.5 and more", "none"]
    report = funnel(told, "sale", by="profile.amount")
    assert report.groups is not None and [group.group for group in report.groups] == names
    assert report.groups == funnel(view, "sale", by="profile.amount:5000,7500.5").groups
    other = funnel(told, "sale", by="profile.amount:1").groups
    assert other is not None and [group.group for group in other] == ["below 1", "1 and more", "none"]


def test_a_lead_of_the_list_says_when_it_reached_each_step(view: View) -> None:
    [first, *_] = leads_in(view, "sale", EVER, FunnelNumber("converted")).items
    assert (first.step, len(first.reached), first.reached[0]) == (4, 4, first.started_at)
    assert first.heat is not None and first.stage == "lead"


def test_the_bottleneck_is_where_the_largest_share_is_lost(view: View) -> None:
    report = funnel(view, "sale")
    assert report.bottleneck is not None and report.bottleneck.mature
    assert report.bottleneck.step == 4 and report.bottleneck.on == "order_placed"
    assert report.bottleneck.lost / report.bottleneck.before == report.bottleneck.share == 0.5
    young = funnel(view, "sale", DayRange(FIRST + 50, FIRST + 60)).bottleneck
    assert young is not None and not young.mature
    assert funnel(view, "sale", DayRange(0, 1)).bottleneck is None


def test_a_period_in_which_nobody_started_has_no_rates(view: View) -> None:
    report = funnel(view, "sale", DayRange(0, 3), series="day", by="profile.amount:5000")
    assert (report.entered, report.rate, report.mature_rate, report.took) == (0, None, None, None)
    assert report.series is not None and [each.entered for each in report.series] == [0, 0, 0]
    assert report.groups is not None and [each.group for each in report.groups] == [
        "below 5000", "5000 and more", "none",
    ]  # fmt: skip


def test_the_funnels_of_the_model_are_listed(view: View) -> None:
    assert [(each.name, each.order, each.window, each.steps) for each in funnels(view).items] == [
        ("signup", "ordered", "2d", 3), ("sale", "ordered", "14d", 4), ("plain", "ordered", "14d", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(("asked", "error", "words"), [
    ({"by": "company"}, BadGroups, "by: found 'company', allowed are first_channel, "),
    ({"by": "segment:nope"}, NotFound, "no segment 'nope'"),
    ({"by": "profile."}, BadGroups, "allowed is the name of a field"),
    ({"by": 'profile.a"b'}, BadGroups, "allowed is the name of a field"),
    ({"by": "profile.amount:"}, BadGroups, "numbers in ascending order: profile.amount:5000,10000,20000"),
    ({"by": "profile.amount:5,x"}, BadGroups, "numbers in ascending order"),
    ({"by": "profile.amount:5,5"}, BadGroups, "numbers in ascending order"),
    ({"by": f"profile.amount:{','.join(map(str, range(49)))}"}, BadGroups, "allowed are up to 48 numbers"),
    ({"series": "day"}, BadFunnel, "series: allowed is with a period alone: give from and to"),
    ({"series": "day", "days": DayRange(FIRST)}, BadFunnel, "give from and to"),
    ({"series": "day", "days": DayRange(0, 401)}, BadFunnel, "series: found more than 400 of day, allowed are 400"),
])  # fmt: skip
def test_what_cannot_be_told_is_refused(
    view: View, asked: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        funnel(view, "sale", **asked)  # type: ignore[arg-type]


def test_as_many_parts_as_are_allowed_are_told(view: View) -> None:
    for series, count in (("day", 400), ("week", 400 * 7 - 10), ("month", 400 * 30)):
        report = funnel(view, "sale", DayRange(FIRST, FIRST + count), series=series)  # type: ignore[arg-type]
        assert report.series is not None and sum(each.entered for each in report.series) == report.entered
        assert len(report.series) <= 400


@pytest.mark.parametrize(("asked", "words"), [
    (FunnelNumber(step=0), "step: found 0, allowed is 1 to 4"),
    (FunnelNumber(step=5), "step: found 5, allowed is 1 to 4"),
    (FunnelNumber("converted", step=4), "step: found it with state=converted"),
    (FunnelNumber(by="stage"), "group: allowed is together with by"),
    (FunnelNumber(group="lead"), "group: allowed is together with by"),
    (FunnelNumber(by="stage", group="none"), "group: found 'none', allowed is one of those that the report has"),
])  # fmt: skip
def test_a_list_of_no_number_of_the_report_is_refused(view: View, asked: FunnelNumber, words: str) -> None:
    with pytest.raises(BadFunnel, match=re.escape(words)):
        leads_in(view, "sale", EVER, asked)


def test_a_cursor_of_another_list_is_refused(view: View) -> None:
    with pytest.raises(BadCursor):
        leads_in(view, "sale", cursor="WyJtZW1iZXJzIl0")
    with pytest.raises(NotFound, match="the model has signup, sale"):
        leads_in(view, "nope")


def test_before_the_rebuild_of_an_older_releases_rows_nothing_is_told(migrated_url: str) -> None:
    """They lack the days of start, by which it is told who is pending."""
    database = open_database(migrated_url)
    put(database, CAMPAIGNS[:8])
    with database.transaction() as conn:
        progress = {"name": "projector", "position": 1, "clock": 1, "model": "m", "build": 0, "format": FORMAT - 1}
        conn.execute(insert(live.projector).values(progress))
    with view_of(database) as view:
        with pytest.raises(SavedByAnother, match="leadline rebuild"):
            funnel(view, "sale")
        with pytest.raises(SavedByAnother, match="leadline rebuild"):
            leads_in(view, "sale")
    database.close()


# ---- days --------------------------------------------------------------------------------------------------------


@given(some.integers(0, 253_000_000_000_000_000 // 1_000), some.sampled_from(ZONES))
def test_a_day_begins_once_and_every_instant_lies_in_one(thousandths: int, zone: str) -> None:
    instant = thousandths * 1_000
    day = ZoneDays(zone).of(instant)
    assert starts_at(day, zone) <= instant < starts_at(day + 1, zone)
    assert day_bound(day_named(day).isoformat(), zone) in (day, day + 1) if day >= 0 else True


def test_bounds_are_days_or_the_instants_at_which_they_begin() -> None:
    for text in ("2025-03-09", "2025-03-08T16:00:00Z", "2025-03-09T00:00:00+08:00"):
        assert day_named(day_bound(text, "Asia/Shanghai")).isoformat() == "2025-03-09"
    assert day_named(ZoneDays("Asia/Shanghai").of(1_741_451_400_000_000)).isoformat() == "2025-03-09", (
        "2025-03-08T16:30Z"
    )
    assert day_named(day_bound("2018-11-04T03:00:00Z", "America/Sao_Paulo")).isoformat() == "2018-11-04", "from 1:00 on"


def test_an_instant_inside_a_day_is_refused_with_the_bounds_it_lies_between() -> None:
    with pytest.raises(BadPeriod) as refused:
        days_between("2025-03-08T16:30:00Z", None, "Asia/Shanghai")
    assert str(refused.value) == (
        "from: found '2025-03-08T16:30:00Z', which lies inside a day of Asia/Shanghai; allowed is where a day begins: "
        "2025-03-09 (2025-03-08T16:00:00.000000Z) and 2025-03-10 (2025-03-09T16:00:00.000000Z)"
    )
    with pytest.raises(Refused, match="from: 2025-03-09 is later than to, 2025-03-08"):
        days_between("2025-03-09", "2025-03-08", "UTC")
    with pytest.raises(Refused, match="--to: found 'soon'"):
        days_between(None, "soon", "UTC", ("--from", "--to"))
