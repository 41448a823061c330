"""Owners in messages: a chat names them, a mail reaches them, and both say where they answer; before real servers."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import pytest

from consumers.notify.choose import choose
from consumers.notify.destinations.registry import sender_of
from consumers.notify.labels import UNNAMED
from consumers.notify.parcel import Delivered, Later, Messenger, Note, Parcel, Undeliverable, note_of
from consumers.notify.words import Phrases
from domain.model.definition import Destination, parse_model
from domain.signals.answer_link import LinkKeys, Links
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant
from store.ledger import Signal
from tests.consumers.notifying import STAGES
from tests.given_ledger import AT
from tests.given_mail_server import Mailbox, mailing
from tests.given_receivers import Answer, Receiver, receiving

OWNERS = """
[[sales.owners]]
name = "ana"
email = "ana@example.com"
mention = { slack = "U01", wecom = "13800000001", dingtalk = "13800000001", feishu = "ou_1" }
[[sales.owners]]
name = "bo"
email = "bo@example.com"
mention = { slack = "U02", wecom = "bo", dingtalk = "bo", feishu = "ou_2" }
[[sales.owners]]
name = "berlin"
members = ["ana", "bo"]
[[sales.owners]]
name = "cy"
"""
MODEL = parse_model(STAGES + OWNERS)
KEYS = LinkKeys(["a key of the tests for links"])
LINKS = Links("https://leads.example.com", KEYS)
FINE = b'{"errcode":0,"errmsg":"ok","code":0,"msg":"success","data":{}}'


def signal(owner: str | None, kind: SignalKind = SignalKind.ASSIGNED, place: int = 1, **more: Any) -> Signal:
    """A signal of a lead that this owner has."""
    lead = UUID(int=place)
    data = {"person": {"name": f"Wang <{place}>", "email": "wang@example.com"}, "owner": owner, **more}
    identity = orjson.dumps(["email", "wang@example.com"]).decode()
    return Signal(
        place, f"s{place}", kind, lead, lead, "", Instant(AT), None, orjson.dumps(data).decode(), None, identity
    )


def note(signal: Signal, language: str = "en", *shown: str) -> Note:
    return note_of(signal, frozenset(shown or ("name",)), links=LINKS.by(MODEL, language))


def parcel(*owners: str | None, kind: SignalKind = SignalKind.ASSIGNED) -> Parcel:
    notes = tuple(note(signal(owner, kind, place)) for place, owner in enumerate(owners, 1))
    return Parcel("x", notes, Instant(AT))


def destination(kind: str, more: str = "") -> Destination:
    text = f'[[destinations]]\nname = "x"\ntype = "{kind}"\nurl = {{ env = "URL" }}\nallow_private = true\n{more}'
    (declared,) = parse_model(STAGES + OWNERS + text).destinations
    return declared


def sender(kind: str, url: str, more: str = "") -> Messenger:
    return sender_of(destination(kind, more), {"URL": url}, ZoneInfo("UTC"), UNNAMED, MODEL.sales)


@pytest.fixture
def group() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda request: Answer(200, FINE)
        yield receiver


CHATS: dict[str, Callable[[Any], list[str]]] = {
    "slack": lambda body: [id for id in ("U01", "U02") if f"<@{id}>" in body["blocks"][-1]["text"]["text"]],
    "wecom": lambda body: [
        *body["text"].get("mentioned_mobile_list", ()), *body["text"].get("mentioned_list", ())
    ],
    "dingtalk": lambda body: [*body["at"].get("atMobiles", ()), *body["at"].get("atUserIds", ())],
    "feishu": lambda body: [id for id in ("ou_1", "ou_2") if f'<at user_id="{id}"></at>' in body["content"]["text"]],
}  # fmt: skip
ANA = {"slack": "U01", "wecom": "13800000001", "dingtalk": "13800000001", "feishu": "ou_1"}
BO = {"slack": "U02", "wecom": "bo", "dingtalk": "bo", "feishu": "ou_2"}


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize(("owners", "called"), [
    (("ana",), (ANA,)), (("bo",), (BO,)), (("berlin",), (ANA, BO)), (("ana", "bo", "ana"), (ANA, BO)),
    (("cy",), ()), (("nobody that is known",), ()), ((None,), ()),
])  # fmt: skip
def test_a_group_message_names_its_owner(
    group: Receiver, kind: str, owners: tuple[str | None, ...], called: tuple[dict[str, str], ...]
) -> None:
    said = sender(kind, group.url).send(parcel(*owners))
    assert isinstance(said, Delivered)
    assert sorted(CHATS[kind](group.requests[0].json)) == sorted(person[kind] for person in called)


@pytest.mark.parametrize("kind", CHATS)
def test_what_asks_nobody_to_act_calls_nobody(group: Receiver, kind: str) -> None:
    sender(kind, group.url).send(parcel("ana", kind=SignalKind.COOLED))
    assert CHATS[kind](group.requests[0].json) == []


@pytest.mark.parametrize("kind", CHATS)
def test_a_missed_deadline_calls_whom_the_lead_went_on_to(group: Receiver, kind: str) -> None:
    missed = note(signal("ana", SignalKind.MISSED, deadline="accept", next="bo"))
    sender(kind, group.url).send(Parcel("x", (missed,), Instant(AT)))
    assert sorted(CHATS[kind](group.requests[0].json)) == sorted((ANA[kind], BO[kind]))


@pytest.mark.parametrize("kind", CHATS)
def test_a_chat_says_where_its_owner_answers(group: Receiver, kind: str) -> None:
    sender(kind, group.url, 'language = "zh"').send(Parcel("x", (note(signal("ana"), "zh"),), Instant(AT)))
    text = json.dumps(group.requests[0].json, ensure_ascii=False)
    assert "接受或退回：" in text and "https://leads.example.com/a/" in text


def test_a_message_says_who_has_it_until_when_and_where_they_answer() -> None:
    shown = note(signal("ana", SignalKind.HOT, assigned="s2", due="2026-09-22T09:00:00Z"), "en", "name")
    text = Phrases("en", ZoneInfo("UTC")).text(Parcel("x", (shown,), Instant(AT)), 4_000).splitlines()
    assert text[1:3] == ["Owner: ana, to accept by 09-22 09:00", "Accept or give it back:"]
    opened = KEYS.opened(text[3].removeprefix("https://leads.example.com/a/"))
    assert opened is not None
    assert (opened.signal, opened.owner, opened.shown, opened.language) == ("s2", "ana", "Wang <1>", "en")


def test_a_long_digest_lacks_the_links_of_owners_before_all_else() -> None:
    words = Phrases("en", ZoneInfo("UTC"))
    digest = parcel(*["ana"] * 5, kind=SignalKind.ASSIGNED)
    whole = words.text(digest, 10_000)
    assert whole.count("/a/") == 5
    cut = words.text(digest, len(whole) - 1)
    assert cut.count("/a/") == 0 and cut.count("https://leads.example.com/leads/") == 5


# ---- mail to the owner -------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with ExitStack() as servers:
        yield servers.enter_context(mailing())


@pytest.mark.parametrize(
    ("owner", "to", "recipients"),
    [
        ("ana", '"owner"', ["ana@example.com"]),
        ("berlin", '"owner"', ["ana@example.com", "bo@example.com"]),
        ("ana", '["boss@example.com", "owner"]', ["boss@example.com", "ana@example.com"]),
        ("cy", '["boss@example.com", "owner"]', ["boss@example.com"]),
    ],
)
def test_a_mail_reaches_the_owner(mailbox: Mailbox, owner: str, to: str, recipients: list[str]) -> None:
    assert isinstance(sender("mail", mailbox.url, f"to = {to}\n").send(parcel(owner)), Delivered)
    assert mailbox.recipients == [recipients]
    assert mailbox.mails[0]["To"] == ", ".join(recipients)
    page = mailbox.mails[0].get_body(("html",))
    assert page is not None and '<a href="https://leads.example.com/a/' in page.get_content()


@pytest.mark.parametrize(("address", "travels"), [
    ("ana@m\u00fcnchen.example", "ana@xn--mnchen-3ya.example"), ("gr\u00fc\u00dfe@example.com", ""), ("ana@..", ""),
])  # fmt: skip
def test_an_address_of_other_letters_takes_the_mail_from_nobody(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, address: str, travels: str
) -> None:
    monkeypatch.setattr(f"{__name__}.MODEL", parse_model(STAGES + OWNERS.replace("ana@example.com", address)))
    said = sender("mail", mailbox.url, 'to = "owner"\nsender = "leads@b\u00fccher.example"\n').send(parcel("berlin"))
    assert isinstance(said, Delivered) and bool(travels) == (address not in said.outcome)
    assert mailbox.recipients == [[each for each in (travels, "bo@example.com") if each]]
    assert mailbox.mails[0]["From"] == "leads@xn--bcher-kva.example"


@pytest.mark.parametrize("owner", ["cy", "who left", None])
def test_an_owner_without_an_address_is_given_up_with_the_reason(mailbox: Mailbox, owner: str | None) -> None:
    said = sender("mail", mailbox.url, 'to = "owner"\n').send(parcel(owner))
    assert said == Undeliverable(f"{owner or 'nobody'}: no e-mail address in [[sales.owners]]")
    assert mailbox.mails == []


def test_what_ends_a_message_reaches_whom_that_reached(mailbox: Mailbox) -> None:
    hot = signal("ana", SignalKind.HOT)
    retracted = signal(None, SignalKind.RETRACTED, 2, reason="below")
    ends = note_of(retracted, frozenset({"name"}), hot)
    assert isinstance(sender("mail", mailbox.url, 'to = "owner"\n').send(Parcel("x", (ends,), Instant(AT))), Delivered)
    assert mailbox.recipients == [["ana@example.com"]]


def moved(owner: str | None, before: str | None, reason: str = "by_hand") -> Parcel:
    """Who has a lead is another now; with the links of owners."""
    return Parcel("x", (note(signal(owner, before=before, reason=reason)),), Instant(AT))


def shown(mailbox: Mailbox, place: int) -> str:
    page = mailbox.mails[place].get_body(("plain",))
    assert page is not None
    return str(page.get_content()).replace("\r\n", "\n")


def test_whoever_loses_a_lead_is_told_who_has_it_and_gets_no_link_to_answer(mailbox: Mailbox) -> None:
    to_owner = sender("mail", mailbox.url, 'to = ["boss@example.com", "owner"]\non = ["lead.assigned"]\n')
    for reason in ("by_hand", "missed", "history"):
        mailbox.mails.clear()
        mailbox.recipients.clear()
        assert isinstance(to_owner.send(moved("bo", "ana", reason)), Delivered)
        assert mailbox.recipients == [["boss@example.com", "bo@example.com"], ["ana@example.com"]]
        assert shown(mailbox, 1) == "No longer yours: Wang <1>\n\nOwner: bo\n"
        assert "/a/" in shown(mailbox, 0)
        assert mailbox.mails[0]["Message-ID"] != mailbox.mails[1]["Message-ID"]


@pytest.mark.parametrize(("owner", "before", "reason", "told"), [
    (None, "ana", "merged", [["ana@example.com"]]),
    (None, "berlin", "gone", [["ana@example.com", "bo@example.com"]]),
    ("ana", "ana", "hot", [["ana@example.com"]]),  # keeps it
    ("ana", None, "hot", [["ana@example.com"]]),
    ("bo", "cy", "by_hand", [["bo@example.com"]]),  # who has no address cannot be told
])  # fmt: skip
def test_who_is_told_of_a_change_of_owners(
    mailbox: Mailbox, owner: str | None, before: str | None, reason: str, told: list[list[str]]
) -> None:
    to_owner = sender("mail", mailbox.url, 'to = "owner"\non = ["lead.assigned"]\n')
    assert isinstance(to_owner.send(moved(owner, before, reason)), Delivered)
    assert mailbox.recipients == told


def test_a_mail_to_the_owner_before_is_tried_again_with_the_one_before_it(mailbox: Mailbox) -> None:
    to_owner = sender("mail", mailbox.url, 'to = "owner"\non = ["lead.assigned"]\n')
    mailbox.answers["ana@example.com"] = "450 later"
    assert isinstance(to_owner.send(moved("bo", "ana")), Later)
    mailbox.answers["ana@example.com"] = "550 no such person"
    assert isinstance(to_owner.send(moved("bo", "ana")), Delivered)
    assert isinstance(to_owner.send(moved(None, "ana", "merged")), Undeliverable)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_who_missed_their_deadline_is_told_once_and_who_gave_it_back_is_not(mailbox: Mailbox) -> None:
    both = destination("mail", 'to = "owner"\non = ["lead.assigned", "sla.missed"]\n')
    missed = signal("ana", SignalKind.MISSED, deadline="accept", next="bo")
    passed_on = signal("bo", before="ana", reason="missed", place=2)
    given_back = signal(None, before="ana", reason="rejected", place=3)
    merged = signal(None, before="ana", reason="merged", place=4)
    choice = choose(both, [missed, passed_on, given_back, merged], {}, {})
    assert choice.send == [missed, passed_on, merged]
    to_owner = sender("mail", mailbox.url, 'to = "owner"\non = ["lead.assigned", "sla.missed"]\n')
    for each in (missed, passed_on):
        to_owner.send(Parcel(each.id, (note(each),), Instant(AT)))
    assert mailbox.recipients == [["ana@example.com"], ["bo@example.com"]]
    assert shown(mailbox, 0).startswith("Not accepted in time by ana: Wang <1>\n\nOwner: bo\n")


def test_owners_read_their_own_leads_alone() -> None:
    url = "smtp://a%40example.com@127.0.0.1:1"
    assert not sender("mail", url, 'to = "owner"\n').digests
    assert sender("mail", url, 'to = "a@example.com"\n').digests


def test_what_has_no_owner_is_not_for_owners() -> None:
    mine, nobodys = signal("ana", SignalKind.HOT), signal(None, SignalKind.HOT, 2)
    for to, sent in (('"owner"', [mine]), ('["owner", "boss@example.com"]', [mine, nobodys])):
        choice = choose(destination("mail", f"to = {to}\n"), [mine, nobodys], {}, {})
        assert choice.send == sent


def test_a_destination_may_be_one_owners() -> None:
    asked = destination("slack", 'on = ["lead.assigned"]\nwhere = { owner = ["ana", "berlin"] }\n')
    signals = [signal(owner, place=place) for place, owner in enumerate(("ana", "bo", "berlin", None), 1)]
    assert [each.position for each in choose(asked, signals, {}, {}).send] == [1, 3]
