"""Verify: refold everything from the event store, the slow documented way, and compare with the live read models.

Then the ledger's sum is checked against them. It shares with the projector the walk and the fold, and nothing of its
batches, links, steps or saved state. Both passes are tasks of work over the whole history.
"""

import hashlib
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, starmap
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Table, func, select

from domain.people.sharing import LIMITS, Limits
from projections.history.engines import INLINE, Engine
from projections.history.work import Work
from projections.projecting.counts import wrong_counts
from projections.projecting.projector import Progress, read_progress
from projections.read_models.family import Row
from projections.read_models.registry import FAMILIES
from projections.upkeep.grouping import ClusterGrouping, GroupedCluster, look
from projections.upkeep.refolding import SHOWN, Difference, RefoldedPart, compare
from projections.upkeep.sums import wrong_sums
from store.database import bulk
from store.database.database import Database
from store.database.exported import ExportedView, exported
from store.database.tables import live
from store.events.ids import Ids
from store.models import active_model
from store.verifications import keep_verification

Report = Callable[[int, int], None]
"""Progress: how much is done, of how much (each touchpoint is read, then folded). What it raises ends the work."""

_TASK: Final = 10_000
"""Touchpoints of a task, about: some seconds' work, that of a few tens of megabytes."""


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


def described(verified: Verified) -> dict[str, object]:
    """What it saw, for programs."""
    return {
        "touchpoints": verified.touchpoints,
        "rows": verified.rows,
        "differences": verified.differing,
        "items": [
            {"table": each.table, "key": str(each.key), "found": str(each.found), "expected": str(each.expected)}
            for each in verified.differences
        ],
        "aside": [{"cluster": cluster, "reason": reason} for cluster, reason in verified.aside],
    }


def keep(database: Database, verified: Verified) -> None:
    """Keep what it saw, where everybody can read it. Raises as the database does."""
    keep_verification(
        database,
        verified.progress.position,
        verified.progress.clock,
        touchpoints=verified.touchpoints,
        rows=verified.rows,
        differing=verified.differing,
        aside=len(verified.aside),
    )


def verify(
    database: Database, ids: Ids, report: Report | None = None, limits: Limits = LIMITS, engine: Engine = INLINE
) -> Verified:
    """Refold everything with the active model to the stored (position, clock); compare each read model row by row.

    Raises SavedByAnother: the rows are of a release whose read models were others.
    """
    with exported(database, apart=engine.apart) as view, tempfile.TemporaryDirectory(prefix="leadline-verify-") as name:
        progress, model = read_progress(view.conn), active_model(view.conn)
        progress.check_format()
        if model is None:
            return Verified(progress, 0, 0, (), 0, ())
        folder = Path(name)
        with closing(ClusterGrouping(folder / "grouping.db", ids, limits)) as grouping, Work(engine) as work:
            compared = _compared(view, progress, work, grouping, folder, report or (lambda done, of: None))
        return _verified(view.conn, progress, compared)


def _compared(
    view: ExportedView, progress: Progress, work: Work, grouping: ClusterGrouping, folder: Path, tell: Report
) -> RefoldedPart:
    """Both passes."""
    for looked in work.each(look, ((view.source, *each) for each in _ranges(progress.position))):
        grouping.add(looked)
        tell(grouping.touchpoints, 2 * progress.position)
    total = RefoldedPart()
    with closing(_Leads(folder / "leads.db")) as leads:
        tasks = ((view.source, clusters, progress.clock) for clusters in _tasks(grouping.clusters()))
        for compared in work.each(compare, tasks):
            total.add(compared)
            leads.add(compared.leads)
            tell(grouping.touchpoints + total.touchpoints, 2 * grouping.touchpoints)
        for place in range(len(FAMILIES)):
            _add_nobodys(view.conn, place, leads, total)
    return total


def _ranges(position: int) -> Iterator[tuple[int, int]]:
    return ((after, min(after + _TASK, position)) for after in range(0, position, _TASK))


def _tasks(clusters: Iterable[GroupedCluster]) -> Iterator[list[GroupedCluster]]:
    task, size = list[GroupedCluster](), 0
    for cluster in clusters:
        task.append(cluster)
        size += len(cluster.positions)
        if size >= _TASK:
            yield task
            task, size = [], 0
    if task:
        yield task


def _verified(conn: Connection, progress: Progress, compared: RefoldedPart) -> Verified:
    """With what differs in the ledger, after the rows."""
    compared.keep_first()
    differences, differing = [difference for _, difference in compared.differences], compared.differing
    for difference in starmap(Difference, chain(wrong_counts(conn, live), wrong_sums(conn))):
        differing += 1
        if len(differences) < SHOWN:
            differences.append(difference)
    clusters = live.clusters.c
    query = select(clusters.cluster, clusters.aside).where(clusters.aside.is_not(None)).order_by(clusters.cluster)
    return Verified(
        progress,
        compared.touchpoints,
        compared.rows,
        tuple(differences),
        differing,
        tuple((row[0], row[1]) for row in conn.execute(query)),
        tuple(sorted(compared.failed)),
    )


# ---- rows of nobody ----------------------------------------------------------------------------------------------


class _Leads:
    """Every lead that was folded, on disk: whose rows nobody folded are too much."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path)
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE leads (lead BLOB PRIMARY KEY) WITHOUT ROWID")

    def close(self) -> None:
        self._file.close()

    def add(self, leads: Iterable[UUID]) -> None:
        self._file.executemany("INSERT OR IGNORE INTO leads VALUES (?)", ((lead.bytes,) for lead in leads))

    def has(self, lead: UUID) -> bool:
        return self._file.execute("SELECT 1 FROM leads WHERE lead = ?", (lead.bytes,)).fetchone() is not None


def _add_nobodys(conn: Connection, place: int, leads: _Leads, total: RefoldedPart) -> None:
    """Compare the number of rows; where there are more, look for those whose lead was not folded."""
    table = FAMILIES[place].table(live)
    count = conn.execute(select(func.count()).select_from(table)).scalar_one()
    if count == total.counts[place]:
        return
    width = len(table.primary_key)
    number = [column.name for column in table.columns].index("lead")
    for row in _rows(conn, table):
        if not leads.has(row[number]):
            total.rows += 1
            total.differs(place, Difference(table.name, row[:width], row, None))


# ---- digests -----------------------------------------------------------------------------------------------------


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


def _rows(conn: Connection, table: Table) -> Iterator[Row]:
    """A table's rows in the order of its key, the same on both databases (names by their bytes)."""
    keys = bulk.key_by_bytes(conn, table)
    for row in conn.execute(select(table).order_by(*keys).execution_options(yield_per=2_000)):
        yield tuple(row)
