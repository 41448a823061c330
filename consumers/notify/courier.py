"""One destination's step: take in what the ledger has for it, hand over what is due, write down what became of it.

A turn of `store/turn.py`, on a thread and under a lease of its own: a destination that is away slows no other. Before
a message is handed over that is committed; after a kill it is handed over again under the same key.
"""

import hashlib
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import tzinfo
from typing import Final, assert_never

import structlog
from sqlalchemy import Connection

from consumers.notify.backoff import MOST, pause, retry_delay
from consumers.notify.choose import choose
from consumers.notify.hours import is_held
from consumers.notify.parcel import LONGEST, Delivered, Later, Messenger, Outcome, Parcel, Undeliverable, note_of
from domain.errors import Fenced, LeadlineError, Retry
from domain.model.definition import Destination
from domain.signals.answer_link import NO_LINKS, Links
from domain.touchpoints.touchpoint import Instant, moment
from store import deliveries, turn
from store.database.database import Database
from store.deliveries import Delivery, Place
from store.ledger import Signal, signals_after, signals_of

_log = structlog.get_logger(__name__)

IDLE: Final = 0.1
"""Seconds between looks with nothing to do."""

DIGEST: Final = 1_000
"""Most signals of one digest."""

_HINT: Final = "no signal is lost: each waits for its destination, and goes out once the reason is gone"
_RETRACTED: Final = "retracted before it was delivered"


