"""What the doors record of where somebody came from: a form's own campaign, and a referrer that is ours."""

from pathlib import Path
from typing import Any

import pytest

from producers.reading.conventions import Conventions
from tests.producers.collecting import Collecting

SITES = Conventions(sites=frozenset({"www.example.com", "help.example.com"}))
HELP = "https://help.example.com/faq"


@pytest.fixture
def door(tmp_path: Path) -> Collecting:
    return Collecting(tmp_path, conventions=SITES)


def test_every_door_says_that_the_page_before_is_one_of_ours(door: Collecting) -> None:
    page = {"url": "https://www.example.com/", "referrer": HELP}
    calls: list[dict[str, Any]] = [
        {"type": "page", "anonymousId": "a", "context": {"page": page}},
        {"type": "track", "event": "Asked", "anonymousId": "a", "properties": {"referrer": HELP}},
        {"type": "identify", "userId": "u", "context": {"page": page}},
    ]
    assert door.post("/v1/batch", json={"batch": calls}).status_code == 200
    assert door.ask("GET", f"/p.gif?aid=a&referrer={HELP}").status_code == 200
    assert door.post("/f/contact", data={"email": "a@x.example", "referrer": HELP}).status_code == 303
    assert [each.context.get("own_referrer") for each in door.touchpoints()] == [True] * 5


@pytest.mark.parametrize(
    "referrer", ["https://example.com/", "https://help.example.com.evil.example/", "x", "http://[", 7]
)
def test_of_any_other_page_the_doors_say_nothing_nor_may_a_client(door: Collecting, referrer: Any) -> None:
    context = {"page": {"referrer": referrer}, "own_referrer": True}
    door.post("/v1/page", json={"anonymousId": "a", "context": context})
    (touchpoint,) = door.touchpoints()
    assert "own_referrer" not in touchpoint.context


def test_utm_fields_that_a_form_brings_are_its_campaign(door: Collecting) -> None:
    hidden = {"email": "a@x.example", "utm_source": "flyer", "UTM_Campaign": "May"}
    headers = {"referer": "https://www.example.com/?utm_source=x"}
    door.post("/f/contact?utm_source=y", data=hidden, headers=headers)
    call = {"anonymousId": "a", "event": "Form Submitted", "properties": {**hidden, "form": "contact"}}
    door.post("/v1/track", json=call)
    for touchpoint in door.touchpoints():
        assert touchpoint.context["campaign"] == {"source": "flyer", "name": "May"}
        assert touchpoint.properties["utm_source"] == "flyer"
