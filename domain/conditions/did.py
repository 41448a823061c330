"""Reads a `did` with what stands beside it: how often, or an aggregate of what was done."""

from collections.abc import Mapping
from typing import Any, Final, assert_never

from domain.conditions.gathering import Gathering
from domain.conditions.operands import UNREAD, read_date
from domain.conditions.tree import (
    Aggregate,
    AmountOf,
    Condition,
    Date,
    DateOp,
    Did,
    DidAmount,
    DidDistinct,
    DidWhen,
    EndOf,
    Types,
    every,
)
from domain.files.problems import Path, not_allowed, unknown
from domain.files.values import (
    DISTINCT,
    MANY,
    millionths,
    read_count,
    read_duration,
    read_flag,
    read_number,
    read_property,
    read_types,
)

_BOUNDS: Final = ("at_least", "at_most")
DID_KEYS: Final = ("where", *Aggregate, *_BOUNDS, "within")
"""What may stand beside a `did`."""

_ENDS: Final = (DateOp.BEFORE, DateOp.AFTER, DateOp.WITHIN_LAST)
_NEVER_AHEAD: Final = f"allowed: {', '.join(_ENDS)}; what was done lies never ahead"


def read_did(raw: Mapping[str, Any], path: Path, where: Condition | None, gathering: Gathering) -> Condition:
    """The condition of a table with `did`, whose `where` was read."""
    unread: Types = ""
    on = gathering.value((*path, "did"), lambda: read_types(raw["did"]), unread)
    given = [aggregate for aggregate in Aggregate if aggregate in raw]
    for other in given[1:]:
        allowed = f"one of {', '.join(Aggregate)}; several conditions stand in all = [...]"
        gathering.note((*path, other), f"found {other} beside {given[0]}, allowed is {allowed}")
    return _Did(raw, path, on, where, gathering).read(given[0] if given else None)


class _Did:
    """One such table."""

    def __init__(
        self, raw: Mapping[str, Any], path: Path, on: Types, where: Condition | None, gathering: Gathering
    ) -> None:
        self.raw, self.path, self.on, self.where, self.gathering = raw, path, on, where, gathering

    def read(self, aggregate: Aggregate | None) -> Condition:
        """The condition that it says with this aggregate."""
        match aggregate:
            case None:
                return Did(self.on, self.where, *self._counts(MANY), self._within())
            case Aggregate.SAME:
                at_least, at_most = self._counts(MANY)
                same = self._same(at_least)
                return Did(self.on, self.where, at_least, at_most, self._within(), same)
            case Aggregate.SUM | Aggregate.MAX | Aggregate.MIN:
                amounts = self._amounts(aggregate)
                return DidAmount(self.on, self.where, aggregate, self._property(aggregate), *amounts, self._within())
            case Aggregate.VALUES:
                return DidDistinct(
                    self.on, self.where, self._property(aggregate), *self._counts(DISTINCT), self._within()
                )
            case Aggregate.DAYS:
                if not self._value(aggregate, read_flag, True):
                    self._note(aggregate, not_allowed(False, "true (to count touchpoints leave it out)"))
                return DidDistinct(self.on, self.where, (), *self._counts(DISTINCT), self._within())
            case Aggregate.FIRST | Aggregate.LAST:
                return self._end(aggregate)
            case _:
                assert_never(aggregate)

    def _value(self, key: str, read: Any, otherwise: Any) -> Any:
        return self.gathering.value((*self.path, key), lambda: read(self.raw[key]), otherwise)

    def _note(self, key: str, text: str) -> None:
        self.gathering.note((*self.path, key), text)

    def _within(self) -> int | None:
        return self._value("within", read_duration, 1) if "within" in self.raw else None

    def _property(self, key: str) -> tuple[str, ...]:
        path: tuple[str, ...] = self._value(key, read_property, ("",))
        return path

    def _counts(self, most: int) -> tuple[int, int | None]:
        """`at_least` and `at_most`, as whole numbers."""
        at_least, at_most = 1, None
        if "at_least" in self.raw:
            at_least = self._value("at_least", lambda raw: read_count(raw, 0, most), 1)
        if "at_most" in self.raw:
            at_most = self._value("at_most", lambda raw: read_count(raw, 0, most), at_least)
            if at_most < at_least:
                hint = ' (for "never" give at_least = 0 too, or use not)' if at_most == 0 else ""
                self._note("at_most", f"found {at_most}, allowed is at_least ({at_least}) or more{hint}")
        elif at_least == 0:
            self._note("at_least", "found 0, allowed is 1 or more; 0 only with at_most, as it always holds")
        return at_least, at_most

    def _same(self, at_least: int) -> tuple[str, ...]:
        """The property of which one value must repeat."""
        if "at_most" in self.raw:
            self._note("at_most", "found at_most beside same, allowed is at_least; for less use not")
        elif at_least < 2:
            self._note("same", f"found same with at_least {at_least}, allowed is 2 or more: one repeats none")
        return self._property("same")

    def _amounts(self, of: AmountOf) -> tuple[int | None, int | None]:
        """`at_least` and `at_most`, in millionths."""
        at_least, at_most = (
            millionths(self._value(key, read_number, 0.0)) if key in self.raw else None for key in _BOUNDS
        )
        if at_least is None and at_most is None:
            self._note(of, f"found {of} alone, required is at_least or at_most beside it")
        elif at_least is not None and at_most is not None and at_most < at_least:
            self._note("at_most", f"found {self.raw['at_most']}, allowed is at_least ({self.raw['at_least']}) or more")
        return at_least, at_most

    def _end(self, end: EndOf) -> Condition:
        """`first` or `last`: all of its operators hold of one instant."""
        for key in (*_BOUNDS, "within"):
            if key in self.raw:
                self._note(key, f"found {key} beside {end}, allowed is {end} alone, with did and where")
        raw = self.raw[end]
        if not isinstance(raw, dict) or not raw:
            allowed = f'a table of {", ".join(_ENDS)} such as {{ within_last = "30d" }}'
            self._note(end, not_allowed(raw, allowed))
            return every([])
        return every([self._compared(end, op, operand) for op, operand in raw.items()])

    def _compared(self, end: EndOf, op: str, raw: Any) -> Condition:
        path = (*self.path, end, op)
        if op not in _ENDS:
            known = op in list(DateOp)
            self.gathering.note(path, f"found {op}, {_NEVER_AHEAD}" if known else unknown(op, _ENDS, "operator"))
            return every([])
        operand: Date = self.gathering.value(path, lambda: read_date(DateOp(op), raw), UNREAD)
        return DidWhen(self.on, self.where, end, DateOp(op), operand)
