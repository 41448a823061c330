"""Who was in a segment at a past instant, and how it grew: as a replay of each history says, at any instant."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotFound
from domain.fold.fold import Fold
from domain.model.definition import Model, parse_model
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint, microseconds, moment
from projections.queries.days import EVER, BadPeriod, DayRange, SeriesName, days_between
from projections.queries.view import View
from projections.reports.segments.history import history
from projections.reports.segments.members import members_of, segments
from projections.reports.segments.shapes import SegmentHistoryShape
from tests.domain.histories import FEW, facts_of, histories, law
from tests.domain.stories import SECOND, at, us
from tests.given_model import MODEL
from tests.projections.shelf import Shelf
from tests.projections.world import World

END = us(200_000)
LIMITS = FEW[1]
ZONE = "America/Sao_Paulo"
SEGMENTED = parse_model(
    f'timezone = "{ZONE}"\n{MODEL}'
    + """
[[segments]]
name = "neither"
when = { not = { segment = ["warm", "quiet"] } }
[[segments]]
name = "known and silent"
when = { stage = ["lead", "qualified"], not = { did = ["page_viewed", "form_submitted"], within = "22h" } }
[[segments]]
name = "chiefs"
when = { "profile.title" = "CEO", not = { did = "email_opened", days = true, at_least = 2 } }
"""
)
NAMES = [segment.name for segment in SEGMENTED.segments]


@contextmanager
def place(shelf: Shelf, request: pytest.FixtureRequest, dialect: str, model: Model = SEGMENTED) -> Iterator[World]:
    """A world on a database of this kind, in which nothing differs from a refold at the end."""
    with (
        shelf.place(model) as folder,
        shelf.on(request.getfixturevalue("postgres_server"), model)
        if dialect == "postgresql"
        else _nothing(f"sqlite:///{folder / 'leadline.db'}") as url,
    ):
        world = World(url, model, us(0), ready=True, limits=LIMITS)
        yield world
        verified = world.verify()
        assert (verified.differing, verified.aside) == (0, ()), verified.differences[:3]
        world.close()


@contextmanager
def _nothing(url: str) -> Iterator[str]:
    yield url


def replayed(world: World, told: Sequence[Touchpoint], fold: Fold, instant: int) -> dict[str, dict[UUID, int]]:
    """By brute force: each person's history, folded up to an instant: who is in which segment then, and since when."""
    walk, people = assign(told, facts_of(told, LIMITS))
    inside: dict[str, dict[UUID, int]] = {name: {} for name in NAMES}
    for number, person in people.items():
        lead = fold.fold(person, instant)
        for name, entered in fold.at(lead, instant).segments.items():
            inside[name][world.ids.of(walk.people[number].name())] = entered
    return inside


def listed(view: View, instant: int | None) -> dict[str, dict[UUID, int]]:
    """What the lists say, page by page."""
    inside: dict[str, dict[UUID, int]] = {}
    for name in NAMES:
        found, cursor = inside.setdefault(name, {}), None
        while True:
            page = members_of(view, name, at=instant, limit=2, cursor=cursor)
            assert not found.keys() & {UUID(each.id) for each in page.items}
            found |= {UUID(each.id): each.entered_at for each in page.items}
            if (cursor := page.next) is None:
                break
    return inside


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
@law(12)
@given(st.data())
def test_the_members_at_any_past_instant_are_those_of_a_replay_up_to_it(
    shelf: Shelf, request: pytest.FixtureRequest, dialect: str, data: st.DataObject
) -> None:
    told = data.draw(histories(least=4))
    sent = data.draw(st.permutations(told))
    with place(shelf, request, dialect) as world:
        while sent:
            cut = data.draw(st.integers(1, 5))
            world.deliver(sent[:cut])
            world.clock = min(world.clock + data.draw(st.sampled_from([0, 3, 90_000])) * SECOND, END)
            world.project()
            if data.draw(st.booleans()):
                world.restart()
            sent = sent[cut:]
        world.clock = END
        world.project()
        fold = Fold(SEGMENTED)
        near = {row.entered_at for row in world.rows("segment_spells")}
        near |= {row.left_at or END for row in world.rows("segment_spells")}
        instants = st.one_of(st.integers(us(-1), END), st.sampled_from(sorted(near | {END})), st.just(END))
        with world.view() as view:
            for instant in data.draw(st.lists(instants, min_size=3, max_size=6)):
                for each in {instant - 1, instant}:
                    assert listed(view, each) == replayed(world, told, fold, each)
            assert listed(view, END) == listed(view, None)
            assert {each.name: each.size for each in segments(view).items} == {
                name: len(inside) for name, inside in listed(view, END).items()
            }
            for length in get_args(SeriesName):
                check(history(view, "quiet", length, DayRange(19_676)), world, "quiet")


