"""Every report as a page: each column, way and note has its words, and the page says what the API says."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from api.dashboard.reports.columns import COLUMN_TEXTS, REPORT_TEXTS
from api.dashboard.reports.notes import NOTES, TEMPLATES, note_text
from api.dashboard.reports.questions import BY_TEXTS, OPTION_TEXTS, Asking
from api.dashboard.reports.table import report_table, sorted_items
from api.dashboard.reports.values import ADVICE, QUALITY
from api.dashboard.texts import Texts
from api.dashboard.words.wording import PageWording
from domain.files.durations import DAY
from domain.model.definition import parse_model
from projections.reports import quality
from projections.reports.answer import Report, ReportQuestion
from projections.reports.registry import REPORTS, known_report, report
from tests.dashboard.conftest import Open
from tests.dashboard.given_pages import Pages, text_of
from tests.dashboard.given_traffic import MODEL, bought, mailed
from tests.projections.given_sales import FRIDAY, Company

NAMES = [each.name for each in REPORTS]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Nothing here changes what there is: one company for all."""
    folder = tmp_path_factory.mktemp("reports")
    pages = Pages(folder, Company(folder, FRIDAY, MODEL))
    bought(pages)
    mailed(pages)
    yield pages
    pages.close()


def wording_of(view: Any, tag: str = "en") -> PageWording:
    return PageWording(view.model, Texts().languages[tag], view.clock)


# ---- words -------------------------------------------------------------------------------------------------------


def test_every_report_column_way_and_option_has_its_words() -> None:
    assert set(REPORT_TEXTS) == set(COLUMN_TEXTS) == set(NAMES)
    for each in REPORTS:
        assert set(COLUMN_TEXTS[each.name]) == {column.name for column in each.columns}, each.name
        assert set(each.by) <= set(BY_TEXTS), each.name
        assert set(OPTION_TEXTS.get(each.name, {})) == set(each.options), each.name
    assert set(BY_TEXTS) == {by for each in REPORTS for by in each.by}
    assert set(OPTION_TEXTS) == {each.name for each in REPORTS if each.options}


def test_no_two_columns_of_a_report_are_called_the_same() -> None:
    for name, texts in COLUMN_TEXTS.items():
        labels = [text.label for text in texts.values()]
        assert len(set(labels)) == len(labels), name


def test_every_finding_has_its_words() -> None:
    assert set(quality.ADVICE) <= set(QUALITY)
    assert set(ADVICE) == {sentence for advice in quality.ADVICE.values() for sentence in advice}


def questions(definition: Report) -> Iterator[ReportQuestion]:
    """The report told apart in each way, and with each value of each option that a form offers."""
    named = {"segment:": "segment:fans", "profile.": "profile.company"}
    for by in definition.by or (None,):
        yield ReportQuestion(by=None if by is None else named.get(by, by))
    for name, texts in OPTION_TEXTS.get(definition.name, {}).items():
        values = {Asking.NUMBER: ["5"], Asking.OF_STAGES: ["lead"]}.get(texts.asking, list(texts.choices))
        for value in filter(None, [*values, *(["stage:lead"] if texts.asking is Asking.STAGE else [])]):
            if name != "of":
                yield ReportQuestion(options={name: value})


OTHERS = [
    ("mail", {"test": "june"}),
    ("mail", {"test": "june", "of": "converted"}),
    ("paths", {"start": "page_viewed", "window": "365d"}),
    ("portrait", {}),
]


