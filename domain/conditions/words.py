"""A condition in words, for people who read a report: `to is customer`. In which language, and with whose names for
things, says a `Speech`; what is said is always of the same parts, and can be read in one way only."""

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from domain.conditions.tree import (
    Aggregate,
    All,
    AnyOf,
    Condition,
    Date,
    DateField,
    DateOp,
    Did,
    DidAmount,
    DidDistinct,
    DidWhen,
    Field,
    Heat,
    InGrade,
    InSegment,
    InStage,
    Not,
    Of,
    Op,
    Scalar,
)
from domain.files.durations import show_duration
from domain.files.values import MILLION


class Speech:
    """Plain English with the names of a model file. Another language translates `say`, whose texts are marked so: what
    stands in them as {name} are parts that are said already."""

    def say(self, text: str, **parts: str) -> str:
        """A text with its parts."""
        return text.format(**parts)

    def field(self, of: Of, path: Sequence[str]) -> str:
        """What a field is called."""
        return ("" if of is Of.TOUCHPOINT else f"{of}.") + ".".join(path)

    def touchpoint(self, type: str) -> str:
        """What a type of touchpoint is called."""
        return type

    def stage(self, name: str) -> str:
        """What a stage is called; also `visitor`."""
        return name

    def segment(self, name: str) -> str:
        """What a segment is called."""
        return name

    def value(self, field: Field, value: Scalar) -> str:
        """What a field is compared with, as a model file writes it, texts without their quotes."""
        return str(value).lower() if isinstance(value, bool) else str(value)

    def number(self, number: float) -> str:
        """A number."""
        return f"{number:.15g}"

    def length(self, microseconds: int) -> str:
        """A length of time."""
        return show_duration(microseconds)

    def day(self, date: str) -> str:
        """A day or a time, as a model file writes it."""
        return date


PLAIN: Final = Speech()


def in_words(condition: Condition, speech: Speech = PLAIN) -> str:
    """One line."""
    return _Words(speech).of(condition)


