"""What traits and form fields say about the person: profile keys, and the identities among them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.touchpoints.claims import snake_case
from domain.touchpoints.identity import Identity, canonical

EMAIL: Final = ("email", "e_mail", "email_address")
PHONE: Final = ("phone", "phone_number", "tel", "telephone", "mobile")
"""Names under which clients send an e-mail and a phone, in snake_case; the first that is one counts."""

FORM: Final = frozenset(
    {"first_name", "last_name", "full_name", "name", "company", "organization", "title", "job_title", "role",
     "department", "industry", "employees", "company_size", "country", "region", "state", "city", "postal_code", "zip",
     "address", "website", "language", *EMAIL, *PHONE}
)  # fmt: skip
"""Form fields that describe the person; the others only describe what was submitted."""

SUBMITTED: Final = FORM - {"name", "title", "address", "role", "state"}
"""The same for a `form_submitted` that an SDK reports, where some names mean the page or the form."""

_DEPTH: Final = 8


def profile(traits: Mapping[str, Any]) -> dict[str, Any]:
    """Traits as profile keys: snake_case; of an object the `name` is the field and its other keys `company_employees`.

    E-mail and phone are in canonical form where they have one, so that rules and look-ups see one spelling.
    """
    found: dict[str, Any] = {}
    for key, value in traits.items():
        _flatten(snake_case(key), value, found, 0)
    if not found:
        return found
    for kind, names in (("email", EMAIL), ("phone", PHONE)):
        for name in names:
            if name in found and (identity := canonical(kind, found[name])):
                found[name] = identity.value
                found.setdefault(kind, identity.value)
    return found


def _flatten(name: str, value: Any, into: dict[str, Any], depth: int) -> None:
    if not isinstance(value, dict) or depth == _DEPTH:
        if name:
            into[name] = value
        return
    for key, part in value.items():
        inner = snake_case(key)
        _flatten(name if inner == "name" else f"{name}_{inner}".strip("_"), part, into, depth + 1)


def company(group_id: object, traits: Mapping[str, Any]) -> dict[str, Any]:
    """What a group call says about the person: their company, by the group's traits. Its e-mail is not theirs."""
    found: dict[str, Any] = {}
    _flatten("company", dict(traits), found, 0)
    if group := _text(group_id):
        found["company_id"] = group
    return found


def of_fields(fields: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    """The profile in a form's fields: those of `known`, without what was left empty."""
    told = ((key, value) for key, value in fields.items() if snake_case(key) in known)
    return profile({key: value for key, value in told if value not in ("", None)})


def reachable(sources: Iterable[Mapping[str, Any]]) -> list[Identity]:
    """The e-mail and phone in traits or fields: of each kind the first usable one."""
    found: list[Identity] = []
    texts = [{snake_case(key): value for key, value in source.items()} for source in sources if source]
    if not texts:
        return found
    for kind, names in (("email", EMAIL), ("phone", PHONE)):
        candidates = (text[name] for text in texts for name in names if name in text)
        flat = (part for value in candidates for part in (value if isinstance(value, list) else [value]))
        if identity := next((one for part in flat if (one := canonical(kind, part))), None):
            found.append(identity)
    return found


def _text(value: object) -> str:
    return str(value).strip()[:200] if isinstance(value, str | int) and not isinstance(value, bool) else ""
