"""Promote: what the policy asks for because of the signals in the ledger goes onto the log, as touchpoints.

An arrow of its own, with its own position in the ledger, beside the publisher. One promoter, elected. After a crash
it asks again for what its position had not passed: the touchpoint's id is made of the signal's, so it is recorded once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from consumers.promote.policy import asked_touchpoints
from domain.touchpoints.envelope import encode
from store import turn
from store.database.database import Database
from store.events.positions import Advance, advance, position_of
from store.ledger import signals_after
from store.log.cloudevents import touchpoint_record
from store.log.port import Log
from store.log.topics import TOUCHPOINTS

POSITION: Final = "promote:ledger"
"""The name of the promoter's position in the ledger."""

IDLE: Final = 0.1
"""Seconds between looks at the ledger with nothing to do."""

_HINT: Final = "no promotion is lost: the ledger keeps its signal, and it is asked for once the reason is gone"


@dataclass(frozen=True, slots=True)
class Promoted:
    """Counts of one batch of signals: those that were `read`, and the policy's touchpoints, `promotions`."""

    read: int = 0
    promotions: int = 0


class Promoter:
    """Reads the ledger behind its stored position. One thread drives it."""

    def __init__(self, database: Database, log: Log, batch: int = 500) -> None:
        """`log` takes the policy's touchpoints; `batch` is the most signals of a turn."""
        self._database = database
        self._log = log
        self._batch = batch

    def run(self, stop: threading.Event, news: turn.News | None = None) -> None:
        """Promote until `stop` is set, whenever this is the elected one. `news` moves with the ledger."""
        turn.run(turn.Arrow("promote", _HINT, self._term, IDLE, news=news), stop)

    @contextmanager
    def _term(self, _: turn.Wait) -> Iterator[turn.Term | None]:
        lease = self._database.elect("promote")
        if lease is None:
            yield None
            return
        try:
            yield turn.Term(lambda: self.run_once().read > 0, lease.held)
        finally:
            lease.release()

    def run_once(self) -> Promoted:
        """Take the next rows of the ledger. Raises Fenced, Retry, LogMisconfigured; nothing is remembered anyway."""
        with self._database.snapshot() as conn:
            position = position_of(conn, POSITION)
            signals = signals_after(conn, position or 0, self._batch)
        touchpoints = list(asked_touchpoints(signals))
        if not signals:
            return Promoted()
        self._log.append(TOUCHPOINTS, [touchpoint_record(touchpoint, encode(touchpoint)) for touchpoint in touchpoints])
        with self._database.transaction() as conn:
            advance(conn, [Advance(POSITION, signals[-1].position, position)])
        return Promoted(len(signals), len(touchpoints))