def check(report: SegmentHistoryShape, world: World, name: str) -> None:
    """Its numbers against the stays, one by one; its parts against the calendar."""
    stays = [row for row in world.rows("segment_spells") if row.segment == name]
    assert report.size_before == inside(stays, report.from_ - 1)
    begin, size = report.from_, report.size_before
    for part in report.series:
        assert part.from_ == begin < part.to
        assert part.entered == sum(part.from_ <= row.entered_at < part.to for row in stays)
        assert part.left == sum(row.left_at is not None and part.from_ <= row.left_at < part.to for row in stays)
        assert part.size == size + part.entered - part.left == inside(stays, part.to - 1)
        assert part.first_day == first_day(part.from_, report.by).isoformat()
        begin, size = part.to, part.size
    assert begin == report.to


def inside(stays: Sequence[Any], instant: int) -> int:
    return sum(row.entered_at <= instant and (row.left_at is None or row.left_at > instant) for row in stays)


def first_day(instant: int, length: SeriesName) -> Any:
    """Of the day, week or month of an instant in the model's time zone."""
    day = moment(instant).astimezone(ZoneInfo(ZONE)).date()
    match length:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)


# ---- how it grew -------------------------------------------------------------------------------------------------

DAY = 86_400


def midnight(day: str) -> int:
    return microseconds(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(ZONE)))


@pytest.fixture(params=["sqlite", "postgresql"])
def visited(shelf: Shelf, request: pytest.FixtureRequest) -> Iterator[World]:
    """From 2023-11-14, a Tuesday, on: each of ten visits, one a day, and is no returner a day after the second page."""
    with place(shelf, request, request.param) as world:
        pages = [
            at(DAY * n + second, "page_viewed", f"u:{n}", id=f"{n}-{second}") for n in range(10) for second in (0, 60)
        ]
        world.clock = us(40 * DAY)
        world.play([pages])
        yield world


def test_each_part_says_its_size_who_entered_and_who_left(visited: World) -> None:
    with visited.view() as view:
        weeks = history(view, "returners", "week", days_between("2023-11-13", "2023-11-30", ZONE))
        assert [(each.first_day, each.size, each.entered, each.left) for each in weeks.series] == [
            ("2023-11-13", 1, 6, 5),
            ("2023-11-20", 0, 4, 5),
            ("2023-11-27", 0, 0, 0),
        ]
        assert (weeks.series[2].from_, weeks.series[2].to) == (midnight("2023-11-27"), midnight("2023-11-30"))
        days = history(view, "returners", "day", days_between("2023-11-16", "2023-11-18", ZONE))
        assert (days.size_before, [each.size for each in days.series]) == (1, [1, 1])
        [month] = history(view, "returners", "month", days_between("2023-11-01", "2023-12-01", ZONE)).series
        assert (month.entered, month.left, month.size) == (10, 10, 0)
        for report in (weeks, days):
            check(report, visited, "returners")


def test_without_a_period_it_is_the_last_twelve_weeks_up_to_the_clock(visited: World) -> None:
    with visited.view() as view:
        report = history(view, "quiet")
        assert len(report.series) == 12
        assert report.series[-1].size == 10 == segments(view).items[1].size
        assert report.series[-1].from_ <= view.clock < report.to < view.clock + 8 * DAY * SECOND
        assert history(view, "quiet", "week", days_between("2099-01-01", None, ZONE)).series == []
        assert history(view, "quiet", "week", days_between("2023-11-15", "2023-11-15", ZONE)).series == []
        check(report, visited, "quiet")


def test_what_there_is_not_is_refused(visited: World) -> None:
    with visited.view() as view:
        for call in (lambda: history(view, "tepid"), lambda: members_of(view, "tepid", at=us(0))):
            with pytest.raises(NotFound, match="no segment 'tepid': the model has returners, quiet, "):
                call()
        with pytest.raises(BadPeriod, match="by: found more than 400 of day, allowed are 400"):
            history(view, "quiet", "day", days_between("2022-01-01", None, ZONE))
        assert len(history(view, "quiet", "week", days_between("2022-01-01", None, ZONE)).series) == 104
        assert history(view, "quiet", "day", EVER).series[0].first_day == "2023-10-02"
