"""Verify: refold everything from the event store, the slow documented way, and compare with the live read models.

Then the ledger's sum is checked against them. It shares with the projector the walk and the fold, and nothing of its
batches, links, steps or saved state.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby, starmap
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, select

from domain.fold.fold import Fold
from domain.people.facts import Facts
from domain.people.findings import findings, parted_at
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import Walk, assign
from domain.touchpoints.event import TouchpointRecorded
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.projector import Progress, read_progress
from projections.read_models.family import Row, Subject
from projections.read_models.registry import FAMILIES
from projections.upkeep.evidence import Evidence
from projections.upkeep.sums import wrong_sums
from store.database import bulk
from store.database.database import Database, open_database
from store.database.derived import Derived, derived
from store.database.tables import live
from store.events import sealing
from store.events.ids import Ids
from store.events.library.notifications import notified
from store.models import active_model

Report = Callable[[int, int], None]
"""Progress: how much is done, of how much (each touchpoint is read, then folded)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs: as it is (None: missing), and as the fold says it must be (None: too much)."""

    table: str
    key: tuple[Any, ...]
    found: Row | None
    expected: Row | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification saw."""

    progress: Progress
    touchpoints: int
    rows: int
    differences: tuple[Difference, ...]
    differing: int
    """How many rows differ; `differences` holds the first hundred."""
    aside: tuple[tuple[int, str], ...]
    """Clusters that were put aside, and why: their rows are not up to date."""
    failed: tuple[str, ...] = ()
    """Why a fold failed here too, and at which touchpoint's cluster: nothing is expected of it."""


def verify(database: Database, ids: Ids, report: Report | None = None, limits: Limits = LIMITS) -> Verified:
    """Refold everything with the active model to the stored (position, clock); compare each read model row by row.

    Raises SavedByAnother: the rows are of a release whose read models were others.
    """
    tell = report or (lambda done, of: None)
    with database.snapshot() as conn, tempfile.TemporaryDirectory(prefix="leadline-verify-") as folder:
        progress, model = read_progress(conn), active_model(conn)
        progress.check_format()
        if model is None:
            return Verified(progress, 0, 0, (), 0, ())
        spool = _Spool(Path(folder) / "touchpoints.db", ids, limits)
        for number, event in enumerate(notified(database, progress.position), 1):
            spool.add(event)
            if number % 1000 == 0:
                tell(number, 2 * progress.position)
        expected = open_database(f"sqlite:///{Path(folder) / 'expected.db'}")
        tables = derived()
        tables.metadata.create_all(expected.engine)
        failed = _refold(expected, tables, spool, Fold(model), ids, progress, tell)
        rows, differing = 0, 0
        differences: list[Difference] = []
        with expected.snapshot() as other:
            for family in FAMILIES:
                table, fresh = family.table(live), family.table(tables)
                for key, found, wanted in _paired(_rows(conn, table), _rows(other, fresh), len(table.primary_key)):
                    rows += 1
                    if found != wanted:
                        differing += 1
                        if len(differences) < 100:
                            differences.append(Difference(table.name, key, found, wanted))
        expected.close()
        for difference in starmap(Difference, wrong_sums(conn)):
            differing += 1
            if len(differences) < 100:
                differences.append(difference)
        aside = conn.execute(
            select(live.clusters.c.cluster, live.clusters.c.aside).where(live.clusters.c.aside.is_not(None))
        ).all()
        return Verified(
            progress, spool.count, rows, tuple(differences), differing, tuple((row[0], row[1]) for row in aside), failed
        )


def digest(database: Database) -> dict[str, str]:
    """A hash of each read model's rows, in the order of their keys: equal rows, equal hash, on either database."""
    digests = {}
    with database.snapshot() as conn:
        for table in (family.table(live) for family in FAMILIES):
            sum = hashlib.sha256()
            for row in _rows(conn, table):
                sum.update(repr(row).encode() + b"\n")
            digests[table.name] = sum.hexdigest()
    return digests


# ---- refolding ---------------------------------------------------------------------------------------------------


