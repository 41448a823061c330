"""What the page on handing over shows, done on a real server: a hot lead gets an owner, is told of, and answered."""

import re
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from consumers.notify.destinations.registry import sender_of
from domain.model.definition import parse_model
from domain.model.starter import STARTER
from tests.given_receivers import Answer, Receiver, receiving
from tests.given_samples import Shell, sample
from tests.runtime.serving import Server, eventually, serving

SALES = sample("hand-over-leads.md", "[sales]")
DESTINATIONS = sample("hand-over-leads.md", "[[destinations]]")
LINKS = sample("hand-over-leads.md", "export LEADLINE_PUBLIC_URL")
ROTATED = sample("hand-over-leads.md", "export LEADLINE_LINK_KEY")
BY_HAND = sample("hand-over-leads.md", "leadline leads")


@pytest.fixture(scope="module")
def chat() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: Answer(200, b"ok")
        yield receiver


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the page's model; always in working hours, and the chat is a receiver of this machine."""
    folder = tmp_path_factory.mktemp("hand-over")
    always = re.sub(r"^(hours|calendar) = .*$", "", SALES, flags=re.MULTILINE)
    slack, _, _ = DESTINATIONS.partition('[[destinations]]\nname = "owners')
    (folder / "leadline.toml").write_text(f"{STARTER}\n{always}\n{slack}allow_private = true\n")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, chat: Receiver) -> Iterator[Server]:
    settings = Shell(folder, LEADLINE_CHAT_URL=chat.url).exported(LINKS)
    with serving(folder, "serve", **{name.removeprefix("LEADLINE_"): value for name, value in settings.items()}) as it:
        yield it


def hot(server: Server, name: str) -> str:
    """Somebody who becomes hot, by a form and by reading prices."""
    email = f"{name}@example.org"
    server.http.post("/f/contact", data={"email": email, "name": name, "company": "Engines", "_aid": f"c-{name}"})
    for place in range(3):
        server.http.get("/p.gif", params={"aid": f"c-{name}", "url": f"https://www.example.com/pricing/{place}"})
    [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": email, "hot": "true"}).json()["items"])
    return str(lead["id"])


def test_the_pages_model_is_one_and_its_destinations_work() -> None:
    model = parse_model(f"{STARTER}\n{SALES}\n{DESTINATIONS}")
    secrets = {"LEADLINE_CHAT_URL": "https://chat.example.com/hook", "LEADLINE_MAIL_KEY": "a password"}
    for destination in model.destinations:
        assert sender_of(destination, secrets, ZoneInfo("UTC"), sales=model.sales) is not None


def test_a_hot_lead_has_an_owner_who_accepts_by_the_link_of_the_message(server: Server, chat: Receiver) -> None:
    lead = hot(server, "grace")
    message = eventually(lambda: next((each.json for each in chat.requests if "grace" in each.body.decode()), None))
    text = message["blocks"][-1]["text"]["text"]
    assert "Owner: ana, to accept by" in text and "<@U0123ABCD>" in text
    [url] = re.findall(r"https://leads\.example\.com(/a/\S+)", text)
    owner = eventually(lambda: server.http.get(f"/api/leads/{lead}").json()["owner"])
    assert (owner["name"], owner["accepted_at"]) == ("ana", None)
    signals = server.http.get("/api/signals").json()["items"]
    links = {each["kind"]: each["answer_link"] for each in signals if each["lead_now"] == lead and each["answer_link"]}
    assert links.keys() == {"lead.hot", "lead.assigned"}
    assert "<form" in server.http.get(url).text
    assert "ana accepted this lead on" in server.http.post(url, data={"answer": "accept"}).text
    assert server.http.get(f"/api/leads/{lead}").json()["owner"]["accepted_at"] is not None
    other = links["lead.assigned"].removeprefix("https://leads.example.com")
    again = server.http.post(other, data={"answer": "reject", "reason": "wrong person"}).text
    assert "ana accepted this lead on" in again, "one signal, one answer, whichever message it is read in"


def test_what_is_done_by_hand(server: Server, folder: Path) -> None:
    server.http.post("/f/contact", data={"email": "ada@example.org"})
    asked = {"email": "ada@example.org"}
    [lead] = eventually(lambda: server.http.get("/api/leads", params=asked).json()["items"])
    path = f"/api/leads/{lead['id']}"
    shell = Shell(folder, LANG="C")
    shown = shell.pastes(BY_HAND)
    assert "accepted at" in shown and shown.count("ada@example.org: nobody") == 1
    items = server.http.get(f"{path}/timeline").json()["items"]
    assert [each["type"] for each in items if each["source"]["kind"] == "api"] == [
        "owner_assigned", "owner_accepted", "noted", "reminder_set", "owner_rejected"
    ]  # fmt: skip
    eventually(lambda: server.http.get(path).json()["stage"] == "disqualified")


def test_a_key_is_exchanged(folder: Path) -> None:
    before = Shell(folder).exported(LINKS)["LEADLINE_LINK_KEY"]
    both = Shell(folder, LEADLINE_LINK_KEY=before).exported(ROTATED)["LEADLINE_LINK_KEY"].split(",")
    assert len(both) == 2 and both[1] == before and both[0] != before
