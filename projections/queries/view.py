"""A view: what everything that one reader is told comes from, at one pair of position and clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from domain.errors import NotFound, Retry
from domain.fold.fold import Fold
from domain.model.definition import Model
from domain.people.sharing import LIMITS, Limits
from domain.phrases import phrase
from domain.touchpoints.touchpoint import Position
from projections.projecting.foreseeing import Foresight
from projections.projecting.projector import Progress, read_progress
from projections.projecting.saved import FORMAT
from projections.queries.as_of import BadAsOf, Knowing, NoPastView, Pair, pair_of
from projections.queries.folded import FoldedRows
from projections.queries.lookup import Lookup, saved_lookup
from projections.queries.then import ClustersThen
from projections.queries.walked import Clusters, SavedClusters
from projections.read_models.family import Family
from store.database.database import Database
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore
from store.models import active_model
from store.past_views import hold, is_used, past_view_of

LIMIT: Final = 1000
"""Most items of one page."""


NO_MODEL: Final = phrase("no model is active yet: start `leadline serve` (or `leadline project`) once")


_WHATS: Final = {
    "stage": phrase("stage"), "segment": phrase("segment"), "funnel": phrase("funnel"), "grade": phrase("grade"),
    "owner": phrase("owner"), "channel": phrase("channel"), "tag": phrase("tag"),
}  # fmt: skip


class NotReady(Retry):
    """Nothing is projected yet."""


class Past(NamedTuple):
    """What makes a view one of the past, whose instant is its clock. `present`: the clusters of now."""

    knowing: Knowing
    present: Clusters


@dataclass(frozen=True, slots=True)
class View:
    """One consistent view of the read models: the fold to exactly (position, clock) under `model`.

    Where there is `folded`, single leads are folded for it; `tables` are of now then, and no list is read of them.
    """

    conn: Connection
    ids: Ids
    lookup: Lookup
    model: Model
    position: Position
    clock: int
    tables: Derived = live
    past: Past | None = None
    folded: FoldedRows | None = None

    def rows(self, family: Family, lead: UUID) -> Sequence[Any]:
        """A lead's rows of a family, in no order; their fields are named as the columns."""
        if self.folded is not None:
            return self.folded.of(self.conn, family, lead)
        table = family.table(self.tables)
        return self.conn.execute(select(table).where(table.c.lead == lead)).all()

    def of_past(self) -> dict[str, Any]:
        """What answers say of the past pair that they are of (`AsOfShape`)."""
        if self.past is None:
            return {}
        return {"as_of": self.clock, "knowing": self.past.knowing, "position": self.position}


class Reader:
    """Opens views."""

    def __init__(self, database: Database, events: EventStore, ids: Ids, limits: Limits = LIMITS) -> None:
        self._database = database
        self._events = events
        self._ids = ids
        self._limits = limits
        self._lookup = saved_lookup(events, ids, limits=limits)
        self.foresight = Foresight(database, events, ids, limits)
        self._newest = 0

    def touchpoints(self) -> int:
        """At least so many there are: those of the newest view that was opened. Raises as `view` does."""
        if not self._newest:
            with self._now():
                pass
        return self._newest

    @contextmanager
    def view(self, as_of: str | None = None, knowing: str | None = None) -> Iterator[View]:
        """A view of this moment, or the past view as of an instant.

        Raises NotReady where no model was ever activated, DatabaseAway, BadAsOf, NotProjectedYet, NoPastView,
        PastViewGone.
        """
        with self._now() as now:
            pair = self._pair(now, as_of, knowing)
            if pair is None:
                yield now
                return
            kept = past_view_of(now.conn, pair.clock, pair.knowing, pair.position, FORMAT)
            if kept is None:
                raise NoPastView(pair)
            hold(now.conn, kept)
            lookup = saved_lookup(self._events, self._ids, kept.tables, self._limits)
            read_at = self._database.now(now.conn)
            yield replace(
                now,
                lookup=lookup,
                model=pair.model,
                position=Position(kept.position),
                clock=kept.clock,
                tables=kept.tables,
                past=self._past(pair),
            )
        is_used(self._database, kept, read_at)

    @contextmanager
    def _now(self) -> Iterator[View]:
        with self._database.snapshot() as conn:
            model = active_model(conn)
            if model is None:
                raise NotReady(NO_MODEL)
            progress = self._progress(conn)
            self._newest = max(self._newest, progress.position)
            yield View(conn, self._ids, self._lookup, model, progress.position, progress.clock)

    def _progress(self, conn: Connection) -> Progress:
        """The stored pair; where nothing was ever folded, it is that of nothing, at this moment."""
        progress = read_progress(conn)
        return progress if progress.model else replace(progress, clock=self._database.now(conn))

    @contextmanager
    def leads(self, as_of: str | None = None, knowing: str | None = None) -> Iterator[View]:
        """A view in which single leads are read: of this moment, or as of an instant.

        Raises NotReady, DatabaseAway, BadAsOf, NotProjectedYet.
        """
        with self._now() as now:
            pair = self._pair(now, as_of, knowing)
            yield now if pair is None else self._then(now, pair)

    def pair(self, as_of: str, knowing: str | None = None) -> Pair:
        """The pair as of an instant. Raises NotReady, DatabaseAway, BadAsOf, NotProjectedYet."""
        with self._now() as now:
            return pair_of(now.conn, self._events, self._progress(now.conn), now.model.timezone, as_of, knowing)

    def _pair(self, now: View, as_of: str | None, knowing: str | None) -> Pair | None:
        """The pair that is asked for; None: it is the present one."""
        if as_of is None:
            if knowing is not None:
                raise BadAsOf(phrase("knowing: stands alone; give as_of too, the instant that it is about"))
            return None
        return pair_of(now.conn, self._events, self._progress(now.conn), now.model.timezone, as_of, knowing)

    def _past(self, pair: Pair) -> Past:
        return Past(pair.knowing, SavedClusters(self._events, self._ids, live, self._limits))

    def _then(self, now: View, pair: Pair) -> View:
        clusters = ClustersThen(self._events, self._ids, now.tables, self._limits, pair.position, pair.clock)
        return replace(
            now,
            lookup=Lookup(self._ids, clusters),
            model=pair.model,
            position=pair.position,
            clock=pair.clock,
            past=self._past(pair),
            folded=FoldedRows(self._ids, clusters, Fold(pair.model)),
        )


def known_segment(view: View, name: str) -> str:
    """The name, if the model has such a segment. Raises NotFound."""
    return known("segment", name, [segment.name for segment in view.model.segments])


def known(what: str, name: str, names: Sequence[str]) -> str:
    """The name, if it is one of these. Raises NotFound, which lists them."""
    if name not in names:
        had = tuple(names) or phrase("none")
        raise NotFound(
            phrase("no {what} {name!r}: the model has {names}", what=_WHATS[what], name=name[:80], names=had)
        )
    return name
