"""The API's commands about a lead: checked first, then one touchpoint each. What must be looked up is handed in. Pure.

A refusal records nothing:

    CommandRefused   `status` is the HTTP status, `problem` says what is wrong, `missing` and `allowed` name the rest
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol

from domain.errors import Refused
from domain.files.problems import among
from domain.fold.stage import missing
from domain.model.definition import Stage
from domain.phrases import Phrase, phrase
from domain.touchpoints.envelope import validate
from domain.touchpoints.identity import RANK, Identity, canonical, ordered
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint

NOT_BUILT: Final = ("consent", "erase")
"""Commands that this release refuses by name."""

_REASON_LIMIT: Final = 1_000
NOTE_LIMIT: Final = 5_000
"""Most characters of a note."""
_EXAMPLE: Final = '[{"kind": "email", "value": "a@example.org"}]'
NOTHING_KNOWN: Final[Mapping[str, Any]] = MappingProxyType({})
_LAST_ABOVE_COOKIE: Final = RANK["phone"]


class LeadCard(Protocol):
    """What a command must know of a lead: `id` names it, `stage` is "visitor" for whom nothing identifies."""

    @property
    def id(self) -> object: ...
    @property
    def identities(self) -> Sequence[Identity]: ...
    @property
    def profile(self) -> Mapping[str, Any]: ...
    @property
    def stage(self) -> str: ...


class CommandRefused(Refused):
    """A command that is refused, before anything was recorded. `missing` fields, or the `allowed` values."""

    def __init__(self, status: int, problem: str, missing: Iterable[str] = (), allowed: Iterable[str] = ()) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem
        self.missing = tuple(missing)
        self.allowed = tuple(allowed)


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Who asks, when, and under which id: the same id asked twice is recorded once.

    `source` is the name of the API's client (a token's, a person's), `at` an instant in microseconds, `viewer` who was
    let in, and `owner` the owner of leads that they are. `region` reads national phone numbers.
    """

    id: str
    at: Instant
    source: str = "api"
    by: str | None = None
    reason: str | None = None
    viewer: str | None = None
    owner: str | None = None
    region: str = ""


def stage(lead: LeadCard, to: object, stages: Sequence[Stage], context: CommandContext) -> Touchpoint:
    """Move a lead to a stage, by its name or a former one.

    Refused: unknown or retired, already there, out of a detour to a later one, or fields missing. People may move a
    lead back as well as forward.
    """
    names = tuple(stage.name for stage in stages)
    in_use = tuple(stage.name for stage in stages if not stage.retired)
    to = next((stage.name for stage in stages if to in stage.was), to)
    if not isinstance(to, str) or to not in names:
        if not isinstance(to, str):
            raise CommandRefused(422, phrase("to: give one of {allowed:stage}", allowed=in_use), allowed=in_use)
        text = phrase("unknown stage {found}{hint}; allowed: {allowed:stage}", **among(to, in_use))
        raise CommandRefused(422, text, allowed=in_use)
    if to not in in_use:
        text = phrase("stage {to:stage} is retired; allowed: {allowed:stage}", to=to, allowed=in_use)
        raise CommandRefused(422, text, allowed=in_use)
    if to == lead.stage:
        raise CommandRefused(409, phrase("the lead is in stage {to:stage} already", to=to))
    target = stages[names.index(to)]
    _check_detour(lead.stage, target, stages)
    if absent := missing(tuple(target.requires), lead.profile):
        text = phrase("stage {to:stage} requires {fields:field}: the lead has none yet", to=to, fields=absent)
        raise CommandRefused(422, text, missing=absent)
    return about_lead(lead, "stage_changed", {"to": to}, context)


def _check_detour(current: str, target: Stage, stages: Sequence[Stage]) -> None:
    """A detour may be entered from anywhere and is left to an earlier stage."""
    place = next((n for n, stage in enumerate(stages) if stage.name == current), None)
    if place is None or not stages[place].detour or target.detour:
        return
    earlier = tuple(stage.name for stage in stages[:place] if not stage.detour and not stage.retired)
    if target.name not in earlier:
        raise CommandRefused(
            409,
            phrase(
                "{current:stage} is a detour: it is left to an earlier stage ({earlier:stage})",
                current=current,
                earlier=earlier,
            ),
            allowed=earlier,
        )


def merge(first: LeadCard, other: LeadCard, context: CommandContext) -> Touchpoint:
    """Two leads are one person, from the first touchpoint on.

    The sides are their highest identities. Where their kinds differ, the side of the higher lead has all its identities
    down to the lower kind, so that whatever an earlier unmerge kept apart is said again.
    """
    if first.id == other.id:
        raise CommandRefused(409, phrase("these are one lead already"))
    lowest = max(RANK[head_of(first).kind], RANK[head_of(other).kind])
    sides = [_down_to(first.identities, lowest), _down_to(other.identities, lowest)]
    named_side, other_side = sides if len(sides[0]) <= len(sides[1]) else reversed(sides)
    return _touchpoint("merged", named_side[:1], {"with": _pairs(other_side)}, context)


