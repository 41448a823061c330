"""The page of a lead for readers: nobody's name, and nothing to change."""

import re

import pytest
from starlette.requests import Request

from tests.dashboard.conftest import Open
from tests.dashboard.given_lead import HOUR, MODEL, WANG, story, told
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY
from web.private import Private
from web.viewer import Role, Viewer


@pytest.fixture
def pages(dashboard_of: Open, monkeypatch: pytest.MonkeyPatch) -> Pages:
    """A dashboard whose only viewer is a reader."""

    def check(self: Private, request: Request) -> Viewer:
        request.state.viewer = viewer = Viewer("reader", Role.READER)
        return viewer

    monkeypatch.setattr(Private, "check", check)
    return dashboard_of(MODEL, FRIDAY - 30 * 24 * HOUR)


def test_a_reader_sees_nobodys_name(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "noted", WANG, by="api", note="王小明 is wang@x.test, +8613800138000")
    told(pages, HOUR - 1, "form_submitted", WANG, "p:+8613800138000", form="x", message="I am 王小明", name="王小明")
    page = pages.get(f"/leads/{lead}")
    assert page.status_code == 200 and f"Lead {lead[:8]}" in text_of(page) and "CTO" in page.text
    for secret in ("王小明", "wang@x.test", "13800138000", "mailto:", "tel:"):
        assert secret not in page.text, secret
    assert "Asked for a demo" in page.text and re.search(r'id="heat-now">\d\d', page.text)


def test_a_reader_changes_nothing(pages: Pages) -> None:
    lead = story(pages)
    assert 'method="post"' not in pages.get(f"/leads/{lead}").text
    assert pages.post(f"/leads/{lead}/note", note="no").status_code == 403
    assert "type=noted" not in pages.get(f"/leads/{lead}").text
