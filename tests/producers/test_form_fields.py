"""Who filled in a form: by the installation's mapping, by the names of fields, by their values; or refused and seen."""

from pathlib import Path
from typing import Any

import pytest

from producers.protocols import retry
from producers.reading.conventions import Conventions, parse_forms
from producers.reading.names import ALIASES, NAMES
from producers.reading.person import EMAIL, PHONE
from tests.producers.collecting import Collecting

ADA = "ada@example.org"
EVE = "eve@example.org"
NUMBER = "+491711234567"


def identities(door: Collecting) -> list[str]:
    (found,) = door.touchpoints()
    return [str(each) for each in found.identities]


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "E-Mail",
        "your-email",
        "mail",
        "邮箱",
        "contact_email",
        "contactEmail",
        "メールアドレス",
        "Correo electrónico",
    ],
)
def test_a_field_is_recognised_by_its_name(door: Collecting, name: str) -> None:
    door.post("/f/contact", data={name: ADA, "friend_email": "eve@example.org", "other": "eve@example.org"})
    assert identities(door) == [f"email:{ADA}"]
    assert door.touchpoints()[0].profile["email"] == ADA


@pytest.mark.parametrize(
    ("fields", "profile"),
    [
        ({"your-name": "Ada", "your-tel": "+49 171 1234567"}, {"name": "Ada", "phone": "+491711234567"}),
        (
            {"姓名": "张三", "公司": "示例", "手机号": "+86 138 0000 0000"},
            {"name": "张三", "company": "示例", "phone": "+8613800000000"},
        ),
        ({"Vorname": "Ada", "Nachname": "L", "Firma": "E"}, {"first_name": "Ada", "last_name": "L", "company": "E"}),
        ({"company": "Real", "firma": "Other"}, {"company": "Real"}),
    ],
)
def test_other_fields_are_too(door: Collecting, fields: dict[str, str], profile: dict[str, str]) -> None:
    door.post("/f/contact", data={"email": ADA, **fields})
    assert door.touchpoints()[0].profile == {"email": ADA, **profile}


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        ({"field_7": ADA, "note": "hello"}, ADA),
        ({"field_7": f"Ada <{ADA}>", "field_8": f"MAILTO:{ADA}"}, ADA),
        ({"email": "none of your business", "field_7": ADA}, ADA),
        ({"field_7": ADA, "field_8": "eve@example.org"}, None),
        ({"friend": ADA}, None),
        ({"friend-email": ADA}, None),
        ({"cc": ADA}, None),
        ({"message": f"write to {ADA}"}, None),
    ],
)
def test_a_field_is_recognised_by_its_value(door: Collecting, fields: dict[str, str], address: str | None) -> None:
    assert door.post("/f/contact", data=fields).status_code == 303
    assert [found.profile["email"] for found in door.touchpoints()] == ([address] if address else [])
    assert len(door.rejected()) == (address is None)


@pytest.mark.parametrize(
    ("fields", "profile"),
    [
        ({"fields[email]": ADA, "fields[your-name]": "Ada"}, {"email": ADA, "name": "Ada"}),
        ({"contact[0][email]": ADA, "contact[0][phone]": "+49 171 1234567"}, {"email": ADA, "phone": "+491711234567"}),
        ({"form_fields[name]": "Ada", "form_fields[email]": ADA}, {"email": ADA, "name": "Ada"}),
        ({"mauticform[email]": ADA, "mauticform[company]": "Engines"}, {"email": ADA, "company": "Engines"}),
        ({"tx_powermail_pi1[field][firstname]": "Ada", "e": ADA}, {"email": ADA, "first_name": "Ada"}),
        ({"tx_form_formframework[contact-1][email-1]": ADA}, {"email": ADA}),
        ({"mc4wp-EMAIL": ADA, "mc4wp-FNAME": "Ada"}, {"email": ADA, "first_name": "Ada"}),
        ({"0-1/email": ADA, "0-1/jobtitle": "CTO"}, {"email": ADA, "job_title": "CTO"}),
        ({"Email-3": ADA, "name-2": "Ada"}, {"email": ADA, "name": "Ada"}),
        ({"q3_email": ADA, "fields[公司]": "示例"}, {"email": ADA, "company": "示例"}),
        # what is told without a wrapper goes first, and what is somebody else's or the form's is not the person's
        ({"fields[email]": "eve@example.org", "email": ADA}, {"email": ADA}),
        ({"fields[email]": ADA, "friend[email]": "eve@example.org"}, {"email": ADA}),
        ({"email": ADA, "form_name": "Demo", "user_name": "ada99", "product[name]": "Engine"}, {"email": ADA}),
        ({"email": ADA, "company[country]": "DE", "settings[language]": "de"}, {"email": ADA}),
    ],
)
def test_what_a_form_builder_puts_around_a_name_is_taken_off(
    door: Collecting, fields: dict[str, str], profile: dict[str, str]
) -> None:
    door.post("/f/contact", data=fields)
    assert door.touchpoints()[0].profile == profile and f"email:{ADA}" in identities(door)


