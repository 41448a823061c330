"""What traits and form fields say about the person: profile keys, and the identities among them."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from domain.touchpoints.claims import snake_case
from domain.touchpoints.identity import Identity, NoIdentity, canonical, named
from domain.touchpoints.text import as_text
from producers.reading.conventions import Conventions
from producers.reading.names import ALIASES, OTHERS, PEOPLE, unwrapped

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
_CALLED: Final = ("name", "label", "key")
"""Under what a webhook says how a field is called."""
_PLACE: Final = re.compile(r"(?P<list>[^\[\]]*(?:\[[^\[\]]*\])*?)\[(?P<place>\d{1,9})\]")
"""A place in a list, in the name of a field inside it: of `contact[1][email]` that is 1 of `contact`."""
_KINDS: Final = (("email", EMAIL), ("phone", PHONE))


def profile(traits: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Traits as profile keys: snake_case; of an object the `name` is the field and its other keys `company_employees`.

    What is blank was not said. E-mail and phone are in canonical form where they have one, so that rules and look-ups
    see one spelling; of several the first that has one.
    """
    fields: dict[str, Any] = {}
    for key, value in traits.items():
        _flatten(snake_case(key), value, fields, 0)
    for kind, names in _KINDS if fields else ():
        for name in names:
            if name in fields and (identity := _first(kind, fields[name], region)):
                fields[name] = identity.value
                fields.setdefault(kind, identity.value)
    return fields


def _flatten(name: str, value: Any, into: dict[str, Any], depth: int) -> None:
    if not isinstance(value, dict) or depth == _DEPTH:
        if name and value != "":
            into[name] = value
        return
    for key, part in value.items():
        inner = snake_case(key)
        _flatten(name if inner == "name" else f"{name}_{inner}".strip("_"), part, into, depth + 1)


def company(group_id: object, traits: Mapping[str, Any]) -> dict[str, Any]:
    """What a group call says about the person: their company, by the group's traits. Its e-mail is not theirs."""
    fields: dict[str, Any] = {}
    _flatten("company", dict(traits), fields, 0)
    if id := as_text(group_id):
        fields["company_id"] = id
    return fields


def of_form(fields: Mapping[str, Any], known: frozenset[str], form: object, conventions: Conventions) -> dict[str, Any]:
    """What the fields of a form say about the person, by the names of the profile.

    A field is recognised by the installation's mapping, as one of `known`, or by the table of names; then, where none
    of these said the same, by its name without what a form builder puts around it; and where no e-mail is told so far,
    one field that holds one, unless its name says that it is somebody else's.
    """
    mapped = conventions.fields(form)
    profile_fields: dict[str, Any] = {}
    wrapped: list[tuple[str, str, Any]] = []
    others: list[Any] = []
    for key, value in _asked(fields, (mapped, known, ALIASES)):
        name = snake_case(key)
        if value in ("", None):
            continue
        if name in mapped:
            profile_fields[mapped[name]] = value
        elif name in known:
            profile_fields.setdefault(name, value)
        elif name in ALIASES:
            profile_fields.setdefault(ALIASES[name], value)
        elif inner := unwrapped(key, name, known):
            wrapped.append((key, inner, value))
        elif key in fields and OTHERS.isdisjoint(name.split("_")):
            others.append(value)
    said: dict[str, Any] = {}
    for _, inner, value in _of_the_first(wrapped) if wrapped else ():
        said.setdefault(inner, value)
    for inner, value in said.items():
        if profile_fields.setdefault(inner, value) is not value:
            others.append(value)
    if not any(name in profile_fields and _first("email", profile_fields[name]) for name in EMAIL):
        addresses = {identity for value in others if (identity := _first("email", value))}
        if len(addresses) == 1:
            profile_fields["email"] = addresses.pop().value
    return profile_fields


