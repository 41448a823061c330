"""The overview: its numbers are those of the report, each opens what is behind it, and it says what it cannot say."""

import re
from html import unescape

import pytest

from domain.files.durations import DAY, HOUR
from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import MODEL
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY, touchpoint

PAID = """
[money]
currency = "EUR"
revenue = [ { on = "order_placed" } ]
"""
CARD = re.compile(r'<li class="card">.*?</li>', re.DOTALL)


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    """On each of 16 days people come: last week twice as many; on one day five are won."""
    pages = dashboard_of(MODEL + PAID)
    told = []
    for day in range(16):
        when = FRIDAY - (16 - day) * DAY
        for n in range(4 if day >= 9 else 2):
            told.append(touchpoint(when + n, "page_viewed", f"c:{day}-{n}", kind="browser", path="/"))
        told.append(touchpoint(when + HOUR, "demo_requested", f"e:p{day}@x.test", kind="server"))
    told += [touchpoint(FRIDAY - 3 * DAY + n, "stage_changed", f"e:p{n}@x.test", to="customer") for n in range(5)]
    told.append(
        touchpoint(FRIDAY - 2 * DAY, "order_placed", "e:p1@x.test", kind="server", revenue=99.5, currency="EUR")
    )
    told.append(touchpoint(FRIDAY - HOUR, "demo_requested", "e:today@x.test", kind="server", profile={"name": "王伟"}))
    pages.company.tell(told, FRIDAY)
    return pages


def cards(pages: Pages) -> dict[str, str]:
    """By the beginning of their titles."""
    return {
        unescape(re.sub(r"<[^>]+>|\s+", " ", card)).split("  ")[1].strip(): card
        for card in CARD.findall(pages.get("/overview").text)
    }


def addresses(card: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'<a (?:class="last" )?href="([^"]+)"', card)]


def test_numbers_stand_beside_those_of_the_week_before(pages: Pages) -> None:
    text = text_of(pages.get("/overview"))
    assert "May 29 – Jun 4) against the seven before (May 22 – May 28)" in text and "Asia/Shanghai" in text
    shown = {title: text_of_card(card) for title, card in cards(pages).items()}
    assert "35 +14 (+67%) before 21 · today so far 1" in shown["New visitors"]
    assert "7 as many before 7 · today so far 1" in shown["New leads"]
    assert "5 +5 before 0 · today so far 0" in shown["Won"]
    assert "€99.50 +€99.50 before €0.00" in shown["Revenue in EUR"]


def text_of_card(card: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", card)).split())


def test_every_number_opens_a_list_that_is_as_long(pages: Pages) -> None:
    page = pages.get("/overview").text
    shown = re.findall(
        r'<a (?:class="last" )?href="(/(?:overview/leads|reports/response_times/people)[^"]+)"[^>]*>([\d,]+)</a>', page
    )
    assert len(shown) > 15 and any("response_times" in address for address, _ in shown)
    for address, number in shown:
        listed = pages.get(unescape(address))
        assert listed.status_code == 200 and listed.text.count('class="who"') == int(number), address


def test_a_day_of_a_chart_opens_its_list(pages: Pages) -> None:
    card = cards(pages)["New leads"]
    today = next(each for each in addresses(card) if "from=2026-06-05" in each)
    assert names(pages, today) == ["王伟"] and "On Jun 5." in text_of(pages.get(today))


def names(pages: Pages, address: str) -> list[str]:
    return re.findall(r'<a class="name" href="/leads/[0-9a-f-]{36}">([^<]+)</a>', pages.get(address).text)


def test_what_stands_out_is_said_with_how_sure_it_is(pages: Pages) -> None:
    text = text_of(pages.get("/overview"))
    assert "Viewed a page 28 instead of 14 that may still be chance · more on 7 of 7 weekdays" in text
    assert "Came to: customer 5 instead of 0 few: that may be chance · mostly on Jun 2" in text
    assert "（此前14）" in text_of(pages.get("/overview?lang=zh-CN"))


def test_pages_of_a_list_follow_each_other(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    address = "/overview/leads?of=new_leads&period=31"
    whole = re.findall(r'href="(/leads/[0-9a-f-]{36})"', pages.get(address).text)
    monkeypatch.setattr("api.dashboard.pages.overview.SIZE", 3)
    paged: list[str] = []
    while address:
        shown = pages.get(address).text
        paged += re.findall(r'href="(/leads/[0-9a-f-]{36})"', shown)
        following = re.search(r'<a href="([^"]+)" rel="next">', shown)
        address = unescape(following[1]) if following else ""
    assert paged == whole and len(whole) == 17


def test_what_is_no_list_is_an_error_page(pages: Pages) -> None:
    assert pages.get("/overview/leads?of=touchpoints").status_code == 400
    assert pages.get("/overview/leads?of=stage&name=nonsense").status_code == 404
    assert pages.get("/overview/leads").status_code == 400


def test_without_a_whole_week_before_nothing_is_compared(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL)
    assert "Nothing has happened yet." in text_of(pages.get("/overview"))
    pages.company.touch(FRIDAY - 3 * DAY, "demo_requested", "e:p@x.test", kind="server")
    text = text_of(pages.get("/overview"))
    assert "there is no whole week before to compare with" in text and "What stands out" not in text


def test_it_asks_the_database_few_things(pages: Pages) -> None:
    pages.get("/overview")
    assert pages.queries <= 16
    pages.get("/overview/leads?of=new_leads")
    assert pages.queries <= 6


def test_a_reader_sees_no_names(pages: Pages) -> None:
    pages.viewer(None, role="reader")
    shown = pages.get("/overview/leads?of=new_leads&period=7").text
    assert "王伟" not in shown and "x.test" not in shown and re.search(">Lead [0-9a-f]{8}<", shown)
