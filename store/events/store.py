"""The event store: touchpoints appended in batches with their sources' positions, read back by position or trail."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from domain.touchpoints.event import TouchpointRecorded
from domain.touchpoints.touchpoint import NEVER, Position
from store.database import bulk
from store.database.columns import array, key_parameters
from store.database.database import Database
from store.database.errors import TouchpointKnown, VersionConflict, translated
from store.database.tables import events
from store.events import sealing
from store.events.ids import Ids
from store.events.library.mapper import clear_text
from store.events.positions import Advance, advance, position_of
from store.events.reading import Recorded, read_in, read_where

__all__ = ["Advance", "Appended", "EventStore", "Incoming", "Recorded", "last_position", "lock_events", "recorded_at"]

_TOPIC: Final = TouchpointRecorded.TOPIC


@dataclass(slots=True)
class Incoming:
    """A touchpoint about to be recorded: the clear part, and the envelope's bytes as they came from the log.

    Instants are microseconds. `dedupe` is the keyed hash of (source name, id).
    """

    trail: UUID
    type: str
    instant: int
    seq: int
    received: int
    source: str
    dedupe: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append wrote: positions `first` to `last` (both None if it wrote nothing), without a gap."""

    first: int | None
    last: int | None
    written: int
    duplicates: int


class EventStore:
    """Appends and reads touchpoints. One writer at a time, whoever it is, under the database's lock of events."""

    VERSIONS: Final = 200_000
    """Trails whose last version is remembered (about 30 MB) before the memory is dropped."""

    _ATTEMPTS: Final = 4

    def __init__(self, database: Database) -> None:
        self._database = database
        self._versions: dict[int, int] = {}

    # ---- writing -------------------------------------------------------------------------------------------------

    def append(
        self,
        incoming: Sequence[Incoming],
        advances: Sequence[Advance],
        recorded_at: int,
        also: Callable[[Connection], None] | None = None,
    ) -> Appended:
        """Record what is not known yet and move the sources' positions, in one transaction.

        Of touchpoints with one dedupe key the first recorded wins; within a batch the first. The batch is written
        without asking what is known; only if the unique key objects is it filtered by the database and tried again.

        `also` writes in the same transaction (once more where it is tried again). `recorded_at`: microseconds.

        Raises Fenced (start from the stored positions), Retry's kinds, DataError; then
        nothing is written, except that after DatabaseAway the commit may have succeeded.
        """
        fresh = _first_of_each(incoming)

        def before(conn: Connection) -> None:
            advance(conn, advances)
            if also is not None:
                also(conn)

        check_known = False
        for attempt in range(1, self._ATTEMPTS + 1):
            try:
                appended = self._append(fresh, before, recorded_at, check_known)
            except (TouchpointKnown, VersionConflict) as error:
                # Known touchpoints: filter them. Stale versions (another consumer wrote these trails): read them anew.
                self._versions.clear()
                check_known = check_known or isinstance(error, TouchpointKnown)
                if attempt == self._ATTEMPTS:
                    raise
            except BaseException:
                self._versions.clear()
                raise
            else:
                return replace(appended, duplicates=len(incoming) - appended.written)
        raise AssertionError("unreachable")

    def _append(
        self, fresh: Sequence[Incoming], before: Callable[[Connection], None], recorded_at: int, check_known: bool
    ) -> Appended:
        first: int | None = None
        next_versions: dict[int, int] = {}
        with self._database.transaction() as conn:
            before(conn)
            if fresh:
                lock_events(self._database, conn)
                if check_known:
                    fresh = _unknown(conn, fresh)
            if fresh:
                first = last_position(conn) + 1
                next_versions = self._last_versions(conn, fresh)
                bulk.insert(conn, events, _rows(fresh, first, next_versions, recorded_at))
        # Only now is the commit known, and with it what we may remember.
        if len(self._versions) + len(next_versions) > self.VERSIONS:
            self._versions.clear()
        self._versions.update(next_versions)
        return Appended(first, None if first is None else first + len(fresh) - 1, len(fresh), 0)

    def _last_versions(self, conn: Connection, fresh: Sequence[Incoming]) -> dict[int, int]:
        """The last version of each trail in the batch, by the trail as an integer (0: a new trail)."""
        remembered = self._versions
        versions: dict[int, int] = {}
        cold: list[UUID] = []
        for touchpoint in fresh:
            number = touchpoint.trail.int
            if number not in versions:
                version = remembered.get(number)
                versions[number] = version or 0
                if version is None:
                    cold.append(touchpoint.trail)
        if cold:
            versions.update(_stored_versions(conn, cold))
        return versions

    # ---- reading -------------------------------------------------------------------------------------------------

    def last_position(self, conn: Connection) -> Position:
        """The newest position, 0 where nothing is recorded."""
        return last_position(conn)

    def position_at(self, conn: Connection, instant: int) -> Position:
        """The position of the last event that was recorded at or before an instant; 0: there was none.

        Positions are in the order of commits, and the instants that recorders note rise with them unless clocks differ
        or step: then an event may lie on the wrong side that was recorded about as long before or after as they differ.
        The positions that are looked at depend on nothing that is recorded later, and neither does the answer.
        """
        position, last = 0, last_position(conn)
        for bit in reversed(range(last.bit_length())):
            further = position + (1 << bit)
            if further <= last and recorded_at(conn, further) <= instant:
                position = further
        return Position(position)

    def scan(self, conn: Connection, after: int, limit: int, until: int | None = None) -> list[Recorded]:
        """The next touchpoints after a position (and up to `until`), in order: none only at the end.

        Positions have no gaps, so a range is as good as a limit, and PostgreSQL walks it without statistics (of a young
        table it takes a limit for a reason to sort all that is left: measured 3 times slower). Raises UnknownTopic.
        """
        near = after + limit if until is None else min(after + limit, until)
        recorded = read_where(conn, f"position > {int(after)} AND position <= {int(near)}", (), "")
        if recorded or near == until:
            return recorded
        # The end, or a gap that somebody made by deleting.
        bound = "" if until is None else f" AND position <= {int(until)}"
        return read_where(conn, f"position > {int(near)}{bound}", (), f" LIMIT {int(limit)}")

    def scan_range(self, conn: Connection, after: int, until: int, size: int = 5_000) -> Iterator[list[Recorded]]:
        """All touchpoints in (after, until], in order, some thousand at a time. Raises UnknownTopic."""
        while batch := self.scan(conn, after, size, until):
            yield batch
            after = batch[-1][0]

    def recorded_at(self, conn: Connection, after: int, until: int) -> dict[Position, int]:
        """When each touchpoint in (after, until] was recorded, microseconds."""
        columns = events.c.position, func.coalesce(events.c.recorded, events.c.received)
        with translated():
            rows = conn.execute(select(*columns).where(events.c.position > after, events.c.position <= until))
            return {Position(position): int(recorded) for position, recorded in rows}

    def of_trails(
        self, conn: Connection, trails: Sequence[UUID], until: int, since: int | None = None
    ) -> list[Recorded]:
        """Every touchpoint of the trails up to a position, by position; with `since` those later than that instant.

        Raises UnknownTopic.
        """
        bounds = f"position <= {int(until)}" + ("" if since is None else f" AND instant > {int(since)}")
        return read_in(conn, events.c.trail, trails, bounds)

    def of_keys(self, conn: Connection, dedupes: Sequence[bytes], until: int) -> list[Recorded]:
        """The touchpoints under these dedupe keys up to a position, by position. Raises UnknownTopic."""
        return read_in(conn, events.c.dedupe, dedupes, f"position <= {int(until)}")

    def is_under(self, conn: Connection, ids: Ids) -> bool:
        """Whether the events were recorded under this id key (where there are none: yes). Looks at the first one."""
        query = select(events.c.position, events.c.dedupe).where(events.c.dedupe.is_not(None))
        with translated():
            first = conn.execute(query.order_by(events.c.position).limit(1)).first()
        if first is None:
            return True
        [(_, touchpoint)] = self.scan(conn, first.position - 1, 1, first.position)
        return ids.dedupe(touchpoint.source.name, touchpoint.id) == bytes(first.dedupe)

    def source_position(self, conn: Connection, name: str) -> int | None:
        """The stored position of a source (None: nothing of it was recorded)."""
        return position_of(conn, name)