def test_every_note_that_a_report_writes_is_known(pages: Pages) -> None:
    notes = set()
    with pages.company.world.view() as view:
        for each in REPORTS:
            for question in questions(each):
                notes |= set(report(view, each.name, question).notes)
        for name, options in OTHERS:
            notes |= set(report(view, name, ReportQuestion(options=options)).notes)
        wording, chinese = wording_of(view), wording_of(view, "zh-CN")
    assert len(notes) > 15 and [note for note in notes if TEMPLATES.found(note) is None] == []
    assert [note for note in notes if not re.search("[一-鿿]", note_text(chinese, note))] == []
    assert note_text(wording, "qualified: entered customer") == "qualified: entered Buyer"
    assert note_text(chinese, "cost: 2 in EUR not converted, [money] has no rate of their days").startswith("成本")
    whole = "1488 leads began with page_viewed for the first time in the period."
    assert note_text(wording, whole) == "1,488 leads began with Viewed a page for the first time in the period."
    days = "cohorts are whole: who became known from 2025-08-24 to before 2025-11-30"
    assert note_text(wording, days) == "cohorts are whole: who became known from Aug 24 to before Nov 30"
    assert note_text(wording, "nobody knows this one") == "nobody knows this one"


def test_no_note_is_taken_for_another() -> None:
    """Of each its own pattern is the first that fits."""
    wording = PageWording(parse_model(MODEL), Texts().languages["en"], FRIDAY)
    for note in NOTES:
        filled = re.sub(r"\{(\w+)\}", lambda place: f"X{place[1]}", note)
        assert note_text(wording, filled) == filled


# ---- tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_every_row_of_a_report_in_both_languages(pages: Pages, name: str) -> None:
    shown = pages.get(f"/reports/{name}?period={'ever' if name != 'daily' else '365'}")
    assert shown.status_code == 200, text_of(shown)
    with pages.company.world.view() as view:
        rows = report(view, name, ReportQuestion()).items
    assert shown.text.count('<th scope="row">') >= len(rows) > 0
    chinese = pages.get(f"/reports/{name}?lang=zh-CN")
    heads = re.findall(r'<th scope="col" title="([^"]+)"[^>]*><a [^>]*>([^<]+)', chinese.text)
    assert heads and all(re.search("[一-鿿]", text) for head in heads for text in head), heads


def test_values_are_said_as_people_read_them(pages: Pages) -> None:
    stages = text_of(pages.get("/reports/stages"))
    assert "Buyer" in stages and "%" in stages
    revenue = text_of(pages.get("/reports/revenue?period=ever"))
    assert "€1,500.00" in revenue and "Jun 2026" in revenue
    assert "邮件" in text_of(pages.get("/reports/channels?period=ever&lang=zh-CN"))
    weekdays = text_of(pages.get("/reports/mail?by=weekday"))
    assert "Friday" in weekdays and "Left out, since nothing is known there: Campaign" in weekdays
    quality = text_of(pages.get("/reports/quality"))
    assert "Not heard of for long" in quality


def test_headings_sort_and_what_nobody_knows_comes_last(pages: Pages) -> None:
    with pages.company.world.view() as view:
        shape, wording = report(view, "channels", ReportQuestion()), wording_of(view)
        for sort in ("visitors", "-visitors", "group", "-days_to_won", "days_to_won"):
            name = sort.removeprefix("-")
            values = [item[name] for item in sorted_items(wording, shape, sort)]
            having = [value for value in values if value is not None]
            assert values[: len(having)] == having and len(values) == len(shape.items)
            if name != "group":
                assert all(a >= b if sort[0] == "-" else a <= b for a, b in pairwise(having)), sort
        table = report_table(wording, shape, "x", sort="-won", address=lambda sort: f"?sort={sort}")
    won = next(head for head in table.heads if head.name == "won")
    assert (won.sorted, won.address) == ("descending", "?sort=won")
    shown = pages.get("/reports/channels?period=ever&sort=-won").text
    assert shown.count('aria-sort="descending"') == 1


def test_amounts_are_sorted_within_their_currency_alone(pages: Pages) -> None:
    with pages.company.world.view() as view:
        shape = report(view, "channels", ReportQuestion())
        items = sorted_items(wording_of(view), shape, "-revenue")
    told = [item["currency"] for item in items if item["revenue"] is not None]
    assert told == sorted(told) and len(set(told)) == 2


