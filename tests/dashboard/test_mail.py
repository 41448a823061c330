"""Mail: what became of it as the report says, and a test of two variants in words."""

import re
from collections.abc import Iterator

import pytest

from api.dashboard.reports.mail_variants import mail_test
from api.dashboard.texts import Texts
from api.dashboard.words.wording import PageWording
from domain.model.definition import parse_model
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from tests.dashboard.conftest import Open
from tests.dashboard.given_numbers import numbers_open
from tests.dashboard.given_pages import Pages, text_of
from tests.dashboard.given_traffic import MODEL, bought, mailed
from tests.projections.given_sales import FRIDAY, MINUTE, Company, touchpoint


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Nothing here changes what there is: one company for all."""
    folder = tmp_path_factory.mktemp("mail")
    pages = Pages(folder, Company(folder, FRIDAY, MODEL))
    bought(pages)
    mailed(pages, people=40)
    other = {"campaign": "june", "variant": "B", "kind": "provider"}  # of A, to whom the other one was sent as well
    pages.company.tell([touchpoint(FRIDAY + MINUTE, "email_sent", "e:m2@mail.test", **other)], FRIDAY + 180 * MINUTE)
    yield pages
    pages.close()


def test_every_number_opens_just_those_people(pages: Pages) -> None:
    for address in ("/mail", "/mail?by=variant&sort=-clicked", "/reports/mail?by=weekday"):
        links = numbers_open(pages, address)
        assert len(links) >= 5 and any("number=clicked" in link for link in links), address
    shown = text_of(pages.get("/reports/mail/people?by=variant&number=clicked&row.campaign=june&row.variant=B"))
    assert "Mail Clicked 30 people" in shown and "Campaign: june · Variant: B ·" in shown
    assert 'href="/mail?' in pages.get("/reports/mail/people?number=people").text, "back to the page of the number"
    assert pages.get("/reports/mail/people?number=rate").status_code == 400
    assert pages.get("/reports/revenue/people?number=amount").status_code == 400
    pages.viewer(None, role="reader")
    names = re.findall(
        r'<a class="name"[^>]*>([^<]*)<', pages.get("/reports/mail/people?number=people&row.campaign=june").text
    )
    pages.viewer(None)
    assert len(names) == 50 and all(name.startswith("Lead ") for name in names)


def heads(text: str) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', text)


def test_rows_are_those_of_the_report_by_each_way(pages: Pages) -> None:
    assert heads(pages.get("/mail").text) == ["june", "old"]
    assert heads(pages.get("/mail?by=variant").text) == ["june · A", "june · B", "old · none"]
    assert heads(pages.get("/mail?by=weekday").text) == ["Friday"]
    assert heads(pages.get("/mail?by=weekday&lang=zh-CN").text) == ["星期五"]
    assert heads(pages.get("/mail?by=hour").text)[0] == "17:00"
    assert heads(pages.get("/mail?sort=people").text) == ["old", "june"]
    text = text_of(pages.get("/mail"))
    assert "80 80 40 50% 40 50%" in text, "people, delivered, opened and clicked with their shares"


def test_the_test_of_the_first_campaign_with_two_variants_is_told_in_words(pages: Pages) -> None:
    text = text_of(pages.get("/mail"))
    assert "Test of june: B did better" in text
    assert "Of A 10 of 40 people clicked: 25%. Of B 30 of 40 people clicked: 75%." in text
    with pages.company.world.view() as view:
        [_, second] = report(view, "mail", ReportQuestion(options={"test": "june"})).items
    low, high = (f"+{100 * second[name]:.1f}".removesuffix(".0") for name in ("lowest", "highest"))
    assert f"B minus A: +50 points; with 95% confidence the true difference lies between {low} and {high}." in text
    assert "with a chance of &lt; 0.1%" in pages.get("/mail").text
    assert "Decide once, at the end" in text
    assert "had both variants, and count with A: 1 people; a difference looks smaller" in text
    chinese = text_of(pages.get("/mail?of=opened&lang=zh-CN"))
    assert "B 效果更好" in chinese and "点击更能说明问题" in chinese


def items(*counts: tuple[int, int], **told: float) -> list[dict[str, object]]:
    """Rows of a test: how many of how many clicked."""
    rows: list[dict[str, object]] = [
        {"variant": name, "people": people, "clicked": part, "clicked_share": part / people}
        for name, (part, people) in zip("AB", counts, strict=True)
    ]
    rows[1] |= told
    return rows


def test_too_few_and_no_difference_are_said_so() -> None:
    wording = PageWording(parse_model(MODEL), Texts().languages["en"], FRIDAY)
    few = mail_test(wording, items((1, 9), (5, 9), difference=0.44, lowest=0.01, highest=0.7, chance=0.1), "clicked")
    assert (few.verdict, few.clear) == ("Too few people to tell", False)
    assert few.warnings[0].startswith("Wait for more")
    same = mail_test(
        wording, items((50, 100), (53, 100), difference=0.03, lowest=-0.1, highest=0.16, chance=0.77), "clicked", 7
    )
    assert (same.verdict, same.clear) == ("No difference is shown", False)
    assert same.warnings[-1] == "Without a variant, and left out: 7 people." and "+3 points" in same.sentences[2]
    worse = mail_test(
        wording, items((75, 100), (25, 100), difference=-0.5, lowest=-0.6, highest=-0.3, chance=1e-9), "clicked"
    )
    assert (worse.verdict, worse.clear) == ("A did better", True)


def test_where_there_is_no_mail_that_is_said(dashboard_of: Open) -> None:
    text = text_of(dashboard_of().get("/mail"))
    assert "No mail is known of these days" in text and "Test of" not in text


def test_the_page_asks_the_database_few_things(pages: Pages) -> None:
    pages.get("/mail")
    assert pages.queries <= 12
