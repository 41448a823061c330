"""Commands of work on a lead: what each becomes, and what is refused and what that names."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from domain.model.definition import parse_model
from domain.touchpoints.acts import is_own_act
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, rfc3339
from producers import working
from producers.commands import CommandContext, CommandRefused
from producers.working import LOGGED, Talk

MODEL = parse_model("""
[[stages]]
name = "lead"
[[tags]]
name = "price"
label = { en = "Talked about the price", zh = "谈过价格" }
[[tags]]
name = "vip"
""")
HOUR = 3_600_000_000
NOW = Instant(1_780_000_000_000_000)
CONTEXT = CommandContext(id="ask-1", at=NOW, by="ana")
EMAIL = Identity("email", "e@example.org")


@dataclass(frozen=True)
class Card:
    identities: tuple[Identity, ...] = (EMAIL, Identity("anonymous_id", "c-1"))
    stage: str = "lead"
    profile: dict[str, Any] = field(default_factory=dict)
    id: str = "lead-1"
    tags: tuple[str, ...] = ()


LEAD = Card()


def refused(call: Any, *arguments: Any) -> CommandRefused:
    with pytest.raises(CommandRefused) as error:
        call(*arguments)
    return error.value


def log(talk: Talk) -> Any:
    return working.log(LEAD, talk, MODEL.tags, CONTEXT)


@pytest.mark.parametrize("kind", LOGGED)
def test_what_was_said_is_a_touchpoint_of_its_kind_now(kind: str) -> None:
    logged = log(Talk(kind))
    assert (logged.type, logged.identities, logged.instant) == (kind, (EMAIL,), NOW)
    assert logged.source.kind == "api" and logged.properties == {"by": "ana"}
    assert is_own_act(logged) is (kind == "message_received")


def test_it_says_who_took_part_what_was_said_and_what_came_of_it() -> None:
    who, tags = (" Ada ", "Bo"), ("vip", "vip")
    talk = Talk("meeting_held", Instant(NOW - HOUR), who, "likes it\nmuch", " wants an offer ", tags)
    logged = log(talk)
    assert (logged.occurred_at, logged.received_at, logged.instant) == (NOW - HOUR, NOW, NOW - HOUR)
    assert logged.properties == {
        "participants": ["Ada", "Bo"], "outcome": "wants an offer", "tags": ["vip"], "note": "likes it\nmuch",
        "by": "ana",
    }  # fmt: skip


def test_what_has_not_happened_yet_is_not_logged() -> None:
    assert log(Talk("call_logged", NOW)).instant == NOW
    error = refused(log, Talk("call_logged", Instant(NOW + 1)))
    assert error.status == 422 and error.problem.startswith("at: ") and rfc3339(NOW) in error.problem


@pytest.mark.parametrize(("talk", "words", "allowed"), [
    (Talk("call_loged"), "did you mean call_logged?", LOGGED), (Talk("page_viewed"), "kind", LOGGED),
    (Talk("call_logged", tags=("vip", "pirce")), "did you mean price?", ("price", "vip")),
    (Talk("call_logged", outcome=" "), "outcome: it is empty", ()),
    (Talk("call_logged", outcome="x" * 201), "outcome: has 201 characters", ()),
    (Talk("call_logged", participants=("Ada", "")), "participants: it is empty", ()),
    (Talk("call_logged", participants=("Ada",) * 51), "participants: there are 51", ()),
    (Talk("call_logged", note="x" * 5_001), "note: has 5001 characters", ()),
])  # fmt: skip
def test_what_is_refused_names_what_is_allowed(talk: Talk, words: str, allowed: tuple[str, ...]) -> None:
    error = refused(log, talk)
    assert (error.status, error.allowed) == (422, allowed) and words in error.problem


def test_a_model_without_tags_offers_none() -> None:
    error = refused(working.log, LEAD, Talk("call_logged", tags=("vip",)), (), CONTEXT)
    assert error.status == 409 and "[[tags]]" in error.problem


# ---- corrections ---------------------------------------------------------------------------------------------------

KNOWN = Card(profile={"company": "Engines", "phone": "+4930123456"})


def test_a_correction_says_the_fields_of_the_profile_and_who_and_why() -> None:
    context = CommandContext(id="ask-1", at=NOW, by="ana", reason="she said so", viewer="ana's phone", region="DE")
    fields = {
        "company": "Analytical Engines",
        "employees": 250,
        "phone": "030 123456",
        "email": "ADA@X.test",
        "vat": None,
    }
    corrected = working.correct(Card(profile={"vat": "DE1"}), fields, context)
    assert corrected.type == "profile_corrected" and corrected.identities == (EMAIL,)
    assert corrected.profile == {**fields, "phone": "+4930123456", "email": "ada@x.test"}
    assert corrected.properties == {"by": "ana", "reason": "she said so"}
    assert corrected.context == {"viewer": "ana's phone"}


@pytest.mark.parametrize(("fields", "status", "words"), [
    ({}, 422, "fields: name what to correct"), ({"Company Size": "9"}, 422, "did you mean company_size?"),
    ({"": 1}, 422, "fields: found ''"), ({"company": " "}, 422, "company: has 0 characters"),
    ({"company": "x" * 1_001}, 422, "company: has 1001 characters"), ({"company": {"name": "x"}}, 422, "allowed is"),
    ({"score": float("nan")}, 422, "score: found nan, allowed is a number"),
    ({"score": -(10**308)}, 422, "score: found"),
    ({"company": [None]}, 422, "allowed is"), ({"company": []}, 422, "is a list of 0"),
    ({"email": "ada"}, 422, "email: found 'ada', which reaches nobody"),
    ({"phone": "030 123456"}, 422, "which reaches nobody"), ({"mobile": "n/a"}, 422, "which reaches nobody"),
    ({"title": None}, 409, "the lead has no title"), ({str(n): n for n in range(51)}, 422, "there are 51"),
])  # fmt: skip
def test_a_correction_that_is_none_is_refused(fields: dict[str, Any], status: int, words: str) -> None:
    error = refused(working.correct, KNOWN, fields, CONTEXT)
    assert error.status == status and words in error.problem


def test_any_name_and_plain_values_are_taken_and_what_is_there_may_go() -> None:
    fields = {"company": None, "Ünï".casefold(): True, "interests": ["wine", 2.5], "score_of_ours": -1}
    assert working.correct(KNOWN, fields, CONTEXT).profile == fields


# ---- who asks ------------------------------------------------------------------------------------------------------


def test_who_asks_is_kept_and_speaks_as_the_owner_that_they_are_unless_they_say_otherwise() -> None:
    context = CommandContext(id="ask-1", at=NOW, viewer="phone of bo", owner="bo")
    logged = working.log(LEAD, Talk("call_logged"), (), context)
    assert (logged.context, logged.properties) == ({"viewer": "phone of bo"}, {"by": "bo"})
    assert working.log(LEAD, Talk("call_logged"), (), CONTEXT).context == {}
    named = CommandContext(id="ask-1", at=NOW, by="cy", viewer="phone of bo", owner="bo")
    assert working.log(LEAD, Talk("call_logged"), (), named).properties == {"by": "cy"}


# ---- tags ----------------------------------------------------------------------------------------------------------

TAGGED = Card(tags=("vip",))


def test_tags_are_put_on_a_lead_and_taken_away() -> None:
    tagged = working.tag(TAGGED, ["price", "vip", "price"], ["vip"][:0], MODEL.tags, CONTEXT)
    assert (tagged.type, tagged.properties) == ("tagged", {"set": ["price"], "by": "ana"})
    untagged = working.tag(TAGGED, [], ["vip"], (), CONTEXT)
    assert untagged.properties == {"unset": ["vip"], "by": "ana"}, "also one that the model offers no more"


@pytest.mark.parametrize(("on", "off", "status", "words"), [
    ([], [], 422, "name tags"), (["vip"], ["vip"], 422, "set and unset at once"), (["vap"], [], 422, "mean vip"),
    (["vip"], [], 409, "has vip already"), ([], ["price"], 409, "has no tag price"),
])  # fmt: skip
def test_tagging_that_would_do_nothing_or_harm_is_refused(
    on: list[str], off: list[str], status: int, words: str
) -> None:
    error = refused(working.tag, TAGGED, on, off, MODEL.tags, CONTEXT)
    assert error.status == status and words in error.problem
