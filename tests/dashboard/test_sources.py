"""Sources: what channels and campaigns bring, cost and return; numbers agree with the reports and with their lists."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from api.dashboard.reports.source_rows import SORTS, WAYS, main_currency, sorted_rows, source_rows, value_of, whole
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from tests.dashboard.conftest import Open
from tests.dashboard.given_pages import Pages, text_of
from tests.dashboard.given_traffic import MODEL, bought
from tests.projections.given_sales import FRIDAY, Company

ROW = re.compile(r'<tr>\s*<th scope="row">(.*?)</tr>', re.DOTALL)
LINK = re.compile(r'<a href="(/reports/channels/people\?[^"]+)">([\d,]+)</a>')
NAME = re.compile(r'<a class="name" href="/leads/([0-9a-f-]{36})">')


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Nothing here changes what there is: one company for all."""
    folder = tmp_path_factory.mktemp("sources")
    pages = Pages(folder, Company(folder, FRIDAY, MODEL))
    bought(pages)
    yield pages
    pages.close()


def rows(pages: Pages, address: str) -> dict[str, list[str]]:
    """Of each row its label and the texts of its cells."""
    shown = pages.get(address)
    assert shown.status_code == 200, text_of(shown)
    found = {}
    for row in ROW.findall(shown.text):
        cells = [" ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split()) for cell in re.split(r"</t[hd]>", row)]
        found[cells[0]] = cells[1:-1]
    return found


def test_a_row_says_who_came_what_it_cost_and_what_it_brought(pages: Pages) -> None:
    found = rows(pages, "/sources")
    assert list(found) == ["Paid search", "E-mail", "Event", "Affiliates", "Together"]
    assert found["Paid search"][:5] == ["3", "3 100%", "1 33%", "2 67%", "1 33%"]
    assert found["Paid search"][5:] == ["€80.00", "€26.67", "€80.00", "€300.00 $50.00", "3.8×"]
    assert found["E-mail"][5:] == ["€20.00", "€10.00", "€20.00", "€1,200.00", "60.0×"]
    assert found["Event"] == ["1", "0", "0", "0", "0", "–", "–", "–", "–", "–"]
    assert found["Affiliates"] == ["0", "0", "0", "0", "0", "$10.00", "–", "–", "–", "–"]
    assert found["Together"][:5] == ["6", "5 83%", "2 40%", "3 60%", "2 40%"]
    spent, brought = found["Together"][5:8], found["Together"][8:]
    assert spent == ["€100.00 $10.00", "€20.00 $2.00", "€50.00 $5.00"]
    assert brought == ["€1,500.00 $50.00", "15.0× EUR 5.0× USD"]


def test_won_and_revenue_are_owed_as_the_switch_says(pages: Pages) -> None:
    assert rows(pages, "/sources?way=first")["E-mail"][4:] == ["1", "€20.00", "€10.00", "€20.00", "€1,200.00", "60.0×"]
    last = rows(pages, "/sources?way=last")
    assert last["Paid search"][4:] == ["2", "€80.00", "€26.67", "€40.00", "€1,500.00 $50.00", "18.8×"]
    assert last["E-mail"][4] == "0" and last["E-mail"][7:] == ["–", "€0.00", "0.0×"]
    linear = rows(pages, "/sources?way=linear")
    assert linear["E-mail"][4:] == ["0.5", "€20.00", "€10.00", "€40.00", "€600.00", "30.0×"]
    assert "a part where several origins share one" in text_of(pages.get("/sources?way=linear"))


def test_every_number_opens_just_those_people(pages: Pages) -> None:
    for address in ("/sources", "/sources?by=campaign&touch=last&period=7", "/sources?by=source&way=last&sort=-hot"):
        links = LINK.findall(pages.get(address).text)
        assert len(links) >= 8
        for link, number in links:
            shown = pages.get(unescape(link))
            assert len(NAME.findall(shown.text)) == int(number), link
            assert f"{number} p" in text_of(shown), "the count is said, too"
    assert "number=won" in pages.get("/sources").text and "number=won" not in pages.get("/sources?way=last").text


def test_a_list_goes_on_where_it_ended(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.dashboard.pages.report_people.SIZE", 2)
    first = pages.get("/reports/channels/people?number=leads&row.group=paid_search")
    following = re.search(r'<a href="([^"]+)" rel="next">', first.text)
    assert following is not None
    second = pages.get(unescape(following[1]))
    both = NAME.findall(first.text) + NAME.findall(second.text)
    assert len(both) == len(set(both)) == 3
    assert pages.get("/reports/channels/people?number=leads&cursor=nonsense").status_code == 400


@pytest.mark.parametrize("way", WAYS)
def test_the_numbers_are_those_of_the_reports(pages: Pages, way: str) -> None:
    with pages.company.world.view() as view:
        came = report(view, "channels", ReportQuestion(by="channel"))
        owed = None if way == "came" else report(view, "attribution", ReportQuestion(by="channel"))
    found = source_rows(came, owed, way)
    for item in came.items:
        money = next(row for row in found if row.group == item["group"]).money.get(item["currency"])
        assert (None if money is None else money.cost) == item["cost"]
        if way == "came" and money is not None:
            assert money.revenue == item["revenue"] and money.back == item["return"]
            assert money.cac == pytest.approx(item["cac"], abs=1e-6) if item["cac"] else money.cac is None
    assert whole(found).people["won"] == pytest.approx(2), "in every way all that were won"
    assert sum(money.revenue or 0 for money in whole(found).money.values()) == pytest.approx(1550)


def test_headings_sort_amounts_by_the_currency_of_most_rows(pages: Pages) -> None:
    with pages.company.world.view() as view:
        found = source_rows(report(view, "channels", ReportQuestion()), None, "came")
    assert main_currency(found) == "EUR"
    labels = {row.group: str(row.group) for row in found}
    for name in SORTS[1:]:
        values = [value_of(row, name, "EUR") for row in sorted_rows(found, f"-{name}", labels)]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=True) == values[: len(known)], name
    assert list(rows(pages, "/sources?sort=group"))[:2] == ["Affiliates", "E-mail"]


def test_who_has_no_costs_or_revenue_is_told_how_to_have_them(pages: Pages, dashboard_of: Open) -> None:
    empty = dashboard_of('[[stages]]\nname = "lead"\n')
    assert "Nobody came in these days" in text_of(empty.get("/sources"))
    assert "leadline import-costs costs.csv" in text_of(empty.get("/sources"))
    assert "import-costs" not in text_of(pages.get("/sources"))
    assert "not by source" in text_of(pages.get("/sources?by=source"))
    assert "No revenue is known" not in text_of(pages.get("/sources"))
    chinese = text_of(pages.get("/sources?lang=zh-CN"))
    assert "付费搜索" in chinese and "单客成本" in chinese


def test_a_reader_sees_numbers_and_no_names(pages: Pages) -> None:
    pages.viewer(None, role="reader")
    shown = pages.get("/reports/channels/people?number=leads&row.group=paid_search").text
    pages.viewer(None)
    assert len(NAME.findall(shown)) == 3 and "王伟" not in shown and "Li Na" not in shown


def test_pages_ask_the_database_few_things(pages: Pages) -> None:
    pages.get("/sources?way=linear&by=campaign")
    assert pages.queries <= 16
    pages.get("/reports/channels/people?number=leads&row.group=paid_search")
    assert pages.queries <= 10
