"""A view: what everything that one reader is told comes from, at one pair of position and clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from domain.errors import NotFound, Retry
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Position
from projections.projecting.projector import read_progress
from projections.queries.lookup import Lookup
from store.database.database import Database
from store.database.derived import Derived
from store.database.tables import live
from store.events.ids import Ids
from store.events.store import EventStore
from store.models import active_model

LIMIT: Final = 1000
"""Most items of one page."""


NO_MODEL: Final = "no model is active yet: start `leadline serve` (or `leadline project`) once"


class NotReady(Retry):
    """Nothing is projected yet."""


@dataclass(frozen=True, slots=True)
class View:
    """One consistent view of the read models: the fold to exactly (position, clock) under `model`."""

    conn: Connection
    ids: Ids
    lookup: Lookup
    model: Model
    position: Position
    clock: int
    tables: Derived = live


class Reader:
    """Opens views."""

    def __init__(self, database: Database, events: EventStore, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self._lookup = Lookup(events, ids)

    @contextmanager
    def view(self) -> Iterator[View]:
        """A view of this moment. Raises NotReady where no model was ever activated, DatabaseAway."""
        with self._database.snapshot() as conn:
            model = active_model(conn)
            if model is None:
                raise NotReady(NO_MODEL)
            progress = read_progress(conn)
            yield View(conn, self._ids, self._lookup, model, progress.position, progress.clock)


def known_segment(view: View, name: str) -> str:
    """The name, if the model has such a segment. Raises NotFound."""
    return known("segment", name, [segment.name for segment in view.model.segments])


def known(what: str, name: str, names: Sequence[str]) -> str:
    """The name, if it is one of these. Raises NotFound, which lists them."""
    if name not in names:
        raise NotFound(f"no {what} {name[:80]!r}: the model has {', '.join(names) or 'none'}")
    return name
