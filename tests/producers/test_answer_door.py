"""The pages by which owners answer: looking changes nothing, a press is one touchpoint, the first on the log counts."""

import re
import threading
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from msgspec.structs import replace

from domain.signals.answer_link import Answered, Invitation, LinkKeys, Standing
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Source
from producers.collector import answer_door
from producers.collector.answer_door import Answering
from store.log.port import LogAway, Record
from store.log.sql import SqlLog
from tests.producers.collecting import NOON, Collecting

KEY = "a key of the tests for links"
KEYS = LinkKeys([KEY])
WEEK = 7 * 24 * 3600
INVITATION = Invitation(
    signal="signal-1",
    lead=UUID(int=7),
    kind="email",
    value="ada@example.org",
    owner="berlin",
    shown="Ada <Lovelace>",
    asked=Instant(NOON - 1),
    zone="Europe/Berlin",
    language="en",
    members=("ana", "bo"),
    reasons=(("spam", "Junk"), ("wrong person", {"en": "Wrong person", "zh": "找错人"})),
)
URL = f"/a/{KEYS.seal(INVITATION)}"
FORM = {"answer": "accept", "by": "bo"}


class Known:
    """Outcomes that a test says."""

    def __init__(self, *said: Answered | None) -> None:
        self.said = list(said)

    def of(self, invitation: Invitation) -> Answered | None:
        return self.said.pop(0) if len(self.said) > 1 else self.said[0]


@pytest.fixture
def collecting(tmp_path: Path) -> Collecting:
    return Collecting(tmp_path, answering=Answering(KEYS))


def knowing(folder: Path, *said: Answered | None) -> Collecting:
    return Collecting(folder, answering=Answering(KEYS, Known(*said)))