def lock_events(database: Database, conn: Connection) -> None:
    """Wait for the turn to write events; held until the transaction ends, so that position order is commit order."""
    database.lock(conn, "events")


def known_of(conn: Connection, dedupes: Sequence[bytes]) -> set[bytes]:
    """Those of the dedupe keys under which something is recorded."""
    return {bytes(row[0]) for row in bulk.select_in(conn, events, ["dedupe"], "dedupe", dedupes)}


def recorded_at(conn: Connection, position: int) -> int:
    """When the touchpoint of a position was recorded; where somebody deleted it, the next one (none: never)."""
    query = select(events.c.recorded).where(events.c.position >= position, events.c.recorded.is_not(None))
    with translated():
        return int(conn.execute(query.order_by(events.c.position).limit(1)).scalar() or NEVER)


def last_position(conn: Connection) -> Position:
    """The newest position, 0 where nothing is recorded. To allot the next, hold the lock first."""
    with translated():
        return Position(conn.execute(select(func.max(events.c.position))).scalar_one() or 0)


# ---- writing -----------------------------------------------------------------------------------------------------


def _first_of_each(incoming: Sequence[Incoming]) -> Sequence[Incoming]:
    first: dict[bytes, Incoming] = {}
    for touchpoint in incoming:
        first.setdefault(touchpoint.dedupe, touchpoint)
    return incoming if len(first) == len(incoming) else list(first.values())


