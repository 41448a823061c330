"""Segment's items, times and bytes as touchpoints: the traps that real clients set."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint, rfc3339
from producers.collector import keys, sites
from producers.protocols.segment import requests
from producers.protocols.segment.items import touchpoint
from producers.reading import body, instants, page
from producers.reading.arrival import Arrival, Unusable
from producers.reading.body import Body
from tests.producers.collecting import NOON

SECOND = 1_000_000
HOUR = 3_600 * SECOND


def arrival(sent_at: Any = None, kind: str = "server") -> Arrival:
    return Arrival("v1/track", Source(kind, "test"), NOON, "made-1", sent_at=sent_at)


def item(call: str, sent_at: Any = None, kind: str = "server", **said: Any) -> Touchpoint:
    return touchpoint(call, {"anonymousId": "anon-1", **said}, arrival(sent_at, kind))


# ---- times ----


@pytest.mark.parametrize(
    ("sent", "claimed", "expected"),
    [
        (NOON, NOON - 5 * SECOND, NOON - 5 * SECOND),
        (NOON - 60 * SECOND, NOON - 90 * SECOND, NOON - 90 * SECOND),  # latency: as it is
        (NOON - 61 * SECOND, NOON - 90 * SECOND, NOON - 29 * SECOND),  # a clock that is slow
        (NOON + 1, NOON, NOON - 1),  # a clock that is fast
        (NOON + 8 * HOUR, NOON - 64 * HOUR, NOON - 72 * HOUR),  # back-dated by 72 h, by a clock 8 h fast
        (NOON - 9 * HOUR, NOON - 8 * HOUR, NOON + HOUR),
        (None, NOON - 90 * SECOND, NOON - 90 * SECOND),
        (NOON, None, NOON),
        (NOON + 8 * HOUR, None, NOON),
    ],
)
def test_clock_skew(sent: int | None, claimed: int | None, expected: int) -> None:
    assert instants.occurred(claimed, sent, NOON) == expected


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-21T12:00:00Z", "2026-11-21T12:00:00.000+00:00", "2026-11-21T20:00:00+0800", "2026-11-21 12:00",
        "20261121T120000Z", "2026-11-21T12:00:00.0000000Z", " 2026-11-21T12:00:00 ", "Sat, 21 Nov 2026 12:00:00 GMT",
        1_795_262_400, 1_795_262_400.0, 1_795_262_400_000, 1_795_262_400_000_000, 1_795_262_400_000_000_000,
        "1795262400000", "1795262400.000",
        "2026-11-21t12:00:00z", "2026-11-21 12:00:00 UTC", "2026-11-21 13:00:00 +0100",
        "Sat Nov 21 2026 20:00:00 GMT+0800 (China Standard Time)", "21 Nov 2026 13:00:00 +0100", "2026-11-21T11:59:60Z",
    ],
)  # fmt: skip
def test_times_in_every_spelling(value: Any) -> None:
    assert instants.instant(value) == NOON


def test_midnight_at_the_end_of_a_day() -> None:
    assert instants.instant("2026-11-20T24:00:00Z") == NOON - 12 * HOUR


@pytest.mark.parametrize(
    "value",
    [
        "yesterday",
        "2026-13-01",
        "",
        True,
        None,
        {},
        [],
        float("nan"),
        float("inf"),
        10**30,
        "9" * 40,
        "x" * 100,
        "2026-02-30",
        "１２",
        "21 Nov 2026 12:00 PM",
        "11 May 2026 09:15 CET",
        "11 May 2026 09:15 JST",
        "Mon, 11 May 2026 09:15:00 BST",
        "Mon, 11 May 2026 09:15:00 EST",
        "2026-05-11 09:15 UTC+1",
        "11 May 2026 09:15",
        "2026-05-11X09:15",
        "05/11/2026 09:15",
    ],
)
def test_what_is_no_time(value: Any) -> None:
    assert instants.instant(value) is None


def test_years_outside_the_envelope_are_clamped() -> None:
    assert instants.instant("0001-01-01T00:00:00Z") == 0
    assert instants.instant("9999-12-31T23:59:59Z") == instants.LATEST
    assert item("track", event="x", timestamp="9999-01-01T00:00:00Z").occurred_at == instants.LATEST
    assert item("track", event="x", timestamp="1960-01-01T00:00:00Z").occurred_at == 0


@pytest.mark.parametrize(
    "sent", ["0001-01-01T00:00:00Z", 0, "0", 1.0, "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2083-01-01", "soon"]
)
def test_a_clock_that_is_nobodys_says_nothing(sent: Any) -> None:
    back = item("track", event="x", sent_at=sent, timestamp=rfc3339(NOON - 120 * HOUR))
    assert (back.occurred_at, back.sent_at) == (NOON - 120 * HOUR, None)
    assert item("track", event="x", sent_at=sent).occurred_at == NOON


def test_a_clock_that_began_anew_is_still_a_clock() -> None:
    early = item("track", event="x", sent_at=rfc3339(600 * SECOND), timestamp=rfc3339(300 * SECOND))
    assert (early.occurred_at, early.sent_at) == (NOON - 300 * SECOND, 600 * SECOND)


@pytest.mark.parametrize("unset", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000", 0, "0", "", " ", None])
def test_a_timestamp_that_was_never_set_is_none(unset: Any) -> None:
    assert item("track", event="x", timestamp=unset).occurred_at == NOON
    assert item("track", event="x", timestamp=unset, originalTimestamp=rfc3339(NOON - HOUR)).occurred_at == NOON - HOUR


def test_rudderstack_sends_original_timestamp_and_a_users_own_beside_it() -> None:
    back = rfc3339(NOON - 72 * HOUR)
    assert item("track", event="x", originalTimestamp=back).occurred_at == NOON - 72 * HOUR
    both = item("track", event="x", originalTimestamp=rfc3339(NOON), timestamp=back)
    assert both.occurred_at == NOON - 72 * HOUR


# ---- identities and profile ----


@pytest.mark.parametrize("nobody", [None, "", "null", 0, "0", "undefined", False, "[object Object]", {}, [], "(null)"])
def test_what_names_nobody_is_refused(nobody: Any) -> None:
    with pytest.raises(Unusable, match="no usable identity"):
        touchpoint("track", {"event": "x", "userId": nobody, "anonymousId": None}, arrival())


def test_traits_are_the_profile() -> None:
    traits = {
        "email": " Alice@Example.COM ", "firstName": "Alice", "phone": "+86 138-0000-0000",
        "company": {"name": "Example Ltd", "employeeCount": 120, "address": {"city": "Shanghai"}}, "tags": ["a"],
    }  # fmt: skip
    for found in (item("identify", userId=7, traits=traits), item("identify", userId="7", context={"traits": traits})):
        assert found.type == "identified" and "traits" not in found.context
        assert [str(each) for each in found.identities] == [
            "user_id:7", "email:alice@example.com", "phone:+8613800000000", "anonymous_id:anon-1",
        ]  # fmt: skip
        assert found.profile == {
            "email": "alice@example.com", "first_name": "Alice", "phone": "+8613800000000", "company": "Example Ltd",
            "company_employee_count": 120, "company_address_city": "Shanghai", "tags": ["a"],
        }  # fmt: skip


def test_a_groups_email_is_not_the_persons() -> None:
    found = item(
        "group", groupId="acme-1", traits={"name": "Example Ltd", "email": "info@example.com", "plan": "trial"}
    )
    assert found.identities == (Identity("anonymous_id", "anon-1"),)
    assert found.profile == {
        "company": "Example Ltd", "company_email": "info@example.com", "company_plan": "trial", "company_id": "acme-1",
    }  # fmt: skip


def test_email_counts_in_form_submitted_alone() -> None:
    said: dict[str, Any] = {
        "properties": {"email": "a@example.com", "company": "Example", "title": "CEO", "form_id": "demo"}
    }
    form = item("track", event="Form Submitted", **said)
    assert Identity("email", "a@example.com") in form.identities
    assert form.profile == {"email": "a@example.com", "company": "Example"}
    assert form.properties["form"] == "demo"
    other = item("track", event="Invite Sent", **said)
    assert other.identities == (Identity("anonymous_id", "anon-1"),) and other.profile == {}


def test_pages_say_where() -> None:
    context = {"page": {"url": "https://www.example.com/a?utm_source=x&utm_campaign=y", "title": "A", "referrer": ""}}
    found = item("page", name="Docs", context=context)
    assert found.type == "page_viewed"
    assert found.properties == {"name": "Docs", "url": context["page"]["url"], "title": "A", "path": "/a"}
    assert found.context["campaign"] == {"source": "x", "name": "y"}
    own = item("page", properties={"path": "/b", "url": "/b"}, context=context)
    assert (own.properties["path"], own.properties["url"]) == ("/b", "/b")


def test_alias() -> None:
    found = item("alias", userId="u-1", previousId="u-1")
    assert (found.type, found.properties) == ("aliased", {"previous": "u-1"})
    refused: list[dict[str, Any]] = [{"userId": "u-1", "previousId": None}, {"anonymousId": None, "previousId": "x"}]
    for said in refused:
        with pytest.raises(Unusable):
            item("alias", **said)


@pytest.mark.parametrize(
    "said", [{"properties": {"bot": True}}, {"context": {"machine": True}}, {"context": {"bot": "true"}}]
)
def test_machines_that_say_so(said: dict[str, Any]) -> None:
    assert item("track", event="x", **said).context["machine"] == "reported"


def test_a_client_cannot_give_verdicts() -> None:
    assert (
        "machine"
        not in item("track", event="x", context={"machine": "honeypot"}, properties={"machine": "X-200"}).context
    )


# ---- ids ----


def test_ids() -> None:
    assert item("track", event="x", messageId="m-1").id == "m-1"
    assert len(item("track", event="x", messageId="m" * 300).id) == 69
    timed = {"event": "x", "timestamp": rfc3339(NOON)}
    first, resent = item("track", **timed, sentAt="a", writeKey="k"), item("track", **timed, sentAt="b")
    assert first.id == resent.id and first.id.startswith("item-")
    assert item("track", event="x").id == "made-1"
    twice = requests.taken(
        Arrival("v1/batch", Source("server", "t"), NOON, "made"),
        Body("json", [{"type": "track", "userId": "u", **timed}] * 2),
        b"",
    )
    assert len({found.id for found in twice.touchpoints}) == 2


# ---- bytes ----


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": "\\u0000b"}', {"a": "\ufffdb"}),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a\\u0000": [NaN, Infinity, 1e999]}', {"a\ufffd": [None, None, None]}),
        (b"\xef\xbb\xbf{}", {}),
        (b'{"a": ["b", ", "], "c": "d "}', {"a": ["b", ","], "c": "d"}),
        ('{"a": "示例"}'.encode("gbk"), {"a": "ʾ\ufffd\ufffd"}),
        ('{"a": "é"}'.encode("latin-1"), {"a": "\ufffd"}),
        (b'{"a ": " b", "c": "\xe3\x80\x80", "d": ["\\u200be "]}', {"a": "b", "c": "", "d": ["e"]}),
    ],
)
def test_json_of_real_clients(raw: bytes, expected: Any) -> None:
    assert body.parse(raw, "text/plain; charset=iso-8859-1" if b"\xe9" in raw else "").value == expected


@given(st.text("utm_Sa=&+ ;", max_size=24).map(lambda text: f"utm_source={text}".encode()))
def test_a_campaign_is_the_same_read_at_once_or_as_a_form(query: bytes) -> None:
    assert page.campaign(query) == page.campaign_of(body.fields(query))


TEXTS = st.text(" ,:}]a", max_size=3) | st.text(' ",:\\\x7f\t', max_size=3)


@given(
    st.recursive(
        TEXTS | st.just(1), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    st.sampled_from([None, (",", ":"), (" , ", " : ")]),
    st.sampled_from([None, 1]),
)
def test_texts_are_tidy_however_json_is_spaced(value: Any, separators: Any, indent: int | None) -> None:
    raw = json.dumps({"a": value}, separators=separators, indent=indent).encode()
    assert body.parse(raw).value == body.clean({"a": value})


def test_deep_and_odd_json_is_refused_not_fatal() -> None:
    deep: Any = {"event": "x", "userId": "u", "properties": {}}
    inner = deep["properties"]
    for _ in range(400):
        inner["a"] = {}
        inner = inner["a"]
    taken = requests.taken(arrival(), Body("json", deep), b"raw")
    assert taken.records == () and taken.refused is not None and taken.refused.raw == b"raw"
    for raw in (b"[" * 2_000, b'{"a":' * 900 + b'"\\u0000"' + b"}" * 900):
        with pytest.raises(body.Malformed):
            body.parse(raw)
    as_deep = b'{"a":' * body.DEPTH + b'"\xc2\xa0"' + b"}" * body.DEPTH
    assert body.parse(as_deep).value["a"]
    with pytest.raises(body.Malformed, match="nested too deeply"):
        body.parse(b"[" + as_deep + b"]")


def test_keys_and_sites_are_checked_at_the_start() -> None:
    for text in ("web:pk", "web:secret:k", ":public:k", "a b:public:k", "a:public:k,b:server:k"):
        with pytest.raises(keys.WrongSetting, match="LEADLINE_WRITE_KEYS"):
            keys.parse(text)
    assert keys.parse(" , ").open and not keys.parse("a:public:k:with:colons").open
    for text in (
        "www.example.com",
        "https://www.example.com/path",
        "ftp://x",
        "https://",
        "https://u@x",
        "https://x:99999",
    ):
        with pytest.raises(keys.WrongSetting, match="LEADLINE_SITES"):
            sites.parse(text)
    assert sites.parse("https://WWW.example.com:443/").origins == {"https://www.example.com"}
