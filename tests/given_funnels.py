"""Rows of leads in a funnel by day of start, put into the tables by hand, and a view over them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest

from domain.model.definition import Model, parse_model
from domain.touchpoints.touchpoint import Position
from projections.projecting.counts import count_rows
from projections.queries.lookup import saved_lookup
from projections.queries.view import View
from store.database import bulk
from store.database.database import Database, open_database
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore
from tests.given_model import MODEL

ZONE: Final = "Asia/Shanghai"
STEPS: Final = 4
DAY: Final = 86_400_000_000
FIRST: Final = 20_000
"""The first day of a start: 2024-10-04."""
CLOCK: Final = (FIRST + 60) * DAY
WINDOW: Final = 14 * DAY
_EDGE: Final = FIRST + 46
_AHEAD: Final = 8 * 3_600_000_000
"""So much earlier than in UTC a day begins in the zone."""
FUNNELED: Final = (
    f'timezone = "{ZONE}"\n{MODEL}'
    + """
[[funnels]]
name = "sale"
window = "14d"
exclude = [ { on = "email_unsubscribed" } ]
steps = [ { on = "page_viewed" }, { on = "form_submitted" }, { on = "meeting_held" }, { on = "order_placed" } ]

[[funnels]]
name = "plain"
window = "14d"
steps = [ { on = "page_viewed" }, { on = "form_submitted" }, { on = "meeting_held" }, { on = "order_placed" } ]
"""
)
_ORIGINS: Final = (
    ("direct", None, None), ("mail", "letter", "spring"), ("paid_search", "google", "spring"), ("mail", "letter", None),
)  # fmt: skip
_ASKED: Final = ("first_channel", "first_source", "first_campaign", "last_channel", "last_source", "last_campaign")
_VALUES: Final[Sequence[Any]] = (
    None, "", [], 4999, 5000, "5000", 5000.5, " 7e3 ", 10_000, 20_000, 10**12, "many", True, {"of": 7}, "other", "none",
    "a \x00 b", "王", "5000 ", -1,
)  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """A row of a lead's day."""

    day: int
    reached: tuple[int, ...]
    open_until: int | None
    matures_at: int
    origin: tuple[str | None, ...]

    @property
    def step(self) -> int:
        return len(self.reached)

    def columns(self) -> dict[str, Any]:
        """As they stand in the tables."""
        return {
            "day": self.day, "step": self.step, "started_at": self.reached[0], "reached_at": self.reached[-1],
            "reached": json.dumps(self.reached), "open_until": self.open_until, "matures_at": self.matures_at,
            **dict(zip(_ASKED, self.origin, strict=True)),
        }  # fmt: skip


@dataclass(frozen=True)
class Entrant:
    """A lead with its days, and what it is told apart by."""

    id: UUID
    attempts: tuple[Attempt, ...]
    stage: str = "lead"
    grade: str = "A"
    profile: dict[str, Any] = field(default_factory=dict)
    segments: tuple[str, ...] = ()

    def last_before(self, attempt: Attempt, step: int) -> int | None:
        """The last day before that of an attempt on which another reached a step."""
        return max((each.day for each in self.attempts if each.day < attempt.day and each.step >= step), default=None)

    def rows(self) -> list[dict[str, Any]]:
        """Columns of its days."""
        furthest = accumulate((each.step for each in self.attempts), max, initial=0)
        starts = [None, *(each.matures_at - WINDOW for each in self.attempts)]
        return [
            {"before": before, "prior": prior, **each.columns()}
            for each, before, prior in zip(self.attempts, starts, furthest, strict=False)
        ]

    def steps(self) -> list[tuple[Any, ...]]:
        """Step, day, the last day before that reached it too, and what it took; 0: the whole way."""
        rows = []
        for each in self.attempts:
            ways = {step: later - earlier for step, (earlier, later) in enumerate(pairwise(each.reached), 2)}
            if each.step == STEPS:
                ways[0] = each.reached[-1] - each.reached[0]
            rows += [(step, each.day, self.last_before(each, step or STEPS), took) for step, took in ways.items()]
        return rows

    def counts(self, inside: Sequence[Attempt]) -> Attempt:
        """What counts of these days: the furthest, then the earliest; open and young as the latest of them."""
        best = min(inside, key=lambda each: (-each.step, each.day))
        if best.step == STEPS:
            return best
        still = [each.open_until for each in inside if each.open_until is not None]
        matures_at = max(each.matures_at for each in inside)
        return Attempt(best.day, best.reached, max(still, default=None), matures_at, best.origin)


