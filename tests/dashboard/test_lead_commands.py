"""The forms of a lead's page: each is a command, once; what is refused is said in place, in the reader's language."""

import re
from typing import Any
from uuid import UUID

import pytest

from projections.queries.timeline import timeline
from tests.dashboard.conftest import Open
from tests.dashboard.given_lead import DAY, HOUR, MODEL, story, told
from tests.dashboard.given_pages import Pages, text_of
from tests.projections.given_sales import FRIDAY


@pytest.fixture
def pages(dashboard_of: Open, monkeypatch: pytest.MonkeyPatch) -> Pages:
    monkeypatch.setattr("api.dashboard.pages.lead_commands.PATIENCE", 0.0)  # it is projected behind the answer
    return dashboard_of(MODEL, FRIDAY - 30 * DAY)


def _newest(pages: Pages, lead: str, *types: str) -> dict[str, Any]:
    """The newest of the timeline of these types, or of all, as the API says it."""
    with pages.company.world.view() as view:
        return timeline(view, UUID(lead), types=types, limit=1, newest=True).items[0].model_dump()


TALK = {"outcome": "offer", "note": "Good"}
FORMS: list[tuple[str, dict[str, str], str, dict[str, Any]]] = [
    ("accept", {"owner": "ana"}, "owner_accepted", {"owner": "ana"}),
    ("reject", {"owner": "ana", "reason": "spam", "note": "no"}, "owner_rejected", {"reason": "spam", "note": "no"}),
    ("assign", {"owner": "bo", "due": "2026-06-08T12:00"}, "owner_assigned", {"due": "2026-06-08T04:00:00.000000Z"}),
    ("remind", {"at": "2026-06-08T09:30"}, "reminder_set", {"at": "2026-06-08T01:30:00.000000Z"}),
    ("remind", {"at": "2026-06-08T09:30", "owner": "bo"}, "reminder_set", {"owner": "bo"}),
    ("note", {"note": "He likes\ntea"}, "noted", {"note": "He likes\ntea"}),
    ("log", {"kind": "meeting_held", **TALK, "tags": "budget"}, "meeting_held", {**TALK, "tags": ["budget"]}),
    ("log", {"kind": "call_logged", "participants": "Li, Wang"}, "call_logged", {"participants": ["Li", "Wang"]}),
    ("stage", {"to": "nurture", "reason": "later"}, "stage_changed", {"to": "nurture", "reason": "later"}),
    ("reset", {"reason": "tests"}, "score_reset", {"reason": "tests"}),
]