class Courier:
    """Delivers to one destination. One thread drives it."""

    def __init__(
        self,
        database: Database,
        destination: Destination,
        sender: Messenger | None,
        zone: tzinfo,
        *,
        clock: Callable[[], Instant] | None = None,
        chance: Callable[[], float] = random.random,
        batch: int = 500,
        links: Links = NO_LINKS,
    ) -> None:
        """`sender` None: it cannot be spoken to before a person acts; what it is to be told of waits."""
        self._database = database
        self._destination = destination
        self._name = destination.name
        self._sender = sender
        self._zone = zone
        self._clock = clock
        self._chance = chance
        self._batch = batch
        self._links = links
        self._held: Callable[[], bool] = lambda: True

    def run(self, stop: threading.Event) -> None:
        """Deliver until `stop` is set, whenever this is the elected one. No error ends it: others go on meanwhile."""
        about = {"destination": self._name}
        arrow = turn.Arrow("notify", _HINT, self._term, IDLE, waits_out=Exception, about=lambda: about)
        turn.run(arrow, stop)

    @contextmanager
    def _term(self, _: turn.Wait) -> Iterator[turn.Term | None]:
        lease = self._database.elect("notify-" + hashlib.sha256(self._name.encode()).hexdigest()[:16])
        if lease is None:
            yield None
            return
        try:
            self._held = lease.held
            yield turn.Term(self._turn, lease.held)
        finally:
            lease.release()

    def _turn(self) -> bool:
        """One turn, whose every error says what it is: the loop waits it out, and tells of it in one line."""
        try:
            return self.run_once()
        except LeadlineError:
            raise
        except Exception as error:
            raise Retry(f"{type(error).__name__}: {error}") from error

    def run_once(self) -> bool:
        """One turn. False: there was nothing to do. Raises Fenced, Retry; nothing is remembered anyway."""
        with self._database.snapshot() as conn:
            place = deliveries.place_of(conn, self._name)
            signals = signals_after(conn, place.position, self._batch) if place else []
            now = self._now(conn)
        if place is None:
            return False
        if signals:
            self._take_in(place, signals)
            return True  # before anything is sent: a retraction may stand behind
        return self._sender is not None and self._hand_over(self._sender, place, now)

    # ---- from the ledger ----

    def _take_in(self, place: Place, signals: Sequence[Signal]) -> None:
        ends = {signal.closes for signal in signals if signal.closes is not None}
        with self._database.transaction() as conn:
            closed = {signal.id: signal for signal in signals_of(conn, ends)}
            choice = choose(self._destination, signals, closed, deliveries.of_signals(conn, self._name, ends))
            now = self._now(conn)
            new = [
                Delivery(self._name, signal.id, signal.position, signal.lead, "waiting", 0, now, False, "", now)
                for signal in choice.send
            ]
            deliveries.take_in(conn, self._name, signals[-1].position, place.position, new)
            deliveries.cancel(conn, self._name, choice.cancel, _RETRACTED, now)

    # ---- to the destination ----

    def _hand_over(self, sender: Messenger, place: Place, now: Instant) -> bool:
        """Hand over what is due. False: nothing is, or not now."""
        if place.ready > now or is_held(self._destination.hold, moment(now).astimezone(self._zone)):
            return False
        with self._database.snapshot() as conn:
            due = deliveries.due(conn, self._name, now, DIGEST if sender.digests else 1)
            parcel = self._parcel([each.signal for each in due], now) if due else None
            signals = [each.signal for each in due]
        if parcel is None:
            return False
        with self._database.transaction() as conn:
            deliveries.hand_over(conn, self._name, signals, self._after(now, sender.interval))
        if not self._held():
            raise Fenced("the lease of the destination is lost: another one goes on")
        self._settle(due, self._sent(sender, parcel), place.failures, sender)
        return True

    def _parcel(self, ids: Sequence[str], now: Instant) -> Parcel:
        with self._database.snapshot() as conn:
            signals = signals_of(conn, ids)
            ends = {signal.closes for signal in signals if signal.closes}
            told = [id for id, known in deliveries.of_signals(conn, self._name, ends).items() if known.attempts]
            firsts = {first.id: first for first in signals_of(conn, told)}
        may_leave = self._destination.may_leave
        notes = tuple(
            note_of(each, may_leave, firsts.get(each.closes or ""), self._links) for each in reversed(signals)
        )
        key = ids[0] if len(ids) == 1 else "digest:" + hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()[:32]
        return Parcel(key, notes, now)

    def _sent(self, sender: Messenger, parcel: Parcel) -> Outcome:
        try:
            return sender.send(parcel)
        except Exception as error:  # a fault, of this message: others go on
            _log.error("notify.fault", destination=self._name, key=parcel.key, exc_info=error)
            return Undeliverable(f"{type(error).__name__}: {error}"[:LONGEST])

    def _settle(self, due: Sequence[Delivery], outcome: Outcome, failures: int, sender: Messenger) -> None:
        """Write down what became of it."""
        signals = [each.signal for each in due]
        with self._database.transaction() as conn:
            now = self._now(conn)
            match outcome:
                case Delivered(said):
                    deliveries.delivered(conn, self._name, signals, said, now)
                case Undeliverable(said):
                    deliveries.dead(conn, self._name, signals, said, now)
                    _log.warning("notify.dead", destination=self._name, signals=signals[:5], reason=said)
                case Later(said, in_doubt, asked):
                    for each in due:
                        self._later(conn, each, said, asked, now, in_doubt=in_doubt)
                    seconds = max(sender.interval, pause(failures + 1, self._chance(), asked))
                    deliveries.pause(conn, self._name, self._after(now, seconds), failures + 1)
                    if not failures:
                        _log.warning("notify.fails", destination=self._name, reason=said, hint=_HINT)
                case _:
                    assert_never(outcome)

    def _later(
        self, conn: Connection, each: Delivery, said: str, asked: float | None, now: Instant, *, in_doubt: bool
    ) -> None:
        attempts = each.attempts + 1
        if attempts >= MOST:
            deliveries.dead(conn, self._name, [each.signal], said, now)
            _log.warning("notify.dead", destination=self._name, signals=[each.signal], reason=said)
            return
        due = self._after(now, retry_delay(attempts, self._chance(), asked))
        deliveries.later(conn, self._name, [each.signal], said, due, in_doubt=in_doubt)

    def _now(self, conn: Connection) -> Instant:
        return Instant(self._database.now(conn)) if self._clock is None else self._clock()

    @staticmethod
    def _after(now: Instant, seconds: float) -> Instant:
        return Instant(now + round(seconds * 1_000_000))
