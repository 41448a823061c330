"""Reads the condition tree from a file's tables, and says everything that is wrong with them at once."""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, NamedTuple, assert_never

from domain.conditions.did import DID_KEYS, read_did
from domain.conditions.gathering import Gathering
from domain.conditions.operands import UNREAD, lowered, read_date, read_operand
from domain.conditions.tree import (
    ORDERS,
    SOURCE_FIELDS,
    AnyOf,
    Condition,
    DateField,
    DateOp,
    Field,
    Heat,
    InGrade,
    InSegment,
    InStage,
    Not,
    Of,
    Op,
    Operand,
    Word,
    either,
    every,
    fields_of,
)
from domain.files.problems import ModelError, Path, meant, not_allowed, unknown
from domain.files.values import read_number

Scope = Literal["touchpoint", "person", "segment", "source", "row"]
"""What a condition is asked about: a touchpoint, its person and source; a person's profile alone; a lead (profile,
source, history and state); a source alone, that has no channel yet; or a row of an import: bare fields are columns."""

GRADES: Final = ("A", "B", "C", "D")
DEPTH: Final = 16
"""How deep `all`, `any` and `not` may nest."""

_UNREAD: Final[Operand] = ""
_NEVER: Final = AnyOf(())
"""Stands where a part could not be read: the whole is refused anyway."""

_OPS: Final = frozenset(Op)
_DATE_OPS: Final = frozenset(DateOp)
_OF_DATES: Final = 'allowed only over a "profile.<field>" in a segment\'s when (as a text a date is compared by gt, lt)'
_HOLDS: Final = (Word.ALL, Word.ANY, Word.NOT)
_OF_LEAD: Final = tuple(word for word in Word if word not in _HOLDS)
_SEGMENT_KEYS: Final = (*_HOLDS, Word.DID, *DID_KEYS, *(word for word in _OF_LEAD if word != Word.DID))
_EXAMPLE: Final[Mapping[str, str]] = {
    "touchpoint": '{ path = { starts_with = "/pricing" } }',
    "person": '{ "profile.country" = "CN" }',
    "segment": '{ did = "page_viewed", at_least = 3, within = "7d" }',
    "source": '{ "source.source" = "trade fair" }',
    "row": '{ lifecycle = "COMPLETE" }',
}


class _Names(NamedTuple):
    """The names that a file declares; None: they are not checked."""

    stages: Collection[str] | None = None
    former: Mapping[str, str] = {}
    channels: Collection[str] | None = None
    segments: Collection[str] | None = None


def parse_condition(
    raw: Any,
    scope: Scope,
    where_path: Path | str = (),
    stages: Collection[str] | None = None,
    former: Mapping[str, str] | None = None,
    channels: Collection[str] | None = None,
    segments: Collection[str] | None = None,
) -> Condition:
    """The condition that a table holds. `where_path` is where it stands in its file, for messages.

    `stages` are the names that `stage` may give ("visitor" may always); None: they are not checked. `former` gives the
    present name of a former one. `channels` are the names that `source.channel` may equal, `segments` those that
    `segment` may give; None: they are not checked. Raises ModelError with everything that is wrong.
    """
    path = tuple(where_path.split(".")) if isinstance(where_path, str) and where_path else tuple(where_path)
    reader = _Reader(scope, _Names(stages, former or {}, channels, segments))
    condition = reader.table(raw, path)
    if reader.problems:
        raise ModelError(reader.problems)
    return condition


