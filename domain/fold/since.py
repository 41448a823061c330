"""Tests of what a lead remembers: what holds at an instant, and the next instant at which time alone changes that."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Final, assert_never

from domain.conditions.tree import Date, DateOp
from domain.files.times import span_of
from domain.fold.counter import RARELY, amounts_of, earliest_of, total
from domain.fold.lead import Lead
from domain.touchpoints.touchpoint import NEVER, Instant

Answer = tuple[bool, int]
"""Whether it holds, and the next instant at which time alone may change that (`NEVER`)."""
Test = Callable[[Lead, Instant], Answer]

_LAST: Final[int] = NEVER
_NONE: Final[Sequence[int]] = ()


def counted(place: str, at_least: int, at_most: int | None, within: int | None) -> Test:
    """Whether so many of the instants that are remembered lie in the window."""

    def test(lead: Lead, at: Instant) -> Answer:
        matches = lead.did.get(place, _NONE)
        holds, until = True, _LAST
        if at_least:
            holds, until = still(matches, at_least, within, at)
        if at_most is not None:
            more, ends = still(matches, at_most + 1, within, at)
            holds, until = holds and not more, min(until, ends)
        return holds, until

    return test


def repeated(place: str, within: int | None) -> Test:
    """Whether any one value was matched often enough; time ends that when it ends it for the last of such values."""
    key = earliest_of(place)

    def test(lead: Lead, at: Instant) -> Answer:
        earliest = max(lead.did.get(key, _NONE), default=RARELY)
        return (False, NEVER) if earliest == RARELY else still((earliest,), 1, within, at)

    return test


def still(matches: Sequence[int], count: int, within: int | None, at: Instant) -> Answer:
    """Whether at least `count` matches lie in the window (at - within, at], and when the oldest of those leaves it."""
    if len(matches) < count:
        return False, NEVER
    if within is None:
        return True, NEVER
    leaves = matches[-count] + within
    return (True, leaves) if leaves > at else (False, NEVER)


# ---- amounts, in millionths ----


def summed(place: str, least: int | None, most: int | None) -> Test:
    """Whether the sum of all is between them; of none it is 0."""

    def test(lead: Lead, at: Instant) -> Answer:
        kept = lead.did.get(place)
        return _between(0 if kept is None else total(kept), least, most), NEVER

    return test


def extreme(place: str, sign: int, least: int | None, most: int | None) -> Test:
    """Whether the greatest of all, or the least, is between them; of none there is none."""

    def test(lead: Lead, at: Instant) -> Answer:
        kept = lead.did.get(place)
        return kept is not None and _between(sign * kept[0], least, most), NEVER

    return test


def summed_within(place: str, least: int | None, most: int | None, within: int) -> Test:
    """As `summed`, of those in the window; changes when so much has left that the sum is on another side."""
    key = amounts_of(place)

    def test(lead: Lead, at: Instant) -> Answer:
        instants, amounts = lead.did.get(place, _NONE), lead.did.get(key, _NONE)
        first = bisect_right(instants, at - within)
        if first:
            instants, amounts = instants[first:], amounts[first:]
        left = sum(amounts)
        change = _falls if min(amounts, default=0) >= 0 else _changes
        number = change(instants, amounts, left, least, most)
        return _between(left, least, most), instants[number] + within if number < len(instants) else NEVER

    return test


def _falls(instants: Sequence[int], amounts: Sequence[int], left: int, least: int | None, most: int | None) -> int:
    """With which of those that leave a sum without negative parts gets on another side; their number: with none."""
    if least is not None and left < least:
        return len(amounts)
    below = most is None or left <= most
    if below and least is None:
        return len(amounts)
    gone = list(accumulate(amounts))
    if most is None or below:
        return bisect_right(gone, left - (least or 0))
    number = bisect_left(gone, left - most)
    if number == len(amounts):
        return number
    together = bisect_right(instants, instants[number], number) - 1  # what shares an instant leaves together
    return number if least is None or left - gone[together] >= least else len(amounts)


def _changes(instants: Sequence[int], amounts: Sequence[int], left: int, least: int | None, most: int | None) -> int:
    """As `_falls`, of any parts."""
    holds, last = _between(left, least, most), len(amounts) - 1
    for number, amount in enumerate(amounts):
        left -= amount
        together = number < last and instants[number + 1] == instants[number]
        if not together and _between(left, least, most) is not holds:
            return number
    return len(amounts)


def extreme_within(place: str, sign: int, least: int | None, most: int | None, within: int) -> Test:
    """As `extreme`, of those in the window: the first that has not left, then the next."""
    key = amounts_of(place)

    def test(lead: Lead, at: Instant) -> Answer:
        instants, amounts = lead.did.get(place, _NONE), lead.did.get(key, _NONE)
        first = bisect_right(instants, at - within)
        holds = first < len(instants) and _between(sign * amounts[first], least, most)
        for number in range(first, len(instants)):
            after = number + 1
            then = after < len(instants) and _between(sign * amounts[after], least, most)
            if then is not holds:
                return holds, instants[number] + within
        return holds, NEVER

    return test


def _between(value: int, least: int | None, most: int | None) -> bool:
    return (least is None or value >= least) and (most is None or value <= most)


# ---- dates ----


def instant_is(place: str, op: DateOp, operand: Date, zone: str) -> Test:
    """Whether the last of the instants that are remembered compares so."""
    holds_of = _compared(op, operand, zone)

    def test(lead: Lead, at: Instant) -> Answer:
        matches = lead.did.get(place)
        return (False, NEVER) if matches is None else _within(holds_of(matches[-1], matches[-1]), at)

    return test


def date_is(name: str, op: DateOp, operand: Date, zone: str) -> Test:
    """Whether a field of the person compares so; of a list, any element. What is no date never does."""
    holds_of = _compared(op, operand, zone)

    def holding(value: Any) -> tuple[int, int] | None:
        span = span_of(value, zone) if isinstance(value, str) else None
        return None if span is None else holds_of(span.first, span.last)

    def test(lead: Lead, at: Instant) -> Answer:
        value = lead.profile.get(name)
        values = value if isinstance(value, list) else [value]
        spans = [span for each in values if (span := holding(each)) is not None]
        return _within(spans[0], at) if len(spans) == 1 else _within_any(spans, at)

    return test


def _within(span: tuple[int, int], at: Instant) -> Answer:
    """Whether an instant lies in a time, from its first instant until before its second."""
    first, end = span
    if at < first:
        return False, first
    return (True, end) if at < end else (False, NEVER)


def _within_any(spans: Sequence[tuple[int, int]], at: Instant) -> Answer:
    """Whether an instant lies in one of these times; those that overlap end together."""
    ends = [end for first, end in spans if first <= at < end]
    if not ends:
        return False, min([first for first, _ in spans if first > at], default=NEVER)
    until, later = max(ends), sorted(span for span in spans if span[0] > at)
    for first, end in later:
        if first > until:
            break
        until = max(until, end)
    return True, until


def _compared(op: DateOp, operand: Date, zone: str) -> Callable[[int, int], tuple[int, int]]:
    """From first and last microsecond of a date to when it compares so: from an instant until before another."""
    always, never = (-_LAST, _LAST), (_LAST, _LAST)
    match op:
        case DateOp.WITHIN_NEXT:
            ahead = int(operand)
            return lambda first, last: (first - ahead, last + 1)
        case DateOp.WITHIN_LAST:
            back = int(operand)
            return lambda first, last: (first, last + back)
        case DateOp.BEFORE | DateOp.AFTER:
            limit = span_of(str(operand), zone)
            assert limit is not None, "read_date reads it so"
            if op is DateOp.BEFORE:
                return lambda first, last: always if last < limit.first else never
            return lambda first, last: always if first > limit.last else never
        case _:
            assert_never(op)
