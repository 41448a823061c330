"""What is different from last week is what the reports of these days say, and so are the leads behind each number."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pytest

from domain.fold.days import ZoneDays
from projections.queries.cursors import BadCursor
from projections.queries.days import DayRange, bounds_of, day_named
from projections.reports.answer import BadReport, HappenedShape, ReportQuestion
from projections.reports.overview.happened import LISTED, happened
from projections.reports.overview.shapes import Chance, CountOf, OverviewShape, WeekShape
from projections.reports.overview.standing_out import standing_out
from projections.reports.overview.weeks import DAYS, overview
from projections.reports.registry import report
from projections.reports.responses import responses
from projections.reports.stages import report as stage_report
from store.database import bulk
from store.database.tables import deadlines
from tests.given_plans import indexes, statements_of
from tests.projections.given_analysts import CLOCK, MODEL, deadlines_of_owners, deals, played
from tests.projections.world import World

TODAY = ZoneDays(MODEL.timezone).of(CLOCK)
FIRST = TODAY + 1 - DAYS
WEEKS = {"before": DayRange(FIRST, FIRST + 7), "last": DayRange(FIRST + 7, TODAY), "today": DayRange(TODAY, TODAY + 1)}


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module, deals())) as world:
        shifted = [(*row[:5], row[5] + 6 * 86_400_000_000, *row[6:]) for row in deadlines_of_owners()]
        with world.database.transaction() as conn:
            bulk.upsert(conn, deadlines, shifted)
        yield world


@pytest.fixture(scope="module")
def whole(world: World) -> OverviewShape:
    with world.view() as view:
        return overview(view)


def number(whole: OverviewShape, of: CountOf, name: str | None = None) -> WeekShape:
    return next(each for each in (*whole.numbers, *whole.stages) if (each.of, each.name) == (of, name))


def test_numbers_of_days_are_those_of_the_daily_report(world: World, whole: OverviewShape) -> None:
    with world.view() as view:
        items = report(view, "daily", ReportQuestion(DayRange(FIRST, TODAY + 1))).items
    for name in ("touchpoints", "new_visitors", "new_leads", "became_hot", "won"):
        days = number(whole, CountOf(name)).days
        assert days == [item[name] for item in items] and sum(days[:-1]), name


@pytest.mark.parametrize("part", WEEKS)
def test_each_week_is_what_the_other_reports_say_of_it(world: World, whole: OverviewShape, part: str) -> None:
    days = WEEKS[part]
    with world.view() as view:
        revenue = Counter[str | None]()
        for item in report(view, "revenue", ReportQuestion(days, "day")).items:
            revenue[item["currency"]] += (item["amount"] or 0) - (item["returns"] or 0)
        asked = responses(view, *bounds_of(days, MODEL.timezone), together=True)
        entered = {each.stage: each.entered for each in stage_report.stages(view, days).items}
        channels = report(view, "channels", ReportQuestion(days)).items
    told = {each.name: getattr(each, part) for each in whole.numbers if each.of is CountOf.REVENUE}
    assert {name: amount for name, amount in told.items() if amount} == {
        name: pytest.approx(amount) for name, amount in revenue.items() if amount
    }
    assert getattr(number(whole, CountOf.DEADLINES_MISSED), part) == sum(each.missed for each in asked.items)
    assert {each.name: getattr(each, part) for each in whole.stages} == entered
    visitors = {each["group"]: each["visitors"] for each in channels}
    assert getattr(number(whole, CountOf.NEW_VISITORS), part) == sum(visitors.values())


def test_something_is_compared(whole: OverviewShape) -> None:
    assert all(any(each.days) for each in whole.numbers)
    assert number(whole, CountOf.DEADLINES_MISSED).last and len([each for each in whole.stages if each.last]) > 1
    assert [each.name for each in whole.numbers if each.of is CountOf.REVENUE] == ["EUR", "USD"]
    assert whole.stands_out and whole.first_touch is not None


def listed(world: World, of: str, name: str | None, days: DayRange, limit: int = 7) -> list[HappenedShape]:
    """All pages of a list."""
    items: list[HappenedShape] = []
    with world.view() as view:
        cursor = None
        while True:
            page = happened(view, of, name, days, limit=limit, cursor=cursor)
            items, cursor = [*items, *page.items], page.next
            if cursor is None:
                return items


@pytest.mark.parametrize("part", WEEKS)
def test_every_number_of_leads_is_as_long_as_the_list_behind_it(world: World, whole: OverviewShape, part: str) -> None:
    counted = 0
    for each in (*whole.numbers, *whole.stages):
        if each.of in LISTED:
            items = listed(world, each.of, each.name, WEEKS[part])
            assert len(items) == getattr(each, part), each
            assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
            assert len({(item.at, item.id) for item in items}) == len(items)
            counted += len(items)
    assert counted or part == "today"


def test_a_list_of_a_channel_has_those_that_it_counts(world: World) -> None:
    ever = DayRange(FIRST - 20, TODAY + 1)
    everybody = listed(world, "new_visitors", None, ever, limit=100)
    channels = Counter(each.first_channel for each in everybody)
    assert len(channels) > 1
    for channel, count in channels.items():
        assert len(listed(world, "channel", channel, ever, limit=100)) == count


@pytest.mark.parametrize(
    ("of", "name", "words"),
    [
        ("touchpoints", None, "of: found 'touchpoints', allowed are new_visitors"),
        ("new_leads", "x", "name: of new_leads found 'x', allowed is none"),
        ("stage", None, "name: of stage found None, allowed is a name"),
    ],
)
def test_what_has_no_list_is_refused(world: World, of: str, name: str | None, words: str) -> None:
    with world.view() as view, pytest.raises(BadReport, match=words):
        happened(view, of, name)
    with world.view() as view, pytest.raises(BadCursor):
        happened(view, "won", cursor="nonsense")


def test_it_is_few_queries_and_reads_no_long_table_whole(world: World) -> None:
    with world.view() as view:
        with statements_of(view.conn) as heard:
            overview(view)
        heard = [each for each in heard if "FROM projector" not in each[0]]
        assert len(heard) <= 12, [text for text, _ in heard]
        if view.conn.dialect.name == "postgresql":
            view.conn.exec_driver_sql("SET LOCAL enable_seqscan = off")
            used = {index for each in heard for index in indexes(view.conn, *each)}
            assert "sort_keys_first_touch" in used and "stage_history_at" in used


# ---- what stands out -------------------------------------------------------------------------------------------------


def week(before: list[float], last: list[float]) -> WeekShape:
    return WeekShape(
        of=CountOf.TYPE, name="x", days=[*before, *last, 1e9], before=sum(before), last=sum(last), today=1e9
    )


@pytest.mark.parametrize(
    ("before", "last", "told"),
    [
        ([10.0] * 7, [10.0] * 7, None),
        ([0.0] * 7, [0.0] * 7, None),
        ([10.0] * 7, [12.0] * 7, None),
        ([0.0] * 7, [1.0, 1, 1, 1, 0, 0, 0], (Chance.FEW, 4, None)),
        ([10.0] * 7, [13.0] * 6 + [20], (Chance.MAYBE, 7, None)),
        ([10.0] * 7, [20.0] * 7, (Chance.HARDLY, 7, None)),
        ([20.0] * 7, [10.0] * 7, (Chance.HARDLY, 7, None)),
        ([10.0] * 7, [10.0] * 5 + [9, 90], (Chance.HARDLY, 1, FIRST + 13)),
    ],
)
def test_what_differs_by_more_than_chance_does_stands_out_and_how_sure_that_is_is_said(
    before: list[float], last: list[float], told: tuple[Chance, int, int | None] | None
) -> None:
    shown = standing_out([week(before, last)], FIRST)
    if told is None:
        assert shown == []
    else:
        [each] = shown
        mostly = None if told[2] is None else day_named(told[2]).isoformat()
        assert (each.chance, each.weekdays, each.mostly_on) == (told[0], told[1], mostly)


def test_the_surest_comes_first_and_they_are_at_most_ten() -> None:
    weeks = [week([float(n)] * 7, [2.0 * n] * 7) for n in range(1, 30)]
    shown = standing_out(weeks, FIRST)
    assert [each.before for each in shown] == [7.0 * n for n in range(29, 19, -1)]
