"""The link of an owner before Kafka: a collector without the database takes answers, one with it says who was first."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from domain.signals.answer_link import Invitation, LinkKeys
from domain.touchpoints.touchpoint import Instant
from tests.runtime.given_server import MODEL
from tests.runtime.serving import Process, eventually, serving
from tests.services.kafka import KafkaBroker

KEY = "a key of the tests for links"
OWNERS = "".join(f'[[sales.owners]]\nname = "{name}"\nweight = 0\n' for name in ("ana", "bo"))


@pytest.fixture
def servers(tmp_path: Path, postgres_url: str, kafka_session: KafkaBroker) -> Iterator[dict[str, httpx2.Client]]:
    """`blind` collects without the database, `seeing` with it."""
    kafka_session.clear()
    (tmp_path / "leadline.toml").write_text(MODEL + OWNERS)
    blind = {"KAFKA": kafka_session.bootstrap, "LINK_KEY": KEY}
    seeing = {**blind, "DATABASE": postgres_url}
    with ExitStack() as running:
        for name in ("project", "consume"):
            process = Process(tmp_path, (name,), seeing)
            running.callback(process.popen.wait)
            running.callback(process.popen.kill)
        yield {
            "api": running.enter_context(serving(tmp_path, "api", **seeing)).http,
            "blind": running.enter_context(serving(tmp_path, "collect", DATA="blind", **blind)).http,
            "seeing": running.enter_context(serving(tmp_path, "collect", DATA="seeing", **seeing)).http,
        }


def test_the_first_answer_counts_whichever_collector_takes_it(servers: dict[str, httpx2.Client]) -> None:
    api, blind, seeing = servers["api"], servers["blind"], servers["seeing"]
    assert blind.post("/f/contact", data={"email": "ada@example.org"}).status_code == 303
    asked = {"email": "ada@example.org"}
    [lead] = eventually(lambda: api.get("/api/leads", params=asked).json().get("items"))
    path = f"/api/leads/{lead['id']}"
    assert api.post(f"{path}/assign?wait=30s", json={"owner": "ana"}).status_code == 200
    invitation = Invitation(
        "s-1",
        UUID(lead["id"]),
        "email",
        "ada@example.org",
        "ana",
        "Ada",
        Instant(time.time_ns() // 1_000),
        language="en",
    )
    url = f"/a/{LinkKeys([KEY]).seal(invitation)}"
    assert "<form" in blind.get(url).text and "<form" in seeing.get(url).text
    assert "Your answer was sent" in blind.post(url, data={"answer": "accept"}).text
    eventually(lambda: "ana accepted this lead on" in seeing.get(url).text)
    assert "Your answer was sent" in blind.post(url, data={"answer": "reject", "reason": "not ready"}).text
    assert "ana accepted this lead on" in seeing.post(url, data={"answer": "reject", "reason": "not ready"}).text
    assert api.post(f"{path}/note?wait=30s", json={"note": "behind it"}).status_code == 200
    types = [each["type"] for each in api.get(f"{path}/timeline").json()["items"]]
    assert types == ["form_submitted", "owner_assigned", "owner_accepted", "noted"]
