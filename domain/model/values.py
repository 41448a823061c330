"""The values of the model file that are more than a text or a number: limits, thresholds, labels, conditions."""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from pydantic import ValidationInfo

from domain.conditions.parse import GRADES, Scope, parse_condition
from domain.conditions.tree import Condition
from domain.files.durations import parse_duration
from domain.files.problems import Mistake, ModelError, Path, meant, not_allowed, unknown
from domain.files.values import MANY, is_number, read_count, read_duration, read_number, read_property, read_text

FITS: Final = GRADES[:-1]
"""The grades that `fit.grades` may give points for; the last is for what is left."""
MOST_LIMITS: Final = 48
"""Of the bands of one field: with both ends, and those without a number, fifty groups."""

_LIMIT: Final = re.compile(r"(once|[0-9]{1,9}) per ([0-9]+[a-z])\Z")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")
_REQUIRED: Final = re.compile(r"profile\.[^.\s]+\Z")
_HOST: Final = re.compile(r"[^\s/:@?#.]+(\.[^\s/:@?#.]+)*\Z")
_ZONE: Final = re.compile(r"[A-Za-z_]+(/[A-Za-z0-9_+-]+)+\Z")


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` times within a rolling `within` (microseconds), or ever where that is None.

    `per` is the path of a property: it counts for each of its values. () counts all.
    """

    count: int
    within: int | None = None
    per: tuple[str, ...] = ()


def read_limit(raw: Any) -> Limit:
    """How often a rule may give points: "once", "once per 24h", "3 per 24h", { count = 1, per = "path" }."""
    if isinstance(raw, Limit):
        return raw
    if isinstance(raw, dict) and raw:
        return _limit_of_table(raw)
    table = '{ count = 1, within = "24h", per = "path" }'
    allowed = f'"once", "once per 24h" or "3 per 24h" (1 to {MANY} times per duration), or {table}'
    if raw == "once":
        return Limit(1)
    parts = _LIMIT.match(raw) if isinstance(raw, str) else None
    try:
        if parts and (count := 1 if parts[1] == "once" else int(parts[1])) in range(1, MANY + 1):
            return Limit(count, parse_duration(parts[2]))
    except ValueError:
        pass
    raise ValueError(not_allowed(raw, allowed))


def _limit_of_table(raw: dict[str, Any]) -> Limit:
    readers: dict[str, Callable[[Any], Any]] = {
        "count": lambda value: read_count(value, 1),
        "within": read_duration,
        "per": read_property,
    }
    problems = [Mistake((key,), unknown(key, readers)) for key in raw if key not in readers]
    if "count" not in raw:
        problems.append(Mistake(("count",), "missing, required is how many times, such as count = 1"))
    given = {key: value for key, value in raw.items() if key in readers}
    return Limit(**_each(given, lambda key, value: readers[key](value), problems))


def read_length(raw: Any, info: ValidationInfo) -> int:
    """A duration: a text in a file, microseconds where a model is made in Python."""
    if info.context is None and isinstance(raw, int) and raw > 0:
        return raw
    return read_duration(raw)


def read_label(raw: Any) -> str | dict[str, str]:
    """A text, or a table from language to text."""
    if isinstance(raw, str):
        return read_text(raw)
    if not isinstance(raw, dict) or not raw:
        raise ValueError(
            not_allowed(raw, 'a text, or a table from language to text such as { en = "Lead", zh = "线索" }')
        )
    problems = [
        Mistake((key,), not_allowed(key, 'a language such as "en" or "zh-Hant"'))
        for key in raw
        if not _LANGUAGE.match(key)
    ]
    return _each(raw, lambda key, value: read_text(value), problems)


def read_required(raw: Any) -> str:
    """A field of the person, as `profile.company`."""
    if isinstance(raw, str) and _REQUIRED.match(raw):
        return raw
    flat = raw.removeprefix("profile.").replace(".", "_") if isinstance(raw, str) else ""
    hint = f' (did you mean "profile.{flat}"?)' if re.match(r"[a-z_]+\Z", flat) else ""
    raise ValueError(not_allowed(raw, f'a field of the person such as "profile.company"{hint}'))


def read_timezone(raw: Any) -> str:
    """A time zone's name. The one place of the domain that reads the system's files: its list of time zones."""
    allowed = 'the name of a time zone such as "Asia/Shanghai"'
    if not isinstance(raw, str):
        raise ValueError(not_allowed(raw, allowed))
    try:
        if raw == "UTC" or zoneinfo.ZoneInfo(raw).key == raw:
            return raw
    except (KeyError, ValueError, OSError):  # no such zone, or no zones on this machine
        pass
    zones = zoneinfo.available_timezones()
    if not zones and _ZONE.match(raw):
        return raw
    raise ValueError(not_allowed(raw, allowed + meant(raw, sorted(zones))))


def read_bands(raw: Any) -> dict[str, tuple[float, ...]]:
    """Ascending limits by field of the person, its name with or without `profile.`."""
    if not isinstance(raw, dict):
        raise ValueError(not_allowed(raw, "a table of fields such as amount = [5000, 10000, 20000]"))
    if isinstance(raw.get("profile"), dict):  # what TOML makes of an unquoted profile.amount
        raw = {name: limits for name, limits in raw.items() if name != "profile"} | raw["profile"]
    bands = {}
    for name, limits in raw.items():
        numbers = limits if isinstance(limits, list) and 0 < len(limits) <= MOST_LIMITS else []
        rising = all(is_number(each) for each in numbers) and all(low < high for low, high in pairwise(numbers))
        if not numbers or not rising:
            allowed = f"a list of up to {MOST_LIMITS} numbers in ascending order"
            raise ValueError(f"{name}: {not_allowed(limits, allowed)}")
        bands[name.removeprefix("profile.")] = tuple(numbers)
    return bands


def read_claims(raw: Any) -> str:
    """What claims do to a profile."""
    if raw not in ("fill", "update"):
        raise ValueError(not_allowed(raw, '"fill" or "update"'))
    return str(raw)


def read_grades(raw: Any) -> dict[str, float]:
    """The least points of each grade, falling from A on."""
    if not isinstance(raw, dict) or not raw:
        raise ValueError(not_allowed(raw, "a table of least points such as { A = 20, B = 10, C = 0 }"))
    rest = GRADES[-1]
    problems = [
        Mistake((key,), f"{rest} is the grade of all the rest and takes no points; allowed: {', '.join(FITS)}")
        if key == rest
        else Mistake((key,), unknown(key, FITS, "grade"))
        for key in raw
        if key not in FITS
    ]
    grades = _each(raw, lambda key, value: read_number(value), problems)
    given = [grade for grade in FITS if grade in grades]
    for better, worse in pairwise(given):
        if grades[better] <= grades[worse]:
            text = f"found {grades[worse]:g}, allowed is less than the {grades[better]:g} of {better}"
            problems.append(Mistake((worse,), text))
    if problems:
        raise ModelError(problems)
    return {grade: grades[grade] for grade in given}


def read_hot_at(raw: Any) -> float | dict[str, float]:
    """The heat from which a lead is hot: one number, or one for each grade that can be hot."""
    allowed = "a number above 0"
    if not isinstance(raw, dict):
        return read_number(raw, f"{allowed}, or a table of such by grade", least=0, beyond=True)
    if not raw:
        raise ValueError(not_allowed(raw, f"{allowed}, or a table by grade such as {{ A = 60, B = 80 }}"))
    problems = [Mistake((key,), unknown(key, GRADES, "grade")) for key in raw if key not in GRADES]
    grades = _each(raw, lambda key, value: read_number(value, allowed, least=0, beyond=True), problems)
    return {grade: grades[grade] for grade in GRADES if grade in grades}


def read_rearm_at(raw: Any, hot_at: float | dict[str, float]) -> float:
    """The heat at which a hot episode ends; None gives three quarters of the least `hot_at`."""
    least = min(hot_at.values()) if isinstance(hot_at, dict) else hot_at
    if raw is None:
        return 0.75 * least
    allowed = f"a number above 0, below hot_at ({least:g})"
    rearm_at = read_number(raw, allowed, least=0, beyond=True)
    if rearm_at >= least:
        raise ValueError(not_allowed(raw, allowed))
    return rearm_at


def read_host(raw: Any) -> str:
    """A host such as "pay.example.com", in lower case."""
    host = raw.lower().rstrip(".") if isinstance(raw, str) else ""
    if not _HOST.match(host):
        raise ValueError(not_allowed(raw, 'a host such as "pay.example.com", without scheme, port and path'))
    return host


def read_where(scope: Scope) -> Callable[[Any, ValidationInfo], Condition]:
    """A reader of conditions; the names of the file's stages come in the validation's context."""

    def read(raw: Any, info: ValidationInfo) -> Condition:
        if isinstance(raw, Condition):
            return raw
        if not info.context:
            return parse_condition(raw, scope)
        known = info.context
        return parse_condition(raw, scope, (), known["stages"], known["former"], known["channels"], known["segments"])

    return read


def check_present(name: str, info: ValidationInfo) -> None:
    """Refuse a former name of a stage, with the present one. Raises ValueError."""
    former: Mapping[str, str] = info.context["former"] if info.context else {}
    if name in former:
        raise ValueError(not_allowed(name, f'"{former[name]}": that is what this stage is called now'))


def _each(
    raw: dict[str, Any], read: Callable[[str, Any], Any], problems: list[Mistake], path: Path = ()
) -> dict[str, Any]:
    """Every value of a table, read. Raises ModelError with the problems so far and its own."""
    values = {}
    for key, value in raw.items():
        try:
            values[key] = read(key, value)
        except ValueError as error:
            problems.append(Mistake((*path, key), str(error)))
    if problems:
        raise ModelError(problems)
    return values
