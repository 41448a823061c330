"""A model file changed by fields: numbers, switches and labels; all else of its text stays, comments and order too."""

import copy
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any, Final

import tomlkit
from tomlkit.container import OutOfOrderTableProxy
from tomlkit.items import AoT, InlineTable, Item, SingleKey, Table

from domain.conditions.parse import GRADES
from domain.files.problems import Mistake, ModelError, Path, show_path
from domain.model.destinations import LANGUAGES
from domain.model.file import read_toml, tables

_LABELLED: Final[tuple[Path, ...]] = (
    ("stages",), ("score", "rules"), ("fit", "rules"), ("not_a_lead",), ("channels", "rules"), ("segments",),
    ("funnels",), ("tags",), ("sales", "reasons"),
)  # fmt: skip
_SWITCHED: Final[tuple[Path, ...]] = (("score", "rules"), ("fit", "rules"), ("not_a_lead",))
_WHOLE: Final = ("hot_at", "grades", "limit")
"""Tables that are not there where nothing is in them."""
_ON: Final = "on"
_OTHERWISE: Final = "cannot be changed by a field in this file: change it in the text"
_MARK: Final = "\ufeff"


@unique
class FieldKind(StrEnum):
    """What is typed in a field."""

    NUMBER = "number"
    TEXT = "text"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True)
class ModelField:
    """A value of the file that a field changes. `shown` is what it is: "" where the file does not say it, "on" and ""
    of a switch."""

    path: Path
    kind: FieldKind
    shown: str

    @property
    def name(self) -> str:
        """What a form calls it, such as `score.rules[0].points`."""
        return show_path(self.path)


def fields_of(text: str) -> Mapping[str, ModelField]:
    """The fields of a file's text, by their names. Raises ModelError: it is no TOML."""
    return {field.name: field for field in _fields(read_toml(text))}


def edited(text: str, typed: Mapping[str, str]) -> str:
    """The text with what was typed in fields, by their names; an empty one is left out of the file.

    What is the same as before changes nothing. The text need not declare a valid model. Raises ModelError: it is no
    TOML, or written so that a field cannot change it.
    """
    fields = fields_of(text)
    changed = {
        fields[name]: value.strip()
        for name, value in typed.items()
        if name in fields and value.strip() != fields[name].shown.strip()
    }
    if not changed:
        return text
    mark = _MARK if text.startswith(_MARK) else ""
    body = text.removeprefix(_MARK)
    expected, document = tomllib.loads(body), tomlkit.parse(body)
    wrong = []
    # What is left out goes last: else a table may have gone with its last value before another one comes.
    for field, value in sorted(changed.items(), key=lambda each: not each[1]):
        try:
            for path, meant in _meant(expected, field, value):
                _write(document, path, meant, "\r\n" if "\r\n" in body else "\n")
                _set(expected, path, meant)
        except (KeyError, ValueError, TypeError, IndexError, AttributeError):
            wrong.append(Mistake(field.path, _OTHERWISE))
    made = tomlkit.dumps(document)
    if wrong or not _says(made, expected):
        raise ModelError(wrong or [Mistake(field.path, _OTHERWISE) for field in changed])
    return mark + made


# ---- which fields there are --------------------------------------------------------------------------------------


def _fields(raw: Mapping[str, Any]) -> Iterator[ModelField]:
    score, fit = raw.get("score"), raw.get("fit")
    if isinstance(score, dict):
        yield from _texts(score, ("score",), "half_life", "promote_to")
        yield from _by_grade(score, ("score", "hot_at"), GRADES)
        yield from _numbers(score, ("score",), "rearm_at")
    if isinstance(fit, dict):
        yield from _by_grade(fit, ("fit", "grades"), GRADES[:-1])
    for list_path in _LABELLED:
        for place, entry in enumerate(tables(raw, list_path)):
            path = (*list_path, place)
            if list_path[-1] == "rules" and list_path[0] != "channels":
                yield from _numbers(entry, path, "points")
            if list_path == ("score", "rules"):
                yield from _limit(entry, path)
            if list_path in _SWITCHED and isinstance(entry.get("enabled", True), bool):
                yield ModelField((*path, "enabled"), FieldKind.SWITCH, _ON if entry.get("enabled", True) else "")
            yield from _label(entry, path)


def _texts(table: Mapping[str, Any], path: Path, *keys: str) -> Iterator[ModelField]:
    for key in keys:
        if isinstance(value := table.get(key, ""), str):
            yield ModelField((*path, key), FieldKind.TEXT, value)


def _numbers(table: Mapping[str, Any], path: Path, *keys: str) -> Iterator[ModelField]:
    for key in keys:
        value = table.get(key, "")
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            yield ModelField((*path, key), FieldKind.NUMBER, str(value))


def _by_grade(table: Mapping[str, Any], path: Path, grades: Sequence[str]) -> Iterator[ModelField]:
    """A number for each grade where the file has such a table, else one for all."""
    key = str(path[-1])
    if isinstance(by_grade := table.get(key), dict):
        yield from _numbers(by_grade, path, *grades)
    elif key == "hot_at":
        yield from _numbers(table, path[:-1], key)


