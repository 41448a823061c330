"""Every touchpoint of a lead: when, what, where it came from, and what it says; those of machines with the reason."""

from collections.abc import Callable
from typing import Any, Final

from domain.fold.fold import Fold
from domain.fold.origin import LONGEST
from domain.touchpoints.impersonal import impersonal
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import Touchpoint
from projections.read_models.family import GrowingRows, Row, Subject

_NUMBERS: Final = ("value", "revenue", "total", "amount")
"""Properties of which the first that is a number is what a touchpoint is worth."""
_NOWHERE: Final = (None, None, None)


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    lead, before, n = subject.id, -1, 0
    for touchpoint in subject.touchpoints:
        at, says = touchpoint.instant, touchpoint.properties.get
        n = n + 1 if at == before else 0
        before = at
        origin = fold.origin(touchpoint)
        seen = None if origin is None else fold.channels.seen(origin)
        came_from = _NOWHERE if seen is None else (seen["channel"], seen.get("source"), seen.get("medium"))
        amount = fold.amounts.of(touchpoint)
        campaign = None if seen is None else seen.get("campaign")
        row = (
            lead,
            at,
            n,
            fold.days.of(at),
            storable(touchpoint.id),
            touchpoint.type,
            touchpoint.source.kind,
            touchpoint.source.name,
            *came_from,
            campaign or _word(says("campaign")),
            _word(says("variant")),
            _text(says("path")),
            _text(says("form")),
            _number(says),
            *((None, None) if amount is None else amount),
            impersonal(touchpoint),
            _machine(touchpoint) if touchpoint.by_machine else None,
        )
        rows.append(row)
    return rows


def _text(value: object) -> str | None:
    return (storable(value) or None) if isinstance(value, str) else None


def _word(value: object) -> str | None:
    """A text as those of an origin are kept, so that both are spelled alike."""
    return (storable(value).strip()[:LONGEST] or None) if isinstance(value, str) else None


def _number(says: Callable[[str], Any]) -> float | None:
    for name in _NUMBERS:
        value = says(name)
        if type(value) is float or type(value) is int:
            return float(value)
    return None


def _machine(touchpoint: Touchpoint) -> str:
    return storable(str(touchpoint.context["machine"]))


TOUCHES = GrowingRows(lambda tables: tables.touches, _rows, only_new=True)
