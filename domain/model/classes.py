"""Classes that a model switches on, RFM and engagement: ordinary segments, made when the file is read.

Each is four segments, A the best: three declared limits, and D for who is below the last of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, PlainValidator, model_validator

from domain.conditions.tree import Aggregate, Condition, Did, DidAmount, DidDistinct, Not, Types, every
from domain.files.durations import DAY
from domain.files.problems import Mistake, ModelError, not_allowed
from domain.files.times import span_of
from domain.files.values import (
    DISTINCT,
    MANY,
    millionths,
    read_count,
    read_duration,
    read_number,
    read_property,
    read_types,
)
from domain.model.file import tables
from domain.model.part import Length, OfTouchpoint, Part

LETTERS: Final = ("A", "B", "C", "D")
OWN_ACTS: Final = (
    "cart_updated",
    "content_shared",
    "email_clicked",
    "event_attended",
    "file_downloaded",
    "form_submitted",
    "link_clicked",
    "message_received",
    "order_placed",
    "page_viewed",
)
"""The well-known types that a person does themselves; an open is often a mail program's."""

Drawable = Literal["recency", "frequency", "money"]
DRAWABLE: Final[tuple[Drawable, ...]] = ("recency", "frequency", "money")
"""Limits that can be drawn."""

_MONEY: Final = "rfm money"
_KINDS: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {
    "rfm": {
        "rfm recency": {"en": "Recency", "zh": "最近购买"},
        "rfm frequency": {"en": "Frequency", "zh": "购买频率"},
        _MONEY: {"en": "Money", "zh": "购买金额"},
    },
    "engagement": {"engagement": {"en": "Engagement", "zh": "活跃度"}},
}
"""What the tables of a file make, each once for each letter, and what people see of it."""

_Limits = tuple[int, int, int]


def _three(read: Callable[[Any], int], rises: bool, example: str) -> Callable[[Any], _Limits]:
    """A reader of the limits of A, B and C, each further off than the one before."""
    allowed = f"three {'rising' if rises else 'falling'} limits, of A, B and C, such as {example}"

    def limits(raw: Any) -> _Limits:
        if not isinstance(raw, list) or len(raw) != len(LETTERS) - 1:
            raise ValueError(not_allowed(raw, allowed))
        a, b, c = map(read, raw)
        if not all(one < other if rises else one > other for one, other in pairwise((a, b, c))):
            raise ValueError(f"found {', '.join(map(str, raw))}, allowed are {allowed}")
        return a, b, c

    return limits


def _amount(raw: Any) -> int:
    return millionths(read_number(raw, "an amount above 0", least=0, beyond=True))


def _read_quantiles(raw: Any) -> tuple[Drawable, ...]:
    if not isinstance(raw, list) or not raw or not all(name in DRAWABLE for name in raw):
        raise ValueError(not_allowed(raw, f"a list of {', '.join(DRAWABLE)}"))
    return tuple(name for name in DRAWABLE if name in raw)


def _read_drawn(raw: Any) -> int:
    text = raw.isoformat() if isinstance(raw, datetime) else raw
    written = span_of(text, "UTC") if isinstance(text, str) else None
    if written is None or written.first != written.last:
        raise ValueError(not_allowed(raw, "the time at which limits were drawn, such as 2026-11-21T08:00:00Z"))
    return written.first


_Types = Annotated[Types, BeforeValidator(read_types)]
_Property = Annotated[tuple[str, ...], PlainValidator(read_property)]
_Recency = Annotated[_Limits, PlainValidator(_three(read_duration, True, '["30d", "90d", "180d"]'))]
_Frequency = Annotated[_Limits, PlainValidator(_three(lambda raw: read_count(raw, 1, MANY), False, "[5, 2, 1]"))]
_Money = Annotated[_Limits | None, PlainValidator(_three(_amount, False, "[5000, 1000, 1]"))]
_Days = Annotated[_Limits, PlainValidator(_three(lambda raw: read_count(raw, 1, DISTINCT), False, "[10, 4, 1]"))]


