"""One suite over all types of destinations, each before a real server that speaks its documented answers."""

import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import orjson
import pytest

from consumers.notify import web
from consumers.notify.destinations.registry import sender_of
from consumers.notify.parcel import Delivered, Later, Messenger, Outcome, Parcel, Undeliverable, note_of
from domain.errors import Misconfigured
from domain.model.definition import parse_model
from domain.model.destinations import DestinationType
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.consumers.notifying import STAGES
from tests.given_ledger import AT
from tests.given_mail_server import Mailbox, mailing
from tests.given_receivers import KEY, Answer, Receiver, receiving

CHATS = ("slack", "wecom", "dingtalk", "feishu")
FINE = {
    "webhook": b"ok", "slack": b"ok", "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}', "feishu": b'{"code":0,"msg":"success","data":{}}',
}  # fmt: skip
DATA = {
    "person": {"name": "Wang <at user_id=\"all\">", "company": "ACME & Co", "email": "wang@example.com",
               "phone": "+8613912345678"},
    "grade": "A", "heat": 84.2, "reasons": [{"rule": "asked for a demo", "count": 2, "points": 50.0}],
}  # fmt: skip


class Told(NamedTuple):
    """A sender of a type, and the server that it speaks to."""

    sender: Messenger
    receiver: Receiver | None
    mailbox: Mailbox | None

    def text(self, place: int = -1) -> str:
        """What people read of the message that arrived."""
        if self.mailbox is not None:
            part = self.mailbox.mails[place].get_body(("plain",))
            assert part is not None
            return str(part.get_content())
        assert self.receiver is not None
        return json.dumps(self.receiver.requests[place].json, ensure_ascii=False)


Make = Callable[..., Told]


@pytest.fixture
def tell() -> Iterator[Make]:
    """Makes a sender of a type before its server."""
    with ExitStack() as servers:

        def make(kind: str, more: str = "", key: str | None = None) -> Told:
            if kind == "mail":
                mailbox = servers.enter_context(mailing())
                return Told(
                    sender(kind, mailbox.url, 'to = ["a@example.com", "b@example.com"]\n' + more, key), None, mailbox
                )
            receiver = servers.enter_context(receiving())
            receiver.answer = lambda request: Answer(200, FINE[kind])
            return Told(sender(kind, receiver.url, more, key or (KEY if kind == "webhook" else None)), receiver, None)

        yield make


def sender(kind: str, url: str, more: str = "", key: str | None = None) -> Messenger:
    secret = "" if key is None else 'secret = { env = "KEY" }\n'
    text = (
        f'[[destinations]]\nname = "x"\ntype = "{kind}"\nurl = {{ env = "URL" }}\nallow_private = true\n{secret}{more}'
    )
    (destination,) = parse_model(STAGES + text).destinations
    return sender_of(destination, {"URL": url, "KEY": key or ""}, ZoneInfo("Asia/Shanghai"))


def signal(position: int = 1, kind: SignalKind = SignalKind.HOT, closes: str | None = None, **data: Any) -> Signal:
    lead = uuid.UUID(int=position)
    body = orjson.dumps({**DATA, **data}).decode()
    return Signal(position, f"{lead}:{kind}:1", kind, lead, lead, "", Instant(AT), closes, body, None)


def parcel(*signals: Signal, may_leave: frozenset[str] = frozenset({"name", "company"})) -> Parcel:
    return Parcel(signals[0].id, tuple(note_of(each, may_leave) for each in signals), Instant(AT))


ALL = pytest.mark.parametrize("kind", list(DestinationType))


@ALL
def test_a_signal_arrives(tell: Make, kind: str) -> None:
    told = tell(kind)
    assert isinstance(told.sender.send(parcel(signal())), Delivered)
    assert "ACME" in told.text() and "asked for a demo" in told.text()
    assert "wang@example.com" not in told.text(), "it may not leave"


@ALL
def test_nobody_there_is_later_and_no_doubt(kind: str) -> None:
    url = "smtp://a%40example.com@127.0.0.1:1" if kind == "mail" else "http://127.0.0.1:1/"
    more = 'to = "a@example.com"' if kind == "mail" else ""
    outcome = sender(kind, url, more, KEY if kind == "webhook" else None).send(parcel(signal()))
    assert isinstance(outcome, Later) and not outcome.in_doubt


@ALL
def test_a_connection_that_is_cut_after_the_message_leaves_a_doubt(tell: Make, kind: str) -> None:
    told = tell(kind)
    if told.receiver is not None:
        told.receiver.answer = lambda request: Answer(close=True)
    elif told.mailbox is not None:
        told.mailbox.answers["CLOSE"] = "now"
    outcome = told.sender.send(parcel(signal()))
    assert isinstance(outcome, Later) and outcome.in_doubt


