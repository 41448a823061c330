"""The oracle's durations, days, dates and amounts, from the reference page."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
DATES = ("before", "after", "within_next", "within_last")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(duration: str) -> int:
    """Of `90s`, `15m`, `24h`, `14d`."""
    return int(duration[:-1]) * UNITS[duration[-1]] * 1_000_000


def several(raw: Any) -> list[Any]:
    """One or a list of them."""
    return raw if isinstance(raw, list) else [raw]


def day_of(at: int, zone: str) -> date:
    """The day of an instant in a time zone."""
    return (EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone)).date()


def since_epoch(when: datetime) -> int:
    """Microseconds."""
    return (when.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def ends_of(text: Any, zone: str) -> tuple[int, int] | None:
    """First and last microsecond of a date as the random histories write them: days, and times with an offset."""
    if not isinstance(text, str) or not text[:4].isdecimal():
        return None
    try:
        if "T" in text:
            return (since_epoch(datetime.fromisoformat(text)),) * 2
        day = date.fromisoformat(text)
    except ValueError:
        return None
    following = day + timedelta(days=1)
    begins = [datetime(each.year, each.month, each.day, tzinfo=ZoneInfo(zone)) for each in (day, following)]
    return since_epoch(begins[0]), since_epoch(begins[1]) - 1


def date_holds(op: str, operand: Any, value: Any, zone: str, at: int) -> bool:
    """Whether a field that holds a date, or a list of such, compares so at an instant."""
    return any(_compares(op, operand, ends, zone, at) for each in several(value) if (ends := ends_of(each, zone)))


def instant_holds(op: str, operand: Any, instant: int, zone: str, at: int) -> bool:
    """Whether an instant does."""
    return _compares(op, operand, (instant, instant), zone, at)


def _compares(op: str, operand: Any, ends: tuple[int, int], zone: str, at: int) -> bool:
    first, last = ends
    match op:
        case "within_next":
            return last >= at and first <= at + microseconds(operand)
        case "within_last":
            return first <= at and last > at - microseconds(operand)
    limits = ends_of(operand, zone)
    assert limits is not None
    return last < limits[0] if op == "before" else first > limits[1]


def date_changes(table: Mapping[str, Any], value: Any, zone: str) -> Iterator[int]:
    """Every instant at which time alone may change what the operators of a table say of a date."""
    for op in {"within_next", "within_last"} & set(table):
        for ends in filter(None, (ends_of(each, zone) for each in several(value))):
            length = microseconds(table[op])
            yield from (ends[0] - length, ends[0], ends[1] + 1, ends[1] + length)


def amount(value: Any) -> Fraction | None:
    """The amount that a property has or writes, to six decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        exact = Fraction(str(value))
    except ValueError:
        return None
    return Fraction(round(exact * 10**6), 10**6) if abs(exact) <= 10**12 else None
