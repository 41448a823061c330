"""Cohorts, paths and portrait: what the pages show is what the reports say, and sums of it."""

import re
from collections.abc import Iterator
from html import unescape
from math import isclose
from typing import Any

import pytest

from api.dashboard.charts.lift_dots import lift_dot, place_of
from api.dashboard.reports.questions import OPTION_TEXTS
from projections.queries.days import DayRange
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from tests.dashboard.conftest import Open
from tests.dashboard.given_journeys import CLOCK, MODEL, filled
from tests.dashboard.given_numbers import numbers_open
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import Company

ROW = re.compile(r"<tr[^>]*>(.*?)</tr>", re.DOTALL)
CELL = re.compile(r"<(td|th)\b([^>]*)>(.*?)</\1>", re.DOTALL)


@pytest.fixture(scope="module")
def company_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("journeys")
    pages = Pages(folder, Company(folder, CLOCK, MODEL))
    filled(pages)
    yield pages
    pages.close()


@pytest.fixture
def pages(company_pages: Pages) -> Pages:
    company_pages.viewer(None)
    return company_pages


def told(pages: Pages, name: str, by: str | None = None, **options: str) -> list[dict[str, Any]]:
    """What the report says."""
    with pages.company.world.view() as view:
        return report(view, name, ReportQuestion(DayRange(0, 30_000), by, options)).items


