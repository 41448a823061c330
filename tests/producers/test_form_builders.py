"""What form builders send to a webhook, as they or their users document it: who it is, what was answered, known again.

Each sample in `given_form_builders` names where it is documented.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from producers.protocols import retry
from producers.reading.conventions import Conventions, parse_forms
from producers.reading.form_builders import WRAPPINGS
from tests.producers.collecting import NOON, Collecting
from tests.producers.given_form_builders import (
    BUILDERS,
    GRAVITY,
    JINSHUJU,
    MAILCHIMP,
    MULTIPART,
    TALLY,
    TYPEFORM,
    URLENCODED,
)


def send(door: Collecting, builder: str, sent: dict[str, Any]) -> None:
    """As the builder does."""
    how: dict[str, Any] = {"content": json.dumps(sent).encode()}
    if builder in URLENCODED:
        how = {"data": sent}
    if builder in MULTIPART:
        how = {"files": {name: (None, value) for name, value in sent.items()}}
    assert door.post("/f/contact", **how).status_code in (202, 303)


def test_every_wrapping_has_a_sample() -> None:
    assert {wrapping.builder for wrapping in WRAPPINGS} <= {*BUILDERS, "Jinshuju"}


@pytest.mark.parametrize("builder", BUILDERS)
def test_what_a_builder_sends_says_who_it_is_and_what_was_answered(door: Collecting, builder: str) -> None:
    sent, identities, profile, properties = BUILDERS[builder]
    send(door, builder, sent)
    assert [entry.header("leadline.reason") for entry in door.rejected()] == []
    (found,) = door.touchpoints()
    assert [str(each) for each in found.identities] == identities
    assert found.profile == profile
    assert {key: found.properties.get(key) for key in properties} == properties
    assert found.properties["form"] == "contact", "as the address says: the builder's title may change"
    text = str(found)
    assert not [ip for ip in ("27.51.18.17", "2804:29b8", "198.51.100.7", "10.20.10.30") if ip in text]
    assert "fieldElementId" not in text and "submitSource" not in text and "versions" not in text


@pytest.mark.parametrize(
    "builder",
    ["Typeform", "Tally", "Webflow", "Webflow 1", "Jotform", "Formstack", "Gravity Forms", "Mailchimp", "WJX"],
)
def test_a_second_delivery_is_known_by_the_builders_id(door: Collecting, builder: str) -> None:
    sent = BUILDERS[builder][0]
    for _ in range(2):
        send(door, builder, sent)
    first, second = door.touchpoints()
    assert first.id == second.id and first.id.startswith(builder.lower().split()[0])


def test_it_happened_when_the_builder_says(door: Collecting) -> None:
    for builder, seconds in (("Typeform", 2_578), ("Tally", 2_580), ("Webflow", 1_483.883), ("HubSpot", 60)):
        send(door, builder, BUILDERS[builder][0])
        assert door.touchpoints()[-1].occurred_at == NOON - seconds * 1_000_000, builder
    send(door, "Gravity Forms", GRAVITY)
    assert door.touchpoints()[-1].occurred_at == NOON - 1_800_000_000
    send(door, "Mailchimp", MAILCHIMP)
    assert door.touchpoints()[-1].occurred_at == NOON, "it does not say in which zone"
    old = {**TYPEFORM, "form_response": {**TYPEFORM["form_response"], "submitted_at": "2018-01-18T18:17:02Z"}}
    send(door, "Typeform", old)
    late = door.touchpoints()[-1]
    assert late.occurred_at == NOON and late.context["said_at"] == "2018-01-18T18:17:02.000000Z"
    send(door, "Typeform", {**old, "form_response": {**old["form_response"], "submitted_at": "yesterday"}})
    assert b"yesterday" in (door.rejected()[-1].header("leadline.reason") or b""), "and nothing is guessed"


def test_numbered_fields_are_known_by_a_mapping(tmp_path: Path) -> None:
    forms = parse_forms(["contact:field_8:phone", "contact:field_4:city", "contact:field_2:name"])
    door = Collecting(tmp_path, conventions=Conventions("CN", forms))
    for _ in range(2):
        send(door, "Jinshuju", JINSHUJU)
    found, again = door.touchpoints()
    assert found.id == again.id == "jinshuju-9rk3Dk-2" and found.occurred_at == NOON - 3_582_000_000
    assert [str(each) for each in found.identities] == ["phone:+8613800000000"]
    assert found.profile == {"name": "测试商品", "phone": "+8613800000000", "city": "上海"}
    assert found.properties["field_5"] == 100 and found.properties["form_title"] == "报名"
    assert "106.120" not in str(found)


@pytest.mark.parametrize(
    ("builder", "sent"),
    [
        ("Mailchimp", {**MAILCHIMP, "type": "unsubscribe"}),
        ("Webflow", {"triggerType": "ecomm_new_order", "payload": {"customerInfo": {"email": "ada@example.org"}}}),
        ("Typeform", {**TYPEFORM, "event_type": "form_response_partial"}),
    ],
)
def test_other_news_of_a_builder_is_no_form(door: Collecting, builder: str, sent: dict[str, Any]) -> None:
    send(door, builder, sent)
    assert door.touchpoints() == [] and builder.encode() in (door.rejected()[0].header("leadline.reason") or b"")


def asks(*fields: tuple[str, str, str]) -> dict[str, Any]:
    """Tally's message with these labels, types and values."""
    listed = [{"key": "question_x", "label": label, "type": type_, "value": value} for label, type_, value in fields]
    return {**TALLY, "data": {**TALLY["data"], "fields": listed}}


