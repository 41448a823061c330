"""Deliveries: what became of each signal at each destination, and how far each destination has come in the ledger.

A delivery waits until it is delivered, canceled (what it told of ended before) or dead (given up; a person may replay).
Before a message is handed over that is written down (`in_doubt`): after a kill it is handed over again, under its key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, exists, func, literal_column, select, update

from domain.touchpoints.touchpoint import Instant
from store.database import bulk
from store.database.errors import PositionMoved
from store.database.tables import deliveries, destinations, ledger

State = Literal["waiting", "delivered", "canceled", "dead"]
STATES: Final[tuple[State, ...]] = get_args(State)

_WAITING: Final[ColumnElement[str]] = literal_column("'waiting'")
_DEAD: Final[ColumnElement[str]] = literal_column("'dead'")
"""In the statement itself: SQLite proves of no parameter that a partial index has the rows."""

_HELD_BACK: Final = "the destination was taken out of the model file"


class Delivery(NamedTuple):
    """A row, in its columns' order. Instants in microseconds."""

    destination: str
    signal: str
    position: int
    lead: UUID
    state: State
    attempts: int
    due: Instant
    in_doubt: bool
    outcome: str
    at: Instant


class Place(NamedTuple):
    """How far a destination has come in the ledger, and when it may be sent something again."""

    name: str
    position: int
    ready: Instant
    failures: int
    last_success: Instant | None


def begin(conn: Connection, names: Collection[str]) -> None:
    """Destinations that are new, or there again: they hear of what is announced from now on."""
    if not names:
        return
    end = int(conn.execute(select(func.max(ledger.c.position))).scalar_one() or 0)
    bulk.upsert(conn, destinations, [Place(name, end, Instant(0), 0, None) for name in names])
    left = deliveries.c.destination.in_(names) & (deliveries.c.state == _WAITING)
    conn.execute(update(deliveries).where(left).values(state="canceled", outcome=_HELD_BACK))


def place_of(conn: Connection, name: str) -> Place | None:
    """Where a destination stands; None: no activation ever began it."""
    row = conn.execute(select(destinations).where(destinations.c.name == name)).one_or_none()
    return None if row is None else Place(*row)


def take_in(conn: Connection, name: str, to: int, expected: int, new: Sequence[Delivery]) -> None:
    """What the destination is to be told of the ledger from one position to another. Raises PositionMoved."""
    here = (destinations.c.name == name) & (destinations.c.position == expected)
    if conn.execute(update(destinations).where(here).values(position=to)).rowcount != 1:
        raise PositionMoved(f"destination {name!r} is not at {expected}: another process works for it, or it is new")
    bulk.insert_new(conn, deliveries, new)


def of_signals(conn: Connection, name: str, signals: Collection[str]) -> dict[str, Delivery]:
    """What became of some hundred signals at a destination, by their ids."""
    if not signals:
        return {}
    query = select(deliveries).where(deliveries.c.destination == name, deliveries.c.signal.in_(signals))
    return {row.signal: Delivery(*row) for row in conn.execute(query)}


def everywhere(conn: Connection, signals: Collection[str]) -> dict[str, list[Delivery]]:
    """What became of a page of signals at every destination that there ever was, by their ids."""
    if not signals:
        return {}
    names = select(destinations.c.name)
    query = select(deliveries).where(deliveries.c.destination.in_(names), deliveries.c.signal.in_(signals))
    by_signal: dict[str, list[Delivery]] = {}
    for row in conn.execute(query.order_by(deliveries.c.destination)):
        by_signal.setdefault(row.signal, []).append(Delivery(*row))
    return by_signal


def due(conn: Connection, name: str, now: Instant, limit: int) -> list[Delivery]:
    """What may be handed over now, oldest first: nothing of a lead before what waits of it from earlier."""
    return [Delivery(*row) for row in conn.execute(due_query(name, now, limit))]


def due_query(name: str, now: Instant, limit: int) -> Select[Any]:
    """The query of `due`: asked ten times a second for each destination."""
    earlier = deliveries.alias()
    blocked = exists().where(
        earlier.c.destination == name, earlier.c.lead == deliveries.c.lead, earlier.c.state == _WAITING,
        earlier.c.position < deliveries.c.position, earlier.c.due > now,
    )  # fmt: skip
    waiting = (deliveries.c.destination == name) & (deliveries.c.state == _WAITING)
    query = select(deliveries).where(waiting, deliveries.c.due <= now, ~blocked).order_by(deliveries.c.position)
    return query.limit(limit)


def hand_over(conn: Connection, name: str, signals: Collection[str], ready: Instant) -> None:
    """Write down that these are about to be handed over, and that nothing else is before `ready`."""
    conn.execute(
        update(deliveries).where(*_these(name, signals)).values(attempts=deliveries.c.attempts + 1, in_doubt=True)
    )
    conn.execute(update(destinations).where(destinations.c.name == name).values(ready=ready))


