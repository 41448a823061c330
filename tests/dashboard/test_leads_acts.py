"""What is done in place on the list of leads: each is a command, then the list again, at the same lead."""

import re
from uuid import UUID

import pytest

from projections.queries.timeline import timeline
from tests.dashboard.conftest import Open
from tests.dashboard.given_leads import MODEL, filled
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY, touchpoint

ROW = re.compile(r'<tr id="lead-([0-9a-f-]{36})".*?</tr>', re.S)
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def pages(dashboard_of: Open, monkeypatch: pytest.MonkeyPatch) -> Pages:
    monkeypatch.setattr("api.dashboard.pages.lead_commands.PATIENCE", 0.0)  # it is projected behind the answer
    pages = dashboard_of(MODEL)
    filled(pages)
    return pages


def row(pages: Pages, name: str, address: str = "/") -> tuple[str, str]:
    """The id and the HTML of a lead's row."""
    return next((match[1], match[0]) for match in ROW.finditer(pages.get(address).text) if name in match[0])


def test_a_lead_is_accepted_and_the_list_shown_again_at_its_place(pages: Pages) -> None:
    lead, shown = row(pages, "王伟", "/?q=王&hot=1")
    fields = dict(FIELD.findall(shown.replace("&amp;", "&")))
    answer = pages.post(f"/leads/{lead}/accept", back=fields["back"], key=fields["key"])
    assert answer.status_code == 303
    place = answer.headers["location"]
    assert place.startswith("/?q=%E7%8E%8B&hot=1&done=accept") and place.endswith(f"#lead-{lead}")
    again = pages.get(place.partition("#")[0])
    assert "Accepted." in text_of(again) and f'action="/leads/{lead}/accept"' not in again.text
    assert "to get in touch" in text_of(again), "what is waited for next"


def test_who_was_just_announced_may_accept_at_once(dashboard_of: Open) -> None:
    """The signal has the list shown anew: what notes the owner in the lead's history is on its way then."""
    pages = dashboard_of(MODEL)
    pages.company.world.play([[touchpoint(FRIDAY, "demo_requested")]])
    [lead] = pages.company.world.rows("leads")
    assert lead.owner is None
    assert f'action="/leads/{lead.lead}/accept"' in pages.get("/").text


def test_a_call_is_logged_once_however_often_the_form_is_sent(pages: Pages) -> None:
    lead, shown = row(pages, "Cold Fish")
    fields = dict(FIELD.findall(shown))
    for _ in range(2):
        answer = pages.post(f"/leads/{lead}/log", **fields, note="spoke")
        assert answer.status_code == 303, text_of(answer)
        assert answer.headers["location"].startswith("/?done=log")
    with pages.company.world.view() as view:
        happened = timeline(view, UUID(lead), limit=10).items
    assert [each.type for each in happened].count("call_logged") == 1


@pytest.mark.parametrize("deed", ["accept", "reject"])
def test_nobody_answers_for_an_owner_whom_their_page_did_not_show(pages: Pages, deed: str) -> None:
    lead, shown = row(pages, "王伟")
    form = re.search(f'action="/leads/{lead}/{deed}">(.*?)</form>', shown, re.S)
    assert form is not None and "ana" in shown
    assert pages.post(f"/leads/{lead}/assign", owner="bo").status_code == 303
    answer = pages.post(f"/leads/{lead}/{deed}", reason="spam", **dict(FIELD.findall(form[1])))
    assert answer.status_code == 409 and "ana does not have the lead" in text_of(answer)


def test_a_lead_is_given_back_for_a_reason(pages: Pages) -> None:
    lead, _ = row(pages, "Li Na")
    answer = pages.post(f"/leads/{lead}/reject", reason="spam", back="/")
    assert answer.status_code == 303
    assert lead not in pages.get("/").text, "spam is where nobody is hot"
    assert lead in pages.get("/?closed=1").text


@pytest.mark.parametrize(
    "back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "/?\r\nX: y", "/leads", ""]
)
def test_a_form_leads_to_no_place_but_the_list(pages: Pages, back: str) -> None:
    lead, _ = row(pages, "王伟")
    answer = pages.post(f"/leads/{lead}/accept", back=back)
    assert answer.headers["location"].startswith(f"/leads/{lead}?done=accept")


def test_what_is_refused_is_said_on_the_page_of_the_lead(pages: Pages) -> None:
    lead, _ = row(pages, "Cold Fish")
    answer = pages.post(f"/leads/{lead}/accept", back="/")
    assert answer.status_code == 409 and "Cold Fish" in text_of(answer)
