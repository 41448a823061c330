"""The receivers in examples/ as their pages run them: verified, repeats dropped, sent again where one failed."""

import json
import os
import subprocess
import sys
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import orjson

from consumers.notify.destinations.registry import sender_of
from consumers.notify.parcel import Delivered, Later, Outcome, Parcel, note_of
from domain.model.definition import parse_model
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.given_ledger import AT
from tests.given_receivers import KEY, Answer, Request, receiving
from tests.runtime.serving import eventually
from tests.services.service import free_ports

EXAMPLES = Path(__file__).parents[1] / "examples" / "webhooks"
LEAD = uuid.UUID(int=7)
AT_TEXT = "2026-09-21T14:13:20.000000Z"


@contextmanager
def running(folder: Path, name: str, **settings: str) -> Iterator[tuple[str, Path]]:
    """The address of an example that runs, and the file of what it prints."""
    port, printed = free_ports(1)[0], folder / "printed"
    environment = {**os.environ, "WEBHOOK_KEY": KEY, "WEBHOOK_SEEN": str(folder / "seen.db"), **settings}
    with printed.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / name, str(port)], env=environment, stdout=out, stderr=subprocess.DEVNULL
        )
    url = f"http://127.0.0.1:{port}/"
    try:
        eventually(lambda: answers(url))
        yield url, printed
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx2.post(url, content=b"{}").status_code == 401
    except httpx2.TransportError:
        return False


def told(url: str, kind: SignalKind, number: int, key: str = KEY, **data: Any) -> Outcome:
    """What a receiver answers to a signal."""
    text = (
        '[[stages]]\nname = "lead"\n[[destinations]]\nname = "x"\ntype = "webhook"\nurl = { env = "URL" }\n'
        'secret = { env = "KEY" }\nallow_private = true\n'
    )
    (destination,) = parse_model(text).destinations
    body = orjson.dumps(data).decode()
    signal = Signal(number, f"{LEAD}:{kind}:{number}", kind, LEAD, LEAD, "returners", Instant(AT), None, body, None)
    sender = sender_of(destination, {"URL": url, "KEY": key}, ZoneInfo("UTC"))
    return sender.send(Parcel(signal.id, (note_of(signal, destination.may_leave),), Instant(AT)))


def test_the_receiver_verifies_and_drops_repeats(tmp_path: Path) -> None:
    with running(tmp_path, "receive.py") as (url, printed):
        for number in (1, 1, 2):
            assert isinstance(told(url, SignalKind.HOT, number, name=f"Ann {number}"), Delivered)
        assert isinstance(told(url, SignalKind.HOT, 3, key="whsec_b3RoZXJvdGhlcm90aGVy", name="Mallory"), Later)
    assert printed.read_text().splitlines() == [f"{AT_TEXT} lead.hot Ann {number}" for number in (1, 2)]


class Listmonk:
    """The four calls that the example makes, as listmonk's documentation has them."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[int, str]] = {}
        self.away = False

    def answer(self, request: Request) -> Answer:
        """The answer to one call."""
        if self.away or request.headers.get("authorization") != "token leadline:t":
            return Answer(500 if self.away else 403)
        path = urllib.parse.urlsplit(request.path)
        emails = list(self.lists)
        match request.method, path.path:
            case "GET", "/api/subscribers":
                (searched,) = urllib.parse.parse_qs(path.query)["search"]
                results = [
                    {"id": place, "email": email,
                     "lists": [{"id": id, "subscription_status": status} for id, status in self.lists[email].items()]}
                    for place, email in enumerate(emails) if searched in email
                ]  # fmt: skip
                return Answer(200, json.dumps({"data": {"results": results}}).encode())
            case "POST", "/api/subscribers":
                self.lists[request.json["email"]] = dict.fromkeys(request.json["lists"], "confirmed")
            case "PUT", "/api/subscribers/lists":
                for place in request.json["ids"]:
                    for id in request.json["target_list_ids"]:
                        if request.json["action"] == "add":
                            self.lists[emails[place]][id] = request.json["status"]
                        else:
                            self.lists[emails[place]].pop(id, None)
            case _:
                return Answer(404)
        return Answer(200, b'{"data": true}')


def test_a_list_of_listmonk_follows_a_segment(tmp_path: Path) -> None:
    listmonk = Listmonk()
    with receiving() as server:
        server.answer = listmonk.answer
        address = server.url.removesuffix("/hook")
        settings = {"LISTMONK_URL": address, "LISTMONK_USER": "leadline", "LISTMONK_TOKEN": "t", "LISTMONK_LIST": "3"}
        with running(tmp_path, "listmonk.py", **settings) as (url, _):
            ann = {"person": {"email": "ann@example.com", "name": "Ann"}}
            listmonk.away = True
            assert isinstance(told(url, SignalKind.ENTERED, 1, **ann), Later)
            listmonk.away = False
            assert isinstance(told(url, SignalKind.ENTERED, 1, **ann), Delivered), "it was not handled, so not seen"
            assert listmonk.lists == {"ann@example.com": {3: "confirmed"}}
            told(url, SignalKind.LEFT, 2, **ann)
            assert listmonk.lists == {"ann@example.com": {}}
            told(url, SignalKind.ENTERED, 3, **ann)
            told(url, SignalKind.ENTERED, 3, **ann)
            assert listmonk.lists == {"ann@example.com": {3: "confirmed"}}
            listmonk.lists["ann@example.com"][3] = "unsubscribed"
            told(url, SignalKind.LEFT, 4, **ann)
            told(url, SignalKind.ENTERED, 5, **ann)
            assert listmonk.lists == {"ann@example.com": {3: "unsubscribed"}}
            assert isinstance(told(url, SignalKind.ENTERED, 6), Delivered), "nobody to write to"
