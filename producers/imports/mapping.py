"""The mapping of `leadline import`: the TOML file that says which column is what, validated whole before a row is read.

Errors:

    MappingError (misconfigured: mend the file; `.problems` lists every problem at once)
"""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Any, Final, Literal
from unicodedata import category, normalize
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.conditions.parse import parse_condition
from domain.conditions.tree import Condition, fields_of
from domain.errors import Problems
from domain.files.problems import not_allowed, show, show_path, unknown
from domain.touchpoints.claims import NAME_LIMIT, OWN_SOURCES, refusal, snake_case
from domain.touchpoints.identity import KINDS
from producers.imports.mapping_file import EXAMPLES, MappingFile, shape_problems
from producers.imports.opening import codec_of

MAPPING_LIMIT: Final = 64 * 1024
"""Longest mapping file, in characters: every rejected row keeps the mapping that it was read with."""

_TYPE: Final = re.compile(r"[a-z0-9_\u0080-\U0010ffff]{1,100}\Z")
_ENCODINGS: Final = ("utf-8", "gb18030", "big5", "shift_jis", "euc-kr", "cp1252", "cp1251", "latin-1", "utf-16")


class MappingError(Problems, ValueError):
    """The mapping file is not right. Misconfigured: `problems` names each key, what was found and what is allowed."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)

    def __str__(self) -> str:
        return "\n".join(f"mapping: {problem}" for problem in self.problems)


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """Where a row says when it happened. `format` is iso, epoch, epoch_ms or a strptime format; `zone` is for times
    that name no zone of their own."""

    column: str
    format: str
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Typed:
    """A touchpoint type with properties that the mapping fixes."""

    type: str
    properties: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class TypeColumn:
    """The column whose value decides the type: looked up in `map`; others become snake_case or are skipped."""

    column: str
    map: Mapping[str, Typed]
    skip_others: bool


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """How one kind of file becomes touchpoints. `text` is the file as it was written, `hash` its SHA-256 in hex."""

    text: str
    source: str
    id: str | None
    time: TimeColumn
    seq: str | None
    identities: tuple[tuple[str, str], ...]
    profile: tuple[tuple[str, str], ...]
    properties: tuple[tuple[str, str], ...]
    only: Condition | None
    type: Typed | TypeColumn
    format: Literal["csv", "jsonl"] | None
    delimiter: str | None
    encoding: str

    @property
    def hash(self) -> str:
        """Names the mapping in a resume file."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def columns_needed(self) -> tuple[tuple[str, str], ...]:
        """(mapping key, column) of every column that a CSV header must have."""
        single = [("id", self.id), ("time.column", self.time.column), ("seq", self.seq)]
        if isinstance(self.type, TypeColumn):
            single.append(("type.column", self.type.column))
        many = (("identities", self.identities), ("profile", self.profile), ("properties", self.properties))
        return (
            *((key, column) for key, column in single if column is not None),
            *(("only", column) for column in sorted({field.path[0] for field in fields_of(self.only)})),
            *((f"{key}.{name}", column) for key, pairs in many for name, column in pairs),
        )

    def picks(self) -> Callable[[Mapping[str, Any]], bool]:
        """Whether a row is one of those that `only` asks for."""
        if self.only is None:
            return lambda row: True
        matches = compile_where(self.only)
        nobody: Mapping[str, Any] = {}
        return lambda row: matches(row, nobody, NO_SOURCE)


def parse_mapping(text: str) -> ImportMapping:
    """The mapping that a TOML text holds. Raises MappingError with every problem that was found."""
    if len(text) > MAPPING_LIMIT:
        raise MappingError([f"the file has {len(text)} characters: allowed are {MAPPING_LIMIT}"])
    try:
        raw = tomllib.loads(normalize("NFC", text))
    except tomllib.TOMLDecodeError as error:
        raise MappingError([f"not TOML: {error}"]) from error
    problems: list[str] = []
    try:
        file = MappingFile.model_validate(raw)
    except ValidationError as error:
        problems += shape_problems(error)
        _meaning(raw, None, problems)
        raise MappingError(problems) from error
    only, kind = _meaning(raw, file, problems)
    if problems:
        raise MappingError(problems)
    assert kind is not None
    return ImportMapping(
        text=text,
        source=file.source.strip(),
        id=file.id,
        time=TimeColumn(file.time.column, file.time.format, _zone(file.time.timezone) or UTC),
        seq=file.seq,
        identities=tuple((name, column) for name, column in file.identities.items()),
        profile=tuple(file.profile.items()),
        properties=tuple(file.properties.items()),
        only=only,
        type=kind,
        format=file.format,
        delimiter=file.delimiter,
        encoding=file.encoding,
    )


