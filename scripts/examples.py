"""One message of each kind of signal, as it goes out: for the reference page and the AsyncAPI document.

Only what the ledger bears is written down here; the rest is made by what makes the real ones.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import orjson

from consumers.publish.messages import message
from domain.signals.answer_link import Links
from domain.signals.kinds import TRAITS, SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal

_LEAD: Final = UUID("5b0c1f1e-94a6-4b6e-8f3a-2d1c7e90a4b8")
_AT: Final = Instant(1_790_000_000_250_000)
_PUBLIC_URL: Final = "https://leads.example.com"

_STANDING: Final[Mapping[str, Any]] = {
    "person": {
        "name": "王芳", "company": "Acme", "title": "CEO", "email": "wang@acme.example", "phone": "+4930123456",
        "unsubscribed": None,
    },
    "first_source": {
        "channel": "paid_search", "source": "baidu", "medium": "cpc", "campaign": "spring",
        "since": "2026-09-14T09:12:44.000000Z",
    },
    "last_source": {
        "channel": "email", "source": "newsletter", "medium": "email", "since": "2026-09-21T13:58:02.000000Z",
    },
    "stage": "lead",
    "grade": "A",
    "model": "9a3f0c5d1e7b2468",
}  # fmt: skip
_SINCE: Final = "2026-09-21T14:13:20.000000Z"
_ENDED: Final = "2026-09-23T06:40:11.518204Z"
_HOT: Final[Mapping[str, Any]] = {
    "since": _SINCE,
    "heat": 91.5,
    "hot_at": 80.0,
    "cools_at": _ENDED,
    "reasons": [
        {"rule": "asked for a demo", "label": {"en": "asked for a demo", "zh": "预约演示"}, "count": 1, "points": 50.0,
         "now": 50.0, "last": _SINCE, "touchpoint": "f-20260921-0001"},
        {"rule": "viewed pricing", "label": None, "count": 3, "points": 45.0, "now": 41.5,
         "last": "2026-09-21T14:01:07.310000Z", "touchpoint": "p-20260921-0417"},
    ],
    "owner": "wang fang",
    "due": "2026-09-22T03:00:00.000000Z",
    "assigned": f"{_LEAD}:lead.assigned:1",
    "promote_to": "qualified",
    "waits_for": "profile.employees",
}  # fmt: skip
_DATA: Final[Mapping[SignalKind, Mapping[str, Any]]] = {
    SignalKind.HOT: _HOT,
    SignalKind.RETRACTED: {"reason": "what made it hot no longer counts"},
    SignalKind.COOLED: {"ended": _ENDED},
    SignalKind.PROMOTABLE: {"hot": f"{_LEAD}:lead.hot:1", "promote_to": "qualified"},
    SignalKind.STAGE: {"from": "lead", "to": "qualified", "since": _SINCE},
    SignalKind.ENTERED: {"segment": "pricing-returners", "since": _SINCE},
    SignalKind.LEFT: {"segment": "pricing-returners", "ended": _ENDED},
    SignalKind.ASSIGNED: {
        "owner": "wang fang",
        "due": "2026-09-22T03:00:00.000000Z",
        "before": None,
        "reason": "hot",
        "hot": f"{_LEAD}:lead.hot:1",
    },
    SignalKind.MISSED: {
        "deadline": "accept",
        "owner": "wang fang",
        "asked": _SINCE,
        "due": "2026-09-22T03:00:00.000000Z",
        "next": "berlin",
        "hot": f"{_LEAD}:lead.hot:1",
    },
    SignalKind.FOLLOW_UP: {"owner": "berlin", "asked": _SINCE, "due": _ENDED, "note": "asks for a quote in autumn"},
    SignalKind.ACTIVE: {
        "activity": "reads it again and again",
        "owner": "berlin",
        "happened": _ENDED,
        "about": "/articles/robots",
        "count": 3,
        "touchpoint": "p-20260923-0099",
    },
}


def example(kind: SignalKind) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and value of a message of the kind."""
    data = {**_STANDING, **_DATA[kind]}
    if "to" in data:
        data["stage"] = data["to"]
    closes = TRAITS[kind].closes
    number = 2 if closes is kind else 1
    signal = Signal(
        position=4711,
        id=f"{_LEAD}:{kind}:{number}",
        kind=kind,
        lead=_LEAD,
        lead_now=_LEAD,
        subject=data.get("segment", ""),
        at=_AT,
        closes=None if closes is None else f"{_LEAD}:{closes}:1",
        data=orjson.dumps(data).decode(),
        asks=None,
    )
    record = message(signal, Links(_PUBLIC_URL))
    return {name: value.decode() for name, value in record.headers}, orjson.loads(record.value)
