"""The report of stages over rows put in by hand: every number is recounted, and is the length of its list."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from statistics import quantiles
from typing import Any, get_args
from uuid import UUID

import pytest

from domain.errors import NotFound
from domain.files.durations import DAY
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Position
from projections.queries.cursors import BadCursor
from projections.queries.days import EVER, DayRange, starts_at
from projections.queries.lookup import saved_lookup
from projections.queries.quartiles import QuartilesShape
from projections.queries.view import View
from projections.reports.answer import ReportQuestion
from projections.reports.stages.leads import BadStages, StageState, leads_of_stage
from projections.reports.stages.report import stages
from store.database import bulk
from store.database.database import Database, open_database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore
from tests.projections.given_lists import lists_agree

MODEL = parse_model("""
timezone = "Asia/Shanghai"
[[stages]]
name = "new"
[[stages]]
name = "lost"
detour = true
[[stages]]
name = "qualified"
label = { en = "Qualified", zh = "合格" }
[[stages]]
name = "proposal"
retired = true
[[stages]]
name = "customer"
won = true
[[stages]]
name = "nurture"
detour = true
[[stages]]
name = "nobody was here"
""")
NAMES = [stage.name for stage in MODEL.stages]
RANKS = {stage.name: rank for rank, stage in enumerate(MODEL.stages) if not stage.detour}
FIRST = 20_000
CLOCK = (FIRST + 90) * DAY
PERIODS = (
    EVER,
    DayRange(FIRST + 20),
    DayRange(None, FIRST + 30),
    DayRange(FIRST + 10, FIRST + 60),
    DayRange(FIRST, FIRST),
)


@dataclass(frozen=True)
class Way:
    """One lead: the stages that it entered, and when."""

    id: UUID
    entries: tuple[tuple[str, int], ...]


def some_ways(chance: Random, count: int) -> list[Way]:
    """Every kind of way: back and forth, into detours, at one instant, where a day begins, from visitor back to it."""
    ways = []
    for _ in range(count):
        at = starts_at(FIRST + chance.randrange(80), MODEL.timezone) + chance.choice([0, -1, chance.randrange(DAY)])
        entries = [(chance.choice(["new", "new", "qualified", "visitor"]), at)]
        for _ in range(chance.choice([0, 0, 1, 2, 3, 6])):
            at = min(at + chance.choice([0, 1, chance.randrange(DAY), chance.randrange(9 * DAY)]), CLOCK)
            others = [name for name in (*NAMES[:-1], "visitor") if name != entries[-1][0]]
            entries.append((chance.choice(others), at))
        ways.append(Way(UUID(int=chance.getrandbits(128)), tuple(entries)))
    return ways


WAYS = some_ways(Random(5), 300)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{tmp_path_factory.mktemp('stages') / 'leadline.db'}" if server is None else server.create()
    database = open_database(url)
    database.migrate()
    with database.transaction() as conn:
        bulk.insert(conn, live.leads, [
            dict.fromkeys((column.name for column in live.leads.c), 0)
            | {"lead": way.id, "stage": way.entries[-1][0], "identified": True, "identities": "[]", "profile": "{}",
               "findings": "[]", "first_channel": "direct", "last_channel": "direct", "owner": None}
            for way in WAYS
        ])  # fmt: skip
        bulk.insert(conn, live.scores, [
            (way.id, 1.0, CLOCK, None, False, None, None, "A", 0.0, None, "[]", way.entries[-1][0]) for way in WAYS
        ])  # fmt: skip
        bulk.insert(conn, live.stage_history, [
            (way.id, n, *entry, "server") for way in WAYS for n, entry in enumerate(way.entries, 1)
        ])  # fmt: skip
    yield database
    database.close()
    if server is not None:
        server.drop(url)


@pytest.fixture
def view(database: Database) -> Iterator[View]:
    ids = Ids(b"a fixed id key for the tests ...")
    with database.snapshot() as conn:
        yield View(conn, ids, saved_lookup(EventStore(database), ids), MODEL, Position(1), CLOCK)


# ---- counted by hand ---------------------------------------------------------------------------------------------


def entrants(stage: str, days: DayRange) -> list[Way]:
    """Who came to a stage for the first time on these days."""
    begin = -1 if days.first is None else starts_at(days.first, MODEL.timezone)
    end = 1 << 62 if days.end is None else starts_at(days.end, MODEL.timezone)
    return [way for way in WAYS if begin <= next((at for name, at in way.entries if name == stage), 1 << 62) < end]


def counts(way: Way, stage: str, state: StageState) -> bool:
    names = [name for name, _ in way.entries]
    rank = RANKS.get(stage, 0)
    match state:
        case "entered":
            return True
        case "inside":
            return names[-1] == stage
        case "left":
            return names[-1] != stage
        case "reentered":
            return names.count(stage) > 1
        case "went_on":
            return any(RANKS.get(name, -1) > rank for name in names[names.index(stage) + 1 :])
        case "furthest":
            return max(RANKS.get(name, -1) for name in names) == rank


def spans(way: Way, stage: str) -> list[int]:
    """How long each stay in a stage took that ended."""
    return [after - at for (name, at), (_, after) in pairwise(way.entries) if name == stage]


def in_quarters(spans: list[int]) -> QuartilesShape | None:
    if not spans:
        return None
    parts = quantiles(spans, n=4, method="inclusive") if len(spans) > 1 else spans * 3
    lower, median, upper = (part / 1e6 for part in parts)
    return QuartilesShape(lower_quartile=lower, median=median, upper_quartile=upper)


def states_of(stage: str) -> tuple[StageState, ...]:
    states: tuple[StageState, ...] = get_args(StageState)
    return states if stage in RANKS else tuple(each for each in states if each not in ("went_on", "furthest"))


def rounded(quarters: QuartilesShape | None) -> Any:
    return None if quarters is None else {name: round(value, 5) for name, value in quarters.model_dump().items()}


# ---- tests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", PERIODS)
def test_every_number_is_that_of_a_count_by_hand(view: View, days: DayRange) -> None:
    report = stages(view, days)
    assert [each.stage for each in report.items] == NAMES
    for each in report.items:
        theirs = entrants(each.stage, days)
        for state in get_args(StageState):
            number = sum(counts(way, each.stage, state) for way in theirs) if state in states_of(each.stage) else None
            assert getattr(each, state) == number, (each.stage, state)
        inside = [way.entries[-1][1] for way in theirs if counts(way, each.stage, "inside")]
        ended = [span for way in theirs for span in spans(way, each.stage)]
        again = [sum(name == each.stage for name, _ in way.entries) - 1 for way in theirs]
        assert (each.reentries, each.stays, each.inside) == (sum(again), len(ended), len(inside))
        assert rounded(each.stayed) == rounded(in_quarters(ended))
        assert rounded(each.age) == rounded(in_quarters([CLOCK - at for at in inside]))
        assert each.oldest == (max(CLOCK - at for at in inside) / 1e6 if inside else None)
        assert each.rate == (each.went_on / each.entered if each.went_on is not None and each.entered else None)


@pytest.mark.parametrize("days", PERIODS)
def test_every_number_is_the_length_of_its_list_page_by_page(view: View, days: DayRange) -> None:
    for stage in NAMES:
        for state in states_of(stage):
            listed, cursor = [], None
            while True:
                page = leads_of_stage(view, stage, state, days, limit=37, cursor=cursor)
                listed += page.items
                cursor = page.next
                if cursor is None:
                    break
            expected = {str(way.id): way for way in entrants(stage, days) if counts(way, stage, state)}
            assert [each.id for each in listed] == sorted(expected), (stage, state)
            for each in listed:
                at = [at for name, at in expected[each.id].entries if name == stage]
                assert (each.entered_at, each.entries) == (at[0], len(at))


@pytest.mark.parametrize("days", PERIODS)
def test_every_number_of_the_report_opens_its_list(view: View, days: DayRange) -> None:
    assert lists_agree(view, "stages", ReportQuestion(days), again=("reentries", "stays")) > (
        20 if days == EVER else -1
    )


def test_what_no_stage_has_is_refused(view: View) -> None:
    with pytest.raises(NotFound, match="no stage 'old': the model has new, lost"):
        leads_of_stage(view, "old")
    with pytest.raises(BadStages, match="lost has no place in the order"):
        leads_of_stage(view, "lost", "furthest")
    with pytest.raises(BadCursor):
        leads_of_stage(view, "new", cursor="x")
