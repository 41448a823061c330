"""Signals: newest first with why and to whom, by kind, lead and what became of them; each number opens its list."""

import re

import pytest

from domain.touchpoints.touchpoint import Instant
from store.deliveries import Delivery, begin, take_in
from tests.dashboard.conftest import Open
from tests.dashboard.given_health import now
from tests.dashboard.given_pages import Pages, text_of

ROW = re.compile(r'<li id="signal-(\d+)">')


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    """Wang and Li become hot a moment ago; a destination was told of the first signal, and gave the second up."""
    pages = dashboard_of(clock=now() - 60_000_000)
    for name, person in (("e:wang@x.test", "王伟"), ("e:li@x.test", "Li Na")):
        pages.company.touch(now() - 30_000_000, "demo_requested", name, profile={"name": person, "company": "Clouds"})
    with pages.company.world.database.transaction() as conn:
        begin(conn, ["sales"])
        signals = pages.company.signals("lead.hot", "lead.assigned")
        leads = {row.lead for row in pages.company.world.leads()}
        at, lead = Instant(now()), next(iter(leads))
        told = [("delivered", "200"), ("dead", "answered 410")]
        place = len(pages.company.signals("lead.hot", "lead.assigned", "stage.changed"))
        take_in(conn, "sales", place + 9, _place(conn), [
            Delivery("sales", signal["id"], n, lead, state, 1, at, False, why, at)  # type: ignore[arg-type]
            for n, (signal, (state, why)) in enumerate(zip(signals, told, strict=False))
        ])  # fmt: skip
    return pages


def _place(conn: object) -> int:
    from store.deliveries import place_of

    place = place_of(conn, "sales")  # type: ignore[arg-type]
    assert place is not None
    return place.position


def rows(pages: Pages, address: str) -> list[int]:
    answer = pages.get(address)
    assert answer.status_code == 200, text_of(answer)
    return [int(position) for position in ROW.findall(answer.text)]


def test_the_newest_is_first_and_says_about_whom_why_and_who_was_told(pages: Pages) -> None:
    listed = rows(pages, "/signals")
    assert listed == sorted(listed, reverse=True) and len(listed) >= 4
    text = text_of(pages.get("/signals"))
    for said in (
        "王伟",
        "Li Na",
        "Clouds",
        "much +84",
        "for ana",
        "sales: delivered",
        "sales: given up",
        "answered 410",
    ):
        assert said in text, said
    assert "负责人：ana" in text_of(pages.get("/signals?lang=zh"))


def test_the_numbers_of_the_last_days_open_lists_of_as_many(pages: Pages) -> None:
    shown = pages.get("/signals").text
    links = re.findall(r'<a href="(/signals\?[^"]*last=7)"[^>]*>[^<]+<span class="count">(\d+)<', shown)
    assert len(links) >= 3
    for address, number in links:
        assert len(rows(pages, address.replace("&amp;", "&"))) == int(number), address


def test_filters_are_in_the_address_and_pages_follow_each_other(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rows(pages, "/signals")
    assert (
        len(rows(pages, "/signals?state=dead")) == len(rows(pages, "/signals?state=delivered&destination=sales")) == 1
    )
    assert rows(pages, "/signals?destination=nobody") == [] and rows(pages, "/signals?kind=nonsense") == whole
    lead = pages.company.world.leads()[0].lead
    about = rows(pages, f"/signals?lead={lead}")
    assert 0 < len(about) < len(whole) and pages.get("/signals?lead=nobody").status_code == 404
    monkeypatch.setattr("api.dashboard.pages.signals.SIZE", 2)
    address, paged = "/signals", []
    while address:
        paged += rows(pages, address)
        following = re.search(r'<a href="([^"]+)" rel="next">', pages.get(address).text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert paged == whole and pages.get("/signals?after=x").status_code == 400


def test_a_reader_sees_nobodys_name_and_a_page_asks_few_things(pages: Pages) -> None:
    pages.get("/signals")
    assert pages.queries <= 12
    pages.viewer(None, role="reader")
    shown = pages.get("/signals").text
    assert "王伟" not in shown and "Li Na" not in shown and re.search(">Lead [0-9a-f]{8}<", shown)


def test_why_a_lead_was_given_back_is_said_in_the_readers_language(pages: Pages) -> None:
    pages.company.touch(now() - 20_000_000, "owner_rejected", "e:li@x.test", owner="bo", reason="not ready", kind="api")
    assert "given back: Not ready yet" in text_of(pages.get("/signals?kind=lead.assigned"))
    assert "退回：时机未到" in text_of(pages.get("/signals?kind=lead.assigned&lang=zh-CN"))