@pytest.mark.parametrize("kind", ["webhook", *CHATS])
def test_a_half_open_receiver_ends_in_a_doubt(tell: Make, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "ANSWER", 0.3)
    told, answered = tell(kind), threading.Event()
    assert told.receiver is not None
    told.receiver.answer = lambda request: Answer(200, FINE[kind], wait=answered)
    outcome = told.sender.send(parcel(signal()))
    answered.set()
    assert isinstance(outcome, Later) and outcome.in_doubt


@pytest.mark.parametrize("kind", ["webhook", *CHATS])
def test_too_many_and_out_of_order_are_later(tell: Make, kind: str) -> None:
    told = tell(kind)
    assert told.receiver is not None
    told.receiver.answer = lambda request: Answer(429, b"slow down", {"Retry-After": "30"})
    assert told.sender.send(parcel(signal())) == Later("429 slow down", after=30.0)
    told.receiver.answer = lambda request: Answer(502, b"<html>bad gateway</html>")
    assert isinstance(told.sender.send(parcel(signal())), Later)


ANSWERS: list[tuple[str, Answer, Outcome]] = [
    ("slack", Answer(400, b"invalid_payload"), Undeliverable("400 invalid_payload")),
    ("slack", Answer(410, b"channel_is_archived"), Later("410 channel_is_archived")),
    ("slack", Answer(404, b"no_service"), Later("404 no_service")),
    ("wecom", Answer(200, b'{"errcode":45009,"errmsg":"api freq out of limit"}'),
     Later('200 {"errcode":45009,"errmsg":"api freq out of limit"}', after=60.0)),
    ("wecom", Answer(200, b'{"errcode":93000,"errmsg":"invalid webhook url"}'),
     Later('200 {"errcode":93000,"errmsg":"invalid webhook url"}')),
    ("wecom", Answer(200, b'{"errcode":40058,"errmsg":"exceed max length"}'),
     Undeliverable('200 {"errcode":40058,"errmsg":"exceed max length"}')),
    ("wecom", Answer(200, b"<html>log in first</html>"), Later("200 <html>log in first</html>")),
    ("dingtalk", Answer(200, b'{"errcode":130101,"errmsg":"send too fast"}'),
     Later('200 {"errcode":130101,"errmsg":"send too fast"}', after=600.0)),
    ("dingtalk", Answer(200, b'{"errcode":310000,"errmsg":"keywords not in content"}'),
     Later('200 {"errcode":310000,"errmsg":"keywords not in content"}')),
    ("dingtalk", Answer(200, b'{"errcode":430102,"errmsg":"inappropriate text"}'),
     Undeliverable('200 {"errcode":430102,"errmsg":"inappropriate text"}')),
    ("feishu", Answer(200, b'{"code":11232,"msg":"frequency limited"}'),
     Later('200 {"code":11232,"msg":"frequency limited"}', after=60.0)),
    ("feishu", Answer(200, b'{"code":19021,"msg":"sign match fail"}'),
     Later('200 {"code":19021,"msg":"sign match fail"}')),
    ("feishu", Answer(200, b'{"code":9499,"msg":"Bad Request"}'),
     Undeliverable('200 {"code":9499,"msg":"Bad Request"}')),
    ("feishu", Answer(200, b'{"StatusCode":0,"StatusMessage":"success"}'),
     Delivered('200 {"StatusCode":0,"StatusMessage":"success"}')),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "answer", "outcome"), ANSWERS)
def test_documented_answers(tell: Make, kind: str, answer: Answer, outcome: Outcome) -> None:
    told = tell(kind)
    assert told.receiver is not None
    told.receiver.answer = lambda request: answer
    assert told.sender.send(parcel(signal())) == outcome


@pytest.mark.parametrize("kind", CHATS)
def test_nobody_is_mentioned_by_what_a_visitor_calls_themselves(tell: Make, kind: str) -> None:
    told = tell(kind)
    told.sender.send(parcel(signal()))
    assert "<at" not in told.text().replace('"text": "Hot lead: Wang <at', "") or kind == "slack"
    if kind == "slack":
        body = json.loads(told.text())
        assert "<" not in body["text"] and body["blocks"][0]["text"]["type"] == "plain_text"