ADA, EVE = "ada@example.org", "eve@example.org"
MAIL, TEXT = "INPUT_EMAIL", "INPUT_TEXT"


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ([("Reach me at", MAIL, ADA), ("Email", TEXT, EVE)], ADA),  # the type goes before a name
        ([("Where may we send the guide to?", MAIL, ADA)], ADA),  # in a sentence a small word names nobody
        ([("Your friend's email", MAIL, EVE), ("Email", MAIL, ADA)], ADA),
        ([("Your email", MAIL, ADA), ("Their email", MAIL, EVE)], ADA),
        ([("First one", MAIL, ADA), ("Second one", MAIL, ADA.upper())], ADA),
        ([("First one", MAIL, ADA), ("Second one", MAIL, EVE)], None),  # nothing tells which is theirs
        ([("Whom do you want to invite?", MAIL, EVE)], None),
        ([("Email for invite (if accepted)", MAIL, ADA)], None),  # sooner refused and kept than somebody else's
    ],
)
def test_a_type_tells_whose_address_it_is_where_one_alone_has_it(
    door: Collecting, fields: list[tuple[str, str, str]], address: str | None
) -> None:
    send(door, "Tally", asks(*fields))
    assert [str(found.identities[0]) for found in door.touchpoints()] == ([f"email:{address}"] if address else [])
    assert len(door.rejected()) == (address is None)


@pytest.mark.parametrize(
    "labels",
    [
        ("What's your name?", "What is your company?", "Please enter your job title"),
        ("Hello, what's your full name?", "Your company", "Please tell us your role"),
        ("您的姓名是？", "请填写您的公司名称", "请问你的职位是什么"),
    ],
)
def test_a_question_in_words_is_read_as_what_it_asks_for(door: Collecting, labels: tuple[str, str, str]) -> None:
    name, company, title = labels
    send(door, "Tally", asks(("Email", MAIL, ADA), (name, TEXT, "Ada"), (company, TEXT, "E"), (title, TEXT, "CTO")))
    profile = door.touchpoints()[0].profile
    assert [profile.get("name") or profile.get("full_name"), profile["company"]] == ["Ada", "E"]
    assert "CTO" in (profile.get("job_title"), profile.get("role"))


def test_a_mapping_goes_before_types_and_mends_what_was_refused(door: Collecting) -> None:
    send(door, "Tally", asks(("First one", MAIL, EVE), ("Second one", MAIL, ADA), ("Firm", TEXT, "Engines")))
    (kept,) = door.rejected()
    mapped = Conventions(forms=parse_forms(["contact:second_one:email", "contact:Firm:company"]))
    meta = {"received_at": door.now, "made_id": "made"}
    (found,) = retry.again("f/contact", "browser:forms", kept.value, meta, mapped).touchpoints
    assert found.profile == {"email": ADA, "company": "Engines"} and found.id == "tally-mRbeEQ-45E6Zb"


def test_a_hidden_field_ties_the_visits_before_and_carries_the_campaign(door: Collecting) -> None:
    response = {**TYPEFORM["form_response"], "hidden": {"anonymous_id": "c-1", "utm_source": "newsletter"}}
    send(door, "Typeform", {**TYPEFORM, "form_response": response})
    (found,) = door.touchpoints()
    assert "anonymous_id:c-1" in map(str, found.identities) and found.context["campaign"] == {"source": "newsletter"}
    assert "anonymous_id" not in found.properties


def test_limits_are_of_what_was_answered_and_not_of_what_stands_around_it(door: Collecting) -> None:
    wrapped = {**TYPEFORM, "form_response": {**TYPEFORM["form_response"], "variables": ["x" * 100_000]}}
    send(door, "Typeform", wrapped)
    assert len(door.touchpoints()) == 1
    long = asks(("Email", MAIL, ADA), ("Notes", TEXT, "x" * 33_000))
    assert door.post("/f/contact", long).status_code == 400
    many = asks(*((f"Question {place}", TEXT, "yes") for place in range(1_001)))
    assert "1000 answers" in door.post("/f/contact", many).json()["rejected"][0]["reason"]
    assert len(door.touchpoints()) == 1


@pytest.mark.parametrize("wrong", [None, [], {}, "x", 7, {"a": []}, [[[]]], [None], {"fields": {"x": None}}])
@pytest.mark.parametrize("builder", [*BUILDERS, "Jinshuju"])
def test_a_wrapping_with_anything_in_it_is_answered(door: Collecting, builder: str, wrong: Any) -> None:
    """Each part of a sample in turn is something else: it is taken, or refused with a reason, and never a fault."""

    def variants(value: Any) -> Any:
        yield wrong
        if isinstance(value, dict):
            for key in value:
                yield from ({**value, key: part} for part in variants(value[key]))
        if isinstance(value, list):
            for place, part in enumerate(value):
                yield from ([*value[:place], other, *value[place + 1 :]] for other in variants(part))

    every = [
        sent for sent in variants(JINSHUJU if builder == "Jinshuju" else BUILDERS[builder][0]) if isinstance(sent, dict)
    ]
    requests = [("POST", "/f/contact", {"content": json.dumps(sent).encode()}) for sent in every]
    assert {answer.status_code for answer in door.ask_all(requests)} <= {202, 400}


def test_a_builders_name_for_a_form_is_no_persons_where_its_fields_are_plain(door: Collecting) -> None:
    """`{"form": {"id", "name"}, "fields": {...}}`, as to.co documents it."""
    sent = {"id": "zjcqv4ej75fvbxgp_fs", "form": {"id": "t34tep5kt346_fm", "name": "Form Name"},
            "fields": {"name": "Jake Broe", "email": "jake_broe@to.co", "rate_this": 5}}  # fmt: skip
    door.post("/f/contact", sent)
    (found,) = door.touchpoints()
    assert found.profile == {"name": "Jake Broe", "email": "jake_broe@to.co"} and found.properties["rate_this"] == 5
