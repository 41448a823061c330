"""What the collector's pages for owners say of who was first: read from the database, where this process has one."""

import threading

from domain.errors import Refused, Retry
from domain.signals.answer_link import Answered, Invitation
from projections.queries.answers import answered
from runtime.wiring import Wiring


class StoredOutcomes:
    """Asks the read models. A database that is away, or of another release, can say nothing: the answer is taken."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._lock = threading.Lock()

    def of(self, invitation: Invitation) -> Answered | None:
        """What became of it; None: nobody can say now."""
        try:
            with self._lock:  # it is made when it is first needed
                reader, events = self._wiring.reader, self._wiring.events
            with reader.view() as view:
                return answered(view, events, invitation)
        except (Retry, Refused):
            return None
