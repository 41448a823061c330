"""A sample for a destination, so that somebody sees whether and how it arrives."""

import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson

from consumers.notify.destinations.registry import sender_of
from consumers.notify.labels import labels_of
from consumers.notify.parcel import Delivered, Parcel, note_of
from domain.model.definition import Destination, Model
from domain.signals.answer_link import NO_LINKS, Links
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant, rfc3339
from store.ledger import Signal

_SAMPLE: Final[Mapping[str, Any]] = {
    "person": {"name": "Ada Sample", "company": "Sample & Sons", "title": "CEO",
               "email": "ada@example.com", "phone": "+4930123456"},
    "grade": "A", "heat": 84.0, "hot_at": 80.0, "stage": "lead", "model": "", "cools_at": None,
    "reasons": [{"rule": "demo", "label": "asked for a demo", "count": 1, "points": 50.0, "now": 50.0},
                {"rule": "pricing", "label": "viewed pricing", "count": 3, "points": 34.0, "now": 34.0}],
    "first_source": None, "last_source": None, "owner": None, "due": None,
}  # fmt: skip
_LEAD: Final = UUID(int=0)


def sample(now: Instant, owner: str | None = None) -> Signal:
    """A hot lead that nobody is."""
    data = orjson.dumps({**_SAMPLE, "owner": owner, "since": rfc3339(now), "test": True}).decode()
    return Signal(0, f"test:{uuid4()}", SignalKind.HOT, _LEAD, _LEAD, "", now, None, data, None)


def send_sample(
    destination: Destination, environment: Mapping[str, str], model: Model, links: Links = NO_LINKS
) -> tuple[bool, str]:
    """Send one now, as if the model's first owner had the lead; whether it arrived, and what was answered.

    Raises Misconfigured.
    """
    sender = sender_of(destination, environment, ZoneInfo(model.timezone), labels_of(model), model.sales)
    now = Instant(time.time_ns() // 1000)
    owners = [owner.name for owner in model.sales.owners if not owner.retired]
    signal = sample(now, owners[0] if owners else None)
    outcome = sender.send(Parcel(signal.id, (note_of(signal, destination.may_leave, links=links),), now, is_test=True))
    return isinstance(outcome, Delivered), outcome.outcome