class _Spool:
    """All touchpoints on disk, and in memory which identities belong together."""

    def __init__(self, path: Path, ids: Ids, limits: Limits) -> None:
        self.count = 0
        self._ids = ids
        self._parent: dict[UUID, UUID] = {}
        self._evidence = Evidence(ids, limits)
        self._file = sqlite3.connect(path)
        self._file.execute("CREATE TABLE touchpoints (home BLOB, trail BLOB, state BLOB)")
        self._file.execute("PRAGMA synchronous = OFF")

    def add(self, event: TouchpointRecorded) -> None:
        """Keep a touchpoint, sealed as it is in the store; note who was seen with whom."""
        self.count += 1
        trail = event.originator_id.bytes
        self._file.execute("INSERT INTO touchpoints VALUES (NULL, ?, ?)", (trail, sealing.seal(trail, event.envelope)))
        self._evidence.add(event.touchpoint)

    def clusters(self) -> Iterator[tuple[list[Touchpoint], Facts]]:
        """The touchpoints of each cluster, and what is known of their identities."""
        facts = self._evidence.facts()
        homes: list[tuple[bytes, int]] = []
        for row, trail, state in self._file.execute("SELECT rowid, trail, state FROM touchpoints"):
            linked = [self._ids.of(identity) for identity in facts.links(sealing.opened(trail, state))]
            for id in linked[1:]:
                self._unite(linked[0], id)
            homes.append((linked[0].bytes, row))
        self._file.executemany("UPDATE touchpoints SET home = ? WHERE rowid = ?", homes)
        roots = {home: self._find(UUID(bytes=home)).bytes for home, _ in homes}
        self._file.execute("CREATE TABLE roots (home BLOB PRIMARY KEY, root BLOB)")
        self._file.executemany("INSERT INTO roots VALUES (?, ?)", roots.items())
        ordered = self._file.execute("SELECT root, trail, state FROM touchpoints JOIN roots USING (home) ORDER BY root")
        for _, rows in groupby(ordered, key=lambda row: bytes(row[0])):
            touchpoints = [sealing.opened(trail, state) for _, trail, state in rows]
            names = {identity for touchpoint in touchpoints for identity in touchpoint.identities}
            shared = {identity: facts.shared[identity] for identity in names if identity in facts.shared}
            trusted = {identity: facts.trusted[identity] for identity in names if identity in facts.trusted}
            overclaimed = {identity: facts.overclaimed[identity] for identity in names if identity in facts.overclaimed}
            disputed = {identity: facts.disputed[identity] for identity in names if identity in facts.disputed}
            yield touchpoints, Facts(facts.hashed, shared, trusted, overclaimed, disputed)

    def _find(self, id: UUID) -> UUID:
        while (parent := self._parent.get(id)) is not None:
            id = parent
        return id

    def _unite(self, id: UUID, other: UUID) -> None:
        first, second = self._find(id), self._find(other)
        if first != second:
            keep, lose = min(first, second), max(first, second)
            self._parent[lose] = keep


def _refold(
    expected: Database, tables: Derived, spool: _Spool, fold: Fold, ids: Ids, progress: Progress, tell: Report
) -> tuple[str, ...]:
    """Write the expected rows; why those of some clusters could not be had."""
    done, rows, failed = 0, _Rows(expected, tables), []
    for touchpoints, facts in spool.clusters():
        done += len(touchpoints)
        taken = [touchpoint for touchpoint in touchpoints if touchpoint.instant <= progress.clock]
        try:
            walk, histories = assign(taken, facts)
            leads = [rows.of(fold, ids, walk, number, history, progress.clock) for number, history in histories.items()]
        except Exception as error:
            failed.append(f"the cluster of touchpoint {touchpoints[0].id!r}: {type(error).__name__}: {error}"[:1000])
            continue
        for lead in leads:
            rows.add(lead)
        tell(spool.count + done, 2 * spool.count)
    rows.flush()
    return tuple(failed)


class _Rows:
    """Expected rows, written some thousand leads at a time."""

    def __init__(self, database: Database, tables: Derived) -> None:
        self._database = database
        self._tables = tables
        self._leads: list[list[list[Row]]] = []

    def of(
        self, fold: Fold, ids: Ids, walk: Walk, number: int, history: list[Touchpoint], clock: int
    ) -> list[list[Row]]:
        """The rows of one person of a walk, by family."""
        person, lead = walk.people[number], fold.fold(history, clock)
        owned = walk.owned(person, clock)
        said, at = findings(walk, person), parted_at(walk, person)
        subject = Subject(ids.of(person.name()), lead, fold.at(lead, clock), owned, said, at)
        return [family.rows(fold, subject) for family in FAMILIES]

    def add(self, rows: list[list[Row]]) -> None:
        """Take the rows of one lead."""
        self._leads.append(rows)
        if len(self._leads) >= 2_000:
            self.flush()

    def flush(self) -> None:
        """Write what has come together."""
        with self._database.transaction() as conn:
            for place, family in enumerate(FAMILIES):
                bulk.insert(conn, family.table(self._tables), [row for lead in self._leads for row in lead[place]])
        self._leads.clear()


# ---- comparing ---------------------------------------------------------------------------------------------------


def _rows(conn: Connection, table: Table) -> Iterator[Row]:
    """A table's rows in the order of its key, the same on both databases (names by their bytes)."""
    keys = bulk.key_by_bytes(conn, table)
    result = conn.execution_options(yield_per=2_000).execute(select(table).order_by(*keys))
    for row in result:
        yield tuple(row)


def _paired(
    left: Iterator[Row], right: Iterator[Row], width: int
) -> Iterator[tuple[tuple[Any, ...], Row | None, Row | None]]:
    """Walk two streams, each in the order of the first columns as the other, side by side."""
    for first, second in _merged(left, right, width):
        row = first if first is not None else second
        assert row is not None
        yield _key(row, width), first, second


def _merged(left: Iterator[Row], right: Iterator[Row], width: int) -> Iterator[tuple[Row | None, Row | None]]:
    first, second = next(left, None), next(right, None)
    while first is not None or second is not None:
        if second is None or (first is not None and _sortable(first, width) < _sortable(second, width)):
            yield first, None
            first = next(left, None)
        elif first is None or _sortable(second, width) < _sortable(first, width):
            yield None, second
            second = next(right, None)
        else:
            yield first, second
            first, second = next(left, None), next(right, None)


def _key(row: Row, width: int) -> tuple[Any, ...]:
    return row[:width]


def _sortable(row: Row, width: int) -> tuple[Any, ...]:
    return tuple(part.encode() if isinstance(part, str) else part for part in row[:width])