class Rfm(Part):
    """How lately, how often and for how much somebody bought (microseconds, times, millionths), the last two `within`.

    The defaults of recency are those of the literature; what money is much, no default can know: None is no class.
    Limits of `quantiles` are drawn anew over all leads, `every` so long, and were last `drawn` at an instant: until the
    first time those that are declared hold.
    """

    on: _Types = "order_placed"
    where: OfTouchpoint = None
    amount: _Property = ("amount",)
    recency: _Recency = (30 * DAY, 90 * DAY, 180 * DAY)
    frequency: _Frequency = (5, 2, 1)
    money: _Money = None
    within: Length = 365 * DAY
    quantiles: Annotated[tuple[Drawable, ...], PlainValidator(_read_quantiles)] = ()
    every: Length = 30 * DAY
    drawn: Annotated[int | None, PlainValidator(_read_drawn)] = None

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        problems = []
        if self.money is None and "money" in self.quantiles:
            text = "found money, allowed is that beside money = [...]: these limits hold until others are drawn"
            problems.append(Mistake(("quantiles",), text))
        if not self.quantiles:
            extra = [name for name in ("every", "drawn") if name in self.model_fields_set]
            problems += [Mistake((name,), f"found {name}, allowed is that beside quantiles") for name in extra]
        if problems:
            raise ModelError(problems)
        return self

    @property
    def due(self) -> int | None:
        """When limits are to be drawn next, microseconds; None: never."""
        if not self.quantiles:
            return None
        return 0 if self.drawn is None else self.drawn + self.every

    def segments(self) -> Iterator[tuple[str, Condition]]:
        """Names and conditions."""
        ever = Did(self.on, self.where)
        lately = [Did(self.on, self.where, 1, None, each) for each in self.recency]
        recency, frequency, money = _KINDS["rfm"]
        yield from _classes(recency, [*lately, ever])
        often = [Did(self.on, self.where, each, None, self.within) for each in self.frequency]
        yield from _classes(frequency, [*often, ever])
        for letter, condition in zip(LETTERS, self._sums(ever), strict=False):
            yield f"{money} {letter}", condition

    def _sums(self, ever: Condition) -> Iterator[Condition]:
        """Of A to D, if there are limits: both bounds of each, so that each adds up once."""
        above: int | None = None
        for least in self.money or ():
            yield DidAmount(self.on, self.where, Aggregate.SUM, self.amount, least, above, self.within)
            above = least - 1
        if above is not None:
            yield every([ever, DidAmount(self.on, self.where, Aggregate.SUM, self.amount, None, above, self.within)])


class Engagement(Part):
    """On how many different days somebody did something, `within` (microseconds)."""

    on: _Types = OWN_ACTS
    where: OfTouchpoint = None
    days: _Days = (10, 4, 1)
    within: Length = 30 * DAY

    def segments(self) -> Iterator[tuple[str, Condition]]:
        """Names and conditions."""
        active = [DidDistinct(self.on, self.where, (), each, None, self.within) for each in self.days]
        (name,) = _KINDS["engagement"]
        yield from _classes(name, [*active, Did(self.on, self.where)])


def _classes(name: str, reaches: Sequence[Condition]) -> Iterator[tuple[str, Condition]]:
    """A class for each limit, of who reaches it and not the one before. Whoever reaches one reaches those after it."""
    for place, (letter, reached) in enumerate(zip(LETTERS, reaches, strict=True)):
        yield f"{name} {letter}", every([reached, Not(reaches[place - 1])] if place else [reached])


def label_of(name: str) -> dict[str, str]:
    """What people see instead of a class's name."""
    kind, _, letter = name.rpartition(" ")
    labels = next(kinds[kind] for kinds in _KINDS.values() if kind in kinds)
    return {language: f"{label} {letter}" for language, label in labels.items()}


def class_names(raw: Mapping[str, Any]) -> dict[str, str]:
    """The segments that a raw model file's classes make, and the table that makes each."""
    made = {}
    for table, names in _KINDS.items():
        for name in names if isinstance(raw.get(table), dict) else ():
            if name != _MONEY or "money" in raw[table]:
                made.update({f"{name} {letter}": table for letter in LETTERS})
    return made


def taken(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Segments that the file declares under the name of a class."""
    made = class_names(raw)
    for place, segment in enumerate(tables(raw, ("segments",))):
        if isinstance(name := segment.get("name"), str) and name in made:
            allowed = f"another name: [{made[name]}] makes the segments {', '.join(made)}"
            yield Mistake(("segments", place, "name"), not_allowed(name, allowed))
