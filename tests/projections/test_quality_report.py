"""The report of data quality is what counting every lead by hand gives, on both databases, and what the view says."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.days import DayRange
from projections.reports.answer import BadReport, ReportQuestion, ReportShape
from projections.reports.quality import ADVICE
from projections.reports.registry import report
from store.database.views.quality import QUALITY
from tests.domain.stories import at, us
from tests.given_views import rows_of
from tests.projections.given_analysts import CLOCK, MODEL, played
from tests.projections.world import World


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


def quality(world: World, **options: str) -> ReportShape:
    with world.view() as view:
        return report(view, "quality", ReportQuestion(options=options))


def leads_by_kind(shape: ReportShape) -> dict[tuple[str, str | None], int]:
    return {(item["kind"], item["detail"]): item["leads"] for item in shape.items}


def recounted(world: World, stale_days: int) -> Mapping[tuple[str, str | None], set[str]]:
    """The leads of each finding, from what is known of each lead."""
    found: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    by_email: dict[str, set[str]] = defaultdict(set)
    on_the_way = {stage.name for stage in MODEL.stages if not stage.won and not stage.detour and not stage.retired}
    required = {name.removeprefix("profile.") for stage in MODEL.stages for name in stage.requires}
    for row in world.leads():
        lead, profile = str(row.lead), json.loads(row.profile)
        for kind, _, _ in json.loads(row.findings):
            found[kind, None].add(lead)
        if row.identified:
            for field in required:
                if profile.get(field) in (None, ""):
                    found["missing_field", field].add(lead)
            if row.stage in on_the_way and row.last_touch < CLOCK - stale_days * DAY:
                found["stale", None].add(lead)
            if profile.get("email"):
                by_email[profile["email"].lower()].add(lead)
    of_mail: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    for touch in world.rows("touches"):
        if touch.type in ("email_bounced", "email_delivered", "email_opened", "email_clicked") and not touch.machine:
            of_mail[str(touch.lead)].append((touch.at, touch.type == "email_bounced"))
    found["bounced", None] = {lead for lead, told in of_mail.items() if max(told)[1]}
    found["same_email", None] = {lead for leads in by_email.values() if len(leads) > 1 for lead in leads}
    return found


@pytest.mark.parametrize("days", [90, 9, 0])
def test_the_numbers_are_those_of_a_recount(world: World, days: int) -> None:
    shape = quality(world) if days == 90 else quality(world, stale=str(days))
    expected = recounted(world, days)
    assert {key: count for key, count in leads_by_kind(shape).items() if count} == {
        key: len(leads) for key, leads in expected.items() if leads
    }
    if days == 9:
        assert 0 < leads_by_kind(shape)["stale", None] < len(world.leads())
    identified = sum(row.identified for row in world.leads())
    for item in shape.items:
        assert item["share"] == item["leads"] / identified
        leads = expected.get((item["kind"], item["detail"]), set())
        assert item["example"] in leads if leads else item["example"] is None
    assert shape.notes == [f"stale: not heard of for more than {days} days"]


def test_the_view_says_the_same(world: World) -> None:
    told: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for row in rows_of(world.url, QUALITY):
        told[row["kind"], row["detail"] if row["kind"] == "missing_field" else None].add(row["lead"])
    assert {key: count for key, count in leads_by_kind(quality(world)).items() if count} == {
        key: len(leads) for key, leads in told.items()
    }


def test_every_kind_has_a_row_and_says_what_to_do(world: World) -> None:
    shape = quality(world)
    assert {item["kind"] for item in shape.items} == set(ADVICE)
    assert {item["detail"] for item in shape.items if item["kind"] == "missing_field"} == {"company", "email"}
    assert all(item["means"] and item["to_do"] for item in shape.items)


def test_a_kind_that_nobody_advises_on_is_there(world_on_each: World) -> None:
    """What the fold finds is listed, also before somebody has written what to do about it."""
    world_on_each.play([[at(0, "identified", "e:a@x.de"), at(1, "stage_changed", "e:a@x.de", to="nowhere")]])
    [unknown] = [item for item in quality(world_on_each).items if item["kind"] == "unknown_stage"]
    assert (unknown["leads"], unknown["share"]) == (1, 1.0)


def test_orders_whose_amount_is_not_read_are_counted_and_named(world_on_each: World) -> None:
    told = [
        at(1, "order_placed", "e:a@x.de", total="1,200.50"),
        at(2, "order_placed", "e:a@x.de", total="9,000.50"),
        at(3, "order_placed", "e:b@x.de", amount="USD 99\x00"),
        at(4, "order_placed", "e:c@x.de", amount="99"),
    ]
    world_on_each.play([told[::2], told[1::2]])
    assert leads_by_kind(quality(world_on_each))["amount_not_read", None] == 2
    named = {row["detail"]: row["since"] for row in rows_of(world_on_each.url, QUALITY)}
    first, second = "order_placed.total: 1,200.50", "order_placed.amount: USD 99\ufffd"
    assert (named[first], named[second]) == (rfc3339(us(1)), rfc3339(us(3)))


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_what_a_move_takes_for_missing_is_missing(world_on_each: World, empty: object) -> None:
    asked = at(1, "stage_change_requested", "e:a@x.de", source="api", to="qualified")
    said = at(0, "identified", "e:a@x.de", profile={"company": empty})
    full = [at(0, "identified", f"e:{n}@x.de", profile={"company": value}) for n, value in enumerate([0, False, "[]"])]
    world_on_each.play([[said, asked, *full]])
    assert leads_by_kind(quality(world_on_each))["missing_field", "company"] == 1


def test_what_too_many_people_use_is_named_with_those_whom_it_linked_before(world_on_each: World) -> None:
    """A cookie of six people; an e-mail address of six is nothing yet."""
    kiosk = [at(n, "identified", "c:kiosk", f"u:{n}") for n in range(6)]
    office = [at(10 + n, "identified", "e:office@x.de", f"u:{100 + n}") for n in range(6)]
    world_on_each.play([kiosk + office])
    shape = quality(world_on_each)
    [shared] = [item for item in shape.items if item["kind"] == "shared"]
    assert (shared["leads"], shared["share"]) == (5, 5 / 12), "the sixth makes it shared, and is linked with nobody"
    assert shape.notes[1:] == ["shared: kiosk"]


def test_of_nobody_nothing_is_known(world_on_each: World) -> None:
    assert {(item["leads"], item["share"], item["example"]) for item in quality(world_on_each).items} == {
        (0, None, None)
    }


@pytest.mark.parametrize("days", ["-1", "", "ten", "40000", "9" * 400, "00000" + "9" * 40, "٣"])
def test_days_are_a_number(world_on_each: World, days: str) -> None:
    with pytest.raises(BadReport, match="stale: found"):
        quality(world_on_each, stale=days)


def test_a_period_is_refused(world_on_each: World) -> None:
    with world_on_each.view() as view, pytest.raises(BadReport, match="quality is of what is known now"):
        report(view, "quality", ReportQuestion(DayRange(1, 2)))
