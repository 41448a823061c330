"""What a reader sees of an answer: everything but who the person is.

Identities are their keyed hashes, as in exports, so that one person stays one; names, and what people wrote in their
own words, are null. It goes by the names of fields, over whatever an answer is made of, so that no answer forgets it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from domain.fold.names import all_names, names_somebody
from domain.touchpoints.identity import RANK, Identity, canonical
from projections.exports.unnamed import Unnamed, kind_said
from projections.reports.quality import SHARED_IDENTITIES
from store.events.ids import Ids
from web.viewer import Role, Viewer

Answer = TypeVar("Answer")

_PERSON: Final = ("profile", "person")
"""What holds what is known of somebody."""
_FREE: Final = (*_PERSON, "properties", "context", "about")
"""What sources say in words of their own."""
_WRITTEN: Final = frozenset(("note", "notes", "participants", "answer_link"))
"""What somebody wrote, and what acts in somebody's name."""
_WRITTEN_FREELY: Final = frozenset(("message", "text", "body", "comment", "comments", "said", "subject", "outcome",
                                        "reason"))  # fmt: skip
_REPORT: Final = frozenset(("report", "columns", "items"))
"""Fields of a report, whose `notes` say how to read it; all other notes somebody wrote about a person."""
_TOUCHPOINT: Final = ("touchpoint", "cause")
"""What holds the id of a touchpoint."""
FINDINGS_OF_THE_MODEL: Final = frozenset(("missing_required", "promotion_waits", "unknown_stage", "retired_stage"))
"""Findings whose detail is a name of the model's."""
_OF_THE_MODEL: Final = frozenset((
    "id", "kind", "type", "types", "stage", "stages", "grade", "segment", "segments", "rule", "label", "owner", "state",
    "why", "channel", "first_channel", "last_channel", "from", "to", "funnel", "report", "deadline", "half_life",
    "role",
))  # fmt: skip
"""Fields whose values are names of the model's: somebody who is called `lead` changes no stage."""
_SHORTEST: Final = 2
_BETWEEN: Final = r"(?:\s+|\+|%20|[-_.])"
"""What stands between the words of a name, in an address too."""
_HIDDEN: Final = "…"


