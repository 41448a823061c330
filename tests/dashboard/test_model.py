"""The page of the model: readable, how often rules fired, its history; and the file of each activation."""

from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import filled
from tests.dashboard.given_model_pages import FILE, again
from tests.dashboard.given_pages import text_of


def test_the_model_is_readable(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    filled(pages)
    text = text_of(pages.get("/model"))
    assert "Half is gone after 3,650 days" in text and "Hot from 80" in text and "Cool at 60" in text
    assert "asked for a demo Asked for a demo +84 4 Jun 5" in text
    assert "ten Viewed a page +10 at most 3 in 1 day 2 " in text
    assert "customer won never hot Company Placed an order" in text
    assert "Decides off Title is CTO +10" in text and "A from 10" in text
    assert "works here E-mail address ends with @us.test" in text
    assert "Fans heat is at least 80" in text and "fair the campaign they came by is fair" in text
    assert "signup in this order · within 14 days Looks Sent a form the form is demo" in text
    assert "ana" in text and "field ana" in text and "vip" in text
    assert "Change it" in text


def test_it_is_said_in_chinese_with_the_labels_of_the_model(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    filled(pages)
    text = text_of(pages.get("/model", Accept_Language="zh-CN"))
    assert "申请了演示" in text and "粉丝" in text and "决策者" in text and "本公司员工" in text
    assert "Rule" not in text and "Points" not in text


def test_it_asks_little(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    filled(pages)
    pages.get("/model")
    pages.get("/model")
    assert pages.get("/model").status_code == 200 and pages.queries <= 12


def test_the_history_says_who_changed_what(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    again(pages, 'name = "ten"', 'name = "eleven"')
    again(pages, "points = 84", "points = 90", by="ines")
    again(pages, "[score]", "# hot\n[score]")
    text = text_of(pages.get("/model"))
    history = text[text.index("What was changed in the file") :]
    fourth, third, second, first = (history.index(f"Activation {number}") for number in (4, 3, 2, 1))
    assert fourth < third < second < first
    assert "active" in history[:third] and "Comments and layout alone No lead changed." in history[:third]
    told = history[third:second]
    assert 'ines score.rules "much" points before: 84 now: 90 Leads were told anew.' in told
    assert 'score.rules "ten"' in history[second:first] and 'score.rules "eleven"' in history[second:first]
    assert "not told by whom The first one" in history[first:]
    page = pages.get("/model/history/3")
    assert "points before: 84 now: 90" in text_of(page) and "points = 90" in page.text
    assert pages.get("/model/history/9").status_code == 404


def test_the_history_goes_on_page_by_page(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    for points in range(85, 96):
        again(pages, f"points = {points - 1}", f"points = {points}")
    first = pages.get("/model")
    assert "Activation 3" in text_of(first) and "Activation 2 " not in text_of(first)
    address = first.text.split('rel="next" href="')[1].split('"')[0]
    assert address.endswith("#history")
    assert "Activation 2 " in text_of(pages.get(address.replace("#history", "")))


def test_the_file_can_be_kept(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    answer = pages.get("/model/history/1/file")
    assert answer.text == FILE and answer.headers["content-disposition"] == 'attachment; filename="leadline.toml"'


def test_sales_and_readers_only_look(dashboard_of: Open) -> None:
    pages = dashboard_of(FILE)
    for role in ("sales", "reader"):
        pages.viewer(None, role)
        answer = pages.get("/model")
        assert answer.status_code == 200 and "/model/edit" not in answer.text
        assert "/model/edit" not in pages.get("/model/history/1").text
