"""What a source may claim: kinds of sources, reserved types, and how an event's name becomes a type."""

from functools import lru_cache
from typing import Final, Literal
from unicodedata import category, normalize

from domain.touchpoints.text import bare

SourceKind = Literal["browser", "server", "provider", "import", "api", "policy"]
SOURCE_KINDS: Final = ("browser", "server", "provider", "import", "api", "policy")

RESERVED: Final = frozenset(
    {"merged", "unmerged", "aliased", "score_reset", "stage_changed", "consent_changed", "owner_assigned",
     "owner_accepted", "owner_rejected", "noted", "tagged", "profile_corrected", "reminder_set", "identity_shared",
     "erased"}
)  # fmt: skip
"""Types that change what is derived about others or about the funnel: not for just anyone to send."""

OWN_SOURCES: Final = frozenset({"api", "default", "forms", "mail_links", "pixel", "policy", "promote"})
"""Names of sources that are Leadline's own: ids are told apart by them, so nobody else may give ids under them."""

STAFF: Final = frozenset({"call_logged", "meeting_held", "message_sent"})
"""Staff's work: not a public key's to claim."""

NAME_LIMIT: Final = 100
"""Longest name of an event or a field, in characters."""


def refusal(source: str, type: str) -> str | None:
    """Why a source of this kind may not report a touchpoint of this type (None: it may). Producers check it.

    `aliased` is the alias call's alone, which does not ask here.
    """
    if type == "stage_changed" and source in ("server", "import", "api", "policy"):
        return None
    if type in RESERVED:
        if source in ("api", "policy") and type != "aliased":
            return None
        named = f"{'an' if source[0] in 'aeiou' else 'a'} {source} source"
        if type == "stage_changed":
            return f"{type!r} is for a server key, an import or the API, not for {named}"
        return f"{type!r} is a reserved type: it is written by Leadline's own commands, not by {named}"
    if type in STAFF and source == "browser":
        return f"{type!r} reports staff's work: a public key may not claim it, use a server key"
    return None


def snake_case(name: str) -> str:
    """An event's or a field's name: "Demo Requested" and "demoRequested" are `demo_requested`.

    Letters, digits and marks of every script stay, in NFC. "" where nothing is left of the name.
    """
    return _snake_case(name) if len(name) <= 2 * NAME_LIMIT else _snake_case.__wrapped__(name)


@lru_cache(20_000)
def _snake_case(name: str) -> str:
    name = bare(name)
    words: list[str] = []
    before = ""
    for place, character in enumerate(name):
        if not _stays(character):
            words.append("_")
        elif _begins_word(before, character, name[place + 1 : place + 2]):
            words += "_", character
        else:
            words.append(character)
        before = character
    joined = "_".join(filter(None, "".join(words).split("_"))).lower()
    return normalize("NFC", joined)[:NAME_LIMIT].rstrip("_")


def _stays(character: str) -> bool:
    return character.isalnum() or category(character)[0] == "M"


def _begins_word(before: str, character: str, behind: str) -> bool:
    """Whether a capital begins a word: behind a small letter or digit, or before a small letter (as P in HTTPProxy)."""
    if not character.isupper() or not before:
        return False
    return before.islower() or before.isdigit() or (before.isupper() and behind.islower())
