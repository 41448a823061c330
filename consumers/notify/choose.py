"""Which signals a destination is told of, and which of its messages are not needed any more. Pure.

Who was told that a lead is hot is told that it is not, whatever `on` and `where` say; who was not told of the one hears
nothing of the other. Who was told that something began is told of its end where `on` asks for that, whatever has become
of the lead meanwhile: a list that follows a segment loses whom it got.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consumers.notify.owners import loser_of
from consumers.notify.parcel import data_of
from domain.conditions.compile import NO_SOURCE, compile_where
from domain.fold.channel import DIRECT
from domain.model.definition import Destination
from domain.model.destinations import OWNER
from domain.signals.kinds import HOT, MODEL, RETRACTED, TRAITS
from store.deliveries import Delivery
from store.ledger import Signal


@dataclass(slots=True)
class Choice:
    """What to send, and what to cancel (ids of signals)."""

    send: list[Signal] = field(default_factory=list)
    cancel: list[str] = field(default_factory=list)


def choose(
    destination: Destination,
    signals: Iterable[Signal],
    closed: Mapping[str, Signal],
    known: Mapping[str, Delivery],
) -> Choice:
    """What becomes of these signals at a destination. `closed`: those that they end, `known`: what became of these."""
    choice = Choice()
    where = compile_where(destination.where)
    chosen: set[str] = set()
    for signal in signals:
        first = known.get(signal.closes or "")
        told = first is not None and (first.state == "delivered" or first.in_doubt)
        waits = signal.closes in chosen or (first is not None and not told and first.state in ("waiting", "dead"))
        if signal.kind == RETRACTED and waits and signal.closes is not None:
            choice.cancel.append(signal.closes)
            continue
        by_model = data_of(signal).get("reason") == MODEL
        if by_model and not destination.model_changes:
            continue
        if signal.kind == RETRACTED and (told or HOT in destination.on):
            wanted = told
        else:
            before = closed.get(signal.closes or "")
            ends_it = _only_ends(signal) and (told or waits)
            holds = ends_it or where(facts(signal, before), {}, NO_SOURCE)
            reached = destination.to != (OWNER,) or ends_it or _concerns_owner(signal, destination)
            wanted = signal.kind in destination.on and reached and holds
        if wanted:
            choice.send.append(signal)
            chosen.add(signal.id)
    gone = set(choice.cancel)
    choice.send = [signal for signal in choice.send if signal.id not in gone]
    return choice


def _concerns_owner(signal: Signal, destination: Destination) -> bool:
    """Whether somebody has the lead by it, or has lost it."""
    return bool(data_of(signal).get("owner") or loser_of(signal, destination.on))


def _only_ends(signal: Signal) -> bool:
    """Whether it ends something, and is no news itself, as each stage is."""
    traits = TRAITS[signal.kind]
    return traits.closes is not None and not traits.opens


def facts(signal: Signal, closed: Signal | None = None) -> dict[str, Any]:
    """What `where` may ask of a signal; what it does not bear itself is that of the one that it ends."""
    data = ({} if closed is None else data_of(closed)) | data_of(signal)
    if "to" in data:
        data["stage"] = data["to"]
    if "last_source" in data:
        data["source"] = data["last_source"] or DIRECT
    return dict(_flat(data))


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
