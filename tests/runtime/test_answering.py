"""The link of an owner, by real processes: a press changes the lead, and a second one is told who was first."""

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from domain.signals.answer_link import Invitation, LinkKeys
from domain.touchpoints.touchpoint import Instant
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import Server, eventually, serving

KEY = "a key of the tests for links"
OWNERS = """
[[stages]]
name = "spam"
detour = true
[[sales.owners]]
name = "berlin"
weight = 0
members = ["ana", "bo"]
[[sales.owners]]
name = "ana"
weight = 0
[[sales.owners]]
name = "bo"
weight = 0
[[sales.reasons]]
name = "spam"
stage = "spam"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("answering")
    stages, score = MODEL.split("[score]")
    (folder / "leadline.toml").write_text(stages + OWNERS + "[score]" + score)
    with serving(folder, "serve", LINK_KEY=f"the next key of the tests,{KEY}") as server:
        yield server


def asked(server: Server, name: str, owner: str = "berlin") -> tuple[str, str]:
    """A lead that an owner has, and the link that asks them."""
    lead = str(sent(server, name)["id"])
    assert server.http.post(f"/api/leads/{lead}/assign?wait=30s", json={"owner": owner}).status_code == 200
    invitation = Invitation(
        f"signal-{name}", UUID(lead), "email", f"{name}@example.org", owner, name, Instant(time.time_ns() // 1_000),
        language="en", members=("ana", "bo"), reasons=(("spam", ""),),
    )  # fmt: skip
    return lead, f"/a/{LinkKeys([KEY]).seal(invitation)}"


def test_the_first_press_counts_and_later_ones_are_told(server: Server) -> None:
    lead, url = asked(server, "first")
    assert "<form" in server.http.get(url).text
    page = server.http.post(url, data={"answer": "accept", "by": "bo"}).text
    assert "bo accepted this lead" in page
    owner = server.http.get(f"/api/leads/{lead}").json()["owner"]
    assert owner["name"] == "berlin" and owner["accepted_at"] is not None
    again = server.http.post(url, data={"answer": "reject", "by": "ana", "reason": "spam"}).text
    assert "bo accepted this lead" in again and "bo accepted this lead" in server.http.get(url).text
    items = server.http.get(f"/api/leads/{lead}/timeline").json()["items"]
    assert [each["type"] for each in items] == ["form_submitted", "owner_assigned", "owner_accepted"]
    assert items[-1]["context"] == {"via": "link"}


def test_a_lead_is_given_back(server: Server) -> None:
    lead, url = asked(server, "back")
    page = server.http.post(url, data={"answer": "reject", "by": "ana", "reason": "spam", "note": "a robot"}).text
    assert "ana gave this lead back" in page
    eventually(lambda: server.http.get(f"/api/leads/{lead}").json()["owner"] is None)


def test_an_owner_whose_lead_went_on_is_told(server: Server) -> None:
    lead, url = asked(server, "gone")
    assert server.http.post(f"/api/leads/{lead}/assign?wait=30s", json={"owner": "ana"}).status_code == 200
    assert "Somebody else has this lead now" in server.http.post(url, data={"answer": "accept"}).text
    lead, url = asked(server, "told", "ana")
    assert server.http.post(f"/api/leads/{lead}/accept?wait=30s").status_code == 200
    assert "ana accepted this lead" in server.http.get(url).text
    assert server.http.post(f"/api/leads/{lead}/reject?wait=30s", json={"reason": "not ready"}).status_code == 200
    assert "Nobody is asked" in server.http.get(url).text


def test_looking_records_nothing(server: Server) -> None:
    lead, url = asked(server, "looked")
    for _ in range(3):
        assert server.http.get(url).status_code == server.http.head(url).status_code == 200
    types = [each["type"] for each in server.http.get(f"/api/leads/{lead}/timeline").json()["items"]]
    assert types == ["form_submitted", "owner_assigned"]
