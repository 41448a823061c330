"""One row of a file as a touchpoint, by its mapping; or why it is none. Pure."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson

from domain.errors import Reject
from domain.touchpoints.claims import refusal, snake_case
from domain.touchpoints.identity import Identity, canonical, ordered
from domain.touchpoints.text import as_text
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint, microseconds
from producers.imports.file import Row
from producers.imports.mapping import ImportMapping, TimeColumn, Typed
from producers.reading import person
from producers.reading.ids import given_id
from producers.reading.instants import written

LATEST_SEQ: Final = 2**31 - 1
_LAST: Final = 9998
"""The last year that an envelope holds."""


class RowRefused(Reject, ValueError):
    """A row is no touchpoint: keep it with this reason. `kind` is the reason without what was found, for counting."""

    def __init__(self, kind: str, shown: object = None) -> None:
        value_shown = "" if shown is None else f": found {_short(shown)}"
        super().__init__(kind + value_shown)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that the mapping leaves out, by `only` or by `other = "skip"`."""


SKIPPED: Final = Skipped()


class RowMapper:
    """Makes touchpoints of one import's rows. It counts equal rows, so every row of the file must be shown to it.

    `received_at` is the import's clock in microseconds: one for all rows. `region` reads national phone numbers.
    """

    def __init__(self, mapping: ImportMapping, received_at: Instant, region: str = "") -> None:
        self._mapping = mapping
        self._region = region
        self._received = received_at
        self._source = Source("import", mapping.source)
        self._picks = mapping.picks()
        self._instant = _clock(mapping.time)
        self._once: set[int] = set()
        self._again: dict[int, int] = {}

    def occurrence(self, row: Row) -> int:
        """Which of the rows equal to it this one is, from 1 (always 1 where an id column tells them apart).

        It depends on how many equal ones came before and on nothing else: a shuffled file gives the same ids.
        """
        if self._mapping.id is not None or row.problem:
            return 1
        key = int.from_bytes(_digest(row)[:8], "big")
        if key not in self._once:
            self._once.add(key)
            return 1
        self._again[key] = count = self._again.get(key, 1) + 1
        return count

    def touchpoint(self, row: Row, occurrence: int) -> Touchpoint | Skipped:
        """The touchpoint of a row. Raises RowRefused."""
        if row.problem:
            raise RowRefused(row.problem)
        values, mapping = row.values, self._mapping
        if not self._picks(values):
            return SKIPPED
        typed = self._type(values)
        if typed is None:
            return SKIPPED
        identities = self._identities(values)
        profile = person.profile(_columns(mapping.profile, values), self._region)
        for identity in identities:  # as from a form: what reaches a person also describes them
            if identity.kind in ("email", "phone"):
                profile.setdefault(identity.kind, identity.value)
        properties = {**_columns(mapping.properties, values), **typed.properties}
        if typed.type == "stage_changed" and not isinstance(properties.get("to"), str):
            raise RowRefused("a stage_changed without a stage in properties.to", properties.get("to"))
        return Touchpoint(
            id=self._id(row, occurrence),
            source=self._source,
            type=typed.type,
            occurred_at=self._instant(values.get(mapping.time.column)),
            received_at=self._received,
            identities=identities,
            seq=self._seq(values),
            profile=profile,
            properties=properties,
        )

    def _id(self, row: Row, occurrence: int) -> str:
        column = self._mapping.id
        if column is None:
            return f"{_digest(row).hex()[:40]}-{occurrence}"
        value = given_id(row.values.get(column))
        if not value:
            raise RowRefused(f"id: column {column!r} is empty")
        return value

    def _type(self, values: Mapping[str, Any]) -> Typed | None:
        rule = self._mapping.type
        if isinstance(rule, Typed):
            return rule
        name = as_text(values.get(rule.column))
        if not name:
            raise RowRefused(f"type: column {rule.column!r} is empty")
        if (typed := rule.map.get(name)) is not None:
            return typed
        if rule.skip_others:
            return None
        type_name = snake_case(name)
        if not type_name:
            raise RowRefused(f"type: column {rule.column!r} has no letter or digit", name)
        if (reason := refusal("import", type_name)) is not None:
            raise RowRefused(f"type: {reason}")
        return Typed(type_name)

    def _identities(self, values: Mapping[str, Any]) -> tuple[Identity, ...]:
        pairs = self._mapping.identities
        canonical_values = [canonical(kind, values.get(column), self._region) for kind, column in pairs]
        identities = ordered(identity for identity in canonical_values if identity is not None)
        if not identities:
            columns = ", ".join(column for _, column in pairs)
            shown = {column: values.get(column) for _, column in pairs if values.get(column) not in (None, "")}
            raise RowRefused(f"identities: none of the columns {columns} names anyone", shown or None)
        return identities

    def _seq(self, values: Mapping[str, Any]) -> int:
        column = self._mapping.seq
        if column is None:
            return 0
        value = values.get(column)
        number = _number(value)
        if number is None or number != int(number) or not 0 <= number <= LATEST_SEQ:
            raise RowRefused(f"seq: column {column!r} is no whole number from 0 to {LATEST_SEQ}", value)
        return int(number)


