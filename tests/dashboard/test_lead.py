"""The page of a lead: what adds up, what happened and did, the zone, the past, and what a stranger may write."""

import re
from html import unescape

import pytest

from tests.dashboard.conftest import Open
from tests.dashboard.given_lead import DAY, HOUR, MODEL, WANG, happened, story, told
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY

MOST_QUERIES = 22


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    return dashboard_of(MODEL, FRIDAY - 30 * DAY)


def _cells(page: str, kind: str) -> list[float]:
    return [float(each.replace(",", "")) for each in re.findall(rf'<td class="{kind}"><b>([\d.,]+)</b>', page)]


def test_who_it_is(pages: Pages) -> None:
    page = text_of(pages.get(f"/leads/{story(pages)}"))
    for said in (
        "王小明 hot",
        "CTO",
        "wang@x.test",
        "Grade A",
        "ana to accept until Jun 8 10:30",
        "CN¥1,290.50",
        "1 order",
    ):
        assert said in page, said
    assert "Times are those of Asia/Shanghai" in page


def test_a_number_that_only_the_profile_has_can_be_called_too(pages: Pages) -> None:
    """Browsers' claims and shared numbers are no identities; a salesperson's phone dials them all the same."""
    lead = story(pages)
    told(pages, HOUR, "identified", profile={"phone": "+86 138 0000 0001 ext. 7"})
    assert '<a class="button" href="tel:+8613800000001">' in pages.get(f"/leads/{lead}").text


def test_countries_and_durations_are_said_in_words(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "identified", profile={"country": "DE", "company_country": 49})
    assert "Country Germany" in text_of(pages.get(f"/leads/{lead}"))
    chinese = text_of(pages.get(f"/leads/{lead}?lang=zh-CN"))
    assert "国家 德国" in chinese and "半衰期 7天" in chinese and "49" in chinese


def test_the_navigation_says_where_a_lead_is(pages: Pages) -> None:
    assert '<a href="/" aria-current="true">' in pages.get(f"/leads/{story(pages)}").text


def test_the_parts_add_up_to_the_heat_and_the_curve_ends_there(pages: Pages) -> None:
    page = pages.get(f"/leads/{story(pages)}").text
    left = _cells(page, "number left")
    [heat] = re.findall(r'id="heat-now">([\d.]+)<', page)
    [total] = re.findall(r'id="heat-sum">([\d.]+)<', page)
    assert len(left) == 2 and f"{sum(left):.2f}" == f"{float(heat):.2f}" == f"{float(total):.2f}"
    assert f"Why it is {heat}" in page
    assert page.count('<svg class="chart heat"') == 2 and page.count('class="award reset"') == 2


def test_what_gave_nothing_says_why(pages: Pages) -> None:
    page = text_of(pages.get(f"/leads/{story(pages)}"))
    assert "Viewed a page 2 20 the rule's limit was reached" in page
    assert "Viewed a page 3 30 the heat was reset later" in page


def test_what_would_make_it_hot(pages: Pages) -> None:
    told(pages, 5 * HOUR, "page_viewed", path="/")
    [lead] = pages.company.world.leads()
    page = text_of(pages.get(f"/leads/{lead.lead}"))
    assert "of the 80 points at which it is hot" in page and "Any one of these would make it hot now: much +84" in page
    assert "it leaves the segment “活跃”" in page


def test_the_timeline_is_newest_first_with_what_each_did(pages: Pages) -> None:
    page = text_of(pages.get(f"/leads/{story(pages)}"))
    timeline = page[page.index("What happened") :]
    said = [
        "Friday, June 5, 2026", "Asked for a demo", "+84 much", "Clicked in a mail May",
        "a machine did it, it counts nowhere: a scanner", "Placed an order A-17", "Call", "An offer by Friday",
        "tags: Has a budget", "Heat reset", "reason: it was her brother · owner: ana",
        "Viewed a page /docs/4", "no points by “Viewed a page”: the rule's limit was reached",
        "Viewed a page /docs/0", "+10 Viewed a page", "Sent a form contact", "Visitor → lead",
    ]  # fmt: skip
    place = 0
    for each in said:
        place = timeline.index(each, place) + len(each)


def test_an_owner_answer_without_effect_says_so(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "owner_accepted", by="api", owner="bo")
    assert "asked, no effect: they do not have the lead" in text_of(pages.get(f"/leads/{lead}"))


