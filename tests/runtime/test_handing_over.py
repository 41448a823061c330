"""Handing over in a real server that is killed between the assignment and its message: one owner, one message each."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.given_receivers import KEY, Answer, Receiver, receiving
from tests.runtime.given_server import MODEL, sent
from tests.runtime.serving import eventually, here, run, serving

BERLIN = """
[sales]
accept_within = "1m"
[[sales.owners]]
name = "ana"
[[sales.owners]]
name = "bo"
[[destinations]]
name = "berlin"
type = "webhook"
on = ["lead.hot", "lead.assigned"]
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
allow_private = true
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_killed_twice_between_the_assignment_and_its_message_there_is_one_owner_and_one_message(
    tmp_path: Path, receiver: Receiver
) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL + BERLIN)
    settings = {"BERLIN_URL": receiver.url, "BERLIN_KEY": KEY}
    answered = threading.Event()
    receiver.answer = lambda request: Answer(wait=answered)
    with serving(tmp_path, "serve", **settings) as server:
        lead = sent(server, "one")["id"]
        eventually(lambda: receiver.requests)
        server.stop(signal.SIGKILL)
    seen = len(receiver.requests)
    with serving(tmp_path, "serve", **settings) as server:
        eventually(lambda: len(receiver.requests) > seen)
        server.stop(signal.SIGKILL)
    answered.set()
    receiver.answer = lambda request: Answer()
    with serving(tmp_path, "serve", **settings) as server:
        eventually(lambda: {said["type"] for said in receiver.accepted()} == {"lead.hot", "lead.assigned"})
        owner = eventually(lambda: server.http.get(f"/api/leads/{lead}").json()["owner"])
    told = [(said["type"], said["data"]["owner"]) for said in receiver.accepted()]
    assert sorted(told) == [("lead.assigned", owner["name"]), ("lead.hot", owner["name"])]
    signals = json.loads(here(tmp_path, "signals", "--kind", "lead.assigned", "--json").stdout)["items"]
    assert [each["owner"] for each in signals] == [owner["name"]]
    assert run(tmp_path, "verify").returncode == 0


def test_what_is_to_be_done_and_what_was_done_is_told_at_the_terminal_and_over_http(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL + BERLIN.split("[[destinations]]", maxsplit=1)[0])
    with serving(tmp_path, "serve") as server:
        lead = sent(server, "one")["id"]
        waiting = eventually(lambda: server.http.get("/api/deadlines").json()["items"])
        assert [(each["deadline"], each["lead"], each["owner"]) for each in waiting] == [("accept", lead, "ana")]
        assert server.http.post(f"/api/leads/{lead}/accept?wait=5s", json={}).status_code == 200
        report = eventually(
            lambda: [each for each in server.http.get("/api/responses").json()["items"] if each["kept"]]
        )
        assert (report[0]["deadline"], report[0]["kept"], report[0]["open"]) == ("accept", 1, 0)
    assert "\tana\thot\t" in here(tmp_path, "signals", "--kind", "lead.assigned").stdout
    assert here(tmp_path, "deadlines").stdout.splitlines()[0].startswith("due")
    assert json.loads(here(tmp_path, "responses", "--json").stdout)["items"][0]["kept"] == 1
    assert "accept\t1\t0\t1" in here(tmp_path, "responses").stdout
