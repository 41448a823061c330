"""What rows that only ever come cost a touchpoint, `touches` and `awards`: made of what a lead took, and written.

In process: CPU time of this thread, and of PostgreSQL where it can be read. Batches are written as the
projector writes them, each in a transaction of its own, to tables that grow; the fold, and all other rows, are not in
the figure.
"""

import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.touchpoints.envelope import decode
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from projections.read_models.awards import AWARDS
from projections.read_models.family import GrowingRows, Subject
from projections.read_models.touches import TOUCHES
from store.database import bulk
from store.database.database import Database, open_database
from store.database.partitions import Partitions
from store.database.tables import live
from store.events.ids import Ids
from tests.bench.meter import Reader
from tests.bench.running import MODEL
from tests.bench.traffic import Play

FAMILIES: Final[Mapping[str, GrowingRows]] = {"touches": TOUCHES, "awards": AWARDS}
BATCH: Final = 1_000
"""Touchpoints of a batch."""


@dataclass(frozen=True)
class RowCost:
    """CPU microseconds a touchpoint, round by round."""

    name: str
    rounds: Sequence[float]

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, for machines."""
        return {"median": statistics.median(self.rounds), "least": min(self.rounds), "most": max(self.rounds)}

    def __str__(self) -> str:
        """A line of the table."""
        values = self.values
        return f"| {self.name} | {values['median']:.2f} | {values['least']:.2f} to {values['most']:.2f} |"


def measure(address: str, played: Sequence[Play], rounds: int = 5, server: Reader = dict) -> Iterator[RowCost]:
    """The price of each table, over a database that is migrated here; what is in the two tables goes.

    `server` reads what the parts of a database server have spent up to now.
    """
    batches = list(_batches(played))
    with closing(open_database(address)) as database:
        database.migrate()
        for name, family in FAMILIES.items():
            costs: dict[str, list[float]] = {}
            for _ in range(rounds):
                for part, nanoseconds in _round(database, family, batches, server).items():
                    costs.setdefault(part, []).append(nanoseconds / 1_000 / len(played))
            yield from (RowCost(f"`{name}`, {part}", values) for part, values in costs.items())


def _batches(played: Sequence[Play]) -> Iterator[list[Subject]]:
    """What the leads of each batch took, and were given."""
    fold, ids = _fold(), Ids(b"the rows of the benchmark")
    leads: dict[str, Lead] = {}
    for start in range(0, len(played), BATCH):
        taken: dict[str, list[Touchpoint]] = {}
        for each in played[start : start + BATCH]:
            taken.setdefault(each.cookie, []).append(decode(each.envelope))
        batch = []
        for cookie, touchpoints in taken.items():
            lead = leads.setdefault(cookie, Lead())
            for touchpoint in touchpoints:
                fold.step(lead, (touchpoint,), touchpoint.instant)
            given = Lead(awards=lead.awards)
            batch.append(Subject(ids.of(Identity("anonymous_id", cookie)), given, lead.now, (), (), 0, touchpoints))
            lead.forget_shown(lead.now)
        yield batch


def _fold() -> Fold:
    return Fold(parse_model(MODEL.read_text(encoding="utf-8")))


def _round(
    database: Database, family: GrowingRows, batches: Sequence[Sequence[Subject]], server: Reader
) -> dict[str, int]:
    """Nanoseconds of each part."""
    fold, table, partitions = _fold(), family.table(live), Partitions(live.touches)
    with database.transaction() as conn:
        conn.execute(delete(table))
    before = time.thread_time_ns()
    made = [[row for subject in batch for row in family.rows(fold, subject)] for batch in batches]
    between, there = time.thread_time_ns(), server()
    for rows in made:
        with database.transaction() as conn:
            if family is TOUCHES:
                partitions.cover(conn, rows)
            bulk.insert(conn, table, rows)
    after = time.thread_time_ns()
    on = "PostgreSQL" if database.dialect == "postgresql" else "SQLite"
    spent = {"made": between - before, f"written to {on}": after - between}
    return spent | {f"{part} meanwhile": now - there.get(part, 0) for part, now in server().items()}
