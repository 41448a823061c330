"""Signals as messages: which topic, which key, which headers. Pure."""

from typing import Any, Final, NamedTuple
from uuid import UUID

import orjson

from domain.signals.signal import COOLED, ENTERED, HOT, LEFT, RETRACTED, STAGE
from domain.touchpoints.touchpoint import rfc3339
from store.log.cloudevents import ID, SOURCE, headers
from store.log.port import Entry, Record
from store.log.topics import HOT_LEADS, SEGMENT_CHANGES, STAGE_CHANGES

TOPICS: Final = {
    HOT: HOT_LEADS,
    RETRACTED: HOT_LEADS,
    COOLED: HOT_LEADS,
    ENTERED: SEGMENT_CHANGES,
    LEFT: SEGMENT_CHANGES,
    STAGE: STAGE_CHANGES,
}
"""The topic of each kind of signal."""

_POSITION: Final = "leadline_position"


class Signal(NamedTuple):
    """A row of the ledger, in its columns' order. `at` in microseconds, `data` is JSON."""

    position: int
    id: str
    kind: str
    lead: UUID
    lead_now: UUID
    subject: str
    at: int
    closes: str | None
    data: str
    silent: bool

    @property
    def key(self) -> bytes:
        """The key of its message: the lead under which it was announced, also for what closes it."""
        return str(self.lead).encode()


def message(signal: Signal) -> Record:
    """The message that announces a signal."""
    body: dict[str, Any] = {
        **orjson.loads(signal.data),
        "id": signal.id,
        "kind": signal.kind,
        "lead": str(signal.lead),
        "lead_now": str(signal.lead_now),
        "at": rfc3339(signal.at),
        "subject": signal.subject,
        "closes": signal.closes,
    }
    about = headers(id=signal.id, type=signal.kind, source=SOURCE, at=signal.at)
    place = (("ce_subject", signal.key), (_POSITION, b"%d" % signal.position))
    return Record(signal.key, orjson.dumps(body), about + place)


def written(entry: Entry) -> tuple[int, str] | None:
    """(ledger position, signal id) of a message, or None where it is none of ours."""
    position, id = entry.header(_POSITION), entry.header(ID)
    if position is None or id is None or not position.isdigit():
        return None
    return int(position), id.decode("utf-8", "replace")
