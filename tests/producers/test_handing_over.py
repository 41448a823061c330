"""Commands of hand-over: what each becomes, and what is refused and what that names."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant
from producers import handing_over
from producers.commands import CommandContext, CommandRefused
from producers.handing_over import Rejection

SALES = parse_model("""
[[stages]]
name = "lead"
[[stages]]
name = "spam"
detour = true
[[sales.owners]]
name = "berlin"
members = ["ana", "bo"]
[[sales.owners]]
name = "ana"
[[sales.owners]]
name = "bo"
[[sales.owners]]
name = "dan"
retired = true
[[sales.reasons]]
name = "spam"
stage = "spam"
""").sales
NO_SALES = parse_model('[[stages]]\nname = "lead"').sales
HOUR = 3_600_000_000
NOW = Instant(1_780_000_000_000_000)
CONTEXT = CommandContext(id="ask-1", at=NOW)
EMAIL = Identity("email", "e@example.org")


@dataclass(frozen=True)
class Held:
    name: str
    accepted_at: int | None = None


@dataclass(frozen=True)
class Card:
    owner: Held | None = None
    identities: tuple[Identity, ...] = (EMAIL, Identity("anonymous_id", "c-1"))
    stage: str = "lead"
    profile: dict[str, Any] = field(default_factory=dict)
    id: str = "lead-1"


NOBODYS, ANAS, BERLINS = Card(), Card(Held("ana")), Card(Held("berlin"))


def by(name: str) -> CommandContext:
    return CommandContext(id="ask-1", at=NOW, by=name)


def refused(call: Any, *arguments: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as error:
        call(*arguments)
    return error.value


def test_a_lead_is_given_to_an_owner() -> None:
    given = handing_over.assign(BERLINS, "ana", Instant(NOW + HOUR), SALES, by("head of sales"))
    assert (given.type, given.identities) == ("owner_assigned", (EMAIL,))
    assert given.properties == {"owner": "ana", "due": "2026-05-28T21:26:40.000000Z", "by": "head of sales"}
    assert handing_over.assign(NOBODYS, "berlin", None, SALES, CONTEXT).properties == {"owner": "berlin"}


@pytest.mark.parametrize(
    ("owner", "words"), [("anna", r"did you mean ana\?"), ("dan", "dan is retired"), ("", "owner")]
)
def test_it_is_given_to_nobody_who_may_not_have_it(owner: str, words: str) -> None:
    error = refused(handing_over.assign, NOBODYS, owner, None, SALES, CONTEXT)
    assert (error.status, error.allowed) == (422, ("berlin", "ana", "bo"))
    with pytest.raises(CommandRefused, match=words):
        raise error


def test_who_has_it_is_not_given_it_again() -> None:
    assert refused(handing_over.assign, ANAS, "ana", None, SALES, CONTEXT).status == 409


def test_without_owners_in_the_model_nobody_is_given_a_lead() -> None:
    error = refused(handing_over.assign, NOBODYS, "ana", None, NO_SALES, CONTEXT)
    assert error.status == 409 and "[[sales.owners]]" in error.problem


@pytest.mark.parametrize("due", [NOW, NOW - 1])
def test_nobody_can_have_accepted_by_a_time_that_is_over(due: int) -> None:
    error = refused(handing_over.assign, NOBODYS, "ana", Instant(due), SALES, CONTEXT)
    assert error.status == 422 and error.problem.startswith("due: ")


def test_an_owner_accepts_and_of_a_team_a_member() -> None:
    assert handing_over.accept(ANAS, None, None, SALES, CONTEXT).properties == {"owner": "ana"}
    accepted = handing_over.accept(BERLINS, "berlin", "signal-1", SALES, by("bo"))
    assert accepted.type == "owner_accepted"
    assert accepted.properties == {"owner": "berlin", "by": "bo", "signal": "signal-1"}


def test_who_is_let_in_as_an_owner_answers_for_themselves_where_they_may() -> None:
    bo = CommandContext(id="ask-1", at=NOW, owner="bo", viewer="bo's phone")
    assert handing_over.accept(BERLINS, None, None, SALES, bo).properties == {"owner": "berlin", "by": "bo"}
    for_another = handing_over.reject(ANAS, Rejection("spam"), SALES, bo)
    assert for_another.properties == {"owner": "ana", "reason": "spam"}
    assert for_another.context == {"viewer": "bo's phone"}


def test_an_answer_of_somebody_else_is_refused() -> None:
    error = refused(handing_over.accept, ANAS, None, None, SALES, by("bo"))
    assert (error.status, error.allowed) == (422, ("ana",))
    error = refused(handing_over.reject, BERLINS, Rejection("spam"), SALES, by("dan"))
    assert (error.status, error.allowed) == (422, ("berlin", "ana", "bo"))
    error = refused(handing_over.accept, ANAS, "bo", None, SALES, CONTEXT)
    assert (error.status, error.allowed) == (409, ("ana",))


def test_where_nobody_has_the_lead_nobody_answers() -> None:
    assert refused(handing_over.accept, NOBODYS, None, None, SALES, CONTEXT).status == 409
    assert refused(handing_over.reject, NOBODYS, Rejection("spam"), SALES, CONTEXT).status == 409


def test_it_is_accepted_once_and_may_be_rejected_after() -> None:
    taken = Card(Held("ana", NOW - 1))
    assert refused(handing_over.accept, taken, None, None, SALES, CONTEXT).status == 409
    assert handing_over.reject(taken, Rejection("spam"), SALES, CONTEXT).type == "owner_rejected"


@pytest.mark.parametrize("reason", ["not ready", "spam"])
def test_a_rejection_says_why(reason: str) -> None:
    rejected = handing_over.reject(ANAS, Rejection(reason, note="a robot"), SALES, by("ana"))
    assert rejected.properties == {"owner": "ana", "by": "ana", "reason": reason, "note": "a robot"}


def test_an_unknown_reason_lists_the_known() -> None:
    error = refused(handing_over.reject, ANAS, Rejection("spma"), SALES, CONTEXT)
    assert (error.status, error.allowed) == (422, ("not ready", "spam"))


def test_who_left_the_model_still_answers_for_what_they_have() -> None:
    assert handing_over.accept(Card(Held("eve")), None, None, SALES, by("eve")).properties["owner"] == "eve"


def test_a_reminder_lies_ahead() -> None:
    reminder = handing_over.remind(NOBODYS, Instant(NOW + HOUR), "call her", None, SALES, by("ana"))
    assert reminder.type == "reminder_set"
    assert reminder.properties == {"at": "2026-05-28T21:26:40.000000Z", "note": "call her", "by": "ana"}
    error = refused(handing_over.remind, NOBODYS, NOW, None, None, SALES, CONTEXT)
    assert error.status == 422 and error.problem.startswith("at: ")


def test_a_reminder_may_be_one_owners_own() -> None:
    later = Instant(NOW + HOUR)
    assert handing_over.remind(ANAS, later, None, "bo", SALES, CONTEXT).properties["owner"] == "bo"
    error = refused(handing_over.remind, ANAS, later, None, "dan", SALES, CONTEXT)
    assert (error.status, error.allowed) == (422, ("berlin", "ana", "bo"))


def test_a_note_is_kept() -> None:
    noted = handing_over.note(NOBODYS, "spoke with her\nat the fair", CONTEXT)
    assert (noted.type, noted.properties) == ("noted", {"note": "spoke with her\nat the fair"})
    for text in ("", " \n"):
        assert refused(handing_over.note, NOBODYS, text, CONTEXT).status == 422
    assert "note: has 5001 characters" in refused(handing_over.note, NOBODYS, "x" * 5_001, CONTEXT).problem
