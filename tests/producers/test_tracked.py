"""What the tracker sends becomes the same records whether a batch is looked at all over or by the tracker's schema."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.touchpoints.touchpoint import Instant, Source
from producers.protocols.segment import tracked
from producers.protocols.segment.items import touchpoint
from producers.protocols.segment.requests import read, taken
from producers.protocols.segment.tracked import Batch
from producers.reading import body
from producers.reading.arrival import Arrival, Unusable, sealed
from producers.reading.conventions import Conventions
from store.log.port import Record
from tests.producers.collecting import NOON

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
ARRIVAL = Arrival(
    "v1/b", Source("browser", "site"), Instant(NOON), "made", user_agent=BROWSER,
    conventions=Conventions(sites=frozenset({"www.example.com"})),
)  # fmt: skip
SENT = "2026-11-21T11:59:59.900Z"
PAGE: dict[str, Any] = {
    "type": "page",
    "messageId": "0123456789abcdef0123456789abcdef",
    "timestamp": "2026-11-21T11:59:58.123Z",
    "anonymousId": "fedcba9876543210fedcba9876543210",
    "context": {
        "page": {
            "url": "https://www.example.com/pricing?plan=team",
            "path": "/pricing",
            "title": "Pricing",
            "referrer": "https://www.example.com/",
        }
    },
}
EVENT = {**PAGE, "type": "track", "event": "Link Clicked", "properties": {"href": "https://partner.example.net/"}}
FORM = {**EVENT, "event": "Form Submitted", "properties": {"email": "A@c.example", "form": "contact", "name": "Ann"}}
USUAL = [
    PAGE,
    EVENT,
    {**EVENT, "event": "预约 演示", "properties": {"seats": 12, "of": [{"plan": "team"}], "title": None}},
]
ODD: list[Any] = [
    None, "", " ", 0, 7, 1.5, True, [], ["x"], {}, {"page": 1}, "null", "x", "Form Submitted", "Merged", "Call Logged",
    "identify", "2026-02-30T10:00:00.000Z", "2026-11-21T12:00:00Z", "2026-11-21 12:00", "0001-01-01T00:00:00.000Z", "0",
    "2026-11-01T00:00:00.000Z", "2027-11-21T12:00:00.000Z", 1_795_262_300_000, "https://[bad", "x" * 300, "\ud800",
    "https://www.example.com/a?utm_source=x&utm_campaign=y", {"bot": True}, {"machine": "no"}, {"a": [[[[1]]]]}, "名",
    {"referrer": "https://elsewhere.example/"}, " x", "y ", 'a "b" \\c', "e\u0301", "\x00", "\x7f", -0.0, 1e300, 1e16,
    0.1, 2**53 + 1, 2**63, 2**64, 2**70, {"n": [2**64 - 1, -(2**63), 1e-7, 5e-324]}, {"": {"a b": "\t"}},
]  # fmt: skip
SENT_AT: list[Any] = [SENT, "2026-11-21T15:00:00.000Z", "2019-11-21T15:00:00.000Z", "2026-02-30T10:00:00.000Z", None, 0]
ARRIVALS = [
    ARRIVAL._replace(user_agent=""),
    ARRIVAL._replace(conventions=Conventions(claims_back=1)),
    ARRIVAL._replace(source=Source("server", "site"), user_agent=""),
    ARRIVAL._replace(user_agent="Googlebot/2.1"),
]


def expected(item: Any, arrival: Arrival, sent_at: Any, place: int = 0) -> Record | None:
    """What an item becomes that is looked at all over; None: it is refused."""
    try:
        return sealed(touchpoint(str(item.get("type")), item, arrival._replace(sent_at=sent_at), place))
    except Unusable:
        return None


def all_over(arrival: Arrival, raw: bytes) -> tuple[Record, ...]:
    """What the items of a body become that are all looked at all over."""
    value = body.parsed(raw).value
    found = [expected(item, arrival, value["sentAt"], place) for place, item in enumerate(value["batch"])]
    return tuple(filter(None, found))


def body_of(items: list[Any], sent_at: Any = SENT, *, escaped: bool = False) -> bytes:
    """The request's body as a browser writes it."""
    batch = {"writeKey": "sample-public-key", "sentAt": sent_at, "batch": items}
    return json.dumps(batch, ensure_ascii=escaped, separators=(",", ":")).encode("utf-8", "surrogatepass")


