"""Response times: the numbers of the report, and what is waited for now, with its leads."""

import re

import pytest

from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from projections.reports.responses import waited_for
from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import MODEL, filled
from tests.dashboard.given_numbers import numbers_open
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY, MINUTE

WAITED = re.compile(r'<a class="name" href="/leads/([0-9a-f-]{36})">([^<]+)</a>')


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    pages = dashboard_of(MODEL.replace("[sales]", '[sales]\nreport_by = "owner"'))
    filled(pages)
    pages.company.touch(FRIDAY + 20 * MINUTE, "owner_accepted", "e:wang@x.test", owner="ana")
    return pages


def test_the_numbers_are_those_of_the_report(pages: Pages) -> None:
    with pages.company.world.view() as view:
        shape = report(view, "response_times", ReportQuestion(by="owner"))
    shown = pages.get("/responses?period=ever")
    assert len(re.findall(r"<tr>\s*<th scope=\"row\">", shown.text)) == len(shape.items) > 2
    assert len(numbers_open(pages, "/responses?period=ever")) > 3
    text = text_of(shown)
    assert "to accept" in text and "20 minutes half within that · 100% in time" in text
    assert "Told apart by owner" in text
    assert '<th scope="col" title="still waited for" class="number" aria-sort="descending">' in re.sub(
        r"\s*<a", "<a", pages.get("/responses?sort=-open").text
    )


def test_what_is_waited_for_is_listed_with_its_leads_the_most_urgent_first(pages: Pages) -> None:
    with pages.company.world.view() as view:
        waiting = waited_for(view).items
    shown = pages.get("/responses")
    found = WAITED.findall(shown.text)
    assert [lead for lead, _ in found] == [each.lead for each in waiting] and len(waiting) >= 2
    assert {"Li Na", "王伟"} <= {name for _, name in found}
    assert 'class="late"' not in shown.text
    assert [name for _, name in WAITED.findall(pages.get("/responses?owner=bo").text)] == ["Li Na"]
    pages.company.wait(FRIDAY + 10 * 24 * 60 * MINUTE)
    text = text_of(pages.get("/responses"))
    assert "missed" in text.lower() and "0% in time" in text


def test_a_long_list_goes_on(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = WAITED.findall(pages.get("/responses").text)
    monkeypatch.setattr("api.dashboard.pages.responses.SIZE", 1)
    address, paged = "/responses", []
    while address:
        shown = pages.get(address).text
        paged += WAITED.findall(shown)
        following = re.search(r'<a href="([^"]+)" rel="next">', shown)
        address = following[1].replace("&amp;", "&") if following else ""
    assert paged == whole


def test_of_single_people_nothing_is_told_where_the_model_says_so(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL.replace("[sales]", '[sales]\nreport_by = "none"'))
    filled(pages)
    text = text_of(pages.get("/responses"))
    assert "of single people nothing is told" in text
    asked, still = (
        pages.get(f"/reports/response_times/people?by=kind&number={each}").text for each in ("asked", "open")
    )
    assert WAITED.findall(asked) and "Owner" not in asked and "Owner" in still


def test_owners_of_no_team_are_told_as_such(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL.replace("[sales]", '[sales]\nreport_by = "team"'))
    filled(pages)
    for address in ("/responses", "/reports/response_times"):
        assert text_of(pages.get(address)).count("in no team to") > 0, text_of(pages.get(address))


def test_a_reader_sees_nobodys_name(pages: Pages) -> None:
    pages.viewer(None, role="reader")
    shown = pages.get("/responses").text
    assert "Li Na" not in shown and "王伟" not in shown and re.search(">Lead [0-9a-f]{8}<", shown)


def test_where_nothing_was_asked_that_is_said(dashboard_of: Open) -> None:
    text = text_of(dashboard_of('[[stages]]\nname = "lead"\n').get("/responses"))
    assert "Nothing was asked of anybody" in text and "Nothing is waited for." in text


def test_the_page_asks_the_database_few_things(pages: Pages) -> None:
    pages.get("/responses")
    assert pages.queries <= 11
