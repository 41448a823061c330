"""Segments: sizes, lists, history and export say the same, now and at a past instant, in the reader's language."""

import re
from html import unescape

import pytest

from domain.files.durations import DAY
from projections.queries.days import days_between
from projections.reports.segments.history import history
from projections.reports.segments.lately import last_days
from projections.reports.segments.members import CSV_COLUMNS, all_members, member_rows, members_of, segments
from tests.dashboard.conftest import Open
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY, TEXT, touchpoint

MODEL = (
    TEXT
    + """
[[segments]]
name = "busy"
label = { en = "Busy ones", zh = "活跃者" }
when = { did = "page_viewed", at_least = 2, within = "3d" }
[[segments]]
name = "asked once"
when = { did = "demo_requested" }
[[segments]]
name = "nobody"
when = { did = "order_placed" }
"""
)


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    """Every other day somebody views two pages, and falls out of the segment three days later; some ask for a demo."""
    pages = dashboard_of(MODEL)
    told = []
    for day in range(0, 24, 2):
        when = FRIDAY - day * DAY - 1_000_000
        who = f"c:v{day}" if day % 4 else f"e:p{day}@x.test"
        kind = "browser" if day % 4 else "server"
        told += [touchpoint(when + n, "page_viewed", who, kind=kind, path=f"/{n}") for n in range(2)]
        if day % 4 == 0:
            profile = {"name": f"王{day}", "company": "=Ice"}
            told.append(touchpoint(when + 9, "demo_requested", who, kind="server", profile=profile))
    pages.company.tell(told, FRIDAY)
    return pages


def names(page: str) -> list[str]:
    return re.findall(r'<a class="name" href="/leads/[0-9a-f-]{36}">([^<]+)</a>', page)


def test_the_list_says_sizes_and_who_came_and_left_as_the_history_does(pages: Pages) -> None:
    with pages.company.world.view() as view:
        told = {each.name: each for each in segments(view, with_lately=True).items}
        for name, each in told.items():
            grown = history(view, name, "day", last_days(view))
            assert (each.entered, each.left) == tuple(sum(getattr(day, what) for day in grown.series)
                                                      for what in ("entered", "left"))  # fmt: skip
            assert grown.series[-1].size == each.size == len(all_members(view, name))
            assert each.people == sum(member.identified for member in all_members(view, name))
        assert [(each.size, each.people, each.entered, each.left) for each in told.values()] == [
            (2, 1, 4, 3), (6, 6, 2, 0), (0, 0, 0, 0)
        ]  # fmt: skip
    text = text_of(pages.get("/segments"))
    assert (
        "Busy ones did “Viewed a page” at least 2 times within 3 days Size 2 People 1 Visitors 1 Entered +4 Left it −3"
        in text
    )
    assert "活跃者 3天内做过“浏览页面”至少 2 次" in text_of(pages.get("/segments?lang=zh-CN"))


def test_a_segment_says_its_size_its_condition_and_its_members(pages: Pages) -> None:
    shown = pages.get("/segments/busy")
    text = text_of(shown)
    assert "2 leads = 1 person + 1 visitor" in text and "at least 2 times within 3 days" in text
    assert sorted(names(shown.text)) == ["Visitor", "王0"]
    assert "0 in it before, 12 came, 10 left." in text and "Asia/Shanghai" in text


@pytest.mark.parametrize("by", ["day", "week", "month"])
def test_the_charts_and_their_tables_are_those_of_the_history(pages: Pages, by: str) -> None:
    shown = pages.get(f"/segments/busy?by={by}&period=31").text
    sizes, came = re.findall(r'<details class="table-of-chart">.*?</details>', shown, re.DOTALL)
    with pages.company.world.view() as view:
        days = last_days(view)
        days = type(days)(days.end - 31, days.end)  # type: ignore[operator]
        grown = history(view, "busy", by, days)  # type: ignore[arg-type]
    numbers = [int(each) for each in re.findall(r'<td class="number">(\d+)</td>', sizes)]
    assert numbers == [*(each.size for each in reversed(grown.series)), grown.size_before]
    pairs = [int(each) for each in re.findall(r'<td class="number">(\d+)</td>', came)]
    assert pairs == [n for each in reversed(grown.series) for n in (each.entered, each.left)]
    assert shown.count('class="series-3 unfinished"') + shown.count('class="series-2 unfinished"') >= 2


def test_who_was_in_it_at_a_past_instant(pages: Pages) -> None:
    shown = pages.get("/segments/busy?at=2026-06-01").text
    with pages.company.world.view() as view:
        days = days_between("2026-05-31", "2026-06-01", "Asia/Shanghai")
        [day] = history(view, "busy", "day", days).series
        then = members_of(view, "busy", at=day.to).items
    assert len(names(shown)) == day.size == len(then) > 0
    assert "Who was in it on Jun 1, 2026" in text_of(pages.get("/segments/busy?at=2026-06-01"))
    assert "is as of now" in text_of(pages.get("/segments/busy?at=2026-06-01"))
    assert pages.get("/segments/busy?at=2026-07-01").status_code == 400
    assert pages.get("/segments/busy?at=nonsense").status_code == 400


def test_pages_of_members_follow_each_other_and_keep_what_is_asked(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.dashboard.pages.segments.SIZE", 2)
    address, paged = "/segments/asked%20once?by=day&period=7", []
    while address:
        shown = pages.get(address).text
        paged += names(shown)
        following = re.search(r'<a href="([^"]+)" rel="next">', shown)
        address = unescape(following[1]) if following else ""
        assert not address or "by=day" in address
    assert sorted(paged) == sorted(f"王{day}" for day in range(0, 24, 4))


def test_an_export_has_all_members_and_no_formula(pages: Pages) -> None:
    with pages.company.world.view() as view:
        rows = list(member_rows(all_members(view, "asked once")))
    assert len(rows) == 6 and all(len(row) == len(CSV_COLUMNS) for row in rows)
    assert {row[3] for row in rows} == {f"p{day}@x.test" for day in range(0, 24, 4)}
    assert "/api/segments/busy/members?format=csv&amp;at=2026-06-01" in pages.get("/segments/busy?at=2026-06-01").text


def test_what_there_is_not_is_an_error_page(pages: Pages, dashboard_of: Open) -> None:
    assert pages.get("/segments/nonsense").status_code == 404
    assert pages.get("/segments/busy?cursor=nonsense").status_code == 400
    assert "Nobody is in it." in text_of(pages.get("/segments/nobody"))


def test_a_model_without_segments_says_so(dashboard_of: Open) -> None:
    assert "The model has no segments." in text_of(dashboard_of(TEXT).get("/segments"))


def test_they_ask_the_database_few_things(pages: Pages) -> None:
    pages.get("/segments")  # the first page of a process asks how much there is
    pages.get("/segments")
    assert pages.queries <= 8
    pages.get("/segments/busy")
    assert pages.queries <= 13


def test_a_reader_sees_no_names(pages: Pages) -> None:
    pages.viewer(None, role="reader")
    shown = pages.get("/segments/asked%20once").text
    assert "王" not in shown and "x.test" not in shown and shown.count(">Lead ") == 6
