"""`[money]`: what is revenue and in which currency, the rate of a day, and what a file may not say of it."""

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.days import ZoneDays
from domain.fold.fold import Fold
from domain.fold.money import LARGEST, Amount, Amounts, Exchange
from domain.model.definition import ModelError, parse_model
from domain.model.money import Money
from tests.domain.given_model_files import STAGES
from tests.domain.stories import at, us

MONEY = '[money]\ncurrency = "CNY"\nrevenue = [{keys}]\n' + STAGES


def worth(keys: str = '{ on = "order_placed" }', *, type: str = "order_placed", **properties: Any) -> Amount | None:
    model = parse_model(MONEY.replace("{keys}", keys))
    return Amounts(model.money).of(at(0, type, "u:1", **properties))


def refused(text: str) -> list[str]:
    with pytest.raises(ModelError) as error:
        parse_model(text + STAGES)
    return error.value.problems


# ---- amounts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "millionths"),
    [
        (0.1, 100_000), (12, 12_000_000), ("12.50", 12_500_000), (" 7 ", 7_000_000), (0, 0), (-3.5, -3_500_000),
        (1e-7, 0), (0.0000005, 0), (0.0000015, 2), (9_007_199_254.740993, 9_007_199_254_740_993),
        (9_223_372_036_854, 9_223_372_036_854_000_000),
        (9_223_372_036_855, None), (10**400, None), (-(10**400), None), (1e300, None), ("1e99", None), (math.inf, None),
        (math.nan, None), (True, None), ("12,50", None), ("", None), (None, None), ([5], None),
    ],
)  # fmt: skip
def test_an_amount_is_the_decimal_number_that_was_written(amount: Any, millionths: int | None) -> None:
    expected = None if millionths is None else Amount(millionths, "CNY")
    assert worth(amount=amount) == expected
    assert worth('{ on = "order_placed", amount = "amount" }', amount=amount) == expected


def test_without_a_money_table_an_order_is_revenue_of_an_unknown_currency() -> None:
    amounts = Amounts(parse_model(STAGES).money)
    assert amounts.of(at(0, "order_placed", "u:1", amount=5)) == (5_000_000, None)
    assert amounts.of(at(0, "order_placed", "u:1", amount=5, currency="eur")) == (5_000_000, "EUR")
    assert amounts.of(at(0, "cart_updated", "u:1", amount=5)) is None


def test_where_no_property_is_named_the_first_number_of_the_usual_ones_counts() -> None:
    said = {"amount": 1, "value": 2, "total": "3", "revenue": 4}
    for name, expected in (("revenue", 4), ("total", 3), ("value", 2), ("amount", 1)):
        assert worth(**said) == (expected * 1_000_000, "CNY")
        del said[name]
    assert worth() is None
    assert worth(revenue="no number", total=3) == (3_000_000, "CNY")


def not_read(keys: str = '{ on = "order_placed" }', **properties: Any) -> tuple[str, str] | None:
    model = parse_model(MONEY.replace("{keys}", keys))
    return Amounts(model.money).not_read(at(0, "order_placed", "u:1", **properties))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("1,200.50", "1,200.50"), ("1.200,50 €", "1.200,50 €"), (" USD 99 ", "USD 99"), ("12,50", "12,50"),
        ("1 200", "1 200"), ("$5", "$5"), ("free\x00", "free\ufffd"), ("9" * 50, "9" * 40), ("1e99", "1e99"),
        (10**400, "a number too large"), (True, "true or false"), ([5], "a list"), ({"eur": 5}, "an object"),
        ("1200.50", None), (0, None), (-3, None), ("", None), (" ", None), (None, None),
    ],
)  # fmt: skip
def test_an_amount_that_is_not_read_is_told(amount: Any, shown: str | None) -> None:
    named = '{ on = "order_placed", amount = "order.total" }'
    assert not_read(amount=amount) == (None if shown is None else ("amount", shown))
    assert not_read(named, order={"total": amount}) == (None if shown is None else ("order.total", shown))
    assert worth(amount=amount) is None or shown is None
    assert not_read('{ on = "order_placed", where = { test = true } }', amount=amount) is None, "it is no revenue"


def test_an_amount_before_the_one_that_is_read_is_told_too() -> None:
    assert not_read(total="1,200.50", amount=3) == ("total", "1,200.50")
    assert not_read(total=3, amount="1,200.50") is None
    assert not_read(total="", amount=3) is None


def test_a_lead_has_a_finding_of_the_first_amount_of_each_property_that_is_not_read() -> None:
    fold = Fold(parse_model(MONEY.replace("{keys}", '{ on = "order_placed" }, { on = "order_refunded" }')))
    told = [
        at(1, "order_placed", "u:1", total=5),
        at(2, "order_placed", "u:1", total="1,200.50"),
        at(3, "order_placed", "u:1", total="9,000.50"),
        at(4, "order_placed", "u:1", amount="USD 99"),
        at(5, "order_refunded", "u:1", total="1,200.50"),
        at(6, "order_placed", "u:1", value="x", context={"machine": "bot"}),
    ]
    assert fold.fold(told, us(9)).findings == [
        ["amount_not_read", "order_placed.total: 1,200.50", us(2)],
        ["amount_not_read", "order_placed.amount: USD 99", us(4)],
        ["amount_not_read", "order_refunded.total: 1,200.50", us(5)],
    ]


