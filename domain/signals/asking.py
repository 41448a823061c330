"""Asking: what a signal asks of its lead or of its owner. It comes back as a touchpoint, or is waited for. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.fold.moves import ANSWERS
from domain.fold.staff import ASSIGNED as OWNER_ASSIGNED
from domain.model.definition import CHANGED
from domain.model.sales import Sales
from domain.signals.deadlines import Deadline, DeadlineKind
from domain.signals.handing_over import PASSED_ON, TURN
from domain.signals.kinds import MODEL, SignalKind
from domain.signals.signal import Decision
from domain.touchpoints.touchpoint import rfc3339

PROMOTE: Final = "promote"
"""The name of the policy that promotes, and assigns."""


class Ask(NamedTuple):
    """The touchpoint that a signal asks for, about its lead; the kind of its source is `policy`."""

    id: str
    properties: Mapping[str, str]
    type: str = CHANGED
    policy: str = PROMOTE
    """The name of the source."""


def ask_of(decision: Decision, signal: str, data: Mapping[str, Any], sales: Sales) -> Ask | None:
    """What a signal asks of its lead: the promotion of an announced episode, once, or its withdrawal; that its owner is
    noted; the stage to which a rejection moves it."""
    match decision.kind:
        case SignalKind.HOT if decision.value and not decision.waits:
            return Ask(f"{signal}:promote", {"to": decision.value, "signal": signal})
        case SignalKind.PROMOTABLE:
            hot = data["hot"]
            return Ask(f"{hot}:promote", {"to": data["promote_to"], "signal": hot})
        case SignalKind.RETRACTED if decision.closes and data["reason"] != MODEL:
            closed = decision.closes
            if not closed.value or closed.waits:
                return None
            return Ask(f"{closed.signal}:withdraw", {"withdraws": f"{closed.signal}:promote"})
        case SignalKind.ASSIGNED if data["reason"] in (TURN, PASSED_ON):
            said = {"owner": data["owner"], "due": rfc3339(data["due"]), "assigned": signal}
            return Ask(f"{signal}:assign", said, OWNER_ASSIGNED)
        case SignalKind.ASSIGNED if (stage := sales.stage_after(data.get("rejected", ""))) is not None:
            return Ask(f"{signal}:recycle", {"to": stage, "rejected": data["rejected"]}, policy=ANSWERS)
    return None


def to_accept(decision: Decision, data: Mapping[str, Any], signal: str, clock: int) -> Iterator[Deadline]:
    """Until when an owner must have accepted, where one is asked."""
    if decision.kind == SignalKind.ASSIGNED and data["due"] is not None:
        owner, hot = data["owner"], data.get("hot")
        yield Deadline(DeadlineKind.ACCEPT, signal, decision.lead_now, owner, hot, clock, data["due"])