# ---- what the values must mean -----------------------------------------------------------------------------------


def _meaning(
    raw: dict[str, Any], file: MappingFile | None, problems: list[str]
) -> tuple[Condition | None, Typed | TypeColumn | None]:
    """Check what the shape cannot say, part by part, so that one wrong part does not hide the problems of another."""
    _check_names(raw, problems)
    _check_time(raw.get("time"), problems)
    _check_file(raw, problems)
    return _only(raw.get("only"), problems), _type(raw.get("type"), raw.get("properties"), problems)


def _check_names(raw: dict[str, Any], problems: list[str]) -> None:
    identities = raw.get("identities")
    if isinstance(identities, dict):
        if not identities:
            problems.append(f"identities: empty; give {EXAMPLES['identities']}")
        problems += [
            f"{show_path(('identities', kind))}: {unknown(kind, KINDS, 'kind')}"
            for kind in identities
            if kind not in KINDS
        ]
    profile = raw.get("profile")
    for name in profile if isinstance(profile, dict) else ():
        if name != snake_case(name):
            near = snake_case(name) or "company_name"
            problems.append(f"{show_path(('profile', name))}: {not_allowed(name, f'a snake_case name such as {near}')}")
    properties = raw.get("properties")
    for name in properties if isinstance(properties, dict) else ():
        if not _is_field(name):
            problems.append(
                f"{show_path(('properties', name))}: {not_allowed(name, 'a name of letters, digits and _')}"
            )
    source = raw.get("source")
    if isinstance(source, str) and source and not source.strip():
        problems.append(f"source: {not_allowed(source, 'a name that is not blank')}")
    if isinstance(source, str) and source.strip() in OWN_SOURCES:
        problems.append(
            f"source: {not_allowed(source, 'a name of your own')}: Leadline's are {', '.join(sorted(OWN_SOURCES))}"
        )


def _is_field(name: str) -> bool:
    """Whether a name has letters, digits and marks of any script, and `_`, alone."""
    return 0 < len(name) <= NAME_LIMIT and all(
        each == "_" or each.isalnum() or category(each).startswith("M") for each in name
    )


def _check_time(time: object, problems: list[str]) -> None:
    if not isinstance(time, dict):
        return
    form, zone = time.get("format", "iso"), time.get("timezone", "UTC")
    if isinstance(form, str) and form not in ("iso", "epoch", "epoch_ms"):
        wrong = _strptime_problem(form)
        if wrong:
            problems.append(
                f"time.format: {not_allowed(form, 'iso, epoch (seconds), epoch_ms or a strptime format')} such as "
                f'"%d.%m.%Y %H:%M" ({wrong})'
            )
    if isinstance(zone, str) and _zone(zone) is None:
        problems.append(f"time.timezone: {not_allowed(zone, 'UTC or an IANA name such as Asia/Shanghai')}")


def _strptime_problem(form: str) -> str | None:
    if "%" not in form:
        return "no such format"
    directives = set(re.findall("%.", form.replace("%%", "")))
    if "%Z" in directives:
        return "a zone's name is no offset: use %z, or set time.timezone"
    if ("%p" in directives) != ("%I" in directives):
        return "%I and %p stand together: 09:15 PM is %I:%M %p"
    try:
        datetime.strptime("", form)
    except ValueError as error:
        return str(error) if "directive" in str(error) or "stray" in str(error) else None
    except (re.error, KeyError, IndexError) as error:
        return str(error)
    return None


