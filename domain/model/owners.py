"""Owners in the model file: who may take care of a lead, who is away, and when they work."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainValidator, ValidationInfo

from domain.conditions.tree import SOURCE_FIELDS, Condition
from domain.files.problems import Mistake, ModelError, not_allowed, unknown
from domain.files.values import MANY, read_count, read_day, read_flag, read_name
from domain.model.asked import read_asked
from domain.model.destinations import CLOCK, DAYS, read_address
from domain.model.hours import Span, known_region
from domain.model.part import Part

CHATS: Final = ("slack", "wecom", "dingtalk", "feishu")
"""Where a message may mention somebody."""
ASKED: Final = ("grade", "stage", "heat", *(f"source.{field}" for field in SOURCE_FIELDS))
"""What an owner's `where` may ask of a lead, beside `profile.*`."""

NOBODY: Final = "none"
"""What readers ask for instead of an owner's name: no owner may be called so."""
_SPAN: Final = ("days", "from", "to")
_EXAMPLE: Final = '[{ days = ["Mon", "Tue", "Wed", "Thu", "Fri"], from = "09:00", to = "18:00" }]'

Week = tuple[tuple[Span, ...], ...]
"""Of each weekday (0: Monday) its spans, in order and apart."""


@dataclass(frozen=True, slots=True)
class Away:
    """Both days are part of it."""

    first: date
    last: date


def _read_each(raw: Any, read: Callable[[Any], Any], example: str) -> tuple[Any, ...]:
    """A list, each entry read."""
    if not isinstance(raw, list | tuple):
        raise ValueError(not_allowed(raw, f"a list such as {example}"))
    values: list[Any] = []
    problems: list[Mistake] = []
    for place, entry in enumerate(raw):
        try:
            values.append(read(entry))
        except ModelError as error:
            problems += error.under((place,))
        except ValueError as error:
            problems.append(Mistake((place,), str(error)))
    if problems:
        raise ModelError(problems)
    return tuple(values)


def read_days(raw: Any) -> frozenset[date]:
    """A list of days."""
    return frozenset(_read_each(sorted(raw) if isinstance(raw, frozenset) else raw, read_day, '["2026-12-24"]'))


def _read_away(raw: Any) -> tuple[Away, ...]:
    def pair(entry: Any) -> Away:
        if isinstance(entry, Away):
            return entry
        if not isinstance(entry, list) or len(entry) != 2:
            raise ValueError(not_allowed(entry, 'a first and a last day such as ["2026-12-21", "2027-01-02"]'))
        first, last = _read_each(entry, read_day, '["2026-12-21", "2027-01-02"]')
        if last < first:
            raise ValueError(not_allowed(str(last), f"a last day not before the first, {first}"))
        return Away(first, last)

    return _read_each(raw, pair, '[["2026-12-21", "2027-01-02"]]')


def read_hours(raw: Any) -> Week:
    """A list of spans; those of one weekday may not meet."""
    if isinstance(raw, tuple) and len(raw) == len(DAYS):
        return raw
    week: list[list[Span]] = [[] for _ in DAYS]
    for days, span in _read_each(raw, _read_span, _EXAMPLE):
        for day in days:
            week[day].append(span)
    for name, spans in zip(DAYS, week, strict=True):
        spans.sort(key=lambda span: span.start)
        for one, following in pairwise(spans):
            if one.end == time.min or one.end > following.start:
                raise ValueError(f"found two spans of {name} that overlap, allowed are spans apart from each other")
    if not any(week):
        raise ValueError(not_allowed(raw, f"one span or more, such as {_EXAMPLE}"))
    return tuple(map(tuple, week))


