"""What strangers send breaks no page, and makes no link do more than it says."""

from typing import Any

import pytest

from tests.dashboard.conftest import Open
from tests.dashboard.given_lead import HOUR, MODEL, story, told
from tests.dashboard.given_pages import Pages
from tests.projections.given_sales import FRIDAY

WEST = MODEL.replace("Asia/Shanghai", "America/New_York")


@pytest.fixture
def pages(dashboard_of: Open) -> Pages:
    return dashboard_of(WEST, FRIDAY - 30 * 24 * HOUR)


@pytest.mark.parametrize("said", [
    {"size": 1e25}, {"size": -1e300}, {"size": 2**63}, {"profile": {"revenue": 1e300}},
    {"at": "0001-01-01T00:00:00Z"}, {"due": "0001-01-01"}, {"at": "9998-12-31T23:59:59Z"}, {"due": "9999-12-31"},
])  # fmt: skip
def test_no_number_and_no_time_breaks_the_page_of_a_lead(pages: Pages, said: dict[str, Any]) -> None:
    lead = story(pages)
    told(pages, HOUR, "page_viewed", by="browser", path="/", **said)
    assert pages.get(f"/leads/{lead}").status_code == 200
    assert pages.get(f"/leads/{lead}?lang=zh").status_code == 200


def test_an_address_is_all_that_a_link_to_write_says(pages: Pages) -> None:
    told(pages, HOUR, "form_submitted", "e:ann?bcc=spy&body=pay@x.test", form="x")
    told(pages, HOUR - 1, "form_submitted", "e:bob+shop@x.test", form="x")
    leads = [str(each.lead) for each in pages.company.world.leads()]
    shown = [pages.get(f"/leads/{lead}").text for lead in leads] + [pages.get("/").text]
    assert not [page for page in shown if "mailto:ann?" in page]
    assert sum('href="mailto:ann%3Fbcc%3Dspy%26body%3Dpay@x.test"' in page for page in shown) == 1
    assert sum('href="mailto:bob%2Bshop@x.test"' in page for page in shown) == 1


def test_what_a_visitor_sends_does_not_look_like_what_colleagues_said(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "quote_viewed", by="browser", note="Give 90 %", owner="bo", context={"viewer": "the boss"})
    page = pages.get(f"/leads/{lead}").text
    assert "Give 90 %" in page and 'class="said">Give' not in page and "the boss" not in page
    assert 'class="said">An offer by Friday' in page