# ---- pages -------------------------------------------------------------------------------------------------------


def test_the_list_names_every_report(pages: Pages) -> None:
    shown = pages.get("/reports")
    for each in REPORTS:
        assert f'href="/reports/{each.name}"' in shown.text and REPORT_TEXTS[each.name].label in text_of(shown)


def test_what_is_downloaded_is_asked_alike(pages: Pages) -> None:
    shown = pages.get("/reports/channels?from=2026-06-01&to=2026-06-30&by=campaign&touch=last&sort=-won").text
    found = re.search(r'href="(/api/reports/channels\?[^"]+)format=csv"', shown)
    assert found is not None
    asked = found[1].replace("&amp;", "&")
    assert asked == "/api/reports/channels?from=2026-06-01&to=2026-07-01&by=campaign&touch=last&"


def test_ever_is_ever_also_of_a_report_that_is_usually_of_recent_days(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL)
    bought(pages)
    pages.company.wait(FRIDAY + 300 * DAY)
    assert "nothing to report" in text_of(pages.get("/reports/revenue?period=31"))
    assert "€1,500.00" in text_of(pages.get("/reports/revenue?period=ever"))
    assert "from=1970-01-01&amp;format=csv" in pages.get("/reports/revenue?period=ever").text
    assert "Paid search" in text_of(pages.get("/sources?period=ever"))
    assert "Nobody came" in text_of(pages.get("/sources?period=7"))


def test_what_is_refused_is_said_beside_the_form(pages: Pages) -> None:
    refused = pages.get("/reports/mail?test=nonsense")
    assert refused.status_code == 400 and "allowed is a campaign with two" in text_of(refused)
    assert '<select name="by">' in refused.text
    assert pages.get("/reports/nonsense").status_code == 404
    assert pages.get("/reports/channels?from=nonsense").status_code == 400


def test_a_day_by_day_report_is_never_of_ever_and_quality_has_no_period(pages: Pages) -> None:
    daily = pages.get("/reports/daily?period=ever")
    assert daily.status_code == 200 and 'value="ever"' not in daily.text
    assert 'name="period"' not in pages.get("/reports/quality?period=7").text


def test_a_number_of_findings_opens_just_so_many_leads(dashboard_of: Open) -> None:
    pages = dashboard_of(MODEL.replace('name = "lead"', 'name = "lead"\nrequires = ["profile.title"]', 1))
    bought(pages)
    pages.company.wait(FRIDAY + 300 * DAY)
    links = re.findall(r'<a href="(/health/findings[^"]+)">(\d+)</a>', pages.get("/reports/quality").text)
    assert {kind for link, _ in links for kind in re.findall(r"kind=(\w+)", link)} >= {"missing_field", "stale"}
    for link, number in links:
        listed = pages.get(link.replace("&amp;", "&")).text
        assert len(set(re.findall(r'href="/leads/([0-9a-f-]{36})"', listed))) == int(number), link
    assert "kind=stale" not in pages.get("/reports/quality?stale=3").text


def test_a_field_of_the_portrait_opens_its_values(pages: Pages) -> None:
    assert known_report("portrait").by[0] == "profile"
    shown = pages.get("/reports/portrait").text
    assert "by=profile.company" in shown
    assert pages.get("/reports/portrait?by=profile.company").status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_the_database_what_the_report_asks(pages: Pages, name: str) -> None:
    with pages.company.world.view() as view:
        pages.queries = 0
        report(view, name, ReportQuestion())
        asked = pages.queries
    pages.get(f"/reports/{name}")
    assert pages.queries <= asked + 6


def test_sentences_have_a_wide_column_in_chinese_too(pages: Pages) -> None:
    """They have half as many letters, each twice as wide: the columns were six letters wide on a phone."""
    for language in ("en", "zh-CN"):
        assert pages.get(f"/reports/quality?lang={language}").text.count('<td class="prose">') > 10, language