class Fields(HTMLParser):
    """The values that a page offers, by field."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.offered: dict[str, list[str]] = {}
        self._field = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("input", "select", "textarea"):
            self._field = given.get("name") or ""
        if tag in ("input", "option") and (value := given.get("value")) is not None:
            self.offered.setdefault(self._field, []).append(value)


def press(collecting: Collecting, url: str = URL, **fields: str) -> httpx2.Response:
    return collecting.ask("POST", url, data=fields)


@pytest.mark.parametrize("behind", [".", "%3E", "=", "%0A", "%E2%80%8B"])
def test_what_a_mail_program_puts_behind_an_address_is_none_of_it(collecting: Collecting, behind: str) -> None:
    assert press(collecting, URL + behind, **FORM).status_code == 200
    assert press(collecting, URL[:30] + "%3D%0D%0A" + URL[30:], **FORM).status_code == 200
    assert len({each.id for each in collecting.touchpoints()}) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(collecting: Collecting, method: str) -> None:
    for _ in range(3):
        assert collecting.ask(method, URL).status_code == 200
    assert collecting.touchpoints() == [] and collecting.rejected() == []


def test_the_page_says_who_is_asked_and_offers_the_answers(collecting: Collecting) -> None:
    page = collecting.ask("GET", URL).text
    assert "Ada &lt;Lovelace&gt;" in page and "Asked: berlin" in page and "ada@example.org" not in page
    assert "Junk" in page and "Wrong person" in page and 'name="viewport"' in page
    assert Fields(page).offered == {
        "answer": ["accept", "reject"],
        "by": ["ana", "bo", "ana", "bo"],
        "reason": ["not ready", "spam", "wrong person"],
    }


def test_the_page_loads_nothing_is_kept_nowhere_and_framed_by_nobody(collecting: Collecting) -> None:
    answer = collecting.ask("GET", URL)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script" not in policy
    assert "access-control-allow-origin" not in answer.headers and "set-cookie" not in answer.headers
    assert "<script" not in answer.text and not re.search(r"(src|href)=", answer.text)


def test_a_press_is_one_touchpoint(collecting: Collecting) -> None:
    assert "Your answer was sent" in press(collecting, **FORM).text
    [answer] = collecting.touchpoints()
    assert (answer.type, answer.source, answer.occurred_at) == ("owner_accepted", Source("api", "api"), NOON)
    assert (answer.id, answer.identities) == ("answer-signal-1", (Identity("email", "ada@example.org"),))
    assert answer.properties == {"owner": "berlin", "by": "bo", "signal": "signal-1"}
    assert answer.context == {"via": "link"}


def test_an_answer_comes_behind_what_asked_for_it_though_a_clock_is_slow(collecting: Collecting) -> None:
    collecting.now = NOON - 5_000_000
    press(collecting, **FORM)
    [answer] = collecting.touchpoints()
    assert answer.instant == answer.received_at == INVITATION.asked + 1


def test_a_rejection_says_why(collecting: Collecting) -> None:
    press(collecting, answer="reject", by="berlin", reason="spam", note=" a robot\x00 ")
    [answer] = collecting.touchpoints()
    assert answer.type == "owner_rejected"
    assert answer.properties["reason"] == "spam" and answer.properties["note"].startswith("a robot")
    assert "by" not in answer.properties


def test_names_are_taken_as_the_model_file_writes_them(collecting: Collecting) -> None:
    """Also in letters that are composed otherwise than those that touchpoints are kept in."""
    name, reason = "Jose\u0301", "de\u0301ja\u0300 vu\u200b"
    url = f"/a/{KEYS.seal(replace(INVITATION, members=(name,), reasons=((reason, ''),)))}"
    offered = Fields(collecting.ask("GET", url).text).offered
    assert press(collecting, url, answer="reject", by=offered["by"][0], reason=offered["reason"][1]).status_code == 200
    [answer] = collecting.touchpoints()
    assert answer.properties["by"] == name and answer.properties["reason"] == reason


def test_accepted_and_then_rejected_have_one_id(collecting: Collecting) -> None:
    press(collecting, **FORM)
    press(collecting, answer="reject", reason="not ready")
    accepted, rejected = collecting.touchpoints()
    assert accepted.key == rejected.key and accepted.trail == rejected.trail


@pytest.mark.parametrize("fields", [
    {}, {"answer": "perhaps"}, {"answer": "accept", "by": "eve"}, {"answer": "reject"},
    {"answer": "reject", "reason": "competitor"}, {"answer": "accept", "note": "x" * 30_000},
    {f"field{n}": "x" for n in range(30)},
])  # fmt: skip
def test_what_is_not_offered_is_not_taken(collecting: Collecting, fields: dict[str, str]) -> None:
    assert press(collecting, **fields).status_code == 400
    assert collecting.touchpoints() == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"answer": "accept"}', b"=&=&;"])
def test_a_body_that_is_no_form_is_not_taken(collecting: Collecting, body: bytes) -> None:
    assert collecting.ask("POST", URL, content=body).status_code == 400
    assert collecting.touchpoints() == []


FOREIGN = f"/a/{LinkKeys(['another key of the tests']).seal(INVITATION)}"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "url", [FOREIGN, URL[:-9], URL[:9] + "AAAA" + URL[13:], "/a/x", "/a/%F0%9F%92%A9", "/a/" + "A" * 9_000]
)
def test_a_broken_or_foreign_link_says_nothing(collecting: Collecting, method: str, url: str) -> None:
    answer = collecting.ask(method, url, data=FORM) if method == "POST" else collecting.ask(method, url)
    assert answer.status_code == 404 and "This link is not valid" in answer.text
    assert "Lovelace" not in answer.text and answer.headers["cache-control"] == "no-store"
    assert collecting.touchpoints() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_link_holds_for_seven_days(collecting: Collecting, method: str) -> None:
    collecting.now = INVITATION.asked + WEEK * 1_000_000 - 1
    assert collecting.ask(method, URL, data=FORM if method == "POST" else None).status_code == 200
    collecting.now += 1
    answer = collecting.ask(method, URL, data=FORM if method == "POST" else None)
    assert answer.status_code == 410 and "This link has ended" in answer.text and "Lovelace" not in answer.text
    assert len(collecting.touchpoints()) == (method == "POST")


def test_while_a_key_is_rotated_links_of_both_open(tmp_path: Path) -> None:
    rotated = Collecting(tmp_path, answering=Answering(LinkKeys(["the next key of the tests", KEY])))
    assert rotated.ask("GET", URL).status_code == 200
    assert rotated.ask("GET", FOREIGN).status_code == 404


def test_without_a_key_there_are_no_links(tmp_path: Path) -> None:
    assert Collecting(tmp_path).ask("GET", URL).status_code == 404


@pytest.mark.parametrize(
    ("language", "accepts", "words"),
    [("zh", "en", "接受"), ("en", "zh", "Accept"), ("", "zh-CN,zh;q=0.9", "找错人"), ("", "de", "Wrong person")],
)
def test_the_language_is_the_messages_else_the_readers(
    collecting: Collecting, language: str, accepts: str, words: str
) -> None:
    url = f"/a/{KEYS.seal(replace(INVITATION, language=language))}"
    assert words in collecting.ask("GET", url, headers={"Accept-Language": accepts}).text


def test_a_press_says_who_was_first(tmp_path: Path) -> None:
    waiting, accepted = Answered(Standing.WAITING), Answered(Standing.ACCEPTED, "ana <b>", Instant(NOON))
    page = press(knowing(tmp_path, waiting, waiting, accepted), **FORM).text
    assert "ana &lt;b&gt; accepted this lead on 2026-11-21 13:00." in page and "<form" not in page


@pytest.mark.parametrize(("answered", "words"), [
    (Answered(Standing.ACCEPTED, "ana", Instant(NOON)), "ana accepted this lead"),
    (Answered(Standing.REJECTED, "bo", Instant(NOON)), "bo gave this lead back"),
    (Answered(Standing.EARLIER, "bo", Instant(NOON)), "bo answered this on 2026-11-21 13:00, and"),
    (Answered(Standing.GIVEN), "Somebody else has this lead now"),
    (Answered(Standing.ENDED), "Nobody is asked to take this lead any more"),
])  # fmt: skip
def test_what_is_over_takes_no_answer(tmp_path: Path, answered: Answered, words: str) -> None:
    collecting = knowing(tmp_path, answered)
    for answer in (collecting.ask("GET", URL), press(collecting, **FORM)):
        assert answer.status_code == 200 and words in answer.text and "<form" not in answer.text
    assert collecting.touchpoints() == []


def test_where_nobody_can_say_the_answer_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_door, "WAIT", 0.2)
    for number, known in enumerate((None, Answered(Standing.WAITING))):
        (tmp_path / str(number)).mkdir()
        collecting = knowing(tmp_path / str(number), known)
        assert "Your answer was sent" in press(collecting, **FORM).text
        assert len(collecting.touchpoints()) == 1


class Away(SqlLog):
    """A log that nobody reaches."""

    def append(self, topic: str, records: Sequence[Record]) -> None:
        raise LogAway("away, in this test")


def test_an_answer_that_was_not_kept_is_sent_once_more_by_a_press(collecting: Collecting, tmp_path: Path) -> None:
    folder = tmp_path / "away"
    folder.mkdir()
    fields = {"answer": "reject", "by": "bo", "reason": "spam", "note": 'a "robot" <b>\nof ours'}
    told = press(Collecting(folder, log=Away(folder / "other.db"), answering=Answering(KEYS)), **fields)
    assert told.status_code == 503 and int(told.headers["retry-after"]) >= 1
    assert told.headers["cache-control"] == "no-store" and "could not be kept" in told.text
    offered = {name: value for name, (value,) in Fields(told.text).offered.items()}
    assert offered == fields and press(collecting, **offered).status_code == 200
    [answer] = collecting.touchpoints()
    assert answer.properties["note"] == fields["note"]


class Faulty:
    """Outcomes with a fault."""

    def of(self, invitation: Invitation) -> Answered | None:
        raise RuntimeError("a fault of the tests")


def test_a_fault_in_asking_costs_no_answer(tmp_path: Path) -> None:
    collecting = Collecting(tmp_path, answering=Answering(KEYS, Faulty()))
    assert "<form" in collecting.ask("GET", URL).text
    assert "Your answer was sent" in press(collecting, **FORM).text
    assert len(collecting.touchpoints()) == 1


class Hanging:
    """Outcomes of a database that answers nobody until it is let go."""

    def __init__(self) -> None:
        self.released = threading.Event()

    def of(self, invitation: Invitation) -> Answered | None:
        self.released.wait()
        return None


def test_a_database_that_hangs_holds_up_neither_answers_nor_senders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many look as the collector has threads to write its log with."""
    monkeypatch.setattr(answer_door, "WAIT", 0.2)
    hanging = Hanging()
    collecting = Collecting(tmp_path, answering=Answering(KEYS, hanging))
    look: tuple[str, str, dict[str, Any]] = ("GET", URL, {})
    press_once: tuple[str, str, dict[str, Any]] = ("POST", URL, {"data": FORM})
    let_go = threading.Timer(20, hanging.released.set)
    let_go.start()
    try:
        told = collecting.ask_all([*[look] * 60, press_once])
        waited = not hanging.released.is_set()
    finally:
        let_go.cancel()
        hanging.released.set()
    assert waited and {answer.status_code for answer in told} == {200}
    assert "<form" in told[0].text and "Your answer was sent" in told[-1].text
    assert len(collecting.touchpoints()) == 1