def rows(text: str, part: str) -> list[list[tuple[str, str]]]:
    """Of each row of a part of the tables its cells: attributes and text."""
    bodies = re.findall(rf"<{part}>(.*?)</{part}>", text, re.DOTALL)
    return [
        [(attributes, " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())) for _, attributes, cell in found]
        for body in bodies
        for row in ROW.findall(body)
        if (found := CELL.findall(row))
    ]


def shown(pages: Pages, address: str) -> str:
    answer = pages.get(address)
    assert answer.status_code == 200, f"{address}: {text_of(answer)}"
    return answer.text


def percent(share: float) -> str:
    return f"{100 * share:.1f}%" if 0 < share < 0.1 else f"{100 * share:.0f}%"


@pytest.mark.parametrize("address", [
    "/cohorts?period=ever&every=month&reached=hot", "/paths?period=ever&length=2",
    "/portrait?period=ever&by=profile.country", "/paths?start=page_viewed&period=ever",
])  # fmt: skip
def test_every_number_opens_just_those_people(pages: Pages, address: str) -> None:
    assert numbers_open(pages, address)


@pytest.mark.parametrize("every", ["week", "month"])
@pytest.mark.parametrize("reached", ["won", "hot", "back", "stage:customer"])
def test_each_cell_is_a_period_of_a_cohort(pages: Pages, every: str, reached: str) -> None:
    text = shown(pages, f"/cohorts?period=ever&every={every}&reached={reached}")
    items = told(pages, "cohorts", every=every, reached=reached)
    cohorts = sorted({item["cohort"] for item in items}, reverse=True)
    table = rows(text, "tbody")
    assert len(table) == len(cohorts) > 1
    for cohort, (_, (_, leads), *cells) in zip(cohorts, table, strict=True):
        of_it = [item for item in items if item["cohort"] == cohort]
        assert int(leads) == of_it[0]["leads"]
        said = [text for _, text in cells]
        wanted = [f"{percent(item['share'])}{' …' if item['open'] else ''} {item['reached']}" for item in of_it]
        assert said == [*wanted, *[""] * (len(said) - len(wanted))]
        assert ["is-open" in attributes for attributes, _ in cells][: len(of_it)] == [item["open"] for item in of_it]
    if items:
        greatest = max(item["share"] for item in items)
        assert ("level-8" in text) == (greatest > 0)


def test_all_cohorts_together_are_those_for_which_the_period_is_over(pages: Pages) -> None:
    ((_, (_, leads), *cells),) = rows(shown(pages, "/cohorts?period=ever&reached=hot"), "tfoot")
    items = told(pages, "cohorts", reached="hot")
    assert int(leads) == sum({item["cohort"]: item["leads"] for item in items}.values()) == 60
    for period, (_, text) in enumerate(cells):
        over = [item for item in items if item["period"] == period and not item["open"]]
        reached, whole = (sum(item[name] for item in over) for name in ("reached", "leads"))
        assert text == (f"{percent(reached / whole)} {reached}" if over else "")
    assert len(cells) > 3


@pytest.mark.parametrize(
    ("address", "options", "end"),
    [
        ("before=won", {"before": "won"}, "Won"),
        ("before=stage:customer&acts=all", {"before": "stage:customer", "acts": "all"}, "customer"),
        ("before=won&start=page_viewed&window=20d", {"start": "page_viewed", "window": "20d"}, None),
        ("start=/p&step=page&top=3", {"start": "/p", "step": "page", "top": "3"}, None),
        ("before=won&step=channel", {"before": "won", "step": "channel"}, "Won"),
    ],
)
def test_each_path_is_a_row_with_its_steps(
    pages: Pages, address: str, options: dict[str, str], end: str | None
) -> None:
    text = shown(pages, f"/paths?period=ever&{address}")
    items, table = told(pages, "paths", **options), rows(text, "tbody")
    assert len(items) == len(table) > 0
    names = {
        "page_viewed": "Viewed a page", "form_submitted": "Sent a form", "demo_requested": "Asked for a demo",
        "email_unsubscribed": "Unsubscribed from mail", "paid_search": "Paid search", "paid_other": "Other paid",
        "direct": "Direct", "stage_changed": "Stage changed",
    }  # fmt: skip
    for item, ((_, path), _, (_, leads), (_, share), _) in zip(items, table, strict=True):
        steps = [names.get(step, step) for step in item["path"].split(" > ")]
        if item["path"] == "nothing":
            steps = ["did nothing in this time"]
        assert path == " ".join([*steps, *([end] if end else [])])
        assert (int(leads), share) == (item["leads"], percent(item["share"]))
    assert f"those of {percent(sum(item['share'] for item in items))} of them" in text


def test_a_portrait_says_how_much_more_frequent_each_value_is_among_the_won(pages: Pages) -> None:
    text = shown(pages, "/portrait?period=ever&by=profile.country")
    items, table = told(pages, "portrait", "profile.country"), rows(text, "tbody")
    assert len(items) == len(table) > 1
    won, leads = sum(item["won"] for item in items), sum(item["leads"] for item in items)
    for item, row in zip(items, table, strict=True):
        lift = re.match(r"([\d.]+)× ([\d.]+) – ([\d.]+)", row[2][1])
        assert lift, row
        middle, low, high = map(float, lift.groups())
        assert middle == item["lift"] and low <= middle <= high
        assert isclose(low, item["win_rate_low"] * leads / won, abs_tol=0.006)
        assert isclose(high, item["win_rate_high"] * leads / won, abs_tol=0.006)
        counts = [row[place][1] for place in (6, 7, 8)]
        assert counts == [str(item[name]) for name in ("won", "lost", "leads")]
        assert row[3][1] == percent(item["won_share"]) and ("too few" in row[0][1]) == item["few"]
    assert text.count('<svg class="lift" role="img"') == len(items)


def test_a_portrait_of_all_fields_leads_to_each(pages: Pages) -> None:
    text = shown(pages, "/portrait?period=ever")
    assert 'href="/portrait?period=ever&amp;by=profile.country"' in text
    assert "Person" not in text and "Left out, since they say who somebody is" in text
    answer = pages.get("/portrait?period=ever&by=profile.&field=employees&bands=100,300")
    assert answer.headers["location"] == "/portrait?period=ever&by=profile.employees%3A100%2C300"
    assert "100 to 300" in text_of(pages.get(answer.headers["location"]))


@pytest.mark.parametrize("factor", [0.01, 0.25, 0.4, 1.0, 1.7, 4.0, 9.0])
def test_a_dot_lies_as_far_for_twice_as_for_half(factor: float) -> None:
    assert isclose(place_of(factor) - 50, 50 - place_of(1 / factor))
    assert 0 <= place_of(factor) <= 100 and (place_of(2) > place_of(1) == 50 > place_of(0.5))
    assert place_of(0) == 0


@pytest.mark.parametrize(("low", "high", "kind"), [(1.1, 3, "more"), (0.2, 0.9, "less"), (0.5, 2, "unsure")])
def test_a_dot_is_coloured_only_where_it_is_sure(low: float, high: float, kind: str) -> None:
    picture = lift_dot((low * high) ** 0.5, low, high, 'a "b" <c>')
    assert f'<circle class="{kind}"' in picture and "a &#34;b&#34; &lt;c&gt;" in picture


@pytest.mark.parametrize(("lift", "mark"), [(4.0, "circle"), (4.1, "polygon"), (0.24, "polygon"), (0.25, "circle")])
def test_what_lies_beyond_the_scale_is_no_dot_on_it(lift: float, mark: str) -> None:
    """6.7 times and 4 times as frequent looked alike."""
    picture = lift_dot(lift, lift / 2, lift * 2, "said")
    assert {each for each in ("circle", "polygon") if f"<{each} " in picture} == {mark}


@pytest.mark.parametrize(
    ("report_of", "name"),
    [(name, option) for name, options in OPTION_TEXTS.items() for option, texts in options.items() if texts.usual],
)
def test_an_empty_field_shows_what_is_meant_by_it(pages: Pages, report_of: str, name: str) -> None:
    usual = OPTION_TEXTS[report_of][name].usual
    with pages.company.world.view() as view:
        asked = (report(view, report_of, ReportQuestion(options=options)) for options in ({}, {name: usual}))
        assert next(asked).items == next(asked).items
    where = f"/{report_of}" if report_of in ("cohorts", "paths") else f"/reports/{report_of}"
    assert f'name="{name}" value="" placeholder="{usual}"' in shown(pages, where)


def test_paths_onwards_are_not_called_those_before_a_deal(pages: Pages) -> None:
    for address, before in (("/paths", True), ("/paths?start=page_viewed", False)):
        assert ("before they were won or lost." in text_of(pages.get(address))) is before, address


def test_what_a_report_refuses_is_said_beside_its_form(pages: Pages) -> None:
    for wrong in ("/cohorts?reached=nonsense", "/paths?window=soon", "/portrait?by=nonsense"):
        answer = pages.get(wrong)
        assert (answer.status_code == 400 and "nonsense" in answer.text) or "soon" in answer.text, wrong
        assert '<form class="filters-form"' in answer.text
    pages.viewer(None, role="reader")
    assert pages.get("/portrait?by=profile.email").status_code == 403


def test_the_three_pages_are_one_place_of_the_navigation(pages: Pages) -> None:
    for page in ("cohorts", "paths", "portrait"):
        text = shown(pages, f"/{page}")
        assert re.search(r'<a href="/cohorts" aria-current="(page|true)">Journeys</a>', text), page
        assert f'<a href="/{page}" aria-current="page">' in text and f'href="/reports/{page}?' in text
        assert pages.queries <= 8, page


def test_a_company_without_leads_is_told_so(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL)
    for page, said in (
        ("cohorts", "Nobody became known"),
        ("paths", "happened to nobody"),
        ("portrait", "nothing to compare"),
    ):
        assert said in text_of(pages.get(f"/{page}?lang=en")), page