def _of_the_first(wrapped: Sequence[tuple[str, str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Without what a form that asks about several people says of those behind the first: `contact[1][email]`.

    A list that is called so, or of which two places say the same, is one of people; of another all places are about
    one person.
    """
    places: dict[str, dict[str, set[int]]] = {}
    in_lists = [(match["list"], int(match["place"])) if (match := _PLACE.match(key)) else None for key, _, _ in wrapped]
    for within, (_, inner, _) in zip(in_lists, wrapped, strict=True):
        if within is not None:
            places.setdefault(within[0], {}).setdefault(inner, set()).add(within[1])
    of_people = {
        name
        for name, said in places.items()
        if snake_case(name).rpartition("_")[2] in PEOPLE or any(len(some) > 1 for some in said.values())
    }
    firsts = {name: min(set().union(*places[name].values())) for name in of_people}
    for within, each in zip(in_lists, wrapped, strict=True):
        if within is None or firsts.get(within[0], within[1]) == within[1]:
            yield each


def _asked(
    fields: Mapping[str, Any], whole: Sequence[Container[str]], within: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    """The fields; those inside an object or a list of objects as forms write them: `contact[0][email]`.

    An object under a name in one of `whole` is one value.
    """
    for key, value in fields.items():
        path = f"{within}[{key}]" if within else key
        if not isinstance(value, (dict, list)):
            yield path, value
            continue
        parts = value if isinstance(value, dict) else _named_parts(value)
        deeper = depth < _DEPTH and not any(snake_case(path) in names for names in whole)
        if deeper and (isinstance(value, dict) or any(isinstance(part, dict) for part in value)):
            yield from _asked(parts, whole, path, depth + 1)
        else:
            yield path, value


def _named_parts(values: Sequence[Any]) -> dict[str, Any]:
    """A list by its places; one of fields that bear their names, as webhooks have it, by these."""
    names = [_name_of(part) for part in values]
    if not names or None in names:
        return {str(place): part for place, part in enumerate(values)}
    parts: dict[str, Any] = {}
    for name, part in zip(names, values, strict=True):
        if name and parts.get(name) in (None, ""):
            parts[name] = part["value"]
    return parts


def _name_of(part: Any) -> str | None:
    """What the field is called whose value stands in an object beside its name: `{"name": "email", "value": "..."}`."""
    if not isinstance(part, dict) or "value" not in part:
        return None
    return next((part[key] for key in _CALLED if isinstance(part.get(key), str) and part[key]), None)


def reachable(sources: Iterable[Mapping[str, Any]], region: str) -> list[Identity]:
    """The e-mail and phone in traits or in what a form said: of each kind the first usable one."""
    texts = [{snake_case(key): value for key, value in source.items()} for source in sources if source]
    found = [_usable(kind, names, texts, region) for kind, names in _KINDS]
    return [identity for identity in found if identity is not None]


def _usable(kind: str, names: Sequence[str], texts: Sequence[Mapping[str, Any]], region: str) -> Identity | None:
    for text in texts:
        for name in names:
            if name in text and (identity := _first(kind, text[name], region)) is not None:
                return identity
    return None


def why_nobody(sources: Iterable[Mapping[str, Any]], region: str) -> str:
    """Why what was said reaches nobody, to be put behind a refusal ("": nothing was said)."""
    reasons: dict[str, str] = {}
    for source in sources:
        for key, value in source.items():
            name = snake_case(key)
            kind = next((kind for kind, names in (*_KINDS, *_IDS) if name in names), None)
            if kind is None or value in ("", None):
                continue
            try:
                named(kind, value, region)
            except NoIdentity as error:
                reasons[name] = str(error)
    return "".join(f"; {name}: {reason}" for name, reason in reasons.items())


_IDS: Final = (
    ("user_id", ("user_id", "uid")),
    ("anonymous_id", ("anonymous_id", "aid")),
)


def _first(kind: str, value: Any, region: str = "") -> Identity | None:
    """The identity in a value, or the first in a list of them."""
    for part in value if isinstance(value, list) else [value]:
        if (identity := canonical(kind, part, region)) is not None:
            return identity
    return None