def become(arrival: Arrival, raw: bytes) -> tuple[Record, ...]:
    """What a request becomes."""
    return taken(arrival, read(arrival, raw), raw).records


FORMS = [FORM, {**FORM, "form": "contact"}, {**EVENT, "form": "contact"}, {**FORM, "form": ""}]


def odd_items() -> Iterator[dict[str, Any]]:
    """Each part of an item, taken out or with another value in its place."""
    for usual in USUAL:
        for way in ([name] for name in (*usual, "traits", "userId", "integrations")):
            yield from changed(usual, way)
        for way in (["context", name] for name in ("page", "traits", "campaign", "machine")):
            yield from changed(usual, way)
        for way in (["context", "page", name] for name in ("url", "path", "title", "referrer", "search")):
            yield from changed(usual, way)
    for value in ODD:
        yield {**EVENT, "properties": {"title": value, "path": value, "value": value}}


def changed(usual: dict[str, Any], way: list[str]) -> Iterator[dict[str, Any]]:
    """The item with one part changed."""
    for value in [*ODD, "take out"]:
        item = copy.deepcopy(usual)
        holder = item
        for name in way[:-1]:
            holder = holder[name]
        if value == "take out":
            holder.pop(way[-1], None)
        else:
            holder[way[-1]] = value
        yield item


@pytest.mark.parametrize(
    ("arrival", "sent_at"), [*((ARRIVAL, sent) for sent in SENT_AT), *((other, SENT) for other in ARRIVALS)]
)
def test_records_are_those_of_their_touchpoints(arrival: Arrival, sent_at: Any) -> None:
    for item in [*USUAL, *FORMS, *odd_items()]:
        raw = body_of([item], sent_at, escaped=sent_at == SENT)
        assert become(arrival, raw) == all_over(arrival, raw), item


@pytest.mark.parametrize("number", ["-0", "-0.0", "1E5", "1e400", "1" * 30, "0.1e-400", "123456789012345678.5"])
def test_numbers_are_kept_as_they_are_elsewhere(number: str) -> None:
    raw = body_of([PAGE, EVENT]).replace(b'"https://partner.example.net/"', number.encode())
    assert become(ARRIVAL, raw) == all_over(ARRIVAL, raw) != ()


def test_what_is_usual_is_read_by_the_schema() -> None:
    raw = body_of([PAGE, EVENT, FORM])
    batch = read(ARRIVAL, raw).value
    assert isinstance(batch, Batch)
    assert tracked.records(ARRIVAL, batch) == become(ARRIVAL, raw) == all_over(ARRIVAL, raw)


def test_texts_that_are_not_tidy_are_tidied_first() -> None:
    raw = body_of([USUAL[2], {**PAGE, "context": {"page": {**PAGE["context"]["page"], "title": ' 名 "x" '}}}])
    value = read(ARRIVAL, raw).value
    batch = tracked.fitting(value)
    assert not isinstance(value, Batch) and batch is not None
    assert tracked.records(ARRIVAL, batch) == become(ARRIVAL, raw) == all_over(ARRIVAL, raw)


@pytest.mark.parametrize("depth", [40, 120, 300])
def test_what_is_nested_is_as_elsewhere(depth: int) -> None:
    raw = body_of([PAGE, EVENT]).replace(b'"https://partner.example.net/"', b"[" * depth + b"]" * depth)
    assert become(ARRIVAL, raw) == all_over(ARRIVAL, raw)


def test_a_batch_may_have_both() -> None:
    items = [
        PAGE,
        {**PAGE, "type": "identify", "traits": {"email": "a@c.example"}},
        {**PAGE, "anonymousId": "null"},
        EVENT,
    ]
    for sent in (items, [PAGE, items[2], EVENT]):
        raw = body_of(sent)
        found = taken(ARRIVAL, read(ARRIVAL, raw), raw)
        assert found.records == all_over(ARRIVAL, raw) and len(found.records) == len(sent) - 1
        refused = sent.index(items[2])
        assert found.refused is not None and [place for place, _ in found.refused.reasons()] == [refused]