class _Reader(Gathering):
    """Reads one condition; what is wrong gathers in `problems` while it goes on."""

    def __init__(self, scope: Scope, known: _Names) -> None:
        super().__init__()
        self.scope, self.known = scope, known

    def refuse(self, path: Path, text: str) -> Condition:
        """What stands for a part that could not be read."""
        self.note(path, text)
        return _NEVER

    def table(self, raw: Any, path: Path, depth: int = 1) -> Condition:
        """A table: all of its keys hold."""
        if not isinstance(raw, dict) or not raw:
            return self.refuse(path, not_allowed(raw, f"a condition: a table such as {_EXAMPLE[self.scope]}"))
        if depth > DEPTH:
            return self.refuse(path, f"nested too deep: allowed are {DEPTH} levels")
        return every([self.entry(key, raw, path, depth) for key in raw if not self.did_part(key, raw, path)])

    def did_part(self, key: str, raw: Mapping[str, Any], path: Path) -> bool:
        """Whether a key belongs to the `did` beside it (and is read with it)."""
        if self.scope != "segment" or key not in DID_KEYS:
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
                return InStage(self.names(raw, path, "stage", self.known.stages))
            case Word.GRADE:
                return InGrade(self.names(raw, path, "grade", GRADES))
            case Word.HEAT:
                return self.heat(raw, path)
            case Word.SEGMENT:
                return InSegment(self.names(raw, path, "segment", self.known.segments))
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
        if names == ("channel",) and self.known.channels is not None:
            for field in fields_of(condition):
                operands = field.operand if isinstance(field.operand, tuple) else (field.operand,)
                for name in operands if field.op in (Op.EQ, Op.NE, Op.IN, Op.NOT_IN) else ():
                    if name not in self.known.channels:
                        self.refuse(path, unknown(str(name), self.known.channels, "channel"))
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
            return self.refuse(
                path, f"found an empty table, allowed: a value, or a table of {', '.join(self.operators(of))}"
            )
        return every([self.operator(names, of, op, operand, (*path, op)) for op, operand in raw.items()])

    def operator(self, names: tuple[str, ...], of: Of, op: str, raw: Any, path: Path) -> Condition:
        if op in _DATE_OPS:
            return self.date(names, of, DateOp(op), raw, path)
        if op not in _OPS:
            whole = _flat((*names, op)) if of is Of.PERSON else f'"{".".join((*names, op))}"'
            allowed = self.operators(of)
            nested = "" if self.scope == "row" or meant(op, allowed) else f"; a nested field is quoted whole: {whole}"
            return self.refuse(path, unknown(op, allowed, "operator") + nested)
        operand = self.value(path, lambda: read_operand(Op(op), raw), _UNREAD)
        if of is Of.PERSON and names == ("email",):
            operand = lowered(operand)
        return Field(names, of, Op(op), operand)

    def operators(self, of: Of) -> tuple[str, ...]:
        """What a field may be compared by here."""
        return (*Op, *DateOp) if self.scope == "segment" and of is Of.PERSON else (*Op,)

    def date(self, names: tuple[str, ...], of: Of, op: DateOp, raw: Any, path: Path) -> Condition:
        """A field that holds a date: what it says depends on the time of asking and on the model's time zone."""
        if self.scope != "segment" or of is not Of.PERSON:
            return self.refuse(path, f"{op} depends on the time of asking and on the time zone: {_OF_DATES}")
        return DateField(names[0], op, self.value(path, lambda: read_date(op, raw), UNREAD))

    # ---- what only a segment asks --------------------------------------------------------------------------------

    def did(self, raw: Mapping[str, Any], path: Path, depth: int) -> Condition:
        """What the history must hold."""
        where = None
        if "where" in raw:
            inner = _Reader("touchpoint", _Names(channels=self.known.channels))
            where = inner.table(raw["where"], (*path, "where"), depth + 1)
            self.problems += inner.problems
        return read_did(raw, path, where, self)

    def names(self, raw: Any, path: Path, kind: str, declared: Collection[str] | None) -> frozenset[str]:
        """The value of `stage`, `grade` or `segment`: a name or a list of names."""
        names = raw if isinstance(raw, list) else [raw]
        if not names or not all(isinstance(name, str) for name in names):
            self.refuse(path, not_allowed(raw, f"the name of a {kind} or a list of names"))
            return frozenset()
        if declared is not None:
            allowed = ("visitor", *declared) if kind == "stage" else tuple(declared)
            for place, name in enumerate(names):
                if name not in allowed:
                    now = self.known.former.get(name) if kind == "stage" else None
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


def _flat(names: tuple[str, ...]) -> str:
    return f'"profile.{"_".join(names)}"'
