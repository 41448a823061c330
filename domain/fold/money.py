"""What touchpoints are worth by a model, and what an amount of one currency is worth in another. Pure.

Amounts are whole millionths of a currency's unit, so that sums are the same in every order.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from domain.conditions.compile import NO_SOURCE, Where, compile_where, value_at
from domain.files.values import millionths, number_of
from domain.model.money import Money
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import Touchpoint

USUAL: Final = ("revenue", "total", "value", "amount")
"""Properties that hold what an order is worth, the first that is a number, where the model names none."""

NOT_READ: Final = "amount_not_read"
"""The finding of revenue whose amount cannot be read."""

_USUAL_PATHS: Final = tuple((name,) for name in USUAL)

LARGEST: Final = 2**63 - 1
"""Greatest amount, in millionths, of either sign: what a database's integer holds."""

_LONGEST: Final = 16
"""Characters of a currency: what is no code is kept apart all the same."""
_SHOWN: Final = 40
"""Characters of an amount that is not read, as a finding names it."""
_NO_NUMBER: Final[Mapping[type, str]] = {bool: "true or false", list: "a list", dict: "an object"}
"""What else stands where an amount should, as a finding names it."""
_BEYOND: Final = LARGEST / 1_000_000 + 1
_FIRST: Final = date(1970, 1, 1).toordinal()


class Amount(NamedTuple):
    """Millionths of a unit of a currency (None: nobody said which); below 0: paid back."""

    millionths: int
    currency: str | None


class _Worth(NamedTuple):
    """An entry of `revenue`, compiled."""

    where: Where
    path: tuple[str, ...]
    returns: bool


class Amounts:
    """What is revenue by a model."""

    def __init__(self, money: Money) -> None:
        self._currency = money.currency
        self._by_type: dict[str, list[_Worth]] = defaultdict(list)
        for each in money.revenue:
            self._by_type[each.on].append(_Worth(compile_where(each.where), each.amount, each.returns))

    def of(self, touchpoint: Touchpoint) -> Amount | None:
        """What a touchpoint is worth, by the first entry that holds for it; None: it is no revenue, or bears no amount
        that can be."""
        if touchpoint.type not in self._by_type:  # nearly always
            return None
        entry = self._entry(touchpoint)
        amount = None if entry is None else _amount(touchpoint.properties, entry.path)
        if entry is None or amount is None:
            return None
        currency = currency_of(touchpoint.properties) or self._currency
        return Amount(-abs(amount) if entry.returns else amount, currency)

    def not_read(self, touchpoint: Touchpoint) -> tuple[str, str] | None:
        """The property that should say what a touchpoint is worth and says nothing that can be read ("1,200.50"), and
        what it says; None: there is none. One that is blank says nothing at all."""
        entry = self._entry(touchpoint)
        for path in () if entry is None else [entry.path] if entry.path else _USUAL_PATHS:
            said = value_at(path, touchpoint.properties)
            if said is None or (isinstance(said, str) and not said.strip()):
                continue
            if _amount_of(number_of(said)) is not None:
                return None
            text = said.strip() if isinstance(said, str) else _NO_NUMBER.get(type(said), "a number too large")
            return ".".join(path), storable(text)[:_SHOWN]
        return None

    def _entry(self, touchpoint: Touchpoint) -> _Worth | None:
        """The first that holds for a touchpoint."""
        for entry in self._by_type.get(touchpoint.type, ()):
            if entry.where(touchpoint.properties, NO_SOURCE, NO_SOURCE):
                return entry
        return None


def _amount(properties: Mapping[str, Any], path: tuple[str, ...]) -> int | None:
    if path:
        return _amount_of(number_of(value_at(path, properties)))
    return _amount_of(next((number for name in USUAL if (number := number_of(properties.get(name))) is not None), None))


def _amount_of(number: int | float | None) -> int | None:
    if number is None or not abs(number) <= _BEYOND:  # nor what is no number at all: it is not at most anything
        return None
    amount = millionths(number)
    return amount if abs(amount) <= LARGEST else None


def currency_of(properties: Mapping[str, Any]) -> str | None:
    """The currency that properties name, in capitals; None: they name none."""
    named = properties.get("currency")
    return storable(named.strip().upper()[:_LONGEST]).strip() or None if isinstance(named, str) else None


class Exchange:
    """The rates of a model, by day."""

    def __init__(self, money: Money) -> None:
        self.into = money.report_in
        """The currency that everything is converted to; None: nothing is."""
        self._since: dict[str, list[int]] = defaultdict(list)
        self._rates: dict[str, list[Fraction]] = defaultdict(list)
        for rate in sorted(money.rates, key=lambda each: each.since):
            self._since[rate.currency].append(rate.since.toordinal() - _FIRST)
            self._rates[rate.currency].append(Fraction(Decimal(repr(rate.rate))))

    def rate(self, currency: str | None, day: int) -> Fraction | None:
        """What one unit of a currency is worth on a day (since 1970, of the model's zone) in the currency of reports,
        exactly as the file writes it; None: it is not converted."""
        if self.into is None or currency is None:
            return None
        if currency == self.into:
            return Fraction(1)
        place = bisect_right(self._since.get(currency, ()), day)
        return self._rates[currency][place - 1] if place else None
