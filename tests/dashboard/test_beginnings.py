"""Before anything happened every page says so, as of now."""

import time
from datetime import UTC, datetime

import pytest

from projections.reports.registry import REPORTS
from tests.dashboard.conftest import Open
from tests.dashboard.given_pages import Pages, text_of

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "customer"
won = true
[[segments]]
name = "all"
when = { stage = ["lead"] }
[[funnels]]
name = "signup"
window = "14d"
steps = [{ on = "page_viewed" }, { on = "form_submitted" }]
"""
ADDRESSES = (
    *("/", "/overview", "/overview/leads?of=new_leads&period=7", "/funnels", "/funnels/signup?series=day&period=7"),
    *("/funnels/signup/leads", "/segments", "/segments/all?by=day&period=31", "/sources", "/cohorts", "/paths"),
    *("/portrait", "/mail", "/responses", "/reports", *(f"/reports/{each.name}" for each in REPORTS), "/signals"),
    *("/model", "/health/findings", "/health/rejected"),
)


@pytest.fixture
def nothing_yet(dashboard_of: Open) -> Pages:
    """Nothing was ever folded: no row says how far anything is."""
    return dashboard_of(MODEL, time.time_ns() // 1000)


def test_no_page_is_of_1970_and_each_opens(nothing_yet: Pages) -> None:
    now = datetime.now(UTC)
    for address in ADDRESSES:
        answer = nothing_yet.get(address)
        assert answer.status_code == 200, f"{address}: {text_of(answer)}"
        assert not {"1970", "1969"} & set(text_of(answer).replace(",", " ").split()), address
    assert f"{now:%b} {now.day}, {now.year}" in text_of(nothing_yet.get("/"))


def test_the_first_pages_say_what_to_do_next(nothing_yet: Pages) -> None:
    for address in ("/", "/overview", "/?lang=zh-CN"):
        text = text_of(nothing_yet.get(address))
        assert "/t.js" in text and "/f/contact" in text and "leadline import" in text, address
    assert "/t.js" not in text_of(nothing_yet.get("/?q=wang"))


def test_what_is_asked_of_a_past_is_that_nothing_happened(nothing_yet: Pages) -> None:
    with nothing_yet.company.world.view() as view:
        assert abs(view.clock - time.time_ns() // 1000) < 60_000_000