def test_the_timeline_of_one_type_and_older_pages(pages: Pages) -> None:
    lead = story(pages)
    happened(pages, [(HOUR - n * 1_000_000, "link_clicked", {"link": f"/{n}"}) for n in range(60)])
    first = pages.get(f"/leads/{lead}?type=link_clicked")
    assert first.text.count('class="item"') == 50 and 'aria-current="true">Clicked a link' in first.text
    [older] = re.findall(r'class="button" href="([^"]+)#timeline">Older', first.text)
    second = pages.get(unescape(older))
    assert second.text.count('class="item"') == 10 and "type=link_clicked" in older
    seen = re.findall(r'class="about">/(\d+)<', first.text) + re.findall(r'class="about">/(\d+)<', second.text)
    assert seen == [str(n) for n in reversed(range(60))]
    assert pages.get(f"/leads/{lead}?type=nothing").text.count('class="item"') == 50
    assert pages.get(f"/leads/{lead}?cursor=x").status_code == 400


def test_whose_identities_were_learnt_when_and_by_whom(pages: Pages) -> None:
    lead = story(pages)
    page = text_of(pages.get(f"/leads/{lead}"))
    assert "E-mail address wang@x.test since May 8 , server (a server said so)" in page


def test_stage_owner_and_segments_lead_to_the_lists_of_them(pages: Pages) -> None:
    page = pages.get(f"/leads/{story(pages)}").text
    for address in ("/?stage=lead", "/?owner=ana", "/?segment=active"):
        assert f'href="{address}"' in page
        assert "wang@x.test" in pages.get(address).text


def test_in_chinese_with_the_labels_of_the_model(pages: Pages) -> None:
    page = text_of(pages.get(f"/leads/{story(pages)}?lang=zh"))
    for said in ("王小明 热", "看了页面", "活跃", "有预算", "2026年6月5日星期五", "申请演示"):
        assert said in page, said


@pytest.mark.parametrize("span", ["day", "recent", "all", "other"])
def test_the_curve_shows_as_much_as_is_asked(pages: Pages, span: str) -> None:
    page = pages.get(f"/leads/{story(pages)}?span={span}").text
    chosen = {"day": "A day", "all": "Everything"}.get(span, "What still counts")
    assert f'aria-current="true">{chosen}</a>' in page


def test_a_former_id_leads_to_the_lead_and_none_to_an_error(pages: Pages) -> None:
    told(pages, 3 * HOUR, "page_viewed", "c:laptop", path="/")
    [visitor] = pages.company.world.leads()
    told(pages, 2 * HOUR, "form_submitted", "c:laptop", WANG, form="x")
    [lead] = pages.company.world.leads()
    answer = pages.get(f"/leads/{visitor.lead}?type=page_viewed")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/leads/{lead.lead}?type=page_viewed")
    assert pages.get("/leads/nobody").status_code == 404


def test_the_page_as_it_was_has_a_banner_and_no_forms(pages: Pages) -> None:
    lead = story(pages)
    page = pages.get(f"/leads/{lead}?as_of=2026-05-27&knowing=now")
    assert "As it was on" in text_of(page) and "Asked for a demo" not in page.text
    assert '<form method="post"' not in page.text and '<form method="post"' in pages.get(f"/leads/{lead}").text
    assert "as_of=2026-05-27" in page.text  # its links stay in the past
    assert pages.get(f"/leads/{lead}?as_of=tomorrow").status_code == 400
    before, ahead = (pages.get(f"/leads/{lead}?as_of={day}") for day in ("2026-05-01", "2026-07-01"))
    assert (before.status_code, ahead.status_code) == (404, 400)
    assert "as of Apr 30, 2026 16:00:00 UTC: the first that is known of it happened at May 8" in text_of(before)
    assert "lies ahead of the clock, Jun 5, 2026 07:30:00 UTC" in text_of(ahead)


def test_what_strangers_write_is_text(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "page_viewed", path='"><script>alert(1)</script>')
    page = pages.get(f"/leads/{lead}").text
    assert "<script>alert" not in page and "<b></dd>" not in page and "&lt;b&gt;" in page


def test_few_queries_however_long_the_story(pages: Pages) -> None:
    lead = story(pages)
    pages.get(f"/leads/{lead}")
    assert pages.queries <= MOST_QUERIES
    happened(pages, [(HOUR - n * 1_000_000, "link_clicked", {"link": f"/{n}"}) for n in range(120)])
    pages.get(f"/leads/{lead}")
    assert pages.queries <= MOST_QUERIES


def test_of_whom_nobody_knows_anything(pages: Pages) -> None:
    told(pages, HOUR, "email_opened", "c:laptop", context={"machine": "prefetch"})
    [lead] = pages.company.world.leads()
    page = text_of(pages.get(f"/leads/{lead.lead}"))
    assert "Visitor" in page and "Nothing gave points yet." in page