def _read_span(raw: Any) -> tuple[list[int], Span]:
    if not isinstance(raw, dict):
        raise ValueError(not_allowed(raw, 'a table such as { days = ["Mon"], from = "09:00", to = "18:00" }'))
    problems = [Mistake((key,), unknown(key, _SPAN)) for key in raw if key not in _SPAN]
    problems += [Mistake((key,), f"missing, required in {_EXAMPLE}") for key in _SPAN if key not in raw]
    days = raw.get("days", list(DAYS))
    if not isinstance(days, list) or not days:
        problems.append(Mistake(("days",), not_allowed(days, f"a list of days: {', '.join(DAYS)}")))
        days = []
    problems += [
        Mistake(("days", place), unknown(str(day), DAYS, "day")) for place, day in enumerate(days) if day not in DAYS
    ]
    clock = {}
    for key in _SPAN[1:]:
        text = raw.get(key, "00:00")
        if isinstance(text, str) and (CLOCK.match(text) or (key == "to" and text == "24:00")):
            clock[key] = time.fromisoformat(text.replace("24:00", "00:00"))
        else:
            problems.append(Mistake((key,), not_allowed(text, 'a time of day such as "09:00"')))
    if problems:
        raise ModelError(problems)
    if time.min != clock["to"] <= clock["from"]:
        raise ModelError([Mistake(("to",), not_allowed(raw["to"], f"a time later than from, {raw['from']}"))])
    return [DAYS.index(day) for day in days], Span(clock["from"], clock["to"])


def read_region(raw: Any) -> str:
    """A region whose holidays are known."""
    if not isinstance(raw, str) or not known_region(raw):
        raise ValueError(not_allowed(raw, 'a country or a part of one such as "CN" or "DE-BE" (ISO 3166)'))
    return raw


def _read_mention(raw: Any) -> Mapping[str, str]:
    if not isinstance(raw, Mapping) or not raw:
        raise ValueError(not_allowed(raw, 'a table of ids by chat such as { wecom = "13800000000" }'))
    problems = [Mistake((key,), unknown(key, CHATS, "chat")) for key in raw if key not in CHATS]
    for key, value in raw.items():
        if not isinstance(value, str) or not re.fullmatch(r"[^\s<>@&]{1,100}", value):
            problems.append(Mistake((key,), not_allowed(value, "an id or a mobile number without spaces")))
    if problems:
        raise ModelError(problems)
    return dict(raw)


def _read_owner(raw: Any, info: ValidationInfo) -> str:
    name = read_name(raw)
    if name.casefold() == NOBODY and info.context and info.context.get("is_new"):
        raise ValueError(not_allowed(raw, f'another name ("{NOBODY}" stands for leads without an owner)'))
    return name


def _read_weight(raw: Any) -> int:
    return read_count(raw, 0)


def _read_capacity(raw: Any) -> int:
    return read_count(raw, 1)


def _read_names(raw: Any) -> tuple[str, ...]:
    return _read_each(raw, read_name, '["ana", "bo"]')


class Owner(Part):
    """Somebody who takes care of leads; one with `members` is a team. `where` is for whom (None: anybody).

    Of those who may take a lead each gets as many as `weight` says; `capacity` is the most open leads at once. Who is
    `retired` keeps those that they have and gets no more. `hours` and `calendar` None: those of `[sales]`.
    """

    name: Annotated[str, BeforeValidator(_read_owner)]
    email: Annotated[str | None, PlainValidator(read_address)] = None
    mention: Annotated[Mapping[str, str], PlainValidator(_read_mention)] = {}
    where: Annotated[Condition | None, PlainValidator(read_asked(ASKED, profile=True))] = None
    weight: Annotated[int, PlainValidator(_read_weight)] = 1
    capacity: Annotated[int, PlainValidator(_read_capacity)] = MANY
    away: Annotated[tuple[Away, ...], PlainValidator(_read_away)] = ()
    hours: Annotated[Week | None, PlainValidator(read_hours)] = None
    calendar: Annotated[str | None, PlainValidator(read_region)] = None
    members: Annotated[tuple[str, ...], PlainValidator(_read_names)] = ()
    retired: Annotated[bool, BeforeValidator(read_flag)] = False

    def is_away(self, day: date) -> bool:
        """Whether they are away on a day of their own."""
        return any(each.first <= day <= each.last for each in self.away)
