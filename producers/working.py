"""Commands of work on a lead: log a call, a meeting or a message, correct what is known, tag it. Pure.

A refusal records nothing, and names what is allowed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from domain.files.problems import among
from domain.fold.tags import TAGGED
from domain.model.tags import Tag
from domain.phrases import Phrase, phrase, phrased
from domain.touchpoints.claims import STAFF, snake_case
from domain.touchpoints.identity import NoIdentity, named
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers.commands import CommandContext, CommandRefused, LeadCard, about_lead, empty, found, noted, too_long
from producers.reading.body import clean
from producers.reading.person import EMAIL, PHONE

LOGGED: Final = ("call_logged", "meeting_held", "message_sent", "message_received")
"""What can be logged: types of touchpoints. By all but the last, staff is in touch with the lead."""
assert frozenset(LOGGED) > STAFF
_PARTICIPANTS: Final = 50
_WORDS: Final = 200
"""Most characters of an outcome, and of who took part."""
_FIELDS: Final = 50
"""Most fields that are corrected at once, and most values of one that is a list."""
_LONGEST_VALUE: Final = 1_000


class TaggedCard(LeadCard, Protocol):
    """What tagging must know of a lead."""

    @property
    def tags(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Talk:
    """A call, a meeting or a message: `at` is when, None: now; `note` is what was said, `outcome` what came of it."""

    kind: str
    at: Instant | None = None
    participants: Sequence[str] = ()
    note: str | None = None
    outcome: str | None = None
    tags: Sequence[str] = ()


def log(lead: LeadCard, talk: Talk, offered: Iterable[Tag], context: CommandContext) -> Touchpoint:
    """Log what was said. Refused: another kind, a time that lies ahead, and a tag that the model does not offer."""
    if talk.kind not in LOGGED:
        text = phrase("unknown kind {found}{hint}; allowed: {allowed:type}", **among(talk.kind, LOGGED))
        raise CommandRefused(422, text, allowed=LOGGED)
    if talk.at is not None and talk.at > context.at:
        raise CommandRefused(
            422,
            phrase(
                "at: found {found:instant}, allowed is a time until now, which is {now:instant}",
                found=talk.at,
                now=context.at,
            ),
        )
    if len(talk.participants) > _PARTICIPANTS:
        raise CommandRefused(422, _too_many("participants", len(talk.participants), _PARTICIPANTS))
    said: dict[str, Any] = {}
    if participants := [_short("participants", name) for name in talk.participants]:
        said["participants"] = participants
    if talk.outcome is not None:
        said["outcome"] = _short("outcome", talk.outcome)
    if tags := _offered(talk.tags, offered):
        said["tags"] = tags
    return about_lead(lead, talk.kind, said | noted(talk.note), context, happened=talk.at)


def correct(lead: LeadCard, fields: Mapping[str, Any], context: CommandContext) -> Touchpoint:
    """Correct what is known of the person: a value by field, None takes it away.

    Refused: no field, one that is not named as fields are, a value that is none, an e-mail or phone that reaches
    nobody, and taking away what is not there.
    """
    if not fields:
        text = phrase("fields: name what to correct, such as {example}", example='{"company": "Analytical Engines"}')
        raise CommandRefused(422, text)
    if len(fields) > _FIELDS:
        raise CommandRefused(422, _too_many("fields", len(fields), _FIELDS))
    corrected = {_field(name): _value(name, value, context.region) for name, value in fields.items()}
    if absent := [name for name, value in corrected.items() if value is None and name not in lead.profile]:
        text = phrase("the lead has no {fields:field} that could be taken away", fields=tuple(absent))
        raise CommandRefused(409, text, missing=absent)
    return about_lead(lead, "profile_corrected", {}, context, profile=corrected)


def tag(
    lead: TaggedCard, on: Sequence[str], off: Sequence[str], offered: Iterable[Tag], context: CommandContext
) -> Touchpoint:
    """Put tags on a lead (`on`), and take others away.

    Refused: none of both, one that is in both, one that the model does not offer, one to take away that the lead has
    not, and where nothing would change.
    """
    if not on and not off:
        ways = {"set": '{"set": ["vip"]}', "unset": '{"unset": ["vip"]}'}
        raise CommandRefused(422, phrase("name tags: {set}, or {unset}", **ways))
    if both := [name for name in on if name in off]:
        text = phrase("{tags:tag}: to be set and unset at once, allowed is one of both", tags=tuple(both))
        raise CommandRefused(422, text)
    wanted = _offered(on, offered)
    if absent := [name for name in off if name not in lead.tags]:
        text = phrase("the lead has no tag {tags:tag}", tags=tuple(absent))
        raise CommandRefused(409, text, missing=absent, allowed=lead.tags)
    new = [name for name in wanted if name not in lead.tags]
    if not new and not off:
        raise CommandRefused(409, phrase("the lead has {tags:tag} already", tags=tuple(wanted)))
    changes = {"set": new, "unset": list(dict.fromkeys(off))}
    return about_lead(lead, TAGGED, {name: tags for name, tags in changes.items() if tags}, context)


def check_carried(name: str, value: object) -> None:
    """Refused: a number that JSON cannot carry. It would be kept as null, which takes the field away."""
    if isinstance(value, int | float) and clean(value) is None:
        raise CommandRefused(422, found(name, str(value)[:80], phrase("a number below 1e308")))


def _field(name: str) -> str:
    meant = snake_case(name)
    if name != meant or not name:
        hint = phrase(" (did you mean {name}?)", name=meant) if meant else ""
        allowed = phrase("a name in snake_case{hint}", hint=hint)
        raise CommandRefused(422, found("fields", repr(name[:100]), allowed))
    return name


def _value(name: str, value: object, region: str) -> Any:
    """A value as the profile has it: of an e-mail or a phone its canonical form."""
    if value is None:
        return None
    kind = "email" if name in EMAIL else "phone" if name in PHONE else None
    if kind is not None:
        try:
            return named(kind, value, region).value
        except NoIdentity as error:
            raise CommandRefused(
                422,
                phrase(
                    "{name:field}: found {found!r}, which reaches nobody: {why}",
                    name=name,
                    found=str(value)[:80],
                    why=phrased(error),
                ),
            ) from None
    check_carried(name, value)
    for each in value if isinstance(value, list) else [value]:
        if not isinstance(each, str | int | float):
            allowed = phrase("a text, a number, true or false, a list of such, or null, which takes it away")
            raise CommandRefused(422, found(name, repr(str(value)[:80]), allowed))
        if isinstance(each, str) and not 0 < len(each.strip()) <= _LONGEST_VALUE:
            raise CommandRefused(
                422,
                phrase(
                    "{name:field}: has {length} characters, allowed are 1 to {most} characters,"
                    " or null, which takes it away",
                    name=name,
                    length=len(each.strip()),
                    most=_LONGEST_VALUE,
                ),
            )
    if isinstance(value, list) and not 0 < len(value) <= _FIELDS:
        text = phrase(
            "{name:field}: is a list of {length}, allowed are 1 to {most}", name=name, length=len(value), most=_FIELDS
        )
        raise CommandRefused(422, text)
    return clean(value) if isinstance(value, int) else value


def _short(name: str, text: str) -> str:
    words = text.strip()
    if not words:
        raise CommandRefused(422, empty(name))
    if len(words) > _WORDS:
        raise CommandRefused(422, too_long(name, len(words), _WORDS))
    return words


def _too_many(name: str, length: int, most: int) -> Phrase:
    return phrase("{name:input}: there are {length}, allowed are {most}", name=name, length=length, most=most)


def _offered(tags: Iterable[str], offered: Iterable[Tag]) -> list[str]:
    """Tags, each once. Raises CommandRefused for one that is not offered."""
    names = tuple(tag.name for tag in offered)
    chosen = list(dict.fromkeys(tags))
    for tag in chosen:
        if not names:
            raise CommandRefused(409, phrase("the model offers no tags: name some as [[tags]]"))
        if tag not in names:
            text = phrase("unknown tag {found}{hint}; allowed: {allowed:tag}", **among(tag, names))
            raise CommandRefused(422, text, allowed=names)
    return chosen
