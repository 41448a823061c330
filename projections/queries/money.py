"""Money in reports: sums that no database rounds or overflows, apart by currency, converted where the model says so."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any, Final

from babel.numbers import get_currency_precision
from sqlalchemy import ColumnElement, Connection, FromClause, func, literal, null, select

from domain.fold.money import Exchange
from domain.model.definition import Model

_PARTS: Final = 1_000_000
"""A sum of amounts may be beyond 64 bits, which SQLite refuses: whole units and millionths are added up apart."""

NOTHING: Final = Fraction(0)

MORE_CURRENCIES: Final = "what is of several currencies has a row for each: its other numbers are the same in each"


class Purse:
    """Sums of money by what they are of, in millionths."""

    def __init__(self, model: Model) -> None:
        self.exchange = Exchange(model.money)
        self._sums: dict[Hashable, dict[str | None, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
        self._left: Counter[str] = Counter()
        self._converted = False

    def add(self, key: Hashable, currency: str | None, day: int | None, millionths: int, amounts: int = 1) -> None:
        """Add a sum of so many amounts of one currency and day; where nothing is converted, of whatever days."""
        into, rate = self.exchange.into, None if day is None else self.exchange.rate(currency, day)
        if into is not None and rate is None:
            self._left[currency or "an unknown currency"] += amounts
        self._converted |= rate is not None and currency != into
        worth = Fraction(millionths) if rate is None else rate * millionths
        self._sums[key][currency if rate is None else into] += worth

    def of(self, key: Hashable) -> dict[str | None, Fraction]:
        """What there is of something, by currency."""
        return self._sums.get(key, {})

    @property
    def known(self) -> Iterable[Any]:
        """What there is money of."""
        return self._sums.keys()

    def notes(self, what: str) -> list[str]:
        """What a reader must know of these amounts, which people call so."""
        notes = []
        if self._converted:
            notes.append(f"{what}: in {self.exchange.into}, each amount at the rate of its day")
        for currency, amounts in sorted(self._left.items()):
            notes.append(f"{what}: {amounts} in {currency} not converted, [money] has no rate of their days")
        return notes


def purse_of(
    conn: Connection,
    model: Model,
    rows: FromClause,
    keys: Sequence[ColumnElement[Any]],
    amount: ColumnElement[int],
    currency: ColumnElement[Any],
    day: ColumnElement[int],
    *where: ColumnElement[bool],
) -> Purse:
    """The sums of an amount over rows: by one key that key, by several the tuple of them."""
    purse = Purse(model)
    told = day if purse.exchange.into is not None else null()
    query = select(*keys, currency, told.label("told_day"), *exact_sum(amount), func.count()).select_from(rows)
    query = query.where(*where).group_by(*keys, currency, *([day] if purse.exchange.into is not None else ()))
    for *key, of, on, units, rest, count in conn.execute(query):
        purse.add(key[0] if len(key) == 1 else tuple(key), of, on, added(units, rest), count)
    return purse


def exact_sum(amount: ColumnElement[int]) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """The parts of a sum, which `added` puts together."""
    parts = literal(_PARTS)
    return func.sum(amount // parts).label("units"), func.sum(amount % parts).label("rest")


def added(units: Any, rest: Any) -> int:
    """The sum of which these are the parts; of nothing 0."""
    return int(units or 0) * _PARTS + int(rest or 0)


def currencies(*sums: dict[str | None, Fraction]) -> list[str | None]:
    """The currencies that any of these are in, by name, an unknown one last; of no money at all one that is unknown."""
    found = {currency for each in sums for currency in each}
    return sorted(found, key=lambda currency: (currency is None, currency or "")) or [None]


def rounded(amount: Fraction | None) -> int | None:
    """Whole millionths, halves to the even one."""
    return None if amount is None else round(amount)


def shared(amount: Fraction | None, among: int) -> int | None:
    """The part of one, in whole millionths; None: there is no amount, or nobody."""
    return None if amount is None or not among else round(amount / among)


def fitted(amounts: Mapping[str | None, Fraction]) -> dict[str | None, int]:
    """Whole numbers for these, none further off than one, whose sum is the sum, rounded: the greatest rests are rounded
    up, of equal ones the first by name."""
    whole = {name: floor(amount) for name, amount in amounts.items()}
    missing = round(sum(amounts.values(), NOTHING)) - sum(whole.values())
    by_rest = sorted(amounts, key=lambda name: (whole[name] - amounts[name], name is None, name or ""))
    for name in by_rest[:missing]:
        whole[name] += 1
    return whole


def decimals(amount: float, currency: str | None) -> int:
    """With how many decimals an amount is read: those of its currency (of one that nobody knows two), and as many more,
    up to millionths, as it takes not to read as 0."""
    own = get_currency_precision(currency or "")
    return next((digits for digits in range(own, 7) if not amount or round(abs(amount), digits)), own)


def written(amount: float, currency: str | None) -> str:
    """An amount and its currency, as people read it at a terminal and in notes."""
    return f"{amount:z,.{decimals(amount, currency)}f} {currency or ''}".rstrip()