class Masking:
    """Masks answers. `ids` hashes identities."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids

    def seen(self, answer: Any) -> Any:
        """The same answer as a reader sees it: JSON, shapes, or what a page shows."""
        return _Masked(answer, self._ids).value(answer)

    def text(self, text: str) -> str:
        """A text without e-mail addresses and phone numbers."""
        return Unnamed((), {}, self._ids).text(text)


def seen_by(viewer: Viewer, ids: Ids, answer: Answer) -> Answer:
    """An answer as somebody sees it; what belongs together (a tuple of answers) is masked together."""
    return Masking(ids).seen(answer) if viewer.role is Role.READER else answer


class _Masked:
    """Masks one answer: what it calls somebody in one place is hidden in all others."""

    def __init__(self, answer: Any, ids: Ids) -> None:
        self._ids = ids
        identities: dict[Identity, None] = {}
        names: dict[str, None] = {}
        for name, value in _fields_within(answer):
            identities |= dict.fromkeys(_identities(name, value))
            names |= dict.fromkeys(_names(name, value))
        self._unnamed = Unnamed(tuple(identities), {}, ids)
        self._hashes = {identity.value: str(ids.of(identity)) for identity in identities}
        self._names = frozenset(name.casefold() for name in names)
        self._any_name = _pattern(names)

    def value(self, value: Any, name: str = "", *, free: bool = False, person: bool = False) -> Any:
        """A value of a field. `free`: what a source says; `person`: what is known of somebody."""
        match value:
            case str():
                if name in _OF_THE_MODEL and not free:
                    return self._unnamed.text(value) if name == "id" else value
                return self._text(value)
            case None | bool() | float():
                return value
            case int():
                return self._hashes.get(str(value), value) if free else value
            case BaseModel():
                said = {**dict(value), **(value.model_extra or {})}
                return value.model_copy(update=self._table(said, free=free, person=person))
            case Mapping():
                return self._table(value, free=free, person=person)
            case [str() as finding, detail, int() as at] if name == "findings":
                return [finding, detail if finding in FINDINGS_OF_THE_MODEL else None, at]
            case list() | tuple():
                parts = [self.value(part, name, free=free, person=person) for part in value]
                return parts if isinstance(value, list) else _tuple_like(value, parts)
            case _ if is_dataclass(value) and not isinstance(value, type):
                said = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
                return replace(value, **self._table(said, free=free, person=person))
            case _:
                return value

    def _table(self, said: Mapping[Any, Any], *, free: bool, person: bool) -> dict[Any, Any]:
        if said.get("kind") in RANK and isinstance(said.get("value"), str):
            said = {**said, "value": self._identity(said["kind"], said["value"])}
        if "occurred_at" in said and isinstance(said.get("id"), str):
            said = {**said, "id": self._touchpoint(said["id"])}
        if "detail" in said and "since" in said and said.get("kind") not in FINDINGS_OF_THE_MODEL:
            said = {**said, "detail": None}  # of a finding it names others than those of the answer
        kept: dict[Any, Any] = {}
        if not free and said.keys() >= _REPORT and isinstance(said.get("notes"), list):
            said, kept["notes"] = {**said}, [self._note(str(note)) for note in said["notes"]]
            del said["notes"]
        for name, value in said.items():
            key = self._text(name) if free and isinstance(name, str) else name
            kept[key] = self._field(str(name), value, free=free, person=person)
        return kept

    def _field(self, name: str, value: Any, *, free: bool, person: bool) -> Any:
        kind = kind_said(name)
        if name in _WRITTEN or (free and name in _WRITTEN_FREELY):
            return [] if isinstance(value, list) else None
        if kind is not None and isinstance(value, str):
            return self._identity(kind, value)
        if name in _TOUCHPOINT and isinstance(value, str):
            return self._touchpoint(value)
        if person and names_somebody(name) and not isinstance(value, Mapping | list):
            return None if kind is None else self._identity(kind, str(value))
        return self.value(value, name, free=free or name in _FREE, person=name in _PERSON)

    def _note(self, note: str) -> Any:
        """A note of a report; one that lists identities hides them."""
        return f"{SHARED_IDENTITIES}: {_HIDDEN}" if note.startswith(f"{SHARED_IDENTITIES}: ") else self._text(note)

    def _touchpoint(self, id: str) -> str:
        """The id of a touchpoint, in which its source may name somebody: the same one everywhere."""
        return self._ids.dedupe("", id).hex()

    def _identity(self, kind: str, value: str) -> str | None:
        if value in self._hashes.values():
            return value
        for possible in (kind,) if kind in RANK else ("email", "phone"):
            if (identity := canonical(possible, value)) is not None:
                return str(self._ids.of(identity))
        return None

    def _text(self, text: str) -> Any:
        if text.strip().casefold() in self._names:
            return None
        masked = self._unnamed.text(text)
        if self._any_name is not None:
            masked = self._any_name.sub(_HIDDEN, masked)
        return text if masked == text else type(text)(masked)


def _fields_within(value: Any) -> Iterator[tuple[str, Any]]:
    """Every field at any depth: its name and its value; and whatever is no field's, without a name."""
    match value:
        case BaseModel():
            value = {**dict(value), **(value.model_extra or {})}
        case _ if is_dataclass(value) and not isinstance(value, type):
            value = {each.name: getattr(value, each.name) for each in fields(value)}
    match value:
        case Mapping():
            yield "", value
            for name, each in value.items():
                yield str(name), each
                yield from _fields_within(each)
        case list() | tuple():
            for each in value:
                yield from _fields_within(each)


def _identities(name: str, value: Any) -> Iterator[Identity]:
    if isinstance(value, Mapping) and value.get("kind") in RANK and isinstance(value.get("value"), str):
        yield Identity(value["kind"], value["value"])
    kind = kind_said(name)
    if kind is not None and isinstance(value, str | int) and not isinstance(value, bool):
        for possible in (kind,) if kind in RANK else ("email", "phone"):
            if (identity := canonical(possible, value)) is not None:
                yield identity
                return


def _names(name: str, value: Any) -> Iterator[str]:
    """What somebody is called."""
    if name not in _PERSON or not isinstance(value, Mapping):
        return
    said = [each for field, each in value.items() if names_somebody(str(field)) and kind_said(str(field)) is None]
    for each in (*said, *all_names(value)):
        if isinstance(each, str) and len(each.strip()) >= _SHORTEST:
            yield each.strip()


def _pattern(names: Mapping[str, None]) -> re.Pattern[str] | None:
    """Finds a name within a text: whole words, where letters make words."""
    if not names:
        return None
    spelled = {form for name in names for form in (name, quote(name, " "))}
    parts = [_BETWEEN.join(map(re.escape, form.split())) for form in sorted(spelled, key=len, reverse=True)]
    bounded = [rf"(?<!\w){part}(?!\w)" if part.isascii() else part for part in parts]
    return re.compile("|".join(bounded), re.IGNORECASE)


def _tuple_like(value: tuple[Any, ...], parts: list[Any]) -> Any:
    return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
