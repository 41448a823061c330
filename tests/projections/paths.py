"""The whole path in one process, log, recorder and projector, and what must come out of it however it was delivered."""

import itertools
import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from consumers.record.recorder import BATCH, Recorder
from domain.model.definition import Model, parse_model
from domain.people.sharing import LIMITS, Limits
from domain.touchpoints.envelope import encode
from domain.touchpoints.touchpoint import Touchpoint
from store.database.tables import open_signals
from store.log.port import Log, Record
from store.log.sql import SqlLog
from store.log.topics import REJECTED, TOUCHPOINTS
from tests.domain.given_stories import STORIES
from tests.domain.stories import at, identity, us
from tests.given_model import MODEL
from tests.projections.shelf import Shelf
from tests.projections.world import World

CLOCK = us(600)


_SEGMENTS = """
[[segments]]
name = "ends soon"
when = { "profile.ends" = { within_next = "1h" } }
[[segments]]
name = "spends"
when = { did = ["page_viewed", "form_submitted"], sum = "amount", at_least = 7, within = "1d" }
[[segments]]
name = "two days"
when = { did = ["page_viewed", "form_submitted"], days = true, at_least = 2, within = "2d" }
[[segments]]
name = "new or spends"
when = { any = [ { segment = "spends" }, { did = "identified", first = { within_last = "1h" } } ] }
"""