def unmerge(lead: LeadCard, identities: Sequence[object], context: CommandContext) -> Touchpoint:
    """Take identities out of a lead: they are another person, whatever else links them.

    `identities` are `{"kind": ..., "value": ...}` as the lead lists them. The other side are the lead's other
    identities of the same kinds and higher ones, or what there is if it has none of those: a cookie keeps following
    whom it follows.
    """
    out = ordered(_identity(each) for each in identities)
    if not out:
        raise CommandRefused(422, phrase("identities: name what to take out, such as {example}", example=_EXAMPLE))
    has = ordered(lead.identities)
    shown = tuple(map(str, has))
    if strange := [str(identity) for identity in out if identity not in has]:
        raise CommandRefused(
            422,
            phrase("not this lead's: {strange}; it has {shown}", strange=tuple(strange), shown=shown),
            missing=strange,
            allowed=shown,
        )
    rest = tuple(identity for identity in has if identity not in out)
    if not rest:
        raise CommandRefused(
            409, phrase("nothing would be left of the lead: name some of its identities, not all"), allowed=shown
        )
    lowest = max(RANK[identity.kind] for identity in out)
    other = _down_to(rest, min(lowest, _LAST_ABOVE_COOKIE)) or _down_to(rest, _LAST_ABOVE_COOKIE) or rest
    return _touchpoint("unmerged", out, {"with": _pairs(other)}, context)


def reset(lead: LeadCard, context: CommandContext) -> Touchpoint:
    """Start the lead's heat anew, from this instant."""
    return about_lead(lead, "score_reset", {}, context)


def not_built(name: str) -> CommandRefused:
    """The refusal of a command that this release does not have yet."""
    return CommandRefused(
        501, phrase("{name} is not built yet: this release refuses it and records nothing", name=name)
    )


# ---- what they are made of ---------------------------------------------------------------------------------------


def head_of(lead: LeadCard) -> Identity:
    """The lead's highest identity, which never moves to another lead. Raises CommandRefused."""
    identities = ordered(lead.identities)
    if not identities:
        raise CommandRefused(
            409, phrase("the lead has no identity that is its own alone: nothing can be said about it")
        )
    return identities[0]


def _down_to(identities: Iterable[Identity], rank: int) -> tuple[Identity, ...]:
    return tuple(identity for identity in ordered(identities) if RANK[identity.kind] <= rank)


def _identity(raw: object) -> Identity:
    if isinstance(raw, Identity):
        return raw
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    if isinstance(raw, Mapping) and isinstance(kind, str) and kind in RANK:
        identity = canonical(kind, raw.get("value"))
        if identity is not None:
            return identity
    raise CommandRefused(
        422,
        phrase(
            "identities: {found} names nobody; give a kind ({kinds}) and a value",
            found=str(raw)[:80],
            kinds=tuple(RANK),
        ),
        allowed=tuple(RANK),
    )


def _pairs(identities: Iterable[Identity]) -> list[dict[str, str]]:
    return [{"kind": identity.kind, "value": identity.value} for identity in identities]


def about_lead(
    lead: LeadCard,
    type: str,
    properties: dict[str, Any],
    context: CommandContext,
    *,
    happened: Instant | None = None,
    profile: Mapping[str, Any] = NOTHING_KNOWN,
) -> Touchpoint:
    """It carries one identity of the lead's highest kind: that one never moves to another lead.

    `happened`: when, if that was before it is said. `profile`: what it says of the person.
    """
    return _touchpoint(type, (head_of(lead),), properties, context, happened, profile)


def _touchpoint(
    type: str,
    identities: tuple[Identity, ...],
    properties: dict[str, Any],
    context: CommandContext,
    happened: Instant | None = None,
    profile: Mapping[str, Any] = NOTHING_KNOWN,
) -> Touchpoint:
    for name, text in (("by", context.by or context.owner), ("reason", context.reason)):
        if text is not None and len(text) > _REASON_LIMIT:
            raise CommandRefused(422, too_long(name, len(text), _REASON_LIMIT))
        if text:
            properties[name] = text
    touchpoint = Touchpoint(
        id=context.id,
        source=Source("api", context.source),
        type=type,
        occurred_at=context.at if happened is None else happened,
        received_at=context.at,
        identities=identities,
        profile=profile,
        properties=properties,
        context={"viewer": context.viewer} if context.viewer else {},
    )
    if fault := validate(touchpoint):
        raise CommandRefused(422, phrase("no valid touchpoint: {fault}", fault=fault))
    return touchpoint


def noted(text: str | None) -> dict[str, str]:
    """A note as the property of a touchpoint. Refused: a long one."""
    if not text:
        return {}
    if len(text) > NOTE_LIMIT:
        raise CommandRefused(422, too_long("note", len(text), NOTE_LIMIT))
    return {"note": text}


def too_long(name: str, length: int, most: int) -> Phrase:
    """What is said of a text that is too long."""
    return phrase("{name:input}: has {length} characters, allowed are {most}", name=name, length=length, most=most)


def empty(name: str) -> Phrase:
    """What is said of a text that is empty."""
    return phrase("{name:input}: it is empty, allowed is a text", name=name)


def found(name: str, value: str, allowed: str) -> Phrase:
    """What is said of a value that is not allowed; `value` is as it is shown."""
    return phrase("{name:input}: found {found}, allowed is {allowed}", name=name, found=value, allowed=allowed)
