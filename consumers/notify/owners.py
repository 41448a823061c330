"""Who of a company a message is for: its lead's owner, whom a chat mentions and a mail is sent to. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

from consumers.notify.parcel import Note, data_of
from domain.model.owners import Owner
from domain.model.sales import Sales
from domain.signals.handing_over import PASSED_ON
from domain.signals.kinds import ASSIGNED, MISSED, REJECTED, SignalKind
from store.ledger import Signal

_CALLS: Final = frozenset(
    {SignalKind.HOT, SignalKind.ASSIGNED, SignalKind.MISSED, SignalKind.FOLLOW_UP, SignalKind.ACTIVE}
)
"""Signals that want their owner to act."""
_MOST: Final = 20
"""Most people whom one message mentions."""
_MOBILE: Final = re.compile(r"\+?[0-9]{6,15}")


def mentioned(notes: Iterable[Note], sales: Sales, chat: str) -> tuple[str, ...]:
    """The ids under which a chat knows the owners of these signals, each once; of a team its own, or its members'."""
    ids = [
        person.mention[chat]
        for note in notes
        if note.kind in _CALLS
        for name in (note.text("owner"), note.text("next"))
        for person in _reached(name, sales, lambda owner: chat in owner.mention)
    ]
    return tuple(dict.fromkeys(ids))[:_MOST]


def is_mobile(id: str) -> bool:
    """Whether an id is a mobile number: chats that know people by both have a list for each."""
    return _MOBILE.fullmatch(id) is not None


def owner_of(note: Note) -> str:
    """Who has the lead by this signal, or by the one that it ends; "": nobody."""
    if note.kind == ASSIGNED or note.first is None:
        return note.text("owner")
    return note.text("owner") or note.first.text("owner")


def loser_of(signal: Signal, on: Collection[str]) -> str:
    """Who has lost the lead by this signal and hears of it in no other way; "": nobody.

    Who gave it back knows, and who missed their deadline is told by `sla.missed`, where that is sent too.
    """
    if signal.kind != ASSIGNED:
        return ""
    data = data_of(signal)
    before, reason = data.get("before"), data.get("reason")
    if not before or before == data.get("owner") or reason == REJECTED or (reason == PASSED_ON and MISSED in on):
        return ""
    return str(before)


def addresses(name: str, sales: Sales) -> tuple[str, ...]:
    """The e-mail addresses of an owner; of a team its own, or its members'."""
    people = _reached(name, sales, lambda owner: owner.email is not None)
    return tuple(dict.fromkeys(person.email for person in people if person.email is not None))


def _reached(name: str, sales: Sales, can_be: Callable[[Owner], bool]) -> Sequence[Owner]:
    """An owner who can be reached so; of a team that cannot those of its members who can."""
    owner = sales.owner(name)
    if owner is None or can_be(owner):
        return [] if owner is None else [owner]
    return [member for member in map(sales.owner, owner.members) if member is not None and can_be(member)]