def _limit(rule: Mapping[str, Any], path: Path) -> Iterator[ModelField]:
    if isinstance(limit := rule.get("limit"), dict):
        yield from _numbers(limit, (*path, "limit"), "count")
        yield from _texts(limit, (*path, "limit"), "within")
    else:
        yield from _texts(rule, path, "limit")


def _label(entry: Mapping[str, Any], path: Path) -> Iterator[ModelField]:
    """A text for each language; a label without languages is shown as the first."""
    label = entry.get("label", {})
    if isinstance(label, str):
        label = {LANGUAGES[0]: label}
    if not isinstance(label, dict):
        return
    for language in dict.fromkeys((*LANGUAGES, *label)):
        yield from _texts(label, (*path, "label"), language)


# ---- what is meant, and how it is written ------------------------------------------------------------------------


def _meant(raw: Any, field: ModelField, typed: str) -> Iterator[tuple[Path, Any]]:
    """What is to stand where, once this is typed in a field; None: nothing."""
    value: Any
    match field.kind:
        case FieldKind.SWITCH:
            value = typed == _ON
        case FieldKind.NUMBER:
            value = _number(typed) if typed else None
        case FieldKind.TEXT:
            value = typed or None
    if "label" not in field.path:
        last = value is None and field.path[-2] in _WHOLE and set(_at(raw, field.path[:-1])) <= {field.path[-1]}
        yield (field.path[:-1] if last else field.path), value
        return
    path, language = field.path[:-1], str(field.path[-1])
    label = _at(raw, path)
    if isinstance(label, str) and language == LANGUAGES[0]:
        yield path, value
        return
    before = {LANGUAGES[0]: label} if isinstance(label, str) else label or {}
    others = {**before, language: value}
    yield path, {each: text for each, text in others.items() if text is not None} or None


def _number(typed: str) -> Any:
    """As TOML reads it; what it does not read as a number stays a text, of which the model says what is wrong."""
    try:
        value = tomllib.loads(f"number = {typed}")["number"]
    except (tomllib.TOMLDecodeError, KeyError):
        return typed
    return value if isinstance(value, int | float) and not isinstance(value, bool) else typed


def _at(raw: Any, path: Path) -> Any:
    """What stands at a path; None: nothing."""
    for part in path[:-1]:
        raw = raw[part]
    return raw.get(path[-1])


def _set(raw: Any, path: Path, value: Any) -> None:
    for part in path[:-1]:
        raw = raw[part]
    if value is None:
        raw.pop(path[-1], None)
    else:
        raw[path[-1]] = copy.deepcopy(value)


def _write(document: Any, path: Path, value: Any, newline: str) -> None:
    """Put a value into the document: in the place of the old one, else behind the last value of its table."""
    table = document
    for part in path[:-1]:
        table = table[part]
    key = str(path[-1])
    old = table.get(key)
    if isinstance(table, InlineTable):
        _write(document, path[:-1], {**table.unwrap(), key: value}, newline)
    elif value is None:
        del _part_with(table, key)[key]
    elif isinstance(old, Table) and isinstance(value, dict):  # a table of its own, or dotted keys: one by one
        for name in {**old, **value}:
            if old.get(name) != value.get(name):
                _write(document, (*path, name), value.get(name), newline)
    elif old is not None:
        table[key] = _item(value)
    else:
        item = _item(value)
        item.trivia.trail = newline
        _insert(table, key, item)


def _item(value: Any) -> Item:
    if not isinstance(value, dict):
        item: Item = tomlkit.item(value)
        return item
    pairs = (
        f"{SingleKey(key).as_string()} = {tomlkit.item(each).as_string()}"
        for key, each in value.items()
        if each is not None
    )
    table = tomlkit.value(f"{{ {', '.join(pairs)} }}")  # tomlkit's own has no spaces inside
    assert isinstance(table, InlineTable)
    return table


def _insert(table: Any, key: str, item: Item) -> None:
    if isinstance(table, OutOfOrderTableProxy):
        parts = [part for part in table._tables if not part.is_super_table()]
        table = next((part for part in parts if _last_key(part) is not None), parts[0])
    last = _last_key(table)
    if last is None:
        table.value._insert_at(0, SingleKey(key), item)
    else:
        table.value._insert_after(last, SingleKey(key), item)


def _part_with(table: Any, key: str) -> Any:
    """Of a table that is written in several places the one with this key: tomlkit would remove an empty one whole."""
    if isinstance(table, OutOfOrderTableProxy):
        return next(part for part in table._tables if key in part)
    return table


def _last_key(table: Table) -> Any:
    """The key of the last value that stands in a table itself; None: there is none."""
    own = [key for key, item in table.value.body if key is not None and not isinstance(item, Table | AoT)]
    return own[-1] if own else None


def _says(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == expected
    except tomllib.TOMLDecodeError:
        return False