def delivered(conn: Connection, name: str, signals: Collection[str], outcome: str, now: Instant) -> None:
    """They arrived."""
    _settle(conn, name, signals, state="delivered", in_doubt=False, outcome=outcome, at=now)
    here = destinations.c.name == name
    conn.execute(update(destinations).where(here).values(failures=0, last_success=now))


def dead(conn: Connection, name: str, signals: Collection[str], outcome: str, now: Instant) -> None:
    """They are given up."""
    _settle(conn, name, signals, state="dead", outcome=outcome, at=now)


def later(conn: Connection, name: str, signals: Collection[str], outcome: str, due: Instant, *, in_doubt: bool) -> None:
    """They are tried again from an instant on."""
    _settle(conn, name, signals, outcome=outcome, due=due, in_doubt=in_doubt)


def pause(conn: Connection, name: str, ready: Instant, failures: int) -> None:
    """Nothing is sent to the destination before an instant, after so many failures in a row."""
    conn.execute(update(destinations).where(destinations.c.name == name).values(ready=ready, failures=failures))


def cancel(conn: Connection, name: str, signals: Collection[str], outcome: str, now: Instant) -> None:
    """What these told of has ended before anybody was told."""
    _settle(conn, name, signals, state="canceled", outcome=outcome, at=now)


def dead_letters(conn: Connection, limit: int, name: str | None = None, offset: int = 0) -> list[Delivery]:
    """What was given up, newest first."""
    query = select(deliveries).where(deliveries.c.state == _DEAD).order_by(deliveries.c.at.desc(), deliveries.c.signal)
    if name is not None:
        query = query.where(deliveries.c.destination == name)
    return [Delivery(*row) for row in conn.execute(query.limit(limit).offset(offset))]


class ReplayedDeliveries(NamedTuple):
    """Of what was given up: how much waits `again`; how much is `over`, since its end was told meanwhile."""

    again: int
    over: int


def replay(conn: Connection, now: Instant, name: str | None = None, signal: str | None = None) -> ReplayedDeliveries:
    """Try what was given up again, from the beginning; cancel that of which the destination was told the end."""
    chosen = deliveries.c.state == _DEAD
    if name is not None:
        chosen &= deliveries.c.destination == name
    if signal is not None:
        chosen &= deliveries.c.signal.startswith(signal, autoescape=True)
    given_up: dict[str, list[str]] = {}
    for destination, id in conn.execute(select(deliveries.c.destination, deliveries.c.signal).where(chosen)):
        given_up.setdefault(destination, []).append(id)
    over = 0
    for destination, ids in given_up.items():
        for ended in _batches(_ended(conn, destination, ids)):
            values = {"state": "canceled", "outcome": "its end was delivered before", "at": now}
            row = (deliveries.c.destination == destination) & deliveries.c.signal.in_(ended)
            over += conn.execute(update(deliveries).where(row).values(values)).rowcount
    again = update(deliveries).where(chosen).values(state="waiting", attempts=0, due=now, at=now)
    return ReplayedDeliveries(conn.execute(again).rowcount, over)


def _ended(conn: Connection, name: str, signals: Collection[str]) -> list[str]:
    """Those of these signals of which the destination was told the end, or the end of the end, and so on."""
    leads = {lead for (lead,) in bulk.select_in(conn, ledger, ["lead"], "id", list(signals))}
    closes = dict(bulk.select_in(conn, ledger, ["closes", "id"], "lead", list(leads)))
    ends = [end for signal, end in closes.items() if signal is not None]
    told: set[str] = set()
    for some in _batches(ends):
        told |= {each.signal for each in of_signals(conn, name, some).values() if each.state == "delivered"}
    return [signal for signal in signals if any(end in told for end in _ends(closes, signal))]


def _ends(closes: Mapping[str, str], signal: str) -> Iterator[str]:
    """What closes a signal, what closes that, and so on."""
    end = closes.get(signal)
    while end is not None:
        yield end
        end = closes.get(end)


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as one statement takes."""
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]


class Tally(NamedTuple):
    """Of a destination: how much waits, how much is dead, and when something last arrived."""

    name: str
    waiting: int
    dead: int
    last_success: Instant | None


def tallies(conn: Connection, names: Iterable[str] | None = None) -> list[Tally]:
    """Of every destination that there ever was (or of these), by name."""
    of_it = deliveries.c.destination == destinations.c.name
    counted = [
        select(func.count()).where(of_it, deliveries.c.state == state).correlate(destinations).scalar_subquery()
        for state in (_WAITING, _DEAD)
    ]
    query: Any = select(destinations.c.name, *counted, destinations.c.last_success).order_by(destinations.c.name)
    rows = [Tally(*row) for row in conn.execute(query)]
    return rows if names is None else [row for row in rows if row.name in set(names)]


def _settle(conn: Connection, name: str, signals: Collection[str], **values: Any) -> None:
    conn.execute(update(deliveries).where(*_these(name, signals)).values(values))


def _these(name: str, signals: Collection[str]) -> tuple[Any, ...]:
    return deliveries.c.destination == name, deliveries.c.signal.in_(signals), deliveries.c.state == _WAITING