@cache
def model() -> Model:
    """The fold's test model, in which little makes hot: nearly every story then has someone to announce."""
    more = '\n[[score.rules]]\nname = "click"\non = "email_clicked"\npoints = 10\n' + _SEGMENTS
    return parse_model(MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = 9") + more)


@dataclass(frozen=True)
class Case:
    """Touchpoints, and what must come out: of each lead, by the identity that its id is made of, how many it has."""

    touchpoints: Sequence[Touchpoint]
    leads: dict[str, int]
    hot: int
    """How many leads are hot: each has one open announcement."""


def _story(name: str, hot: int) -> tuple[str, Case]:
    touchpoints, leads = STORIES[name]
    return name, Case(touchpoints, leads, hot)


FIVE = Case(
    [
        at(1, "page_viewed", "c:k"),
        at(2, "form_submitted", "c:k", "e:a@x.de"),
        at(3, "identified", "c:k", "u:1"),
        at(4, "page_viewed", "u:1"),
        at(5, "form_submitted", "u:1", "e:a@x.de"),
    ],
    {"email:a@x.de": 5},
    1,
)
MILLISECOND = Case(
    [
        at(1, "page_viewed", "c:k", seq=0),
        at(1, "form_submitted", "c:k", "e:a@x.de", seq=1),
        at(1, "identified", "c:k", "u:1", seq=2),
    ],
    {"email:a@x.de": 3},
    1,
)
TWO_DEVICES = Case(
    [
        at(1, "page_viewed", "c:phone"),
        at(2, "form_submitted", "c:phone", "e:a@x.de"),
        at(3, "page_viewed", "c:tablet"),
        at(4, "identified", "c:tablet", "u:1", "e:a@x.de"),
        at(5, "page_viewed", "c:phone"),
    ],
    {"email:a@x.de": 5},
    1,
)
IDENTITIES = dict(
    [
        _story("two people on one cookie", 2),
        _story("two user ids on a kiosk and back to the first", 1),
        _story("log-in without e-mail, then a form with one", 1),
        _story("a changed e-mail", 1),
        _story("an e-mail that moves to another user_id", 2),
        _story("a phone shared by two e-mails", 2),
        _story("a late touchpoint un-joins two leads", 1),
    ]
)
CASES = {"five": FIVE, "one millisecond": MILLISECOND, "two devices": TWO_DEVICES, **IDENTITIES}


class RealPath(World):
    """The world with a real log and recorder before it; a restart makes them anew on the same files."""

    def __init__(self, folder: Path, url: str = "", limits: Limits = LIMITS) -> None:
        self.folder = folder
        super().__init__(url or f"sqlite:///{folder / 'leadline.db'}", model(), CLOCK, ready=True, limits=limits)

    def start(self) -> None:
        super().start()
        self.log = SqlLog(self.folder / "log.db")
        self.recorder = self.make_recorder(self.log)

    def make_recorder(self, log: Log) -> Recorder:
        subscription = log.subscribe((TOUCHPOINTS, REJECTED), "record")
        return Recorder(subscription, self.database, self.events, self.ids, log, clock=lambda: self.clock)

    def deliver(self, touchpoints: Iterable[Touchpoint], limit: int = BATCH) -> None:
        """Append to the log, and record at most `limit` entries at a time until all are."""
        records = records_of(touchpoints)
        self.log.append(TOUCHPOINTS, records)
        end = time.monotonic() + 20
        read = 0
        while read < len(records):
            read += self.recorder.run_once(limit, wait=0.01).read
            assert time.monotonic() < end, "the recorder does not read what is on the log"

    def close(self) -> None:
        self.recorder.close()
        self.log.close()
        super().close()

    def send(self, touchpoint: Touchpoint, times: int) -> None:
        """Deliver one touchpoint several times, with a restart between."""
        for copy in range(times):
            if copy:
                self.restart()
            self.deliver([touchpoint])
            self.project()


def records_of(touchpoints: Iterable[Touchpoint]) -> list[Record]:
    """What a producer puts on the log."""
    return [Record(str(each.trail).encode(), encode(each)) for each in touchpoints]


def spread(touchpoints: Sequence[Touchpoint], most: int) -> list[tuple[Touchpoint, ...]]:
    """All orders of the touchpoints, or an even spread of at most `most`; what begins alike stands together."""
    every = -(-math.factorial(len(touchpoints)) // most)
    return list(itertools.islice(itertools.permutations(touchpoints), 0, None, every))


def delivered(
    shelf: Shelf, orders: Sequence[tuple[Touchpoint, ...]], times: int, folder: Path | None = None, place: int = 0
) -> Iterator[RealPath]:
    """Of each order a world to which it was delivered, each touchpoint `times` times with a restart between.

    Orders that begin alike share that beginning: its files are copied, and the copies go on, as after a restart.
    """
    for _, alike in itertools.groupby(orders, key=lambda order: order[place].id):
        same = list(alike)
        with shelf.place(model()) if folder is None else shelf.copied(folder) as grown:
            world = RealPath(grown)
            world.send(same[0][place], times)
            if place + 1 == len(same[0]):
                yield world
            world.close()
            if place + 1 < len(same[0]):
                yield from delivered(shelf, same, times, grown, place + 1)


def check(world: World, case: Case, expected: dict[str, str]) -> None:
    """The same bytes, the leads' ids among them, one open announcement for each hot lead, and nothing to verify."""
    assert world.digest() == expected
    assert {row.lead: row.touches for row in world.rows("leads")} == lead_ids(world, case)
    hot = sorted(row.lead for row in world.rows("scores") if row.hot)
    assert len(hot) == case.hot
    assert hot_holders(world) == hot
    assert world.verify().differing == 0


def lead_ids(world: World, case: Case) -> dict[UUID, int]:
    """What each lead must have, by its id."""
    short = {"user_id": "u", "email": "e", "phone": "p", "anonymous_id": "c"}
    named = {name.partition(":")[::2]: touches for name, touches in case.leads.items()}
    return {world.ids.of(identity(f"{short[kind]}:{value}")): touches for (kind, value), touches in named.items()}


def hot_holders(world: World) -> list[UUID]:
    """Who holds an open hot announcement, once for each."""
    with world.database.snapshot() as conn:
        query = select(open_signals.c.holder).where(open_signals.c.kind == "lead.hot")
        return sorted(conn.execute(query).scalars())
