"""Single values of the model file. Each reader returns the value or raises ValueError, whose text is the problem."""

import math
import re
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from domain.files.durations import ALLOWED, parse_duration
from domain.files.problems import Mistake, ModelError, not_allowed
from domain.touchpoints.claims import snake_case

LARGEST: Final = 1e12
"""Greatest amount of points and heat: sums of them stay exact enough and finite."""

SMALLEST: Final = 1e-6
"""Smallest amount of points and heat beside 0: quotients of amounts stay finite."""

MANY: Final = 10_000
"""Greatest count (of a limit, of `at_least`): the fold remembers that many instants a lead."""

DISTINCT: Final = 1_000
"""Greatest count of different values or days: the fold remembers each of them a lead."""

MILLION: Final = 1_000_000
_SURE: Final = 2.0**40
"""Below it a product with `MILLION` is less than 0.001 off."""

_TYPE: Final = re.compile(r"[a-z0-9_\u0080-\U0010ffff]{1,100}\Z")
_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]+(?P<rest>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\s*\Z")
_LONGEST: Final = 40
"""Longest text that is read as a number, in characters."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def read_text(raw: Any, allowed: str = "a text", longest: int = 200) -> str:
    """A text that is not blank, without control characters and spaces around it."""
    if not isinstance(raw, str):
        raise ValueError(not_allowed(raw, allowed))
    if not raw.strip() or raw != raw.strip() or len(raw) > longest or _CONTROL.search(raw):
        limits = f"1 to {longest} characters, no control characters, no spaces around it"
        raise ValueError(not_allowed(raw, f"{allowed} of {limits}"))
    return raw


def read_name(raw: Any) -> str:
    """A name that also stands in addresses (`/api/segments/NAME/members`)."""
    name = read_text(raw, "a name", 100)
    if "/" in name:
        raise ValueError(not_allowed(raw, "a name without a slash (it stands in the addresses of the API)"))
    return name


def is_type(text: str) -> bool:
    """Whether a text may be a touchpoint type."""
    return bool(_TYPE.match(text))


def read_type(raw: Any) -> str:
    """A touchpoint type, snake_case."""
    if isinstance(raw, str) and is_type(raw):
        return raw
    meant = snake_case(raw) if isinstance(raw, str) else ""
    hint = f" (did you mean {meant}?)" if meant else ""
    raise ValueError(not_allowed(raw, f"a touchpoint type in snake_case such as page_viewed{hint}"))


def read_types(raw: Any) -> str | tuple[str, ...]:
    """A touchpoint type, or a list of which any counts: several in alphabetical order, one alone as it is."""
    if not isinstance(raw, list):
        return read_type(raw)
    if not raw:
        raise ValueError(not_allowed(raw, "a touchpoint type such as page_viewed, or a list of such"))
    types, problems = set(), []
    for place, each in enumerate(raw):
        try:
            types.add(read_type(each))
        except ValueError as error:
            problems.append(Mistake((place,), str(error)))
    if problems:
        raise ModelError(problems)
    return tuple(sorted(types)) if len(types) > 1 else types.pop()


def read_property(raw: Any) -> tuple[str, ...]:
    """The path of a property of a touchpoint: "path", "utm.source"."""
    names = raw if isinstance(raw, tuple) else tuple(raw.split(".")) if isinstance(raw, str) else ()
    if not all(names) or not names or names[0] in ("profile", "context"):
        raise ValueError(not_allowed(raw, 'a property of the touchpoint such as "path"'))
    return names


def read_day(raw: Any) -> date:
    """A day, as TOML or as a text writes it."""
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ValueError(not_allowed(raw, 'a day such as "2026-12-21"')) from None


def read_flag(raw: Any) -> bool:
    """true or false."""
    if not isinstance(raw, bool):
        raise ValueError(not_allowed(raw, "true or false"))
    return raw


def is_number(raw: Any) -> bool:
    """Whether a value is a finite number; true and false are none."""
    return isinstance(raw, int | float) and not isinstance(raw, bool) and (isinstance(raw, int) or math.isfinite(raw))


def read_number(raw: Any, allowed: str = "a number", least: float = -LARGEST, beyond: bool = False) -> float:
    """A finite number from `least` (with `beyond`: above it) up to `LARGEST`, not next to 0, as a float."""
    tiny = is_number(raw) and 0 < abs(raw) < SMALLEST
    if is_number(raw) and least <= raw <= LARGEST and not tiny and not (beyond and raw == least):
        return float(raw) + 0.0  # no -0.0
    limit = f" up to {LARGEST:.0f}" if is_number(raw) and abs(raw) > LARGEST else ""
    raise ValueError(not_allowed(raw, allowed + (f" (not closer to 0 than {SMALLEST:f})" if tiny else limit)))


def read_count(raw: Any, least: int, most: int = MANY) -> int:
    """A whole number from `least` to `most`."""
    if isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most:
        return raw
    why = " (each is remembered of every lead)" if most < MANY and isinstance(raw, int) and raw > most else ""
    raise ValueError(not_allowed(raw, f"a whole number from {least} to {most}{why}"))


def number_of(value: Any) -> int | float | None:
    """The number that a value is or, as forms send it, writes."""
    if isinstance(value, str):
        if len(value) > _LONGEST or not (parts := _NUMBER.match(value)):
            return None
        return float(value) if parts["rest"] else int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def millionths(number: int | float) -> int:
    """A finite number as whole millionths; halves of one go to the even one, as the number is written in decimals."""
    if isinstance(number, int) or number.is_integer():
        return int(number) * MILLION
    near = number * MILLION
    if abs(near) < _SURE and abs(near - (whole := round(near))) < 0.49:
        return whole  # as below, four times as fast
    return int((Decimal(repr(number)) * MILLION).to_integral_value(ROUND_HALF_EVEN))


def amount_of(value: Any) -> int | None:
    """The amount that a value is or writes, in millionths; None: none, or one beyond `LARGEST`."""
    number = number_of(value)
    return millionths(number) if number is not None and -LARGEST <= number <= LARGEST else None


def read_duration(raw: Any) -> int:
    """A duration such as "24h", in microseconds."""
    if isinstance(raw, str):
        try:
            return parse_duration(raw)
        except ValueError:
            pass
    raise ValueError(not_allowed(raw, ALLOWED))
