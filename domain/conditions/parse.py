"""Reads the condition tree from a file's tables, and says everything that is wrong with them at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final, Literal, TypeVar

from domain.conditions.tree import (
    HEAT_OPS,
    OPS,
    AnyOf,
    Condition,
    Did,
    Field,
    Heat,
    InGrade,
    InStage,
    Not,
    Operand,
    Scalar,
    either,
    every,
)
from domain.files.problems import ModelError, Path, Problem, found, meant, unknown
from domain.files.values import is_number, read_count, read_duration, read_number, read_type

Scope = Literal["touchpoint", "person", "segment", "row"]
"""What a condition is asked about: a touchpoint and its person; a person's profile alone; a lead (profile, history and
state); or a row of an import, whose bare fields are its columns."""

GRADES: Final = ("A", "B", "C", "D")
DEPTH: Final = 16
"""How deep `all`, `any` and `not` may nest."""

_Value = TypeVar("_Value")
_UNREAD: Final[Operand] = ""
_NEVER: Final = AnyOf(())
"""Stands where a part could not be read: the whole is refused anyway."""

_DID_KEYS: Final = ("where", "at_least", "at_most", "within")
_HOLDS: Final = ("all", "any", "not")
_SEGMENT_KEYS: Final = (*_HOLDS, "did", *_DID_KEYS, "stage", "grade", "heat")
_EXAMPLE: Final[Mapping[str, str]] = {
    "touchpoint": '{ path = { starts_with = "/pricing" } }',
    "person": '{ "profile.country" = "CN" }',
    "segment": '{ did = "page_viewed", at_least = 3, within = "7d" }',
    "row": '{ lifecycle = "COMPLETE" }',
}


def parse_condition(
    raw: Any,
    scope: Scope,
    where_path: Path | str = (),
    stages: Collection[str] | None = None,
    former: Mapping[str, str] | None = None,
) -> Condition:
    """The condition that a table holds. `where_path` is where it stands in its file, for messages.

    `stages` are the names that `stage` may give ("visitor" may always); None: they are not checked. `former` gives the
    present name of a former one.
    Raises ModelError with everything that is wrong.
    """
    path = tuple(where_path.split(".")) if isinstance(where_path, str) and where_path else tuple(where_path)
    reader = _Reader(scope, stages, former or {})
    condition = reader.table(raw, path)
    if reader.problems:
        raise ModelError(reader.problems)
    return condition


class _Reader:
    """Reads one condition; what is wrong gathers in `problems` while it goes on."""

    def __init__(self, scope: Scope, stages: Collection[str] | None, former: Mapping[str, str]) -> None:
        self.scope, self.stages, self.former = scope, stages, former
        self.problems: list[Problem] = []

    def refuse(self, path: Path, text: str) -> Condition:
        self.problems.append(Problem(path, text))
        return _NEVER

    def value(self, path: Path, read: Callable[[], _Value], otherwise: _Value) -> _Value:
        """What `read` gives; where it objects, that is a problem here."""
        try:
            return read()
        except ValueError as error:
            self.refuse(path, str(error))
            return otherwise

    def table(self, raw: Any, path: Path, depth: int = 1) -> Condition:
        """A table: all of its keys hold."""
        if not isinstance(raw, dict) or not raw:
            return self.refuse(path, found(raw, f"a condition: a table such as {_EXAMPLE[self.scope]}"))
        if depth > DEPTH:
            return self.refuse(path, f"nested too deep: allowed are {DEPTH} levels")
        return every([self.entry(key, raw, path, depth) for key in raw if not self.did_part(key, raw, path)])

    def did_part(self, key: str, raw: Mapping[str, Any], path: Path) -> bool:
        """Whether a key belongs to the `did` beside it (and is read with it)."""
        if self.scope != "segment" or key not in _DID_KEYS:
            return False
        if "did" not in raw:
            self.refuse((*path, key), f"found {key} without did; allowed only beside it, as {_EXAMPLE['segment']}")
        return True

    def entry(self, key: str, table: Mapping[str, Any], path: Path, depth: int) -> Condition:
        """One key of a table."""
        raw, here = table[key], (*path, key)
        match key:
            case "all":
                return every(self.tables(raw, here, depth))
            case "any":
                return either(self.tables(raw, here, depth))
            case "not":
                return Not(self.table(raw, here, depth + 1))
        if self.scope == "segment":
            match key:
                case "did":
                    return self.did(table, path, depth)
                case "stage":
                    return InStage(self.names(raw, here, "stage", self.stages))
                case "grade":
                    return InGrade(self.names(raw, here, "grade", GRADES))
                case "heat":
                    return self.heat(raw, here)
                case "segment":
                    return self.refuse(here, f"segment is not built yet; allowed: {', '.join(_SEGMENT_KEYS)}")
        return self.field(key, raw, here)

    def tables(self, raw: Any, path: Path, depth: int) -> list[Condition]:
        """The list under `all` or `any`."""
        if not isinstance(raw, list) or not raw:
            self.refuse(path, found(raw, f"a list of conditions such as [ {_EXAMPLE[self.scope]} ]"))
            return []
        return [self.table(part, (*path, place), depth + 1) for place, part in enumerate(raw)]

    # ---- fields --------------------------------------------------------------------------------------------------

    def field(self, key: str, raw: Any, here: Path) -> Condition:
        """A field by its name; `profile = { country = ... }` is what TOML makes of an unquoted profile.country."""
        if self.scope == "row":
            return self.compared((key,), False, raw, here)
        if key == "profile" and isinstance(raw, dict) and raw and not set(raw) & set(OPS):
            return every([self.compared((name,), True, value, (*here, name)) for name, value in raw.items()])
        names = tuple(key.split("."))
        if not all(names) or key == "profile":
            return self.refuse(here, 'found a field without a name, allowed is such as "profile.country"')
        if names[0] == "profile":
            return self.compared(names[1:], True, raw, here)
        if self.scope == "touchpoint":
            return self.property(names, raw, here)
        keys = _SEGMENT_KEYS if self.scope == "segment" else _HOLDS
        hint = "" if meant(key, keys) else f' (the person\'s field is "profile.{key}")'
        return self.refuse(here, unknown(key, (*keys, '"profile.<field>"')) + hint)

    def property(self, names: tuple[str, ...], raw: Any, here: Path) -> Condition:
        """A property of the touchpoint. Two names would never hold there, and are refused for what they were meant."""
        if names == ("did",):
            return self.refuse(here, "did asks about the whole history: allowed only in a segment's when")
        if names[0] == "context":
            allowed = 'a property, "profile.<field>", all, any, not'
            return self.refuse(here, f"context is not for conditions; allowed: {allowed}")
        return self.compared(names, False, raw, here)

    def compared(self, names: tuple[str, ...], profile: bool, raw: Any, here: Path) -> Condition:
        """A field with a value (equal), or with a table of operators that all hold."""
        if isinstance(raw, list):
            return self.refuse(here, "found a list, allowed is one value, or { in = [...] } for any of several")
        if not isinstance(raw, dict):
            return self.operator(names, profile, "eq", raw, here)
        if not raw:
            return self.refuse(here, f"found an empty table, allowed: a value, or a table of {', '.join(OPS)}")
        return every([self.operator(names, profile, op, operand, (*here, op)) for op, operand in raw.items()])

    def operator(self, names: tuple[str, ...], profile: bool, op: str, raw: Any, here: Path) -> Condition:
        if op not in OPS:
            whole = ".".join((*(("profile",) if profile else ()), *names, op))
            nested = "" if self.scope == "row" or meant(op, OPS) else f'; a nested field is quoted whole: "{whole}"'
            return self.refuse(here, unknown(op, OPS, "operator") + nested)
        operand = self.value(here, lambda: _operand(op, raw), _UNREAD)
        if profile and names == ("email",):
            operand = _lowered(operand)
        return Field(names, profile, op, operand)

    # ---- what only a segment asks --------------------------------------------------------------------------------

    def did(self, raw: Mapping[str, Any], path: Path, depth: int) -> Condition:
        on = self.value((*path, "did"), lambda: read_type(raw["did"]), "")
        where = within = at_most = None
        if "where" in raw:
            inner = _Reader("touchpoint", None, {})
            where = inner.table(raw["where"], (*path, "where"), depth + 1)
            self.problems += inner.problems
        at_least = self.value((*path, "at_least"), lambda: read_count(raw.get("at_least", 1), 0), 1)
        if "at_most" in raw:
            at_most = self.value((*path, "at_most"), lambda: read_count(raw["at_most"], 0), at_least)
            if at_most < at_least:
                hint = ' (for "never" give at_least = 0 too, or use not)' if at_most == 0 else ""
                self.refuse((*path, "at_most"), f"found {at_most}, allowed is at_least ({at_least}) or more{hint}")
        elif at_least == 0:
            self.refuse((*path, "at_least"), "found 0, allowed is 1 or more; 0 only with at_most, as it always holds")
        if "within" in raw:
            within = self.value((*path, "within"), lambda: read_duration(raw["within"]), 1)
        return Did(on, where, at_least, at_most, within)

    def names(self, raw: Any, here: Path, what: str, known: Collection[str] | None) -> frozenset[str]:
        """The value of `stage` or `grade`: a name or a list of names."""
        names = raw if isinstance(raw, list) else [raw]
        if not names or not all(isinstance(name, str) for name in names):
            self.refuse(here, found(raw, f"the name of a {what} or a list of names"))
            return frozenset()
        if known is not None:
            allowed = tuple(known) if what == "grade" else ("visitor", *known)
            for place, name in enumerate(names):
                if name not in allowed:
                    now = self.former.get(name) if what == "stage" else None
                    text = f'"{now}": that is what this stage is called now'
                    problem = found(name, text) if now else unknown(name, allowed, what)
                    self.refuse((*here, place) if isinstance(raw, list) else here, problem)
        return frozenset(names)

    def heat(self, raw: Any, here: Path) -> Condition:
        if not isinstance(raw, dict) or not raw:
            return self.refuse(here, found(raw, f"a table of {', '.join(HEAT_OPS)} such as {{ gte = 50 }}"))
        return every([self.heat_operator(op, value, (*here, op)) for op, value in raw.items()])

    def heat_operator(self, op: str, raw: Any, here: Path) -> Condition:
        if op not in HEAT_OPS:
            return self.refuse(here, unknown(op, HEAT_OPS, "operator"))
        return Heat(op, self.value(here, lambda: read_number(raw, "a number from 0", least=0), 0.0))


def _operand(op: str, raw: Any) -> Operand:
    """What a field is compared with. Raises ValueError with what is allowed."""
    match op:
        case "exists" if not isinstance(raw, bool):
            raise ValueError(found(raw, "true or false"))
        case "in" | "not_in":
            if not isinstance(raw, list) or not raw:
                raise ValueError(found(raw, "a list of texts, numbers, true or false"))
            return _several(map(_scalar, raw))
        case "starts_with" | "ends_with" if not isinstance(raw, str) or not raw:
            raise ValueError(found(raw, "a text that is not empty"))
        case "contains" if not (is_number(raw) or (isinstance(raw, str) and raw)):
            raise ValueError(found(raw, "a text that is not empty, or a number"))
        case "gt" | "gte" | "lt" | "lte" if not (is_number(raw) or isinstance(raw, str)):
            raise ValueError(found(raw, "a number or a text") + _dates(raw))
    return _scalar(raw)


def _scalar(raw: Any) -> Scalar:
    if isinstance(raw, str | bool):
        return raw
    if not is_number(raw):
        raise ValueError(found(raw, "a text, a finite number, true or false") + _dates(raw))
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _dates(raw: Any) -> str:
    return f'; a time is compared as a text: "{raw}"' if isinstance(raw, date | datetime | time) else ""


def _several(values: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """Without repeats and in one order, which has no meaning; true is not 1."""
    kinds = {("text" if isinstance(one, str) else "flag" if isinstance(one, bool) else "number", one) for one in values}
    return tuple(one for _, one in sorted(kinds))


def _lowered(operand: Operand) -> Operand:
    if isinstance(operand, tuple):
        return _several(one.lower() if isinstance(one, str) else one for one in operand)
    return operand.lower() if isinstance(operand, str) else operand
