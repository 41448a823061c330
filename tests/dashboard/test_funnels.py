"""Funnels: every number of a page is the length of the list that it opens, whatever it is told apart by."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import pytest

from domain.touchpoints.touchpoint import moment
from tests.dashboard.conftest import Open
from tests.dashboard.given_journeys import CLOCK, MODEL, filled
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import Company

BEHIND = re.compile(r'<a href="(/funnels/[^"/]+/leads\?[^"]*)">([\d,]+)</a>')
NAME = re.compile(r'<a class="name" href="/leads/([0-9a-f-]{36})">')


@pytest.fixture(scope="module")
def company_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("funnels")
    pages = Pages(folder, Company(folder, CLOCK, MODEL))
    filled(pages)
    yield pages
    pages.close()


@pytest.fixture
def pages(company_pages: Pages) -> Pages:
    company_pages.viewer(None)
    return company_pages


def shown(pages: Pages, address: str) -> str:
    answer = pages.get(address)
    assert answer.status_code == 200, f"{address}: {text_of(answer)}"
    return answer.text


def listed(pages: Pages, address: str) -> tuple[int, list[str]]:
    """How many leads a list says that it has, and all of them, page by page."""
    leads: list[str] = []
    said, following = 0, address
    while following:
        text = shown(pages, following)
        said = int(re.findall(r"<b>(\d+) [^<]+</b>", text)[0])
        leads += NAME.findall(text)
        found = re.search(r'<a href="([^"]+)" rel="next">', text)
        following = unescape(found[1]) if found else ""
    return said, leads


def numbers(text: str) -> list[tuple[str, int]]:
    return [(unescape(address), int(number.replace(",", ""))) for address, number in BEHIND.findall(text)]


@pytest.mark.parametrize(
    "address",
    [
        "/funnels?period=ever",
        "/funnels/sale",
        "/funnels/sale?period=31&by=last_source&series=week",
        "/funnels/sale?period=ever&by=profile.employees:100,300",
        "/funnels/sale?period=ever&by=segment:asked&lang=zh-CN",
        "/funnels/sale?period=own&from=2026-05-01&series=month&by=stage",
        "/funnels/any%20two?period=ever&by=profile.country",
    ],
)
def test_every_number_is_the_length_of_its_list(pages: Pages, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.dashboard.pages.funnel_leads.SIZE", 25)
    found = numbers(shown(pages, address))
    assert len(found) > 8 and any(number > 25 for _, number in found), "pages follow each other"
    for list_of, number in dict(found).items():
        said, leads = listed(pages, list_of)
        assert len(leads) == len(set(leads)) == said == number, list_of


def test_a_funnel_of_many_steps_has_a_line_a_step(dashboard_of: Open) -> None:
    """Side by side on a card, seven names were broken every three letters, and bars stood below their ground."""
    steps = ", ".join(f'{{ on = "step_{n}" }}' for n in range(7))
    funnel = f'[[funnels]]\nname = "long"\nwindow = "14d"\nsteps = [{steps}]'
    pages = dashboard_of(f'[[stages]]\nname = "lead"\n{funnel}', CLOCK)
    pages.company.touch(CLOCK, "step_0")
    assert '<ol class="funnel brief many">' in shown(pages, "/funnels")
    assert '<ol class="funnel">' in shown(pages, "/funnels/long"), "a page has room for seven"


def test_the_sum_adds_up_and_says_who_may_still_come(pages: Pages) -> None:
    text = text_of(pages.get("/funnels/sale"))
    found = re.search(
        r"Started (\d+) Took all steps (\d+) [\d.]+% May still come (\d+) [\d.]+% Gone (\d+) [\d.]+%"
        r" Of those whose time is over ([\d.]+)% (\d+) of (\d+)", text
    )  # fmt: skip
    assert found, text
    started, took_all, pending, gone = (int(found[place]) for place in (1, 2, 3, 4))
    assert started == took_all + pending + gone == 60 and min(took_all, pending, gone) > 0
    assert abs(float(found[5]) - 100 * int(found[6]) / int(found[7])) <= 0.5
    assert "everybody has 14 days from their start" in text
    assert "Out is who does this in between: Unsubscribed from mail." in text
    assert re.search(r"Most are lost before step \d, “.+”: of \d+ whose time is over", text)


def test_steps_are_said_in_the_readers_language(pages: Pages) -> None:
    text = shown(pages, "/funnels/sale?lang=en")
    assert "From a page to a sale" in text and "Wants a &lt;demo&gt;" in text
    assert "Viewed a page" in text and "Became customer" in text and "within 7 days" in text
    text = shown(pages, "/funnels/sale?lang=zh-CN")
    assert "从浏览到成交" in text and "想看演示" in text and "浏览页面" in text
    text = text_of(pages.get("/funnels/any%20two?period=ever"))
    assert "The steps in any order, all within 2 days." in text and "2 different steps" in text


def test_the_picture_stands_for_the_numbers(pages: Pages) -> None:
    text = shown(pages, "/funnels/sale?period=ever")
    columns = re.findall(r'<svg class="funnel-column" role="img" aria-label="[^"]+">(.*?)</svg>', text)
    assert len(columns) == 4
    first = {name: float(height) for name, height in re.findall(r'class="(\w+)".*?height="([\d.]+)%"', columns[0])}
    said = dict(numbers(text))
    base = "/funnels/sale/leads?period=ever"
    assert first["gone"] == pytest.approx(100 * said[f"{base}&state=gone&step=1"] / 60, abs=0.01)
    assert first["pending"] == pytest.approx(100 * said[f"{base}&state=pending&step=1"] / 60, abs=0.01)
    assert first["on"] == first["way"] == pytest.approx(100 * said[f"{base}&step=2"] / 60, abs=0.01)
    assert 'id="may-come"' in text and 'fill="url(#may-come)"' in text


def test_a_field_of_the_profile_is_asked_for_by_hand(pages: Pages) -> None:
    asked = "/funnels/sale?period=ever&by=profile.&field=employees&bands=100,+300"
    answer = pages.get(asked)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/funnels/sale?period=ever&by=profile.employees%3A100%2C300"
    text = text_of(pages.get(answer.headers["location"]))
    for band in ("below 100", "100 to 300", "300 and more"):
        assert band in text
    assert pages.get("/funnels/sale?by=profile.&field=").headers["location"] == "/funnels/sale?"
    pages.viewer(None, role="reader")
    assert pages.get("/funnels/sale?by=profile.name").status_code == 403
    assert pages.get("/funnels/sale/leads?by=profile.email&group=x").status_code == 403


def test_groups_are_sorted_by_their_rates(pages: Pages) -> None:
    text = shown(pages, "/funnels/sale?period=ever&by=last_source&order=mature_rate")
    rates = [float(rate) for rate in re.findall(r'<td class="number">([\d.]+)% <span class="minor">\(', text)]
    assert len(rates) == 4 and rates == sorted(rates, reverse=True)
    assert "order=rate#groups" in text and 'aria-sort="descending"' in text


def test_a_list_over_time_needs_a_beginning_and_marks_what_goes_on(pages: Pages) -> None:
    assert "needs a period with a beginning" in text_of(pages.get("/funnels/sale?period=ever&series=week"))
    text = text_of(pages.get("/funnels/sale?period=31&series=week"))
    assert text.count("so far") == 1
    first = (moment(CLOCK) - timedelta(days=20)).date()
    text = text_of(pages.get(f"/funnels/sale?period=own&from={first}&series=day"))
    assert text.count("so far") == 1, "up to and with today"


def test_what_is_not_there_is_said(pages: Pages) -> None:
    assert "Nobody started in this period." in text_of(pages.get("/funnels/nobody"))
    assert pages.get("/funnels/nonsense").status_code == 404
    assert pages.get("/funnels/nonsense/leads").status_code == 404
    steps = ("step=9", "step=x", "state=converted&step=1")
    for wrong in (*steps, "state=x", "mature=x", "by=stage&group=x", "by=stage", "cursor=x"):
        assert pages.get(f"/funnels/sale/leads?{wrong}").status_code == 400, wrong
    assert pages.get("/funnels/sale?by=nonsense").status_code == 400


def test_a_model_without_funnels(dashboard_of: Open) -> None:
    assert "no funnel yet" in text_of(dashboard_of('[[stages]]\nname = "lead"\n').get("/funnels"))


def test_many_funnels_are_shown_in_parts(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.dashboard.pages.funnels.MOST_LISTED", 2)
    first, second = shown(pages, "/funnels"), shown(pages, "/funnels?period=365&page=1")
    assert "any two" in first and "nobody" not in first and "nobody" in second
    assert 'href="/funnels?period=365&amp;page=1" rel="next"' in first


def test_pages_ask_the_database_few_things(pages: Pages) -> None:
    pages.get("/funnels/sale?by=stage&series=week")
    assert pages.queries <= 20
    pages.get("/funnels/sale/leads?state=gone")
    assert pages.queries <= 20
    pages.get("/funnels")
    assert pages.queries <= 40
