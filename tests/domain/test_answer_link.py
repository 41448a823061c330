"""Links by which owners answer: the same signal gives the same one, and nobody makes, reads or changes one."""

import string
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.signals.answer_link import REASONS, Asked, Invitation, LinkKeys, Links
from domain.signals.kinds import SignalKind
from domain.touchpoints.touchpoint import Instant

MODEL = parse_model("""
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
[[stages]]
name = "spam"
detour = true
[[sales.owners]]
name = "berlin"
members = ["ana"]
[[sales.owners]]
name = "ana"
[[sales.reasons]]
name = "spam"
label = { en = "Junk", zh = "垃圾" }
stage = "spam"
[[sales.reasons]]
name = "robot"
stage = "spam"
""")
KEYS = LinkKeys(["a key of the tests for links"])
LINKS = Links("https://leads.example.com", KEYS).by(MODEL)
PERSON = {"name": "Ada", "company": "Engines", "title": "CEO", "email": "ada@example.org", "phone": "+4930123456"}
ASSIGNED: dict[str, Any] = {
    "id": "signal-1",
    "kind": SignalKind.ASSIGNED,
    "lead_now": UUID(int=7),
    "at": Instant(1_780_000_000_000_000),
    "data": {"owner": "berlin"},
    "identity": orjson.dumps(["email", "ada@example.org"]).decode(),
}
HOT = {**ASSIGNED, "id": "signal-0", "kind": SignalKind.HOT, "data": {"owner": "berlin", "assigned": "signal-1"}}


def bears(asked: dict[str, Any], person: dict[str, Any] = PERSON, language: str = "en") -> Invitation:
    link = LINKS.by(MODEL, language).answer(Asked(**asked), person)
    assert link is not None and link.startswith("https://leads.example.com/a/")
    invitation = KEYS.opened(link.rpartition("/")[2])
    assert invitation is not None
    return invitation


def test_a_link_bears_whom_it_asks_what_and_until_when() -> None:
    assert bears(ASSIGNED) == Invitation(
        signal="signal-1",
        lead=UUID(int=7),
        kind="email",
        value="ada@example.org",
        owner="berlin",
        shown="Ada, Engines",
        asked=ASSIGNED["at"],
        zone="Asia/Shanghai",
        language="en",
        members=("ana",),
        reasons=(("spam", "Junk"), ("robot", "")),
    )
    assert bears(HOT) == bears(ASSIGNED)
    assert bears(ASSIGNED).ends == ASSIGNED["at"] + 7 * 24 * 3_600_000_000


def test_where_programs_read_it_reasons_keep_all_their_labels() -> None:
    assert bears(ASSIGNED, language="").reasons[0] == ("spam", {"en": "Junk", "zh": "垃圾"})
    assert bears(ASSIGNED, language="zh").reasons[0] == ("spam", "垃圾")


@pytest.mark.parametrize(("shows", "called"), [
    (("name",), "Ada"), (("company",), "Engines"), (("title",), ""), (("email", "phone"), "ada@example.org"), ((), ""),
])  # fmt: skip
def test_it_calls_the_lead_what_the_message_does(shows: tuple[str, ...], called: str) -> None:
    assert bears(ASSIGNED, {key: PERSON[key] for key in shows}).shown == called


def test_what_it_calls_the_lead_is_one_line() -> None:
    assert bears(ASSIGNED, {"name": "Ada\r\n\u202eLovelace\u2028", "company": "x"}).shown == "Ada Lovelace, x"


def test_however_much_the_model_file_says_the_link_opens() -> None:
    """At the largest that is allowed: labels go first, then the last reasons, then the last members."""
    people = [f"{n:02}" + "\U0001f600" * 98 for n in range(20)]
    owners = "".join(f'[[sales.owners]]\nname = "{name}"\n' for name in people)
    label = "\u8bcd" * 200
    reasons = "".join(
        f'[[sales.reasons]]\nname = "r{n:02}"\nlabel = {{ en = "{label}", zh = "{label}" }}\nstage = "spam"\n'
        for n in range(REASONS)
    )
    team = f'[[sales.owners]]\nname = "team"\nmembers = {orjson.dumps(people).decode()}\n'
    model = parse_model(MODEL.text + reasons + owners + team)
    for owner, members in (("berlin", 1), ("team", 1)):
        link = LINKS.by(model).answer(Asked(**(ASSIGNED | {"data": {"owner": owner}})), PERSON) or ""
        opened = KEYS.opened(link.rpartition("/")[2])
        assert opened is not None and len(opened.members) >= members
        if owner == "berlin":
            assert [name for name, _ in opened.reasons] == ["spam", "robot", *(f"r{n:02}" for n in range(REASONS - 2))]
    assert LINKS.answer(Asked(**(ASSIGNED | {"identity": orjson.dumps(["user_id", "x" * 5_000]).decode()})), {}) is None


@pytest.mark.parametrize("change", [
    {"kind": SignalKind.COOLED}, {"identity": None}, {"data": {"owner": None}}, {"data": {}},
    {"kind": SignalKind.HOT, "data": {"owner": "berlin"}},
])  # fmt: skip
def test_a_signal_that_asks_nobody_has_no_link(change: dict[str, Any]) -> None:
    assert LINKS.answer(Asked(**(ASSIGNED | change)), PERSON) is None


@pytest.mark.parametrize("links", [Links(), Links("https://leads.example.com").by(MODEL), Links(None, KEYS).by(MODEL)])
def test_without_an_address_or_a_key_there_are_none(links: Links) -> None:
    assert links.answer(Asked(**ASSIGNED), PERSON) is None


def test_a_long_list_of_reasons_is_cut() -> None:
    reasons = "".join(f'[[sales.reasons]]\nname = "r{n}"\nstage = "spam"\n' for n in range(40))
    model = parse_model(MODEL.text + reasons)
    link = LINKS.by(model).answer(Asked(**ASSIGNED), PERSON) or ""
    opened = KEYS.opened(link.rpartition("/")[2])
    assert opened is not None and len(opened.reasons) == REASONS


INVITATIONS = st.builds(
    Invitation,
    signal=st.text(max_size=60),
    lead=st.uuids(),
    kind=st.sampled_from(["user_id", "email", "phone"]),
    value=st.text(max_size=60),
    owner=st.text(max_size=60),
    shown=st.text(max_size=60),
    asked=st.integers(0, 2**52),
    members=st.tuples(st.text(max_size=9)),
    reasons=st.tuples(st.tuples(st.text(max_size=9), st.text(max_size=9) | st.just({"en": "x"}))),
)


@given(INVITATIONS, st.data())
def test_it_opens_with_its_key_alone_and_unchanged_alone(invitation: Invitation, data: st.DataObject) -> None:
    token = KEYS.seal(invitation)
    assert KEYS.seal(invitation) == token and set(token) <= set(string.ascii_letters + string.digits + "-_")
    assert KEYS.opened(token) == invitation == LinkKeys(["next key", "a key of the tests for links"]).opened(token)
    assert LinkKeys(["another key"]).opened(token) is None
    place = data.draw(st.integers(0, len(token) - 2))
    other = data.draw(st.sampled_from([each for each in "Az09-_" if each != token[place]]))
    assert KEYS.opened(token[:place] + other + token[place + 1 :]) is None


@given(st.text(max_size=200))
def test_what_is_no_token_opens_nothing(text: str) -> None:
    assert KEYS.opened(text) is None
