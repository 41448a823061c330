"""Notify in a real server: from a form to a verified message, killed in the middle, and the commands about it."""

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
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
allow_private = true
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "leadline.toml").write_text(MODEL + BERLIN)
    return tmp_path


def leads(receiver: Receiver) -> list[str]:
    return [said["data"]["lead"] for said in receiver.accepted()]


def test_a_form_reaches_a_webhook_also_when_the_server_is_killed_in_the_middle(
    folder: Path, receiver: Receiver
) -> None:
    settings = {"BERLIN_URL": receiver.url, "BERLIN_KEY": KEY}
    answered = threading.Event()
    receiver.answer = lambda request: Answer(wait=answered)
    with serving(folder, "serve", **settings) as server:
        hot = [sent(server, name)["id"] for name in ("one", "two")]
        eventually(lambda: receiver.requests)
        server.stop(signal.SIGKILL)
    answered.set()
    with serving(folder, "serve", **settings) as server:
        hot.append(sent(server, "three")["id"])
        eventually(lambda: len(receiver.accepted()) == 3)
        waiting = 'leadline_deliveries_waiting{destination="berlin"} 0.0'
        eventually(lambda: waiting in server.http.get("/metrics").text)
        metrics = server.http.get("/metrics").text
    assert leads(receiver) == hot
    assert len(receiver.requests) == 4, "the one that was in doubt came again under its id"
    assert 'leadline_deliveries_dead{destination="berlin"} 0.0' in metrics


def test_what_was_given_up_is_listed_and_replayed(folder: Path, receiver: Receiver) -> None:
    settings = {"BERLIN_URL": receiver.url, "BERLIN_KEY": KEY}
    receiver.answer = lambda request: Answer(400, b"no")
    with serving(folder, "serve", **settings) as server:
        lead = sent(server, "one")["id"]

        def dead() -> list[dict[str, str]]:
            listed: list[dict[str, str]] = json.loads(here(folder, "notify", "dead", "list", "--json").stdout)["items"]
            return listed

        (letter,) = eventually(dead)
        assert (letter["destination"], letter["lead"], letter["outcome"]) == ("berlin", lead, "400 no")
        ill = here(folder, "doctor", **settings)
        assert ill.returncode == 1 and "leadline notify dead list" in ill.stderr
        receiver.answer = lambda request: Answer()
        assert run(folder, "notify", "dead", "replay", letter["signal"]).stdout == "1 wait again\n"
        eventually(lambda: len(receiver.requests) == 2)
    assert leads(receiver) == [lead]


def test_a_destination_added_later_is_followed_without_a_restart(folder: Path, receiver: Receiver) -> None:
    (folder / "leadline.toml").write_text(MODEL)
    with serving(folder, "serve", BERLIN_URL=receiver.url, BERLIN_KEY=KEY) as server:
        sent(server, "one")
        (folder / "leadline.toml").write_text(MODEL + BERLIN)
        assert run(folder, "model", "activate").returncode == 0
        hot = sent(server, "two")["id"]
        eventually(lambda: receiver.requests)
    assert leads(receiver) == [hot]


def test_a_sample_shows_whether_it_arrives(folder: Path, receiver: Receiver) -> None:
    there = {"BERLIN_URL": receiver.url, "BERLIN_KEY": KEY, "PUBLIC_URL": "https://leads.example.com"}
    sample = here(folder, "notify", "test", "berlin", **there)
    assert (sample.returncode, sample.stdout) == (0, "berlin: 200 ok\n")
    data = receiver.accepted()[0]["data"]
    assert data["test"] is True and data["link"].startswith("https://leads.example.com/leads/")
    without = here(folder, "notify", "test", "berlin", BERLIN_KEY=KEY)
    assert without.returncode == 2
    assert "destination 'berlin': LEADLINE_BERLIN_URL is not set in the environment" in without.stderr
    assert here(folder, "notify", "test", "bonn").returncode == 2


def test_a_server_without_a_destinations_secret_works_and_doctor_says_so(folder: Path, receiver: Receiver) -> None:
    with serving(folder, "serve", BERLIN_KEY=KEY) as server:
        lead = sent(server, "one")["id"]
        ill = here(folder, "doctor", BERLIN_KEY=KEY)
        assert ill.returncode == 1 and "LEADLINE_BERLIN_URL is not set" in ill.stderr
    with serving(folder, "serve", BERLIN_URL=receiver.url, BERLIN_KEY=KEY):
        eventually(lambda: receiver.requests)
    assert leads(receiver) == [lead], "its signals waited"