@pytest.mark.parametrize(("form", "fields", "type", "properties"), FORMS)
def test_a_form_is_a_command(
    pages: Pages, form: str, fields: dict[str, str], type: str, properties: dict[str, Any]
) -> None:
    lead = story(pages)
    answer = pages.post(f"/leads/{lead}/{form}", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/leads/{lead}?done={form}&pending=1")
    newest = _newest(pages, lead, type)
    assert properties.items() <= newest["properties"].items()
    assert newest["context"]["viewer"] == "LEADLINE_API_TOKEN"
    assert 'role="status"' in pages.get(answer.headers["location"]).text


def test_what_a_stage_requires_is_asked_for_and_corrected(pages: Pages) -> None:
    """Exactly the fields that are missing; what was typed stays."""
    lead = story(pages)
    refused = pages.post(f"/leads/{lead}/stage?lang=zh", to="customer", reason="signed")
    assert refused.status_code == 422 and "缺少必填信息" in text_of(refused)
    asked = re.findall(r'<input name="(profile\.[^"]+)" required', refused.text)
    assert asked == ["profile.company"] and '<option value="customer" selected>客户' in refused.text
    assert 'value="signed"' in refused.text and '<details class="deed" id="do-stage" open>' in refused.text
    pages.post(f"/leads/{lead}/stage", to="customer", **{"profile.company": "王氏"})
    pages.post(f"/leads/{lead}/stage", to="customer", **{"profile.company": "王氏"})
    [row] = pages.company.world.leads()
    assert row.stage == "customer" and "王氏" in row.profile


def test_a_field_is_corrected_as_the_kind_that_it_is_or_taken_away(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "identified", profile={"employees": 300, "industry": "tea"})
    pages.post(f"/leads/{lead}/profile", field="employees", value="340", reason="their site")
    pages.post(f"/leads/{lead}/profile", field="industry", value="")
    newest = _newest(pages, lead)
    assert newest["type"] == "profile_corrected" and newest["profile"] == {"industry": None}
    assert pages.company.world.leads()[0].profile.count('"employees":340') == 1
    refused = pages.post(f"/leads/{lead}/profile", field="email", value="no address")
    assert refused.status_code == 422 and 'value="no address"' in refused.text


def test_what_is_no_number_takes_no_number_away(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "identified", profile={"share": 0.5})
    for typed in ("nan", "1e999", "inf"):
        assert pages.post(f"/leads/{lead}/profile", field="share", value=typed).status_code == 422, typed
    assert '"share":0.5' in pages.company.world.leads()[0].profile


def test_tags_are_ticked_and_unticked(pages: Pages) -> None:
    lead = story(pages)
    pages.post(f"/leads/{lead}/tags", tag="budget")
    page = pages.get(f"/leads/{lead}").text
    assert 'name="had" value="budget"' in page and 'value="budget" checked' in page
    assert "Tags changed" in page and "put on: " in page
    pages.post(f"/leads/{lead}/tags", had="budget")
    assert 'name="had"' not in pages.get(f"/leads/{lead}").text
    assert pages.post(f"/leads/{lead}/tags").status_code == 422


def test_what_is_not_so_any_more_is_said_in_place(pages: Pages) -> None:
    lead = story(pages)
    pages.post(f"/leads/{lead}/accept", owner="ana")
    again = pages.post(f"/leads/{lead}/accept", owner="ana")
    assert again.status_code == 409 and "look again" in text_of(again)
    empty = pages.post(f"/leads/{lead}/note", note=" ")
    assert empty.status_code == 422 and "Please fill in the form." in text_of(empty)
    late = pages.post(f"/leads/{lead}/remind", at="2026-01-01T09:00", note="typed")
    assert late.status_code == 422 and "That cannot be done so." in text_of(late) and "typed</textarea>" in late.text


def test_a_form_sent_twice_is_one_command(pages: Pages) -> None:
    lead = story(pages)
    for _ in range(2):
        pages.post(f"/leads/{lead}/note", note="once", key="k-1")
    assert pages.get(f"/leads/{lead}?type=noted").text.count('class="item"') == 1


@pytest.mark.parametrize("form", ["merge", "note"])
def test_the_address_of_a_form_leads_to_the_page_of_the_lead(pages: Pages, form: str) -> None:
    lead = story(pages)
    refused = pages.post(f"/leads/{lead}/{form}", **{"with": "nobody@x.test"})
    assert refused.status_code == 422 and f'href="/leads/{lead}/{form}?lang=zh-CN"' in refused.text
    asked = pages.get(f"/leads/{lead}/{form}?lang=zh-CN")
    assert (asked.status_code, asked.headers["location"]) == (303, f"/leads/{lead}?lang=zh-CN")
    assert pages.get(f"/leads/{lead}/nothing").status_code == 404


def test_two_leads_are_merged_and_taken_apart(pages: Pages) -> None:
    lead = story(pages)
    told(pages, HOUR, "form_submitted", "e:li@x.test", form="contact")
    unknown = pages.post(f"/leads/{lead}/merge", **{"with": "nobody@x.test"})
    assert unknown.status_code == 422 and "no lead has the E-mail address" in text_of(unknown)
    would = pages.post(f"/leads/{lead}/merge", **{"with": "li@x.test", "preview": "1", "reason": "brothers"})
    assert would.status_code == 200 and len(pages.company.world.leads()) == 2
    said = text_of(would)
    assert "li@x.test" in said and "1 lead would be no more" in said and 'name="reason" value="brothers"' in would.text
    assert 'name="preview"' not in would.text
    pages.post(f"/leads/{lead}/merge", **{"with": "li@x.test"})
    [merged] = pages.company.world.leads()
    page = pages.get(f"/leads/{merged.lead}").text
    assert 'value="email:li@x.test"' in page
    would = pages.post(f"/leads/{merged.lead}/unmerge", identity="email:li@x.test", preview="1")
    assert would.text.count("<section") == 2 and 'name="identity" value="email:li@x.test"' in would.text
    refused = pages.post(f"/leads/{merged.lead}/unmerge", preview="1")
    assert refused.status_code == 422 and 'role="alert"' in refused.text
    pages.post(f"/leads/{merged.lead}/unmerge", identity="email:li@x.test")
    assert len(pages.company.world.leads()) == 2


def test_who_asks_for_a_lead_that_is_none_is_told(pages: Pages) -> None:
    assert pages.post("/leads/nobody/note", note="x").status_code == 404


def test_what_was_ticked_is_ticked_still_when_a_form_is_refused(pages: Pages) -> None:
    lead = story(pages)
    refused = pages.post(f"/leads/{lead}/log", kind="call_logged", tags="budget", at="2999-01-01T00:00")
    assert refused.status_code == 422
    form = _form(refused.text, "log")
    assert 'name="tags" value="budget" checked>' in form and 'value="2999-01-01T00:00"' in form
    assert 'name="tags" value="budget">' in pages.get(f"/leads/{lead}").text, "nobody ticked it there"


def test_a_lead_is_moved_to_the_stage_behind_its_own_unless_one_says_otherwise(pages: Pages) -> None:
    lead = story(pages)
    [chosen] = re.findall(r'<option value="(\w+)" selected>', _form(pages.get(f"/leads/{lead}").text, "stage"))
    names = [stage.name for stage in pages.company.world.model.stages if not stage.detour]
    now = pages.company.world.leads()[0].stage
    assert chosen == names[names.index(now) + 1]


def test_a_time_is_asked_for_in_a_zone_that_is_named(pages: Pages) -> None:
    page = pages.get(f"/leads/{story(pages)}").text
    for name in ("log", "remind", "assign"):
        assert "Times are those of Asia/Shanghai" in _form(page, name), name


def _form(page: str, name: str) -> str:
    return page.partition(f'id="do-{name}"')[2].partition("</form>")[0]