class _Words:
    def __init__(self, speech: Speech) -> None:
        self.speech = speech
        self.say = speech.say

    def of(self, condition: Condition) -> str:
        match condition:
            case Field():
                return self._field(condition)
            case All(()):
                return self.say("always")
            case AnyOf(()):
                return self.say("never")
            case All(parts):
                return self._both(map(self.of, parts))
            case AnyOf(parts):
                return self._apart(self._either(map(self._one, parts)))
            case Not(part):
                inner = self.of(part)
                return self.say("not {part}", part=inner if isinstance(part, AnyOf) else self._apart(inner))
            case DateField(name, op, operand):
                field = self.speech.field(Of.PERSON, (name,))
                return self.say("{field} {when}", field=field, when=self._dated(op, operand))
            case Did() | DidAmount() | DidDistinct() | DidWhen():
                return self._did(condition)
            case InStage(names):
                return self.say("stage is {names}", names=self._either(map(self.speech.stage, sorted(names))))
            case InGrade(names):
                return self.say("grade is {names}", names=self._either(sorted(names)))
            case InSegment(names):
                return self.say("segment is {names}", names=self._either(map(self.speech.segment, sorted(names))))
            case Heat(op, value):
                return self._compared(self.say("heat"), op, self.speech.number(value))
            case _:
                assert_never(condition)

    def _one(self, part: Condition) -> str:
        """A part of something longer: what consists of several stands in parentheses."""
        return self._apart(self.of(part)) if isinstance(part, All) else self.of(part)

    def _apart(self, said: str) -> str:
        return self.say("({part})", part=said)

    def _both(self, parts: Iterable[str]) -> str:
        first, *others = parts
        return self.say("{first} and {rest}", first=first, rest=self._both(others)) if others else first

    def _either(self, parts: Iterable[str]) -> str:
        first, *others = parts
        return self.say("{first} or {rest}", first=first, rest=self._either(others)) if others else first

    def _field(self, field: Field) -> str:
        name = self.speech.field(field.of, field.path)
        if field.op is Op.EXISTS:
            return (
                self.say("{field} is there", field=name)
                if field.operand
                else self.say("{field} is not there", field=name)
            )
        operands = field.operand if isinstance(field.operand, tuple) else (field.operand,)
        values = self.say(", ").join(self.speech.value(field, each) for each in operands)
        return self._compared(name, field.op, values)

    def _compared(self, field: str, op: Op, value: str) -> str:
        match op:
            case Op.EQ:
                return self.say("{field} is {value}", field=field, value=value)
            case Op.NE:
                return self.say("{field} is not {value}", field=field, value=value)
            case Op.IN:
                return self.say("{field} is one of {value}", field=field, value=value)
            case Op.NOT_IN:
                return self.say("{field} is none of {value}", field=field, value=value)
            case Op.GT:
                return self.say("{field} is more than {value}", field=field, value=value)
            case Op.GTE:
                return self.say("{field} is at least {value}", field=field, value=value)
            case Op.LT:
                return self.say("{field} is less than {value}", field=field, value=value)
            case Op.LTE:
                return self.say("{field} is at most {value}", field=field, value=value)
            case Op.STARTS_WITH:
                return self.say("{field} starts with {value}", field=field, value=value)
            case Op.ENDS_WITH:
                return self.say("{field} ends with {value}", field=field, value=value)
            case Op.CONTAINS:
                return self.say("{field} contains {value}", field=field, value=value)
            case Op.EXISTS:
                raise AssertionError("it is compared with nothing")
            case _:
                assert_never(op)

    def _dated(self, op: DateOp, operand: Date) -> str:
        match op:
            case DateOp.BEFORE:
                return self.say("before {date}", date=self.speech.day(str(operand)))
            case DateOp.AFTER:
                return self.say("after {date}", date=self.speech.day(str(operand)))
            case DateOp.WITHIN_NEXT:
                return self.say("within the next {length}", length=self.speech.length(int(operand)))
            case DateOp.WITHIN_LAST:
                return self.say("within the last {length}", length=self.speech.length(int(operand)))
            case _:
                assert_never(op)

    def _did(self, did: Did | DidAmount | DidDistinct | DidWhen) -> str:
        types = self._either(map(self.speech.touchpoint, [did.on] if isinstance(did.on, str) else did.on))
        if did.where is None:
            done = self.say("did {types}", types=types)
        else:
            done = self.say("did {types} where {condition}", types=types, condition=self._one(did.where))
        if isinstance(did, DidWhen):
            return self._at_an_end(done, did)
        asked = self._asked(done, did)
        return (
            asked
            if did.within is None
            else self.say("{done} within {length}", done=asked, length=self.speech.length(did.within))
        )

    def _at_an_end(self, done: str, did: DidWhen) -> str:
        when = self._dated(did.op, did.operand)
        match did.end:
            case Aggregate.FIRST:
                return self.say("{done}, the first time {when}", done=done, when=when)
            case Aggregate.LAST:
                return self.say("{done}, the last time {when}", done=done, when=when)
            case _:
                assert_never(did.end)

    def _asked(self, done: str, did: Did | DidAmount | DidDistinct) -> str:
        match did:
            case Did(at_least=1, at_most=None, same=()):
                return done
            case Did(at_least=least, at_most=most, same=()):
                return self._times(done, least, most)
            case Did(at_least=least, at_most=most, same=same):
                return self.say(
                    "{done} {bounds} times with the same {field}",
                    done=done, bounds=self._counted(least, most), field=self.speech.field(Of.TOUCHPOINT, same),
                )  # fmt: skip
            case DidDistinct(path=(), at_least=least, at_most=most):
                return self._days(done, least, most)
            case DidDistinct(path=path, at_least=least, at_most=most):
                return self.say(
                    "{done} with {bounds} different values of {field}",
                    done=done, bounds=self._counted(least, most), field=self.speech.field(Of.TOUCHPOINT, path),
                )  # fmt: skip
            case DidAmount():
                return self._amount(done, did)
            case _:
                assert_never(did)

    def _amount(self, done: str, did: DidAmount) -> str:
        least, most = (None if each is None else each / MILLION for each in (did.at_least, did.at_most))
        field, bounds = self.speech.field(Of.TOUCHPOINT, did.path), self._bounds(least, most)
        match did.of:
            case Aggregate.SUM:
                return self.say("{done} with sum of {field} {bounds}", done=done, field=field, bounds=bounds)
            case Aggregate.MAX:
                return self.say("{done} with max of {field} {bounds}", done=done, field=field, bounds=bounds)
            case Aggregate.MIN:
                return self.say("{done} with min of {field} {bounds}", done=done, field=field, bounds=bounds)
            case _:
                assert_never(did.of)

    def _times(self, done: str, least: float | None, most: float | None) -> str:
        match least or 0, most:
            case _, 0:
                return self.say("never {done}", done=done)
            case 1, 1:
                return self.say("{done} exactly once", done=done)
            case 0, 1:
                return self.say("{done} at most once", done=done)
            case _:
                return self.say("{done} {bounds} times", done=done, bounds=self._counted(least, most))

    def _days(self, done: str, least: float | None, most: float | None) -> str:
        match least or 0, most:
            case _, 0:
                return self.say("never {done}", done=done)
            case 1, 1:
                return self.say("{done} on exactly one day", done=done)
            case 0, 1:
                return self.say("{done} on at most one day", done=done)
            case 1, None:
                return self.say("{done} on at least one day", done=done)
            case _:
                return self.say("{done} on {bounds} days", done=done, bounds=self._counted(least, most))

    def _counted(self, least: float | None, most: float | None) -> str:
        """Bounds of what is counted, which is never less than 0."""
        return self._bounds(None if most is not None and not least else least, most)

    def _bounds(self, least: float | None, most: float | None) -> str:
        if least is None:
            return self.say("at most {most}", most=self.speech.number(most or 0))
        if most is None:
            return self.say("at least {least}", least=self.speech.number(least))
        if least == most:
            return self.say("exactly {number}", number=self.speech.number(most))
        numbers = {"least": self.speech.number(least), "most": self.speech.number(most)}
        return self.say("at least {least} and at most {most}", **numbers)