def test_an_amount_may_lie_within_an_object() -> None:
    keys = '{ on = "order_placed", amount = "order.total" }'
    assert worth(keys, order={"total": "7.5"}, amount=1) == (7_500_000, "CNY")
    assert worth(keys, order="7.5", amount=1) is None


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        ("eur", "EUR"), (" Eur ", "EUR"), ("", "CNY"), (" ", "CNY"), (None, "CNY"), (978, "CNY"),
        ("renminbi of the people", "RENMINBI OF THE"), ("\x00€", "\ufffd€"),
    ],
)  # fmt: skip
def test_a_currency_is_what_the_touchpoint_says_else_the_models(currency: Any, expected: str) -> None:
    assert worth(amount=1, currency=currency) == (1_000_000, expected)


def test_the_first_entry_that_holds_says_what_a_touchpoint_is_worth() -> None:
    keys = (
        '{ on = "order_placed", where = { shop = "test" }, amount = "nothing" }, '
        '{ on = "order_placed", where = { shop = { ne = "b" } } }, '
        '{ on = "order_placed", amount = "fee" }, { on = "invoice_paid", amount = "sum" }'
    )
    assert worth(keys, shop="a", amount=5, fee=1) == (5_000_000, "CNY")
    assert worth(keys, shop="b", amount=5, fee=1) == (1_000_000, "CNY")
    assert worth(keys, shop="test", amount=5, fee=1) is None
    assert worth(keys, type="invoice_paid", sum=3) == (3_000_000, "CNY")


@pytest.mark.parametrize(
    ("keys", "type", "amount", "expected"),
    [
        ('{ on = "order_refunded" }', "order_refunded", 5, -5),
        ('{ on = "order_refunded" }', "order_refunded", -5, -5),
        ('{ on = "order_refunded", returns = false }', "order_refunded", 5, 5),
        ('{ on = "chargeback", returns = true }', "chargeback", 5, -5),
        ('{ on = "order_placed" }', "order_placed", -5, -5),
    ],
)
def test_what_is_paid_back_is_below_zero(keys: str, type: str, amount: int, expected: int) -> None:
    assert worth(keys, type=type, amount=amount) == (expected * 1_000_000, "CNY")


@given(
    st.decimals(-(10**12), 10**12, allow_nan=False, places=6)
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=45)
)
def test_any_value_is_worth_its_decimals_or_nothing(value: Any) -> None:
    """What is written with up to 15 digits, as any number of JSON is, is worth exactly that."""
    written = float(value) if isinstance(value, Decimal) else value
    amount = worth(amount=written)
    assert amount is None or abs(amount.millionths) <= LARGEST
    if isinstance(value, Decimal) and len(value.as_tuple().digits) <= 15:
        assert amount == (int(value * 1_000_000), "CNY")
        assert worth(amount=f"{value:f}") == amount


# ---- rates -----------------------------------------------------------------------------------------------------------

RATES = """[money]
in = "CNY"
rates = [
  { currency = "EUR", from = "2026-02-01", rate = 7.8 },
  { currency = "EUR", from = 2026-01-01, rate = 7.9 },
  { currency = "USD", from = "2026-01-01", rate = 7 },
]
"""


def test_the_rate_is_the_one_of_the_day() -> None:
    exchange = Exchange(parse_model(RATES + STAGES).money)
    january = ZoneDays("UTC").of(1_767_225_600_000_000)
    assert exchange.into == "CNY"
    assert exchange.rate("EUR", january - 1) is None
    assert exchange.rate("EUR", january) == exchange.rate("EUR", january + 30) == Fraction(79, 10)
    assert exchange.rate("EUR", january + 31) == exchange.rate("EUR", january + 999) == Fraction(78, 10)
    assert exchange.rate("USD", january + 31) == 7
    assert exchange.rate("CNY", -5) == 1
    assert exchange.rate("GBP", january) is exchange.rate(None, january) is None


def test_without_in_nothing_is_converted() -> None:
    exchange = Exchange(parse_model(STAGES).money)
    assert exchange.into is exchange.rate("EUR", 0) is exchange.rate(None, 0) is None


