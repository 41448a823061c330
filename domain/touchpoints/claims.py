"""What a source may claim: kinds of sources, reserved types, and how an event's name becomes a type."""

import re
from typing import Final, Literal

SourceKind = Literal["browser", "server", "provider", "import", "api", "policy"]
SOURCE_KINDS: Final = ("browser", "server", "provider", "import", "api", "policy")

RESERVED: Final = frozenset(
    {"merged", "unmerged", "aliased", "score_reset", "stage_changed", "consent_changed", "owner_assigned",
     "identity_shared", "erased"}
)  # fmt: skip
"""Types that change what is derived about others or about the funnel: not for just anyone to send."""

OWN_SOURCES: Final = frozenset({"api", "default", "forms", "pixel", "policy", "promote"})
"""Names of sources that are Leadline's own: ids are told apart by them, so nobody else may give ids under them."""

STAFF: Final = frozenset({"call_logged", "meeting_held", "message_sent"})
"""Staff's work: not a public key's to claim."""

_BOUNDARY: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER: Final = re.compile(r"[^\w]+|_+", re.UNICODE)


def refusal(source: str, type: str) -> str | None:
    """Why a source of this kind may not report a touchpoint of this type (None: it may). What is checked at the door.

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
    """An event's name as a touchpoint type: "Demo Requested" and "demoRequested" are `demo_requested`.

    "" where nothing is left of the name.
    """
    return _OTHER.sub("_", _BOUNDARY.sub("_", name.strip())).strip("_").lower()[:100]