def started(n: int, day: int, steps: int = 1, campaign: str | None = None, **more: Any) -> Entrant:
    """A lead that came so far on one day, and gets no further."""
    start = day * DAY
    origin = ("mail", "letter", campaign, "direct", None, None)
    reached = tuple(start + step * 60_000_000 for step in range(steps))
    return Entrant(UUID(int=n), (Attempt(day, reached, None, start + WINDOW, origin),), **more)


def some_entrants(chance: Random, count: int, values: Sequence[Any] = _VALUES) -> list[Entrant]:
    """Leads with up to four days each, on either side of every bound."""
    return [
        Entrant(
            UUID(int=chance.getrandbits(128)),
            tuple(
                _attempt(chance, day) for day in sorted(chance.sample(range(FIRST, FIRST + 60), chance.randint(1, 4)))
            ),
            chance.choice(["lead", "qualified", "visitor"]),
            chance.choice("ABCD"),
            {} if (value := chance.choice(values)) is None else {"amount": value, "else": 1},
            ("warm",) if chance.random() < 0.4 else (),
        )
        for _ in range(count)
    ]


def going_on(entrant: Entrant) -> Entrant:
    """The same where no attempt ends before its window does."""
    attempts = tuple(
        replace(each, open_until=None if each.step == STEPS else each.matures_at) for each in entrant.attempts
    )
    return replace(entrant, attempts=attempts)


def _attempt(chance: Random, day: int) -> Attempt:
    """On `_EDGE`, whose last windows end about the clock, the last one ends at the clock or just beside it."""
    begins = day * DAY - _AHEAD
    start = begins + chance.randrange(DAY)
    last = chance.randrange(start, begins + DAY)
    if day == _EDGE:
        last = CLOCK - WINDOW + chance.randint(-1, 1)
        start = min(start, last)
    reached = sorted(start + chance.randrange(WINDOW) for _ in range(chance.randint(0, STEPS - 1)))
    until = chance.choice([None, chance.randint(start, last) + WINDOW, last + WINDOW])
    return Attempt(
        day,
        (start, *reached),
        None if len(reached) == STEPS - 1 else until,
        last + WINDOW,
        (*chance.choice(_ORIGINS), *chance.choice(_ORIGINS)),
    )


def put(database: Database, entrants: Sequence[Entrant], funnel: str = "sale") -> None:
    """Write their rows."""
    with database.transaction() as conn:
        bulk.insert(conn, live.leads, [_lead(each) for each in entrants])
        bulk.insert(conn, live.scores, [
            (each.id, 1.0, CLOCK, None, False, None, None, each.grade, 0.0, None, "[]", each.stage) for each in entrants
        ])  # fmt: skip
        members = [(name, each.id, CLOCK) for each in entrants for name in each.segments]
        bulk.insert(conn, live.segment_members, members)
        best = [(each.id, each.counts(each.attempts).columns()) for each in entrants]
        days = [(each.id, row) for each in entrants for row in each.rows()]
        bulk.insert(conn, live.funnel_steps, [(each.id, funnel, *step) for each in entrants for step in each.steps()])
        for table, rows in ((live.funnel_leads, best), (live.funnel_days, days)):
            named = [{"lead": id, "funnel": funnel, **columns} for id, columns in rows]
            bulk.insert(conn, table, [tuple(each[column.name] for column in table.columns) for each in named])
        count_rows(conn, live)


def _lead(entrant: Entrant) -> dict[str, Any]:
    profile = json.dumps(entrant.profile, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return {
        "lead": entrant.id, "stage": entrant.stage, "stage_since": CLOCK, "identified": True, "first_touch": CLOCK,
        "last_touch": CLOCK, "touches": 1, "identities": "[]", "profile": profile, "findings": "[]",
        "identity_count": 0, "first_channel": "direct", "last_channel": "direct", "changed_at": CLOCK,
    }  # fmt: skip


@contextmanager
def filled(
    request: pytest.FixtureRequest, folders: pytest.TempPathFactory, entrants: Sequence[Entrant]
) -> Iterator[Database]:
    """A database of the kind that is the request's parameter, with rows of these leads."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{folders.mktemp('funnels') / 'leadline.db'}" if server is None else server.create()
    database = open_database(url)
    database.migrate()
    put(database, entrants)
    if server is not None:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
    yield database
    database.close()
    if server is not None:
        server.drop(url)


@contextmanager
def view_of(database: Database, model: Model | None = None, clock: int = CLOCK) -> Iterator[View]:
    """What a reader is told from at a clock."""
    ids = Ids(b"a fixed id key for the tests ...")
    with database.snapshot() as conn:
        yield View(
            conn, ids, saved_lookup(EventStore(database), ids), model or parse_model(FUNNELED), Position(1), clock
        )
