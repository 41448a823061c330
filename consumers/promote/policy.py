"""The policy that promotes: a lead that became hot is asked into a stage, by a touchpoint like everyone's. Reads only.

Asked once for each announced episode, withdrawn only where that episode is retracted. Asking twice is once: the
touchpoint's id is made of the signal's. Whether it takes effect is the fold's to say.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Connection

from domain.fold.stage import Ladder
from domain.signals.kinds import HOT, RETRACTED
from domain.touchpoints.identity import Identity, ordered
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.database import bulk
from store.database.tables import ledger, live
from store.ledger import Signal
from store.models import active_model

_log = structlog.get_logger(__name__)

POLICY: Final = Source("policy", "promote")
"""The source of promotions and their withdrawals."""


def wanted(conn: Connection, signals: Sequence[Signal]) -> list[Touchpoint]:
    """What the policy asks for because of these signals, as touchpoints to put on the log."""
    told = [signal for signal in signals if not signal.silent]
    promotions = {
        signal: str(to) for signal in told if signal.kind == HOT and (to := orjson.loads(signal.data).get("promote_to"))
    }
    withdrawals = _withdrawn(conn, [signal for signal in told if signal.kind == RETRACTED and signal.closes])
    if not promotions and not withdrawals:
        return []
    leads = _leads(conn, {signal.lead_now for signal in (*promotions, *withdrawals)})
    ladder = _ladder(conn)
    touchpoints = []
    for signal in told:
        lead = leads.get(signal.lead_now)
        if signal not in promotions and signal not in withdrawals:
            continue
        if lead is None:
            _skip(signal, "the lead has no identity, or is another one by now")
        elif signal in withdrawals:
            touchpoints.append(
                _touchpoint(f"{signal.closes}:withdraw", signal, lead[0], {"withdraws": withdrawals[signal]})
            )
        elif problem := _problem(ladder, promotions[signal], lead[1]):
            _skip(signal, problem)
        else:
            change = {"to": promotions[signal], "signal": signal.id}
            touchpoints.append(_touchpoint(promotion_id(signal.id), signal, lead[0], change))
    return touchpoints


def promotion_id(signal: str) -> str:
    """The id of the touchpoint that asks for the promotion of a `lead.hot`."""
    return f"{signal}:promote"


def _touchpoint(id: str, signal: Signal, identity: Identity, properties: Mapping[str, str]) -> Touchpoint:
    """It bears the decision's clock, so that it comes after its cause, whenever it is sent."""
    return Touchpoint(id, POLICY, "stage_changed", signal.at, signal.at, (identity,), properties=properties)


def _withdrawn(conn: Connection, retracted: Sequence[Signal]) -> dict[Signal, str]:
    """The retracted signals whose episode was promoted, with the id of that promotion."""
    closed = bulk.select_in(conn, ledger, ["id", "data", "silent"], "id", [signal.closes for signal in retracted])
    promoted = {id for id, data, silent in closed if not silent and orjson.loads(data).get("promote_to")}
    return {signal: promotion_id(str(signal.closes)) for signal in retracted if signal.closes in promoted}


def _leads(conn: Connection, ids: set[UUID]) -> dict[UUID, tuple[Identity, Mapping[str, Any]]]:
    """The highest identity (it never moves away) and the profile of each lead."""
    known = {}
    for lead, identities, profile in bulk.select_in(
        conn, live.leads, ["lead", "identities", "profile"], "lead", list(ids)
    ):
        names = ordered(Identity(kind, value) for kind, value in orjson.loads(identities))
        if names:
            known[lead] = names[0], orjson.loads(profile)
    return known


def _ladder(conn: Connection) -> Ladder | None:
    model = active_model(conn)
    return None if model is None else Ladder(model.stages)


def _problem(ladder: Ladder | None, to: str, profile: Mapping[str, Any]) -> str | None:
    """Why a lead is not asked into a stage: what it requires is asked where the change is decided, here."""
    to = to if ladder is None else ladder.present(to)
    if ladder is None or not ladder.knows(to):
        return f"the active model has no stage {to!r}"
    if to in ladder.retired:
        return f"stage {to!r} is retired"
    missing = ladder.missing(to, profile)
    return f"stage {to!r} requires {', '.join(missing)}, which the lead lacks" if missing else None


def _skip(signal: Signal, reason: str) -> None:
    _log.warning("promote.skipped", signal=signal.id, lead=str(signal.lead_now), reason=reason)
