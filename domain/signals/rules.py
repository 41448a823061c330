"""The conditions of `[sales]`, compiled once a model: what touchpoints and leads are held against. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from domain.conditions.compile import NO_SOURCE, Where, compile_where
from domain.conditions.tree import Condition
from domain.fold.lead import Lead
from domain.model.owners import Owner
from domain.model.sales import Activity, Enquiry, Sales
from domain.touchpoints.touchpoint import Touchpoint


class _OfType(Protocol):
    """What asks for touchpoints of a type."""

    @property
    def on(self) -> str: ...
    @property
    def where(self) -> Condition | None: ...


Asking = TypeVar("Asking", bound=_OfType)
_ByType = Mapping[str, list[tuple[Asking, Where]]]


class SalesRules:
    """`sales`, and what its conditions say."""

    def __init__(self, sales: Sales) -> None:
        self.sales = sales
        self._activity = _by_type(sales.activity)
        self._answer = _by_type(sales.answer)
        self._owners = [(owner, compile_where(owner.where)) for owner in sales.owners]

    def activities(self, touchpoint: Touchpoint, lead: Lead) -> Iterator[Activity]:
        """Those of which a touchpoint is one, in the order of the file."""
        return _holding(self._activity, touchpoint, lead)

    def enquiry(self, touchpoint: Touchpoint, lead: Lead) -> Enquiry | None:
        """What a touchpoint asks an answer for; None: nothing."""
        return next(_holding(self._answer, touchpoint, lead), None)

    def owners_of(self, facts: Mapping[str, Any]) -> Iterator[Owner]:
        """Whose lead it may be by what is known of it, in the order of the file."""
        return (owner for owner, where in self._owners if where(facts, {}, NO_SOURCE))


def _by_type(asking: Iterable[Asking]) -> _ByType[Asking]:
    by_type: dict[str, list[tuple[Asking, Where]]] = {}
    for each in asking:
        by_type.setdefault(each.on, []).append((each, compile_where(each.where)))
    return by_type


def _holding(by_type: _ByType[Asking], touchpoint: Touchpoint, lead: Lead) -> Iterator[Asking]:
    asking = () if touchpoint.by_machine else by_type.get(touchpoint.type, ())
    return (each for each, where in asking if where(touchpoint.properties, lead.profile, lead.sources.current))
