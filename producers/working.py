"""Commands of work on a lead: log a call, a meeting or a message, correct what is known, tag it. Pure.

A refusal records nothing, and names what is allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.files.problems import unknown
from domain.model.tags import Tag
from domain.touchpoints.claims import STAFF
from domain.touchpoints.touchpoint import Instant, Touchpoint, rfc3339
from producers.commands import CommandContext, CommandRefused, LeadCard, about_lead
from producers.handing_over import noted

LOGGED: Final = ("call_logged", "meeting_held", "message_sent", "message_received")
"""What can be logged: types of touchpoints. By all but the last, staff is in touch with the lead."""
assert frozenset(LOGGED) > STAFF
_PARTICIPANTS: Final = 50
_WORDS: Final = 200
"""Most characters of an outcome, and of who took part."""


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
        raise CommandRefused(422, unknown(talk.kind, LOGGED, "kind"), allowed=LOGGED)
    if talk.at is not None and talk.at > context.at:
        now = rfc3339(context.at)
        raise CommandRefused(422, f"at: found {rfc3339(talk.at)}, allowed is a time until now, which is {now}")
    if len(talk.participants) > _PARTICIPANTS:
        raise CommandRefused(422, f"participants: there are {len(talk.participants)}, allowed are {_PARTICIPANTS}")
    said: dict[str, Any] = {}
    if participants := [_short("participants", name) for name in talk.participants]:
        said["participants"] = participants
    if talk.outcome is not None:
        said["outcome"] = _short("outcome", talk.outcome)
    if tags := _offered(talk.tags, offered):
        said["tags"] = tags
    return about_lead(lead, talk.kind, said | noted(talk.note), context, happened=talk.at)


def _short(name: str, text: str) -> str:
    words = text.strip()
    if not words:
        raise CommandRefused(422, f"{name}: it is empty, allowed is a text")
    if len(words) > _WORDS:
        raise CommandRefused(422, f"{name}: has {len(words)} characters, allowed are {_WORDS}")
    return words


def _offered(tags: Iterable[str], offered: Iterable[Tag]) -> list[str]:
    """Tags, each once. Raises CommandRefused for one that is not offered."""
    names = tuple(tag.name for tag in offered)
    chosen = list(dict.fromkeys(tags))
    for tag in chosen:
        if not names:
            raise CommandRefused(409, "the model offers no tags: name some as [[tags]]")
        if tag not in names:
            raise CommandRefused(422, unknown(tag, names, "tag"), allowed=names)
    return chosen
