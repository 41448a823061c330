"""Signals as messages: which key, which headers. Pure."""

from typing import Any, Final

import orjson

from domain.signals.answer_link import NO_LINKS, Links
from domain.touchpoints.touchpoint import rfc3339
from store.ledger import Signal
from store.log.cloudevents import ID, SOURCE, headers
from store.log.port import Entry, Record

_POSITION: Final = "leadline_position"


def message(signal: Signal, links: Links = NO_LINKS) -> Record:
    """The message that announces a signal."""
    data = orjson.loads(signal.data)
    body: dict[str, Any] = {
        **data,
        "id": signal.id,
        "kind": signal.kind.value,
        "lead": str(signal.lead),
        "lead_now": str(signal.lead_now),
        "at": rfc3339(signal.at),
        "subject": signal.subject,
        "closes": signal.closes,
        "link": links.lead(signal.lead_now),
        "answer_link": links.answer(signal.asked(data), data.get("person")),
    }
    attributes = headers(id=signal.id, type=signal.kind.value, source=SOURCE, at=signal.at)
    place = (("ce_subject", signal.key), (_POSITION, b"%d" % signal.position))
    return Record(signal.key, orjson.dumps(body), attributes + place)


def written(entry: Entry) -> tuple[int, str] | None:
    """(ledger position, signal id) of a message, or None where it is none of ours."""
    position, id = entry.header(_POSITION), entry.header(ID)
    if position is None or id is None or not position.isdigit():
        return None
    return int(position), id.decode("utf-8", "replace")