def _zone(name: str) -> tzinfo | None:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None


def _check_file(raw: dict[str, Any], problems: list[str]) -> None:
    encoding = raw.get("encoding", "utf-8")
    if isinstance(encoding, str) and not _is_codec(encoding):
        problems.append(f"encoding: {not_allowed(encoding, 'a text encoding such as ' + ', '.join(_ENCODINGS))}")
    delimiter = raw.get("delimiter")
    if isinstance(delimiter, str) and delimiter in ('"', "\n", "\r"):
        problems.append(f"delimiter: {not_allowed(delimiter, 'one character such as a comma, a semicolon or a tab')}")

    problems += _below_a_table(raw)


def _below_a_table(raw: dict[str, Any]) -> list[str]:
    """Keys of the file that were written below a table, as TOML has it: there they name a column, or a type."""
    kind = raw.get("type")
    tables = {name: raw.get(name) for name in ("identities", "profile", "properties")}
    tables["type.map"] = kind.get("map") if isinstance(kind, dict) else None
    return [
        f"{name}.{key}: stands below [{name}], where it means a column or a value; write {key} = {show(value)} "
        "at the top of the mapping, above the first [table]"
        for name, table in tables.items()
        for key, value in (table.items() if isinstance(table, dict) else ())
        if isinstance(value, str)
        and ((key == "delimiter" and _is_mark(value)) or (key == "encoding" and _is_codec(value)))
    ]


def _is_mark(value: str) -> bool:
    return len(value) == 1 and not value.isalnum()


def _is_codec(value: str) -> bool:
    try:
        return bool("a,b\n".encode(codec_of(value)).decode(codec_of(value)))
    except (LookupError, UnicodeError, ValueError):
        return False


def _only(raw: object, problems: list[str]) -> Condition | None:
    if not isinstance(raw, dict):
        return None
    try:
        return parse_condition(raw, "row", "only")
    except ValueError as error:
        problems += getattr(error, "problems", None) or [f"only: {error}"]
        return None


def _type(raw: object, properties: object, problems: list[str]) -> Typed | TypeColumn | None:
    """The type rule. `properties` are the mapped columns: where a move's `to` may come from instead of the map."""
    mapped = set(properties) if isinstance(properties, dict) else set()
    if isinstance(raw, str):
        return _typed("type", raw, mapped, problems)
    if not isinstance(raw, dict):
        return None
    entries = raw.get("map", {})
    if not isinstance(entries, dict):
        return None
    table = {
        value: _typed(show_path(("type", "map", value)), entry, mapped, problems) for value, entry in entries.items()
    }
    if "column" not in raw:
        return None
    known = {value: entry for value, entry in table.items() if entry is not None}
    return TypeColumn(raw["column"], MappingProxyType(known), raw.get("other") == "skip")


def _typed(key: str, entry: object, mapped: set[str], problems: list[str]) -> Typed | None:
    fixed: dict[str, Any] = {}
    if isinstance(entry, dict):
        fixed = {name: value for name, value in entry.items() if name != "type"}
        entry = entry.get("type")
    if not isinstance(entry, str) or not _TYPE.match(entry):
        near = (snake_case(entry) if isinstance(entry, str) else "") or "order_placed"
        problems.append(f"{key}: {not_allowed(entry, f'a touchpoint type in snake_case such as {near}')}")
        return None
    before = len(problems)
    if reason := refusal("import", entry):
        problems.append(f"{key}: {reason}")
    if entry == "stage_changed" and not isinstance(fixed.get("to"), str) and "to" not in mapped:
        problems.append(
            f'{key}: a stage_changed must say where to: {{ type = "stage_changed", to = "qualified" }}, or map a '
            "column to properties.to"
        )
    problems += [
        f"{key}.{name}: {not_allowed(value, 'a text, a number, true or false')}"
        for name, value in fixed.items()
        if not isinstance(value, str | int | float | bool) or (isinstance(value, int) and abs(value) >= 2**63)
    ]
    return None if len(problems) > before else Typed(entry, MappingProxyType(fixed))