@pytest.mark.parametrize(
    ("kind", "most"), [("slack", 3_000), ("wecom", 2_048), ("dingtalk", 20_000), ("feishu", 20_000)]
)
def test_a_digest_fits_newest_first_and_counts_the_rest(tell: Make, kind: str, most: int) -> None:
    told = tell(kind, 'language = "zh"')
    many = [signal(place, person={"name": f"王芳{place:03}"}) for place in range(200, 0, -1)]
    assert isinstance(told.sender.send(parcel(*many)), Delivered)
    body = json.loads(told.text())
    texts = {
        "slack": lambda: body["blocks"][1]["text"]["text"], "wecom": lambda: body["text"]["content"],
        "dingtalk": lambda: body["text"]["content"], "feishu": lambda: body["content"]["text"],
    }  # fmt: skip
    text = texts[kind]()
    assert (len(text) if kind == "slack" else len(text.encode())) <= most
    assert text.index("王芳200") < text.index("王芳199")
    listed = sum(f"王芳{place:03}" in text for place in range(1, 201))
    assert listed == 200 or f"另有 {200 - listed} 条" in text


def test_dingtalk_is_signed_in_the_query(tell: Make) -> None:
    told = tell("dingtalk", 'keyword = "leads"', key="SEC1")
    told.sender.send(parcel(signal()))
    assert told.receiver is not None
    query: Mapping[str, list[str]] = parse_qs(urlsplit(told.receiver.requests[0].path).query)
    said = f"{query['timestamp'][0]}\nSEC1".encode()
    assert base64.b64decode(query["sign"][0]) == hmac.new(b"SEC1", said, hashlib.sha256).digest()
    assert told.receiver.requests[0].json["text"]["content"].endswith("leads")


def test_feishu_is_signed_in_the_body(tell: Make) -> None:
    told = tell("feishu", key="SEC1")
    told.sender.send(parcel(signal()))
    assert told.receiver is not None
    body = told.receiver.requests[0].json
    expected = hmac.new(f"{body['timestamp']}\nSEC1".encode(), b"", hashlib.sha256).digest()
    assert base64.b64decode(body["sign"]) == expected


def test_a_webhook_is_signed_with_both_keys_while_one_is_rotated(tell: Make) -> None:
    told = tell("webhook", key=f"whsec_b2xkb2xkb2xkb2xkb2xk,{KEY}")
    told.sender.send(parcel(signal()))
    assert told.receiver is not None
    assert len(told.receiver.accepted()) == 1


def test_a_mail_has_a_text_and_a_page_and_one_id(tell: Make) -> None:
    told = tell("mail")
    assert told.mailbox is not None
    for _ in range(2):
        shown_note = parcel(signal(link="https://leads.example.com/1"), may_leave=frozenset({"name", "phone"}))
        assert isinstance(told.sender.send(shown_note), Delivered)
    first, second = told.mailbox.mails
    assert first["Message-ID"] == second["Message-ID"] and first["Message-ID"].endswith("@example.com>")
    assert told.mailbox.called == ["example.com"] * 2, "the sender's domain, not this machine's name"
    assert told.mailbox.recipients[0] == ["a@example.com", "b@example.com"]
    page = first.get_body(("html",))
    assert page is not None
    shown = page.get_content()
    assert "&lt;at" in shown and "<at" not in shown
    assert '<a href="https://leads.example.com/1">' in shown
    assert "+8613912345678" in told.text()


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"RCPT": "550 no such user"}, Undeliverable), ({"RCPT": "451 greylisted"}, Later),
        ({"DATA": "554 spam"}, Undeliverable), ({"DATA": "452 full"}, Later),
        ({"a@example.com": "550 gone"}, Delivered),
    ],
)  # fmt: skip
def test_what_a_mail_server_says(tell: Make, answers: dict[str, str], outcome: type) -> None:
    told = tell("mail")
    assert told.mailbox is not None
    told.mailbox.answers = answers
    said = told.sender.send(parcel(signal()))
    assert isinstance(said, outcome)
    assert next(iter(answers.values())) in said.outcome


def test_a_mail_account_is_logged_in_to_with_either_password(tell: Make) -> None:
    told = tell("mail", key="old,a password")
    assert told.mailbox is not None
    assert isinstance(told.sender.send(parcel(signal())), Delivered)
    assert list(dict.fromkeys(told.mailbox.passwords)) == ["old", "a password"]
    told.mailbox.password = "another"
    assert isinstance(told.sender.send(parcel(signal())), Later), "of the account, not of this mail"


@pytest.mark.parametrize(
    ("kind", "url", "says"),
    [("webhook", "ftp://example.com", "ftp"), ("slack", "no url", "the address"), ("mail", "smtp://", "no mail server"),
     ("mail", "smtp://user@mail.example.com", "name the sender")],
)  # fmt: skip
def test_an_address_that_is_none_is_told(kind: str, url: str, says: str) -> None:
    more = 'to = "a@example.com"' if kind == "mail" else ""
    with pytest.raises(Misconfigured, match=says):
        sender(kind, url, more, KEY if kind == "webhook" else None)