@pytest.mark.parametrize(
    ("fields", "profile"),
    [
        ({"contact": {"email": ADA, "name": "Ada"}}, {"email": ADA, "name": "Ada"}),
        (
            {"data": {"fields": [{"email": ADA, "company": {"name": "E", "size": 5}}]}},
            {"email": ADA, "company": "E", "company_size": 5},
        ),
        ({"email": ADA, "company": {"name": "E", "size": 5}}, {"email": ADA, "company": "E", "company_size": 5}),
        # an object that is not about the person binds nobody, by its value neither
        ({"email": ADA, "assigned": {"email": "eve@example.org"}}, {"email": ADA}),
        ({"_aid": "a", "assigned": {"email": "eve@example.org"}}, {}),
    ],
)
def test_objects_are_read_as_forms_write_them(
    door: Collecting, fields: dict[str, Any], profile: dict[str, object]
) -> None:
    door.post("/f/contact", fields)
    assert door.touchpoints()[0].profile == profile
    assert "eve" not in str(door.touchpoints()[0].identities)


@pytest.mark.parametrize(
    ("fields", "profile"),
    [
        # a list of people: the first is who sent it, and nothing of the others becomes theirs
        ({"contact[0][email]": ADA, "contact[1][email]": EVE, "contact[1][phone]": NUMBER}, {"email": ADA}),
        ({"person[1][name]": "Eve", "person[1][email]": EVE, "person[0][name]": "Ada", "_aid": "a"}, {"name": "Ada"}),
        ({"contacts": [{"email": ADA}, {"email": EVE, "phone": NUMBER}]}, {"email": ADA}),
        ({"email": ADA, "data": [{"name": "Ada"}, {"name": "Eve", "phone": NUMBER}]}, {"email": ADA, "name": "Ada"}),
        ({"contact[0][email]": ADA, "contact[1][phone]": NUMBER}, {"email": ADA}),
        # a list of fields: all of them are about one
        ({"fields": [{"email": ADA}, {"phone": NUMBER}, {"company": "Engines"}]},
         {"email": ADA, "phone": NUMBER, "company": "Engines"}),
        ({"Email-3": ADA, "phone-2": NUMBER}, {"email": ADA, "phone": NUMBER}),
        # as webhooks have it: each with its name beside its value
        ({"fields": [{"name": "email", "value": ADA}, {"objectTypeId": "0-1", "name": "firstname", "value": "Ada"}]},
         {"email": ADA, "first_name": "Ada"}),
        ({"data": {"formName": "Demo", "fields": [{"key": "q_1", "label": "Email", "type": "EMAIL", "value": ADA},
                                                  {"key": "q_2", "label": "Company", "value": "Engines"}]}},
         {"email": ADA, "company": "Engines"}),
    ],
)  # fmt: skip
def test_lists_in_a_form_are_of_people_or_of_fields(
    door: Collecting, fields: dict[str, Any], profile: dict[str, object]
) -> None:
    if any(isinstance(value, list | dict) for value in fields.values()):
        door.post("/f/contact", fields)
    else:
        door.post("/f/contact", data=fields)
    (found,) = door.touchpoints()
    assert found.profile == profile and EVE not in str(found.identities)
    assert fields.items() <= {**found.properties, "_aid": "a"}.items()  # what was said of the others stays there


def test_a_mapping_names_fields_inside_others(tmp_path: Path) -> None:
    door = Collecting(tmp_path, conventions=Conventions(forms=parse_forms(["*:wpforms[fields][2]:email"])))
    door.post("/f/contact", data={"wpforms[fields][2]": ADA, "wpforms[fields][3]": "eve@example.org"})
    door.post("/f/contact", {"wpforms": {"fields": {"2": ADA}}})
    assert [str(found.identities[0]) for found in door.touchpoints()] == [f"email:{ADA}"] * 2


def test_the_same_holds_for_form_submitted(door: Collecting) -> None:
    door.post(
        "/v1/track", {"event": "Form Submitted", "messageId": "m", "properties": {"your-email": ADA, "name": "Demo"}}
    )
    door.ask("GET", f"/p.gif?e=form_submitted&mail={ADA}")
    for found in door.touchpoints():
        assert str(found.identities[0]) == f"email:{ADA}" and found.profile == {"email": ADA}


def test_the_fields_of_a_tracked_form_are_read_as_those_that_a_browser_sends_itself(door: Collecting) -> None:
    fields = {"email": ADA, "name": "Ada", "title": "CTO", "role": "buyer", "address": "1 Street", "state": "HH"}
    page = {"url": "https://www.example.com/x", "path": "/x", "title": "Contact us", "referrer": ""}
    call = {"event": "Form Submitted", "anonymousId": "a", "context": {"page": page}}
    door.post("/v1/track", {**call, "form": "contact", "properties": fields})
    door.post("/v1/track", {**call, "form": "", "properties": {"email": ADA}})
    door.post("/v1/track", {**call, "properties": {**fields, "form": "contact"}})
    tracked, bare, told = door.touchpoints()
    assert tracked.profile == fields and tracked.properties["form"] == "contact"
    assert bare.profile == {"email": ADA}, "and the title of the page is nobody's"
    assert "form" not in bare.properties
    assert told.profile == {"email": ADA}, "of an SDK, a name may be the form's"


