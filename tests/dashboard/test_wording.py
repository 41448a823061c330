"""How pages call fields, countries and bands, and write numbers that stand below each other."""

import pytest

from api.dashboard.reports.values import band_place, group_text
from api.dashboard.texts import Texts
from api.dashboard.words.wording import PageWording
from domain.model.definition import parse_model
from projections.queries.money import written

WORDINGS = {
    tag: PageWording(parse_model('[[stages]]\nname = "lead"\n'), Texts().languages[tag], 0) for tag in ("en", "zh-CN")
}


@pytest.mark.parametrize(
    ("field", "english", "chinese"),
    [
        ("company", "Company", "公司"),
        ("profile.company_employees", "Company employees", "公司员工人数"),
        ("shoe_size", "Shoe size", "Shoe size"),
        ("_", "_", "_"),
    ],
)
def test_a_field_has_a_readable_name(field: str, english: str, chinese: str) -> None:
    assert (WORDINGS["en"].field(field), WORDINGS["zh-CN"].field(field)) == (english, chinese)


def test_countries_are_called_as_people_call_them() -> None:
    assert group_text(WORDINGS["en"], "profile.country", "DE") == "Germany"
    assert group_text(WORDINGS["zh-CN"], "profile.company_country", "DE") == "德国"
    assert [group_text(WORDINGS["en"], "profile.country", each) for each in ("XQ", "Utopia")] == ["XQ", "Utopia"]
    assert group_text(WORDINGS["en"], "profile.title", "DE") == "DE"


def test_bands_have_an_order_and_grouped_numbers() -> None:
    bands = ["below 5000", "5000 to 10000", "10000 and more"]
    mixed = [bands[1], bands[2], bands[0]]
    assert sorted(mixed, key=lambda each: band_place(each) or 0.0) == bands
    assert [band_place(each) for each in ("12", "-1.5", "CTO", "none")] == [12.0, -1.5, None, None]
    said = [group_text(WORDINGS["en"], "profile.employees:5000,10000", each) for each in bands]
    assert said == ["below 5,000", "5,000 to 10,000", "10,000 and more"]


def test_numbers_below_each_other_have_as_many_decimals() -> None:
    wording = WORDINGS["en"]
    assert [wording.fixed(each, 1) for each in (24.0, 3.82, 1234.5)] == ["24.0", "3.8", "1,234.5"]
    assert [wording.share(each) for each in (0.05, 0.062, 0.5, 0.0)] == ["5.0%", "6.2%", "50%", "0%"]
    assert [wording.signed(each) for each in (10, -30)] == ["+10", "−30"]


@pytest.mark.parametrize(
    ("amount", "currency", "on_a_page", "at_the_terminal"),
    [
        (12.5, "JPY", "¥12", "12 JPY"),
        (12.3456, "KWD", "KWD12.346", "12.346 KWD"),
        (0.000002, "EUR", "€0.000002", "0.000002 EUR"),
        (-0.001, "EUR", "-€0.001", "-0.001 EUR"),
        (0.4, "JPY", "¥0.4", "0.4 JPY"),
        (0.0, "EUR", "€0.00", "0.00 EUR"),
        (1234.5, "USD", "$1,234.50", "1,234.50 USD"),
        (3.0, "POINTS", "POINTS3.00", "3.00 POINTS"),
        (3.0, None, "3", "3.00"),
    ],
)
def test_money_has_the_decimals_of_its_currency_and_reads_as_0_only_where_it_is(
    amount: float, currency: str | None, on_a_page: str, at_the_terminal: str
) -> None:
    assert WORDINGS["en"].money(amount, currency) == on_a_page
    assert written(amount, currency) == at_the_terminal


def test_every_time_of_a_page_is_told_by_a_clock_of_24_hours() -> None:
    afternoon = 47_408 * 1_000_000
    assert [WORDINGS[tag].full(afternoon) for tag in ("en", "zh-CN")] == [
        "Jan 1, 1970 13:10:08 (UTC)",
        "1970年1月1日 13:10:08 (UTC)",
    ]
    assert "13:10<" in WORDINGS["en"].when(afternoon)
