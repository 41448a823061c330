"""Every touchpoint of a lead: when, what, where it came from, and what it says; those of machines with the reason."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Select, func, select

from domain.files.values import number_of
from domain.fold.fold import Fold
from domain.fold.origin import LONGEST
from domain.fold.withheld import kept
from domain.touchpoints.impersonal import impersonal, without_reach
from domain.touchpoints.text import as_text, storable
from domain.touchpoints.touchpoint import Touchpoint
from projections.read_models.family import GrowingRows, Row, RowCount, Subject
from store.database.derived import Derived

_NUMBERS: Final = ("value", "revenue", "total", "amount")
"""Properties of which the first that is a number, or a text that writes one, is what a touchpoint is worth."""
_OF_ORIGIN: Final = ("channel", "source", "medium", "campaign")
_NOTHING: Final = (None, None)


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    lead, before, n = subject.id, -1, 0
    day_of, origin_of, seen_of, amount_of = fold.days.of, fold.origin, fold.channels.seen, fold.amounts.of
    withheld = kept(subject.lead.withheld) if subject.lead.withheld else None
    for touchpoint in subject.touchpoints:
        at, source, properties = touchpoint.instant, touchpoint.source, touchpoint.properties
        n = n + 1 if at == before else 0
        before = at
        says = properties.get
        channel = came_from = medium = campaign = None
        if (origin := origin_of(touchpoint)) is not None:
            seen = seen_of(origin)
            channel, came_from, medium, campaign = map(seen.get, _OF_ORIGIN)
        row = (
            lead,
            at,
            n,
            day_of(at),
            storable(touchpoint.id),
            touchpoint.type,
            source.kind,
            source.name,
            channel,
            came_from,
            medium,
            campaign if campaign or "campaign" not in properties else _word(properties["campaign"]),
            _word(properties["variant"]) if "variant" in properties else None,
            _path(touchpoint) if "path" in properties else None,
            _name(properties["form"]) if "form" in properties else None,
            _number(says),
            *(amount_of(touchpoint) or _NOTHING),
            impersonal(touchpoint),
            _machine(touchpoint) if "machine" in touchpoint.context else None,
            None if withheld is None else withheld.get(touchpoint.key),
        )
        rows.append(row)
    return rows


def _path(touchpoint: Touchpoint) -> str | None:
    path = _text(touchpoint.properties["path"])
    return None if path is None else without_reach(touchpoint, path)


def _text(value: object) -> str | None:
    return (storable(value) or None) if isinstance(value, str) else None


def _name(value: object) -> str | None:
    """A text, or the digits of a whole number: forms and variants are numbered too."""
    return _text(value if isinstance(value, str) else as_text(value))


def _word(value: object) -> str | None:
    """Such a name as those of an origin are kept, so that both are spelled alike."""
    text = value if isinstance(value, str) else as_text(value)
    return (storable(text).strip()[:LONGEST] or None) if text else None


def _number(says: Callable[[str], Any]) -> float | None:
    for name in _NUMBERS:
        value = says(name)
        if value is not None and (number := number_of(value)) is not None:
            return float(number)
    return None


def _machine(touchpoint: Touchpoint) -> str | None:
    """Why it is a machine's, if it counts as one's."""
    return storable(str(touchpoint.context["machine"])) if touchpoint.by_machine else None


def _counts_in(values: Sequence[Any]) -> tuple[tuple[int, str], tuple[int, int]]:
    day, type, machine = values
    return (day, type), ((1, 0) if machine is None else (0, 1))


def _counted(tables: Derived) -> Select[Any]:
    touches = tables.touches.c
    by_machines = func.count(touches.machine)
    told = touches.day, touches.type
    return select(*told, func.count() - by_machines, by_machines).group_by(*told)


_DAYS = RowCount(lambda tables: tables.touch_days, ("day", "type", "machine"), _counts_in, _counted)
TOUCHES = GrowingRows(lambda tables: tables.touches, _rows, only_new=True, count=_DAYS)
