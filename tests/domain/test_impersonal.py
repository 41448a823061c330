"""What of a touchpoint's properties is kept outside the lead card: nothing that names the person."""

from typing import Any

import orjson
import pytest

from domain.touchpoints.impersonal import impersonal, without_reach
from tests.domain.stories import at


def kept(*names: str, profile: dict[str, Any] | None = None, **says: Any) -> dict[str, Any]:
    found = orjson.loads(impersonal(at(0, "form_submitted", *names, profile=profile or {}, **says)))
    assert isinstance(found, dict)
    return found


def test_what_says_nothing_of_the_person_stays_as_it_was_said() -> None:
    says = {"b": 1, "a": {"c": [1, 2.5, None, True, "x" * 5_000]}, "email_id": 7, "emailed": "yes", "is_mobile": True}
    assert kept("c:k", **says) == says
    assert impersonal(at(0, "page_viewed", "c:k", b=1, a=2)) == '{"b":1,"a":2}', "in the order in which it was said"
    assert impersonal(at(0, "page_viewed", "c:k")) == "{}"


@pytest.mark.parametrize("value", [" ADA@x.test ", "+4930123456", "acme GMBH", "Acme GmbH"])
def test_a_value_that_is_an_identity_or_of_the_profile_goes_at_any_depth(value: str) -> None:
    profile = {"company": "Acme GmbH ", "employees": 250}
    said = kept("e:ada@x.test", "p:+4930123456", profile=profile, by=value, amount=250, deep=[{"by": value}, value, 1])
    assert said == {"amount": 250, "deep": [{}, 1]}


def test_an_email_or_phone_of_theirs_is_cut_out_of_a_longer_text() -> None:
    said = kept(
        "e:ada@x.test", "p:+4930123456", "u:4711", url="https://s.test/?to=ADA%40x.test&ref=%2525&p=%2B4930123456",
        next="https://s.test/?u=https%3A%2F%2Fs.test%2F%3Fe%3Dada%2540x.test", path="/u/ada@x.test/4711",
        deep=["write to ada@x.test.", "lada@x.test", "ada@x.testing"],
    )  # fmt: skip
    assert said == {
        "url": "https://s.test/?to=***&ref=%2525&p=***",
        "next": "https://s.test/?u=https%3A%2F%2Fs.test%2F%3Fe%3D***",
        "path": "/u/***/4711",
        "deep": ["write to ***.", "lada@x.test", "ada@x.testing"],
    }
    assert kept("e:ada@x.test", url="https://s.test/?to=ada%40x.test") == {"url": "https://s.test/?to=***"}
    assert without_reach(at(0, "page_viewed", "e:ada@x.test"), "/u/Ada%40X.test") == "/u/***"
    assert without_reach(at(0, "page_viewed", "c:ada@x.test"), "/u/ada@x.test") == "/u/ada@x.test"


@pytest.mark.parametrize("name", ["email", "workEmail", "e-mail", "contact-phone", "tel_2", "手机", "Your Phone"])
def test_a_value_goes_whose_name_is_that_of_an_email_or_a_phone(name: str) -> None:
    assert kept("c:k", a=1, **{name: "someone@else.test"}) == {"a": 1}
    assert kept("c:k", a={name: 49301234, "b": [{name: ["1", "2"]}]}) == {"a": {"b": [{name: []}]}}


def test_a_nul_is_replaced_since_no_database_reads_it_out_of_json() -> None:
    assert kept("c:k", a="x\x00", **{"b\x00": ["\x00", 1]}, c="\\u0000") == {
        "a": "x\ufffd", "b\ufffd": ["\ufffd", 1], "c": "\\u0000",
    }  # fmt: skip


def test_what_staff_wrote_down_goes_and_of_nobody_else() -> None:
    says = {"note": "her mother called", "participants": ["Ada"], "outcome": "reached", "deep": {"note": 1}}
    logged = orjson.loads(impersonal(at(0, "call_logged", "c:k", source="api", **says)))
    assert logged == {"outcome": "reached", "deep": {"note": 1}}
    assert kept("c:k", **says) == says