def _unknown(conn: Connection, fresh: Sequence[Incoming]) -> Sequence[Incoming]:
    recorded_keys = known_of(conn, [new.dedupe for new in fresh])
    return [touchpoint for touchpoint in fresh if touchpoint.dedupe not in recorded_keys]


def _stored_versions(conn: Connection, trails: Sequence[UUID]) -> dict[int, int]:
    # One probe of the index a trail, however long the trail is.
    last = "(SELECT version FROM events WHERE trail = {} ORDER BY version DESC LIMIT 1)"
    if conn.dialect.name == "postgresql":
        expression, parameter = array(events.c.trail, trails)
        rows = conn.exec_driver_sql(
            f"SELECT n, {last.format('t')} FROM unnest({expression}) WITH ORDINALITY AS asked (t, n)", (parameter,)
        )
        return {trails[n - 1].int: version for n, version in rows if version is not None}
    versions: dict[int, int] = {}
    statement = "SELECT max(version) FROM events WHERE trail = ?"
    cursor = conn.connection.cursor()
    for trail, key in zip(trails, key_parameters(events.c.trail, trails), strict=True):
        if (version := cursor.execute(statement, (key,)).fetchone()[0]) is not None:
            versions[trail.int] = version
    return versions


def _rows(fresh: Sequence[Incoming], first: int, versions: dict[int, int], recorded_at: int) -> list[tuple[Any, ...]]:
    """The rows, in column order; `versions` is left at the last version that each trail has with them."""
    rows = []
    for position, new in enumerate(fresh, first):
        number = new.trail.int
        version = versions[number] = versions[number] + 1
        rows.append((
            position, new.trail, version, _TOPIC, sealing.seal(new.trail.bytes, new.envelope), new.type, new.instant,
            new.seq, new.received, recorded_at, clear_text(new.source), new.dedupe,
        ))  # fmt: skip
    return rows
