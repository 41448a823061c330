"""The second pass of `verify`: clusters folded from their touchpoints, compared with the live rows of their leads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.people.facts import Facts
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint
from projections.history.clusters import people_of
from projections.read_models.family import Row
from projections.read_models.registry import FAMILIES
from projections.upkeep.grouping import GroupedCluster
from store.database import bulk
from store.database.exported import TaskSource
from store.database.tables import live
from store.events.ids import Ids
from store.events.library.notifications import chosen
from store.models import active_model

SHOWN: Final = 100
"""Differences that are kept."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs: as it is (None: missing), and as the fold says it must be (None: too much)."""

    table: str
    key: tuple[Any, ...]
    found: Row | None
    expected: Row | None


@dataclass(slots=True)
class RefoldedPart:
    """What a task found. The differences are those that come first, by read model and key."""

    touchpoints: int = 0
    rows: int = 0
    counts: list[int] = field(default_factory=lambda: [0] * len(FAMILIES))
    """Of the live rows by read model: those of the leads that were folded."""
    differing: int = 0
    differences: list[tuple[int, Difference]] = field(default_factory=list)
    leads: list[UUID] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    """Why a fold failed here too, and at which touchpoint's cluster: nothing is expected of it."""

    def differs(self, place: int, difference: Difference) -> None:
        """Take a difference in the read model of that place."""
        self.differing += 1
        self.differences.append((place, difference))
        if len(self.differences) >= 2 * SHOWN:
            self.keep_first()

    def keep_first(self) -> None:
        """Drop what is not shown."""
        self.differences = sorted(self.differences, key=_place)[:SHOWN]

    def add(self, other: "RefoldedPart") -> None:
        """Take what another task found; its leads are the caller's."""
        self.touchpoints += other.touchpoints
        self.rows += other.rows
        self.counts = [mine + others for mine, others in zip(self.counts, other.counts, strict=True)]
        self.differing += other.differing
        self.differences += other.differences
        self.failed += other.failed
        self.keep_first()


def compare(source: TaskSource, clusters: Sequence[GroupedCluster], clock: int) -> RefoldedPart:
    """The task: refold clusters with the active model, and compare with every row of every lead that comes of it."""
    compared = RefoldedPart()
    with source.attached() as (database, conn):
        ids, model = Ids(database.id_key()), active_model(conn)
        assert model is not None, "whoever gave the task has seen it"
        expected: list[list[Row]] = [[] for _ in FAMILIES]
        for rows in _refolded(conn, ids, model, clusters, clock, compared):
            for place, some in enumerate(rows):
                expected[place] += some
        compared.leads = [row[0] for row in expected[0]]
        for place in range(len(FAMILIES)):
            _compare(conn, place, expected[place], compared)
    compared.keep_first()
    return compared


def _refolded(
    conn: Connection, ids: Ids, model: Model, clusters: Sequence[GroupedCluster], clock: int, compared: RefoldedPart
) -> Iterator[list[list[Row]]]:
    """By read model the rows of each lead."""
    fold = Fold(model)
    recorded = chosen(conn, [position for cluster in clusters for position in cluster.positions])
    for positions, known in clusters:
        touchpoints = [recorded.pop(position).touchpoint for position in sorted(positions)]
        compared.touchpoints += len(touchpoints)
        try:
            leads = _folded(fold, ids, touchpoints, Facts(ids.hex, *known), clock)
        except Exception as error:
            where = f"the cluster of touchpoint {touchpoints[0].id!r}"
            compared.failed.append(f"{where}: {type(error).__name__}: {error}"[:1000])
        else:
            yield from leads


def _folded(fold: Fold, ids: Ids, touchpoints: Sequence[Touchpoint], facts: Facts, clock: int) -> list[list[list[Row]]]:
    walk, histories = assign([each for each in touchpoints if each.instant <= clock], facts)
    subjects = [person.subject(fold, ids, clock) for person in people_of(walk, histories)]
    return [[family.rows(fold, subject) for family in FAMILIES] for subject in subjects]


def _compare(conn: Connection, place: int, expected: Sequence[Row], compared: RefoldedPart) -> None:
    """Compare the rows of one read model."""
    table = FAMILIES[place].table(live)
    width = len(table.primary_key)
    wanted = {row[:width]: row for row in expected}
    columns = [column.name for column in table.columns]
    rows = {row[:width]: row for row in bulk.select_in(conn, table, columns, "lead", compared.leads)}
    compared.counts[place] = len(rows)
    compared.rows += len(rows.keys() | wanted.keys())
    if rows != wanted:
        for key in rows.keys() | wanted.keys():
            if rows.get(key) != wanted.get(key):
                compared.differs(place, Difference(table.name, key, rows.get(key), wanted.get(key)))


def _place(numbered: tuple[int, Difference]) -> tuple[Any, ...]:
    place, difference = numbered
    return place, *(part.encode() if isinstance(part, str) else part for part in difference.key)
