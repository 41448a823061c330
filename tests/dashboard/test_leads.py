"""Who to call now: whom the list has and in which order, how many it says, and that all of it is in the address."""

import re
from html import unescape

import pytest

from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import MODEL, filled
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY, MINUTE

NAME = re.compile(r'<a class="name" href="/leads/([0-9a-f-]{36})">([^<]+)</a>')


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    pages = dashboard_of(MODEL)
    filled(pages)
    return pages


def names(pages: Pages, address: str = "/") -> list[str]:
    answer = pages.get(address)
    assert answer.status_code == 200, text_of(answer)
    return [name for _, name in NAME.findall(answer.text)]


def test_hot_leads_come_first_without_whose_way_has_ended_and_who_is_no_lead(pages: Pages) -> None:
    assert names(pages) == ["Li Na", "王伟", "Visitor", "Cold Fish"]
    assert names(pages, "/?closed=1")[2] == "Won Already"
    assert "me@us.test" in names(pages, "/?excluded=1") and "works here" in text_of(pages.get("/?excluded=1"))


def test_ones_own_hot_leads_come_first_and_so_do_those_of_ones_team(pages: Pages) -> None:
    pages.viewer("ana")
    assert names(pages)[:2] == ["王伟", "Li Na"] and names(pages, "/?owner=me") == ["王伟"]
    assert "Hot, yours" in text_of(pages.get("/"))
    lead = next(id for id, name in NAME.findall(pages.get("/").text) if name == "Li Na")
    pages.company.touch(FRIDAY + 20 * MINUTE, "owner_assigned", "e:li@x.test", owner="field")
    assert names(pages, "/?owner=me") == ["Li Na", "王伟"], lead
    pages.viewer("boss")
    assert names(pages, "/?owner=me") == []


def test_a_row_says_whom_to_call_how_and_why(pages: Pages) -> None:
    shown = pages.get("/?q=王伟")
    text = text_of(shown)
    for said in ("王伟", "CTO · 云帆科技", "asked for a demo", "+84", "ana", "to accept"):
        assert said in text, said
    assert '<a class="reach" href="tel:+8613800000001">+86 138 0000 0001</a>' in shown.text
    ways = re.findall(r'<span class="ways">(.*?)</span>', shown.text, re.DOTALL)
    assert len(ways) == 1 and "tel:" in ways[0] and "mailto:" in ways[0], "below the name, also of who has no company"
    assert "Ice &amp; &lt;Snow&gt;" in pages.get("/").text
    assert "申请了演示" in text_of(pages.get("/?lang=zh"))


def test_the_counts_say_whom_they_count_and_agree_with_the_lists(pages: Pages) -> None:
    text = text_of(pages.get("/"))
    assert "Hot: 2 people." in text and "Not hot: 1 person, 1 visitor." in text
    assert len(names(pages, "/?hot=1")) == 2
    assert "Not hot: 2 people, 1 visitor." in text_of(pages.get("/?excluded=1"))


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("/?q=cold", ["Cold Fish"]),
        ("/?owner=bo", ["Li Na"]),
        ("/?owner=none&hot=1", []),
        ("/?stage=customer", ["Won Already"]),
        ("/?segment=fans&hot=1", ["Li Na", "王伟"]),
        ("/?stage=visitor", ["Visitor"]),
        ("/?order=name", ["Cold Fish", "Li Na", "王伟", "Visitor"]),
        ("/?order=last_seen", ["Visitor", "Cold Fish", "Li Na", "王伟"]),
        ("/?order=nonsense&q=&owner=&stage=", ["Li Na", "王伟", "Visitor", "Cold Fish"]),
    ],
)
def test_filters_search_and_order_are_in_the_address(pages: Pages, address: str, found: list[str]) -> None:
    assert names(pages, address) == found


def test_what_the_model_does_not_know_is_an_error_page(pages: Pages) -> None:
    for address in ("/?stage=nonsense", "/?owner=nobody%20of%20ours", "/?segment=x"):
        assert pages.get(address).status_code == 404, address
    assert pages.get("/?cursor=nonsense").status_code == 400


@pytest.mark.parametrize("order", ["", "name", "last_seen"])
def test_pages_follow_each_other_and_leave_nobody_out(
    pages: Pages, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/?order={order}"
    whole = names(pages, address)
    monkeypatch.setattr("api.dashboard.pages.leads.SIZE", 1)
    pages.viewer("ana" if not order else None)
    paged = []
    while address:
        paged += names(pages, address)
        following = re.search(r'<a href="([^"]+)" rel="next">', pages.get(address).text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert sorted(paged) == sorted(whole) and len(paged) == 4


def test_what_is_new_since_the_last_look_is_marked_until_the_look_ends(pages: Pages) -> None:
    first = pages.get("/")
    assert "chip" not in first.text, "at the first look nothing is new"
    look = {"leadline_look": first.cookies["leadline_look"]}
    pages.company.touch(FRIDAY + 60 * MINUTE, "demo_requested", "e:cold@x.test", kind="server")
    second = pages.get("/", cookies=look)
    assert second.text.count('<span class="chip">new</span>') == 1 and "New since" in text_of(second)
    look = {"leadline_look": second.cookies["leadline_look"]}
    assert pages.get("/", cookies=look).text.count("chip") == 1, "loading again takes no mark away"
    pages.company.wait(FRIDAY + 120 * MINUTE)
    assert "chip" not in pages.get("/", cookies=look).text
    assert "chip" not in pages.get("/", cookies={"leadline_look": "nonsense"}).text


def test_a_reader_sees_no_forms(pages: Pages) -> None:
    assert '<button class="main">Accept</button>' in pages.get("/").text
    pages.viewer(None, role="reader")
    assert 'method="post"' not in pages.get("/").text


def test_a_reader_sees_nobodys_name_and_looks_for_nobody(pages: Pages) -> None:
    pages.viewer(None, role="reader")
    shown = pages.get("/").text
    for said in ("王伟", "Li Na", "wang@", "8613800000001", "name=q", "tel:", "mailto:"):
        assert said not in shown, said
    assert "云帆科技" in shown and re.search(">Lead [0-9a-f]{8}<", shown)
    for asked in ("q=wang", "q=%20", "order=name", "order=%20name+", "order=heat&order=name"):
        assert pages.get(f"/?{asked}").status_code == 403, asked


def test_a_page_asks_the_database_few_things(pages: Pages) -> None:
    pages.get("/")
    assert pages.queries <= 12
    pages.viewer("ana")
    pages.get("/?q=a")
    assert pages.queries <= 15, "how frequent the words are is asked once"


def test_a_company_without_leads_or_owners_is_told_so(dashboard_of: Open) -> None:
    text = text_of(dashboard_of('[[stages]]\nname = "lead"\n').get("/"))
    assert "There is no lead yet" in text and "Owner" not in text


def test_where_all_leads_are_won_nobody_is_told_that_there_are_none(dashboard_of: Open) -> None:
    pages = dashboard_of()
    pages.company.touch(FRIDAY, "stage_changed", "e:won@x.test", to="customer")
    answer = pages.get("/")
    assert "Every lead is won, lost, or no lead." in text_of(answer) and "no lead yet" not in text_of(answer)
    [everybody] = re.findall(r'<p class="empty">.*?<a href="([^"]+)"', answer.text, re.DOTALL)
    assert names(pages, unescape(everybody)) == ["won@x.test"]
