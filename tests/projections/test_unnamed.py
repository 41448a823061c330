"""No identity stands in the clear in what is exported: wherever it was said, its keyed hash stands."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.identity import Identity
from projections.exports.unnamed import Unnamed
from store.events.ids import Ids
from tests.domain.histories import law

IDS = Ids(b"a fixed id key for the tests ...")
ANA = Identity("email", "ana@x.test")
BO = Identity("email", "bo@y.test")
USER = Identity("user_id", "customer-4711")
PHONE = Identity("phone", "+4930123456")
COOKIE = Identity("anonymous_id", "0f9e6f0e-8d2a-4a39-9f0a-1f1f3f4f5f6f")
SHORT = Identity("user_id", "17")
EVERY = (USER, ANA, PHONE, COOKIE)


def hash_of(identity: Identity) -> str:
    return str(IDS.of(identity))


def said(properties: dict[str, Any], *identities: Identity, **profile: Any) -> Any:
    return orjson.loads(Unnamed(identities or EVERY, profile, IDS).json(properties))


@pytest.mark.parametrize(("text", "shown"), [
    ("ana@x.test", hash_of(ANA)),
    ("write to Ana@X.test, please", f"write to {hash_of(ANA)}, please"),
    ("https://x.test/?mail=ana%40x.test&a=1", f"https://x.test/?mail={hash_of(ANA)}&a=1"),
    (" CUSTOMER-4711 ", hash_of(USER)),
    ("bo@y.test is another's", f"{hash_of(BO)} is another's"),
    ("/users/customer-4711/orders", f"/users/{hash_of(USER)}/orders"),
    ("/users/customer-47110", "/users/customer-47110"),
    ("call +49 30 123456 today", f"call {hash_of(PHONE)} today"),
    ("?tel=%2B4930123456", f"?tel={hash_of(PHONE)}"),
    ("in 2026-11-26", "in 2026-11-26"),
    ("?to=https%3A%2F%2Fx.test%3Fmail%3Dana%2540x.test", f"?to=https%3A%2F%2Fx.test%3Fmail%3D{hash_of(ANA)}"),
    ("?to=%253Fmail%253Dbo%252540y.test", f"?to=%253Fmail%253D{hash_of(BO)}"),
    ("?mail=bo%2Btag%40y.test", f"?mail={hash_of(Identity('email', 'bo+tag@y.test'))}"),
    ("ana＠x.test, bo＠y.test", f"{hash_of(ANA)}, {hash_of(BO)}"),
    ("0049 30 123456 or ＋49 30 123456", f"{hash_of(PHONE)} or {hash_of(PHONE)}"),
    ("030 / 123 456", hash_of(PHONE)),
    ("(030) 123-456", hash_of(PHONE)),
    ("0044 20 7946 0958", hash_of(Identity("phone", "+442079460958"))),
    ("order 30123456789", "order 30123456789"),
    ("GTIN 00412345678908, 0000123456", "GTIN 00412345678908, 0000123456"),
    ("@home + 5", "@home + 5"),
])  # fmt: skip
def test_an_identity_in_a_text_is_its_hash(text: str, shown: str) -> None:
    assert said({"url": text}) == {"url": shown}
    assert said({"deep": [{"er": text}]}) == {"deep": [{"er": shown}]}


def test_an_identity_under_a_key_of_its_kind_is_its_hash_however_it_is_spelled() -> None:
    found = said({"E-Mail": " ANA@x.test ", "phone": "+49 (30) 123456", "userId": "customer-4711", "mobile": "none"})
    assert found == {"E-Mail": hash_of(ANA), "phone": hash_of(PHONE), "userId": hash_of(USER), "mobile": None}


def test_names_are_left_out() -> None:
    properties = {"firstName": "Ana", "who": "Ana Li", "list": ["ana li", "a page"], "name": "Pricing", "password": "x"}
    assert said(properties, name="Ana Li") == {"list": [None, "a page"], "name": "Pricing"}
    assert said({"name": "ANA Li ", "country": "DE"}, name="Ana Li", country="DE") == {"country": "DE"}


@pytest.mark.parametrize("key", [
    "first_name", "Last Name", "middleName", "full-name", "username", "birthday", "street", "password", "IP", "traits",
    "firstname", "lastname", "surname", "note", "Notes",
])  # fmt: skip
def test_what_a_key_says_is_left_out_is_left_out_however_deep(key: str) -> None:
    assert said({"a": [{key: "somebody", "b": 1}]}) == {"a": [{"b": 1}]}


@pytest.mark.parametrize("key", [
    "email", "E-Mail", "mail", "phone", "mobile", "Tel.", "telephone", "user_id", "userId", "uid", "anonymous_id",
    "anonymousId", "aid", "workEmail", "contact-phone", "tel_2", "手机",
])  # fmt: skip
def test_what_a_key_says_is_an_identity_is_none_in_the_clear(key: str) -> None:
    assert "somebody" not in str(said({"a": [{key: "somebody", "b": 1}]}))


def test_a_short_identity_is_hidden_where_it_is_all_of_a_value() -> None:
    found = said({"user": "17", "number": 17, "date": "2026-11-17", "path": "/p/17", "ok": True}, SHORT)
    assert found == {
        "user": hash_of(SHORT), "number": hash_of(SHORT), "date": "2026-11-17", "path": "/p/17", "ok": True,
    }  # fmt: skip


def test_a_key_that_is_an_identity_is_its_hash() -> None:
    assert said({"by": {"ana@x.test": 3}}) == {"by": {hash_of(ANA): 3}}


@law(200)
@given(st.recursive(
    st.sampled_from(["ana@x.test", "customer-4711", "ANA@X.TEST", "+4930123456", "x", COOKIE.value, 3, None, True])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
), st.sampled_from(["plan", "email", "url"]))  # fmt: skip
def test_no_value_that_is_an_identity_is_left_however_deep(value: Any, key: str) -> None:
    text = Unnamed(EVERY, {}, IDS).json({key: value, "a": "b"}).casefold()
    assert not [identity for identity in EVERY if identity.value.casefold() in text]
    assert orjson.loads(text)["a"] == "b"


def test_an_identity_as_merges_say_it_is_its_hash() -> None:
    other = Identity("user_id", "bo-1")
    found = said({"with": [{"kind": "user_id", "value": "bo-1"}, {"kind": "page", "value": "bo-1"}]})
    assert found == {"with": [{"kind": "user_id", "value": hash_of(other)}, {"kind": "page", "value": "bo-1"}]}


@pytest.mark.parametrize("text", [
    "a" * 200_000 + " @", "mail" * 50_000, "a@" * 100_000, "+1 " * 70_000, "%2B1%" * 40_000, "a@" + "b." * 100_000,
    "name " * 40_000 + "@", "+1" + "(" * 200_000, "%2540" * 40_000, "%2B" * 60_000 + "@", "00" * 100_000,
    "1 " * 100_000, "＠" * 100_000, "30123456 " * 20_000, "%25" * 60_000 + "40",
])  # fmt: skip
def test_no_text_takes_long_to_search(text: str) -> None:
    """Each took minutes where a pattern was not bounded."""
    assert said({"url": text, "x": ["ana@x.test"]})["x"] == [hash_of(ANA)]


KEYS = st.sampled_from(["kind", "value", "email", "userId", "name", "traits", "with", "手机"]) | st.text(max_size=4)
LEAVES = st.sampled_from(["user_id", "email", "ana@x.test", "null", "+1", "%2B", "@"]) | st.text(max_size=4)


@law(200)
@given(st.dictionaries(KEYS, st.recursive(
    LEAVES | st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
), max_size=4))  # fmt: skip
def test_whatever_is_said_can_be_exported(properties: dict[str, Any]) -> None:
    """One touchpoint that could not would stop the export for ever."""
    assert isinstance(said(properties, name="Ana"), dict)


@pytest.mark.parametrize("key", ["a", "email"])
@pytest.mark.parametrize("of_lists", [True, False])
def test_what_nests_as_deep_as_a_touchpoint_may_can_be_exported(of_lists: bool, key: str) -> None:
    deepest: Any = "ana@x.test"
    for _ in range(195):
        deepest = [deepest] if of_lists else {key: deepest}
    text = orjson.dumps(said({key: deepest})).decode()
    assert hash_of(ANA) in text and "ana@x.test" not in text