def _digest(row: Row) -> bytes:
    """SHA-256 of what the row says, whatever the order of its columns."""
    return hashlib.sha256(orjson.dumps(row.values, option=orjson.OPT_SORT_KEYS)).digest()


def _columns(pairs: tuple[tuple[str, str], ...], values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields from columns; an empty cell says nothing. Values stay as they are: texts from CSV, any JSON from JSON."""
    cells = ((name, values.get(column)) for name, column in pairs)
    return {name: value for name, value in cells if value is not None and value != ""}


def _short(value: object) -> str:
    text = orjson.dumps(value, default=str).decode("utf-8", "replace")
    return text if len(text) <= 120 else text[:117] + "..."


# ---- time --------------------------------------------------------------------------------------------------------


def _clock(time: TimeColumn) -> Callable[[object], Instant]:
    """A function from a cell to its instant in microseconds."""
    read = _reader(time)
    allowed = {"iso": "an ISO 8601 time", "epoch": "seconds since 1970", "epoch_ms": "milliseconds since 1970"}.get(
        time.format, f"a time like {time.format}"
    )

    def instant(value: object) -> Instant:
        if value is None or value == "":
            raise RowRefused(f"time: column {time.column!r} is empty")
        try:
            moment = read(value)
        except (ValueError, TypeError, OverflowError, InvalidOperation):
            raise RowRefused(f"time: column {time.column!r} is not {allowed}", value) from None
        if not 0 <= moment < _END:
            raise RowRefused(f"time: column {time.column!r} is outside the years 1970 to {_LAST}", value)
        return moment

    return instant


_END: Final = microseconds(datetime(_LAST + 1, 1, 1))


def _reader(time: TimeColumn) -> Callable[[object], Instant]:
    match time.format:
        case "iso":
            return lambda value: written(_cell(value), time.zone)
        case "epoch":
            return lambda value: _scaled(value, 1_000_000)
        case "epoch_ms":
            return lambda value: _scaled(value, 1_000)
        case form:
            return lambda value: _zoned(datetime.strptime(_cell(value), form), time.zone)


def _cell(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)  # 20240131 as a JSON number
    raise TypeError("not a text")


def _zoned(when: datetime, zone: tzinfo) -> Instant:
    return microseconds(when if when.tzinfo else when.replace(tzinfo=zone))


def _scaled(value: object, unit: int) -> Instant:
    number = _number(value)
    if number is None:
        raise ValueError("not a number")
    return Instant(round(number * unit))


def _number(value: object) -> Decimal | None:
    """The exact number that a cell holds."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < 10**20 else None
