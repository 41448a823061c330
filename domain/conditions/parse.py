"""Reads the condition tree from a file's tables, and says everything that is wrong with them at once."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any, Final, Literal, TypeVar, assert_never

from domain.conditions.tree import (
    ORDERS,
    SOURCE_FIELDS,
    AnyOf,
    Condition,
    Did,
    Field,
    Heat,
    InGrade,
    InStage,
    Not,
    Of,
    Op,
    Operand,
    Scalar,
    Word,
    either,
    every,
    fields_of,
)
from domain.files.problems import Mistake, ModelError, Path, meant, not_allowed, unknown
from domain.files.values import is_number, read_count, read_duration, read_number, read_property, read_type

Scope = Literal["touchpoint", "person", "segment", "source", "row"]
"""What a condition is asked about: a touchpoint, its person and source; a person's profile alone; a lead (profile,
source, history and state); a source alone, that has no channel yet; or a row of an import: bare fields are columns."""

GRADES: Final = ("A", "B", "C", "D")
DEPTH: Final = 16
"""How deep `all`, `any` and `not` may nest."""

_Value = TypeVar("_Value")
_UNREAD: Final[Operand] = ""
_NEVER: Final = AnyOf(())
"""Stands where a part could not be read: the whole is refused anyway."""

_DID_KEYS: Final = ("where", "same", "at_least", "at_most", "within")
_OPS: Final = frozenset(Op)
_HOLDS: Final = (Word.ALL, Word.ANY, Word.NOT)
_OF_LEAD: Final = tuple(word for word in Word if word not in _HOLDS)
_SEGMENT_KEYS: Final = (*_HOLDS, Word.DID, *_DID_KEYS, *(word for word in _OF_LEAD if word != Word.DID))
_EXAMPLE: Final[Mapping[str, str]] = {
    "touchpoint": '{ path = { starts_with = "/pricing" } }',
    "person": '{ "profile.country" = "CN" }',
    "segment": '{ did = "page_viewed", at_least = 3, within = "7d" }',
    "source": '{ "source.source" = "trade fair" }',
    "row": '{ lifecycle = "COMPLETE" }',
}


def parse_condition(
    raw: Any,
    scope: Scope,
    where_path: Path | str = (),
    stages: Collection[str] | None = None,
    former: Mapping[str, str] | None = None,
    channels: Collection[str] | None = None,
) -> Condition:
    """The condition that a table holds. `where_path` is where it stands in its file, for messages.

    `stages` are the names that `stage` may give ("visitor" may always); None: they are not checked. `former` gives the
    present name of a former one. `channels` are the names that `source.channel` may equal; None: they are not checked.
    Raises ModelError with everything that is wrong.
    """
    path = tuple(where_path.split(".")) if isinstance(where_path, str) and where_path else tuple(where_path)
    reader = _Reader(scope, stages, former or {}, channels)
    condition = reader.table(raw, path)
    if reader.problems:
        raise ModelError(reader.problems)
    return condition


class _Reader:
    """Reads one condition; what is wrong gathers in `problems` while it goes on."""

    def __init__(
        self,
        scope: Scope,
        stages: Collection[str] | None,
        former: Mapping[str, str],
        channels: Collection[str] | None,
    ) -> None:
        self.scope, self.stages, self.former, self.channels = scope, stages, former, channels
        self.problems: list[Mistake] = []

    def refuse(self, path: Path, text: str) -> Condition:
        self.problems.append(Mistake(path, text))
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
            return self.refuse(path, not_allowed(raw, f"a condition: a table such as {_EXAMPLE[self.scope]}"))
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
        raw, path = table[key], (*path, key)
        allowed = _HOLDS if self.scope != "segment" else (*_HOLDS, *_OF_LEAD)
        if key in allowed:
            return self.node(Word(key), table, raw, path, depth)
        if key == "segment" and self.scope == "segment":
            return self.refuse(path, f"segment is not built yet; allowed: {', '.join(_SEGMENT_KEYS)}")
        return self.field(key, raw, path)

    def node(self, word: Word, table: Mapping[str, Any], raw: Any, path: Path, depth: int) -> Condition:
        """A node that stands under a key of its own."""
        match word:
            case Word.ALL:
                return every(self.tables(raw, path, depth))
            case Word.ANY:
                return either(self.tables(raw, path, depth))
            case Word.NOT:
                return Not(self.table(raw, path, depth + 1))
            case Word.DID:
                return self.did(table, path[:-1], depth)
            case Word.STAGE:
                return InStage(self.names(raw, path, "stage", self.stages))
            case Word.GRADE:
                return InGrade(self.names(raw, path, "grade", GRADES))
            case Word.HEAT:
                return self.heat(raw, path)
            case _:
                assert_never(word)

    def tables(self, raw: Any, path: Path, depth: int) -> list[Condition]:
        """The list under `all` or `any`."""
        if not isinstance(raw, list) or not raw:
            self.refuse(path, not_allowed(raw, f"a list of conditions such as [ {_EXAMPLE[self.scope]} ]"))
            return []
        return [self.table(part, (*path, place), depth + 1) for place, part in enumerate(raw)]

    # ---- fields --------------------------------------------------------------------------------------------------

    def field(self, key: str, raw: Any, path: Path) -> Condition:
        """A field by its name; `profile = { country = ... }` is what TOML makes of an unquoted profile.country."""
        if self.scope == "row":
            return self.compared((key,), Of.TOUCHPOINT, raw, path)
        if key in ("profile", "source") and isinstance(raw, dict) and raw and not set(raw) & set(Op):
            return every([self.field(f"{key}.{name}", value, (*path, name)) for name, value in raw.items()])
        names = tuple(key.split("."))
        if not all(names) or key == "profile":
            return self.refuse(path, 'found a field without a name, allowed is such as "profile.country"')
        if names[0] == "profile":
            if len(names) > 2:
                return self.refuse(path, f"a person's fields are flat: allowed is {_flat(names[1:])}")
            return self.compared(names[1:], Of.PERSON, raw, path)
        if names[0] == "source" and len(names) > 1 and self.scope != "person":
            return self.source(names[1:], raw, path)
        if self.scope == "touchpoint":
            return self.property(names, raw, path)
        keys = _SEGMENT_KEYS if self.scope == "segment" else _HOLDS
        hint = "" if meant(key, keys) else f' (the person\'s field is "profile.{key}")'
        return self.refuse(path, unknown(key, (*keys, '"profile.<field>"')) + hint)

    def source(self, names: tuple[str, ...], raw: Any, path: Path) -> Condition:
        """A field of the source; what names a channel that there is not would never hold, and is refused."""
        allowed = SOURCE_FIELDS if self.scope != "source" else SOURCE_FIELDS[1:]  # a channel is what these decide
        if len(names) > 1 or names[0] not in allowed:
            fields = tuple(f"source.{name}" for name in allowed)
            return self.refuse(path, unknown(f"source.{'.'.join(names)}", fields, "field"))
        condition = self.compared(names, Of.SOURCE, raw, path)
        if names == ("channel",) and self.channels is not None:
            for field in fields_of(condition):
                operands = field.operand if isinstance(field.operand, tuple) else (field.operand,)
                for name in operands if field.op in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN) else ():
                    if name not in self.channels:
                        self.refuse(path, unknown(str(name), self.channels, "channel"))
        return condition

    def property(self, names: tuple[str, ...], raw: Any, path: Path) -> Condition:
        """A property of the touchpoint. Two names would never hold there, and are refused for what they were meant."""
        if names == ("did",):
            return self.refuse(path, "did asks about the whole history: allowed only in a segment's when")
        if names[0] == "context":
            allowed = 'a property, "profile.<field>", all, any, not'
            return self.refuse(path, f"context is not for conditions; allowed: {allowed}")
        return self.compared(names, Of.TOUCHPOINT, raw, path)

    def compared(self, names: tuple[str, ...], of: Of, raw: Any, path: Path) -> Condition:
        """A field with a value (equal), or with a table of operators that all hold."""
        if isinstance(raw, list):
            return self.refuse(path, "found a list, allowed is one value, or { in = [...] } for any of several")
        if not isinstance(raw, dict):
            return self.operator(names, of, "eq", raw, path)
        if not raw:
            return self.refuse(path, f"found an empty table, allowed: a value, or a table of {', '.join(Op)}")
        return every([self.operator(names, of, op, operand, (*path, op)) for op, operand in raw.items()])

    def operator(self, names: tuple[str, ...], of: Of, op: str, raw: Any, path: Path) -> Condition:
        if op not in _OPS:
            whole = _flat((*names, op)) if of is Of.PERSON else f'"{".".join((*names, op))}"'
            nested = "" if self.scope == "row" or meant(op, Op) else f"; a nested field is quoted whole: {whole}"
            return self.refuse(path, unknown(op, Op, "operator") + nested)
        operand = self.value(path, lambda: _operand(Op(op), raw), _UNREAD)
        if of is Of.PERSON and names == ("email",):
            operand = _lowered(operand)
        return Field(names, of, Op(op), operand)

    # ---- what only a segment asks --------------------------------------------------------------------------------

    def did(self, raw: Mapping[str, Any], path: Path, depth: int) -> Condition:
        on = self.value((*path, "did"), lambda: read_type(raw["did"]), "")
        where = within = at_most = None
        if "where" in raw:
            inner = _Reader("touchpoint", None, {}, self.channels)
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
        return Did(on, where, at_least, at_most, within, self.same(raw, path, at_least))

    def same(self, raw: Mapping[str, Any], path: Path, at_least: int) -> tuple[str, ...]:
        """The property of which one value must repeat."""
        if "same" not in raw:
            return ()
        if "at_most" in raw:
            self.refuse((*path, "at_most"), "found at_most beside same, allowed is at_least; for less use not")
        elif at_least < 2:
            self.refuse((*path, "same"), f"found same with at_least {at_least}, allowed is 2 or more: one repeats none")
        return self.value((*path, "same"), lambda: read_property(raw["same"]), ())

    def names(self, raw: Any, path: Path, kind: str, declared: Collection[str] | None) -> frozenset[str]:
        """The value of `stage` or `grade`: a name or a list of names."""
        names = raw if isinstance(raw, list) else [raw]
        if not names or not all(isinstance(name, str) for name in names):
            self.refuse(path, not_allowed(raw, f"the name of a {kind} or a list of names"))
            return frozenset()
        if declared is not None:
            allowed = tuple(declared) if kind == "grade" else ("visitor", *declared)
            for place, name in enumerate(names):
                if name not in allowed:
                    now = self.former.get(name) if kind == "stage" else None
                    text = f'"{now}": that is what this stage is called now'
                    problem = not_allowed(name, text) if now else unknown(name, allowed, kind)
                    self.refuse((*path, place) if isinstance(raw, list) else path, problem)
        return frozenset(names)

    def heat(self, raw: Any, path: Path) -> Condition:
        if not isinstance(raw, dict) or not raw:
            return self.refuse(path, not_allowed(raw, f"a table of {', '.join(ORDERS)} such as {{ gte = 50 }}"))
        return every([self.heat_operator(op, value, (*path, op)) for op, value in raw.items()])

    def heat_operator(self, op: str, raw: Any, path: Path) -> Condition:
        for order in ORDERS:
            if op == order:
                return Heat(order, self.value(path, lambda: read_number(raw, "a number from 0", least=0), 0.0))
        return self.refuse(path, unknown(op, ORDERS, "operator"))


def _operand(op: Op, raw: Any) -> Operand:
    """What a field is compared with. Raises ValueError with what is allowed."""
    match op:
        case Op.EXISTS:
            return _checked(raw, isinstance(raw, bool), "true or false")
        case Op.IN | Op.NOT_IN:
            if not isinstance(raw, list) or not raw:
                raise ValueError(not_allowed(raw, "a list of texts, numbers, true or false"))
            return _several(map(_scalar, raw))
        case Op.STARTS_WITH | Op.ENDS_WITH:
            return _checked(raw, isinstance(raw, str) and raw != "", "a text that is not empty")
        case Op.CONTAINS:
            fits = is_number(raw) or (isinstance(raw, str) and raw != "")
            return _checked(raw, fits, "a text that is not empty, or a number")
        case Op.GT | Op.GTE | Op.LT | Op.LTE:
            return _checked(raw, is_number(raw) or isinstance(raw, str), "a number or a text", _dates(raw))
        case Op.EQ | Op.NE:
            return _scalar(raw)
        case _:
            assert_never(op)


def _checked(raw: Any, fits: bool, allowed: str, hint: str = "") -> Scalar:
    if not fits:
        raise ValueError(not_allowed(raw, allowed) + hint)
    return _scalar(raw)


def _flat(names: tuple[str, ...]) -> str:
    return f'"profile.{"_".join(names)}"'


def _scalar(raw: Any) -> Scalar:
    if isinstance(raw, str | bool):
        return raw
    if not is_number(raw):
        raise ValueError(not_allowed(raw, "a text, a finite number, true or false") + _dates(raw))
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _dates(raw: Any) -> str:
    return f'; a time is compared as a text: "{raw}"' if isinstance(raw, date | datetime | time) else ""


def _several(values: Iterable[Scalar]) -> tuple[Scalar, ...]:
    """Without repeats and in one order, which has no meaning; true is not 1."""
    kinds = {
        ("text" if isinstance(value, str) else "flag" if isinstance(value, bool) else "number", value)
        for value in values
    }
    return tuple(value for _, value in sorted(kinds))


def _lowered(operand: Operand) -> Operand:
    if isinstance(operand, tuple):
        return _several(each.lower() if isinstance(each, str) else each for each in operand)
    return operand.lower() if isinstance(operand, str) else operand