def test_a_mapping_goes_before_all_that(tmp_path: Path) -> None:
    door = Collecting(
        tmp_path,
        conventions=Conventions(forms=parse_forms(["contact:Field-7:email", "*:f8:company", "other:f9:email"])),
    )
    door.post("/f/contact", data={"email": "shop@example.org", "field_7": ADA, "f8": "Engines", "f9": "x@example.org"})
    assert identities(door) == [f"email:{ADA}"]
    assert door.touchpoints()[0].profile == {"email": ADA, "company": "Engines"}


def test_what_was_refused_says_its_fields_and_is_a_touchpoint_with_a_mapping(door: Collecting) -> None:
    door.post("/f/contact", data={"f7": "0171 1234567", "message": "Hi"})
    (kept,) = door.rejected()
    reason = (kept.header("leadline.reason") or b"").decode()
    assert "its fields: f7, message" in reason and "LEADLINE_FORMS" in reason
    source, meta = "browser:forms", {"received_at": door.now, "made_id": "made"}
    assert retry.again("f/contact", source, kept.value, meta, Conventions()).refused is not None
    mended = Conventions("DE", parse_forms(["contact:f7:phone"]))
    (found,) = retry.again("f/contact", source, kept.value, meta, mended).touchpoints
    assert [str(each) for each in found.identities] == ["phone:+491711234567"] and found.id == "made"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("a@b", "email: The part after the @-sign is not valid"),
        ("x" * 9, "email: An email address must have an @-sign"),
    ],
)
def test_a_refusal_says_what_is_wrong_with_an_address(door: Collecting, value: str, reason: str) -> None:
    for answer in (door.post("/f/contact", {"email": value}), door.post("/v1/identify", {"traits": {"email": value}})):
        told = answer.json()
        assert reason in (told["rejected"][0]["reason"] if "rejected" in told else told["detail"])


@pytest.mark.parametrize(
    "text", ["contact:email", "contact::email", "contact:f:E Mail", ":f:email", "contact:f:user_id", "*:f:anonymous_id"]
)
def test_a_mapping_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed|says no"):
        parse_forms([text])


def test_the_table_names_nothing_twice() -> None:
    assert len(ALIASES) == sum(map(len, NAMES.values()))
    assert not set(ALIASES) & {*EMAIL, *PHONE}


# ---- blank is empty ----


@pytest.mark.parametrize("blank", ["   ", "\u00a0", "\u200b", "\u3000\t", ""])
def test_what_is_blank_was_not_said(door: Collecting, blank: str) -> None:
    door.post("/f/contact", data={"email": ADA, "company": blank, "title": f"CEO{blank}"})
    door.post(
        "/v1/identify", {"userId": "u", "messageId": "m", "traits": {"email": ADA, "company": blank, "title": "CEO"}}
    )
    for found in door.touchpoints():
        assert found.profile == {"email": ADA, "title": "CEO"}


@pytest.mark.parametrize(
    "values", [["", "Eve@EXAMPLE.COM"], ["Eve@EXAMPLE.COM", "\u200b"], ["nobody", "eve@example.com"]]
)
def test_of_a_repeated_field_the_one_that_is_filled_counts(door: Collecting, values: list[str]) -> None:
    door.post("/f/contact", data={"email": values})
    door.post("/v1/identify", {"traits": {"email": values}, "messageId": "m"})
    for found in door.touchpoints():
        assert found.profile == {"email": "eve@example.com"}
        assert [str(each) for each in found.identities] == ["email:eve@example.com"]


def test_a_number_with_an_extension_stays_in_the_profile(door: Collecting) -> None:
    door.post("/f/contact", data={"email": ADA, "phone": "+49 171 1234567 ext. 7"})
    assert identities(door) == [f"email:{ADA}"]
    assert door.touchpoints()[0].profile["phone"] == "+49 171 1234567 ext. 7"


@pytest.mark.parametrize("path", ["/f/contact", "/v1/identify"])
def test_national_numbers_are_read_with_a_region(tmp_path: Path, path: str) -> None:
    door = Collecting(tmp_path, conventions=Conventions("DE"))
    for number in ("0171 1234567", "+49 171 1234567", "0049171/1234567"):
        said: dict[str, Any] = {"phone": number}
        door.post(path, said if path.startswith("/f/") else {"traits": said})
    assert {str(found.identities[0]) for found in door.touchpoints()} == {"phone:+491711234567"}
    assert {found.profile["phone"] for found in door.touchpoints()} == {"+491711234567"}


def test_the_table_in_the_reference_is_the_one_that_is_used() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")
    for name, aliases in NAMES.items():
        assert f"| `{name}` | {', '.join(f'`{alias}`' for alias in aliases)} |" in page
