"""From a file's text to raw tables, and from what pydantic has against them to lines that a person can act on."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final
from unicodedata import normalize

from pydantic import ValidationError

from domain.files.problems import Mistake, ModelError, Path, not_allowed, unknown

LARGEST: Final = 1_000_000
"""Longest file, in characters."""

_MISSING: Final[Mapping[str, str]] = {
    "stages": 'at least one stage, such as [[stages]] with name = "lead"',
    "name": 'a name, such as name = "pricing"',
    "on": 'a touchpoint type, such as on = "page_viewed"',
    "points": "a number, such as points = 10",
    "where": 'a condition, such as where = { "profile.country" = "CN" }',
    "when": 'a condition, such as when = { did = "page_viewed", at_least = 3, within = "7d" }',
    "reason": 'a text, such as reason = "employee"',
    "grades": "least points, such as grades = { A = 20, B = 10, C = 0 }",
    "window": 'a duration, such as window = "14d"',
    "type": 'what it speaks, such as type = "webhook"',
    "url": 'its address, such as url = { env = "LEADLINE_BERLIN_URL" }',
    "currency": 'the three letters of a currency, such as currency = "USD"',
    "from": 'the first day of the rate, such as from = "2026-01-01"',
    "rate": "units of the currency of reports for one unit, such as rate = 7.8",
    "steps": 'a list of steps, such as steps = [ { on = "page_viewed" }, { on = "form_submitted" } ]',
}
_NAMED: Final[tuple[Path, ...]] = (
    ("stages",),
    ("score", "rules"),
    ("fit", "rules"),
    ("channels", "rules"),
    ("segments",),
    ("funnels",),
    ("destinations",),
    ("tags",),
    ("sales", "owners"),
)
_SHOWN: Final = 120
"""Characters of a line that an error repeats."""
_PLACE: Final = re.compile(
    r"(?P<message>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.S
)


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises ModelError with the line and column of a syntax error."""
    if len(text) > LARGEST:
        raise ModelError([Mistake((), f"the file has {len(text)} characters, allowed are {LARGEST}")])
    try:
        text.encode()
        return tomllib.loads(normalize("NFC", text.removeprefix("\ufeff")))
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        problem = f"line {line}: found a character that is no Unicode text, allowed is UTF-8"
    except tomllib.TOMLDecodeError as error:
        problem = _syntax(str(error), text)
        raise ModelError([Mistake((), problem)], [problem, *_shown(str(error), text)]) from None
    except (ValueError, RecursionError) as error:
        reason = "tables or lists nested too deep" if isinstance(error, RecursionError) else str(error)
        problem = f"the file is no TOML that can be read: {reason}"
    raise ModelError([Mistake((), problem)]) from None


def _syntax(message: str, text: str) -> str:
    place = _PLACE.match(message)
    if place is None:
        return f"the file is no TOML: {message}"
    last = text.count("\n") + 1
    where = f"line {place['line']}, column {place['column']}" if place["line"] else f"line {last} (end of the file)"
    return f"{where}: {place['message']}; the file is no TOML"


def _shown(message: str, text: str) -> Iterator[str]:
    """The line that a syntax error is about, and what most often lies behind such a one."""
    place = _PLACE.match(message)
    if place is None or place["line"] is None:
        return
    number = int(place["line"])
    written = text.split("\n")[number - 1].strip()[:_SHOWN]
    yield f"  {number} | {written}"
    if hint := _usual_reason(place["message"], written):
        yield f"  {hint}"


def _usual_reason(message: str, written: str) -> str | None:
    """What most often lies behind such an error, told by the line as it is written."""
    if wide := [mark for mark in "“”‘’＂＇＝［］｛｝，．" if mark in written]:
        return f"{wide[0]} is a full-width or curly character: TOML knows only the plain \" ' = [ ] {{ }} , ."
    if re.search(r"=\s*[+-]?[0-9]+,[0-9]+\s*(#.*)?\Z", written):
        return "a decimal number has a point: 1.5"
    if "twice" in message or "overwrite" in message.lower() or "Cannot mutate" in message:
        return "an entry of a list has double brackets, each time: [[stages]], [[score.rules]]"
    if re.search(r"=\s*[^\W\d]\w*\s*(#.*)?\Z", written) and not re.search(r"=\s*(true|false|inf|nan)\b", written):
        return 'a text stands in quotes: name = "lead"'
    return None


def repeated(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """What is wrong between entries: a name that another entry of its list has, and a first stage that is a detour."""
    for path in _NAMED:
        seen: dict[str, int] = {}
        for place, table in enumerate(tables(raw, path)):
            name = table.get("name")
            if not isinstance(name, str):
                continue
            if name in seen:
                other = ".".join(map(str, path)) + f"[{seen[name]}]"
                yield Mistake((*path, place, "name"), not_allowed(name, f"a name of its own ({other} has this one)"))
            seen.setdefault(name, place)
    stages = tables(raw, ("stages",))
    in_use = [place for place, stage in enumerate(stages) if stage.get("retired") is not True]
    if stages and not in_use:
        yield Mistake(("stages",), "all of them are retired, allowed is at least one that is in use")
    elif stages and stages[in_use[0]].get("detour") is True:
        allowed = "a stage that is no detour first: there an identified person begins"
        yield Mistake(("stages", in_use[0], "detour"), not_allowed(True, allowed))


def tables(raw: Any, path: Path) -> list[Mapping[str, Any]]:
    """The list of tables at a path, whatever stands there (an empty table for an entry that is none)."""
    for key in path:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return [entry if isinstance(entry, dict) else {} for entry in raw] if isinstance(raw, list) else []


def names(raw: Any, path: Path) -> tuple[str, ...]:
    """The names of the tables at a path, those that have one."""
    return tuple(name for table in tables(raw, path) if isinstance(name := table.get("name"), str))


def explain(error: ValidationError, keys: Mapping[Path, tuple[str, ...]]) -> Iterator[Mistake]:
    """Every problem that pydantic found. `keys` are the allowed keys by the path of their table, without places."""
    for problem in error.errors(include_url=False):
        path, raw = problem["loc"], problem["input"]
        match problem["type"]:
            case "extra_forbidden":
                table = tuple(part for part in path[:-1] if isinstance(part, str))
                yield Mistake(path, unknown(str(path[-1]), keys[table]))
            case "missing":
                yield Mistake(path, f"missing, required is {_MISSING[str(path[-1])]}")
            case "too_short" if raw:
                continue  # pydantic counts the good entries only; the bad ones are problems already
            case "tuple_type" | "too_short":
                yield Mistake(path, not_allowed(raw, _list_at(path)))
            case "model_type" | "model_attributes_type" | "dict_type":
                yield Mistake(path, not_allowed(raw, "a table"))
            case "value_error" if isinstance(inner := problem["ctx"]["error"], ModelError):
                yield from inner.under(path)
            case "value_error":
                yield Mistake(path, str(problem["ctx"]["error"]))
            case _:
                yield Mistake(path, not_allowed(raw, problem["msg"]))


def _list_at(path: Path) -> str:
    key = str(path[-1])
    if key == "requires":
        return 'a list of fields such as ["profile.company"]'
    if key == "was":
        return 'a list of former names such as ["client"]'
    if key == "enter":
        return 'a list of what moves a lead here, such as [ { on = "order_placed" } ]'
    if key == "steps":
        return _MISSING["steps"]
    if key == "ignore":
        return 'a list of hosts such as ["pay.example.com"]'
    whole = ".".join(part for part in path if isinstance(part, str))
    return f"a list of one or more tables, each written as [[{whole}]]"
