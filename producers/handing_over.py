"""Commands of hand-over: give a lead to an owner, answer for it, be reminded of it, note something. Pure.

A refusal records nothing, and names what is allowed.
"""

from dataclasses import dataclass, replace
from typing import Any, Protocol

from domain.files.problems import among
from domain.model.sales import NOT_READY, Sales
from domain.phrases import phrase
from domain.touchpoints.touchpoint import Instant, Touchpoint, rfc3339
from producers.commands import CommandContext, CommandRefused, LeadCard, about_lead, empty, noted


class HeldBy(Protocol):
    """Who takes care of a lead."""

    @property
    def name(self) -> str: ...
    @property
    def accepted_at(self) -> int | None: ...


class OwnedCard(LeadCard, Protocol):
    """What these commands must know of a lead."""

    @property
    def owner(self) -> HeldBy | None: ...


@dataclass(frozen=True, slots=True)
class Rejection:
    """`reason`: "not ready", or one that the model names. `owner`: who was asked, if the client says so."""

    reason: str
    note: str | None = None
    owner: str | None = None
    signal: str | None = None


def assign(lead: OwnedCard, owner: str, due: Instant | None, sales: Sales, context: CommandContext) -> Touchpoint:
    """Give the lead to an owner. `due`: until when they must have accepted; None: nobody waits for it.

    Refused: an owner who is unknown or retired, or has the lead already; a `due` that is over.
    """
    if lead.owner is not None and lead.owner.name == owner:
        raise CommandRefused(409, phrase("{owner} has the lead already", owner=owner))
    _check_owner(owner, sales)
    properties: dict[str, Any] = {"owner": owner}
    if due is not None:
        properties["due"] = rfc3339(_ahead("due", due, context))
    return about_lead(lead, "owner_assigned", properties, context)


def accept(lead: OwnedCard, owner: str | None, signal: str | None, sales: Sales, context: CommandContext) -> Touchpoint:
    """The owner takes the lead on; of a team a member, `context.by`. `owner`: who was asked, if the client says so.

    Refused: nobody or somebody else has the lead, it was accepted already, or who answers is not of the team.
    """
    held = _held(lead, owner)
    if held.accepted_at is not None:
        raise CommandRefused(409, phrase("{owner} has accepted the lead already", owner=held.name))
    answer = _answer(held, signal, sales, context)
    return about_lead(lead, "owner_accepted", answer, _as_answerer(held, sales, context))


def reject(lead: OwnedCard, answer: Rejection, sales: Sales, context: CommandContext) -> Touchpoint:
    """The owner gives the lead back. Refused as `accept`, but also after that; and for an unknown reason."""
    held = _held(lead, answer.owner)
    reasons = reasons_of(sales)
    if answer.reason not in reasons:
        text = phrase("unknown reason {found}{hint}; allowed: {allowed:reason}", **among(answer.reason, reasons))
        raise CommandRefused(422, text, allowed=reasons)
    said = _answer(held, answer.signal, sales, context)
    properties = {**said, "reason": answer.reason, **noted(answer.note)}
    return about_lead(lead, "owner_rejected", properties, _as_answerer(held, sales, context))


def remind(
    lead: LeadCard, at: Instant, note: str | None, owner: str | None, sales: Sales, context: CommandContext
) -> Touchpoint:
    """Remind an owner at an instant; None: whoever has the lead then, unless staff is in touch with it before.

    Refused: an instant that is over, an owner who is unknown or retired.
    """
    said = {"at": rfc3339(_ahead("at", at, context)), **noted(note)}
    if owner is not None:
        _check_owner(owner, sales)
        said["owner"] = owner
    return about_lead(lead, "reminder_set", said, context)


def note(lead: LeadCard, text: str, context: CommandContext) -> Touchpoint:
    """Keep a note with the lead. Refused: an empty one."""
    if not text.strip():
        raise CommandRefused(422, empty("note"))
    return about_lead(lead, "noted", noted(text), context)


def reasons_of(sales: Sales) -> tuple[str, ...]:
    """For what a lead may be rejected."""
    return (NOT_READY, *(reason.name for reason in sales.reasons))


def _check_owner(name: str, sales: Sales) -> None:
    in_use = tuple(owner.name for owner in sales.owners if not owner.retired)
    if not in_use:
        raise CommandRefused(409, phrase("the model has no owners: name some as [[sales.owners]]"))
    owner = sales.owner(name)
    if owner is None:
        text = phrase("unknown owner {found}{hint}; allowed: {allowed}", **among(name, in_use))
        raise CommandRefused(422, text, allowed=in_use)
    if owner.retired:
        text = phrase("owner {owner} is retired; allowed: {allowed}", owner=name, allowed=in_use)
        raise CommandRefused(422, text, allowed=in_use)


def _held(lead: OwnedCard, owner: str | None) -> HeldBy:
    """Who has the lead. Raises CommandRefused: nobody, or another than the client says."""
    held = lead.owner
    if held is None:
        raise CommandRefused(409, phrase("nobody has the lead: there is nothing to answer"))
    if owner is not None and owner != held.name:
        text = phrase("{owner} does not have the lead: {holder} has it", owner=owner, holder=held.name)
        raise CommandRefused(409, text, allowed=(held.name,))
    return held


def _answer(held: HeldBy, signal: str | None, sales: Sales, context: CommandContext) -> dict[str, Any]:
    """Who was asked, who answers (about_lead adds it, where it is another), and which signal."""
    allowed = answerers(held.name, sales)
    if context.by and context.by not in allowed:
        raise CommandRefused(
            422,
            phrase(
                "by: {by} does not answer for {owner}; allowed: {allowed}",
                by=context.by,
                owner=held.name,
                allowed=allowed,
            ),
            allowed=allowed,
        )
    return {"owner": held.name, **({"signal": signal} if signal else {})}


def _as_answerer(held: HeldBy, sales: Sales, context: CommandContext) -> CommandContext:
    """Who asks answers for themselves where they may, else in the name of who was asked."""
    return context if context.owner in answerers(held.name, sales) else replace(context, owner=None)


def answerers(owner: str, sales: Sales) -> tuple[str, ...]:
    """Who may answer for an owner: they, and of a team its members."""
    known = sales.owner(owner)
    return (owner, *(known.members if known else ()))


def _ahead(name: str, instant: Instant, context: CommandContext) -> Instant:
    if instant <= context.at:
        raise CommandRefused(
            422,
            phrase(
                "{name:input}: found {found:instant}, allowed is a time after {now:instant}",
                name=name,
                found=instant,
                now=context.at,
            ),
        )
    return instant