@given(
    st.dictionaries(st.integers(0, 40), st.floats(1e-9, 1e6), max_size=8),
    st.integers(0, 45),
)
def test_a_rate_holds_from_its_day_until_the_next(rates: dict[int, float], day: int) -> None:
    first = 20_454  # 2026-01-01
    listed = [{"currency": "EUR", "from": f"2026-{1 + n // 28:02}-{1 + n % 28:02}", "rate": rates[n]} for n in rates]
    exchange = Exchange(Money.model_validate({"in": "CNY", "rates": listed}))
    days = {first + n + 3 * (n // 28): rate for n, rate in rates.items()}
    latest = max((since for since in days if since <= first + day), default=None)
    expected = None if latest is None else Fraction(Decimal(repr(days[latest])))
    assert exchange.rate("EUR", first + day) == expected


# ---- the file --------------------------------------------------------------------------------------------------------

CURRENCY = 'the three letters of a currency (ISO 4217) such as "EUR"'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("money = 5\n", "money: found 5, allowed is a table"),
        ('[money]\nrate = 5\n', 'money.rate: unknown key "rate" (did you mean rates?); '
         "allowed: currency, in, rates, revenue"),
        ('[money]\nreport_in = "EUR"\n', 'money.report_in: unknown key "report_in"; '
         "allowed: currency, in, rates, revenue"),
        ('[money]\ncurrency = "eur"\n', f'money.currency: found "eur", allowed is {CURRENCY} (did you mean "EUR"?)'),
        ("[money]\ncurrency = 978\n", f"money.currency: found 978, allowed is {CURRENCY}"),
        ('[money]\nin = "euros"\n', f'money.in: found "euros", allowed is {CURRENCY}'),
        ("[money]\nrates = 5\n", "money.rates: found 5, allowed is a list of one or more tables, "
         "each written as [[money.rates]]"),
        ('[money]\nrates = [{ currency = "EUR", from = "2026-01-01", rate = 7.8 }]\n',
         'money.rates: found rates, allowed is that beside in, such as in = "EUR"'),
        ('[money]\nin = "CNY"\nrates = [{ currency = "CNY", from = "2026-01-01", rate = 1 }]\n',
         'money.rates[0].currency: found "CNY", allowed is any other currency: CNY is what reports convert to'),
        ('[money]\nin = "CNY"\nrates = [{ from = "2026-01-01", rate = 1 }]\n',
         "money.rates[0].currency: missing, required is the three letters of a currency, such as currency = \"USD\""),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", rate = 1 }]\n',
         'money.rates[0].from: missing, required is the first day of the rate, such as from = "2026-01-01"'),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", from = "2026-01-01" }]\n',
         "money.rates[0].rate: missing, required is units of the currency of reports for one unit, such as rate = 7.8"),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", from = 2026-01-01T08:00:00Z, rate = 1 }]\n',
         'money.rates[0].from: found 2026-01-01 08:00:00+00:00, allowed is a day such as "2026-12-21"'),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", from = "2026-01-01", rate = 0 }]\n',
         "money.rates[0].rate: found 0, allowed is a number above 0, at most 1000000000000"),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", from = "2026-01-01", rate = 7, to = 1 }]\n',
         'money.rates[0].to: unknown key "to"; allowed: currency, from, rate'),
        ('[money]\nin = "CNY"\nrates = [{ currency = "EUR", from = "2026-01-01", rate = 7 }, '
         '{ currency = "EUR", from = 2026-01-01, rate = 8 }]\n',
         'money.rates[1].from: found "2026-01-01", allowed is a day of its own (rates[0] has this one of EUR)'),
        ("[money]\nrevenue = [{ amount = \"a\" }]\n",
         'money.revenue[0].on: missing, required is a touchpoint type, such as on = "page_viewed"'),
        ('[money]\nrevenue = [{ on = "order_placed", amount = "profile.a" }]\n',
         'money.revenue[0].amount: found "profile.a", allowed is a property of the touchpoint such as "path"'),
        ('[money]\nrevenue = [{ on = "order_placed", returns = 1 }]\n',
         "money.revenue[0].returns: found 1, allowed is true or false"),
        ('[money]\nrevenue = [{ on = "order_placed", where = { "profile.country" = "CN" } }]\n',
         'money.revenue[0].where: found "profile.country", allowed is a property of the touchpoint: '
         "what is revenue is told by it alone"),
        ('[money]\nrevenue = [{ on = "order_placed", where = { any = [{ "source.channel" = "email" }] } }]\n',
         'money.revenue[0].where: found "source.channel", allowed is a property of the touchpoint: '
         "what is revenue is told by it alone"),
    ],
)  # fmt: skip
def test_what_is_refused_says_where_and_what_is_allowed(text: str, line: str) -> None:
    assert refused(text) == [line]


def test_only_what_changes_amounts_is_in_the_version() -> None:
    plain = parse_model(STAGES).hash
    for text in ("[money]\n", RATES, '[money]\nin = "EUR"\n', '[money]\nrevenue = [{ on = "order_placed" }]\n'):
        assert parse_model(text + STAGES).hash == plain
    other = [
        '[money]\ncurrency = "EUR"\n',
        "[money]\nrevenue = []\n",
        '[money]\nrevenue = [{ on = "order_placed" }, { on = "order_refunded" }]\n',
        '[money]\nrevenue = [{ on = "order_placed", amount = "total" }]\n',
        '[money]\nrevenue = [{ on = "order_placed", where = { shop = "a" } }]\n',
        '[money]\nrevenue = [{ on = "order_placed", returns = true }]\n',
    ]
    assert len({plain, *(parse_model(text + STAGES).hash for text in other)}) == len(other) + 1
    written_out = '[money]\nrevenue = [{ on = "order_placed" }, { on = "order_refunded", returns = true }]\n'
    assert parse_model(written_out + STAGES).hash == parse_model(other[2] + STAGES).hash
