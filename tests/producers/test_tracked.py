"""What the tracker sends becomes the same records whether a batch is looked at all over or by the tracker's schema."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from domain.touchpoints.touchpoint import Instant, Source
from producers.protocols.segment import tracked
from producers.protocols.segment.items import touchpoint
from producers.reading import body
from producers.reading.arrival import Arrival, Unusable, sealed
from producers.reading.conventions import Conventions
from store.log.port import Record
from tests.producers.collecting import NOON
from tests.producers.tracking import BROWSER, EVENT, FORM, PAGE, SENT, body_of

ARRIVAL = Arrival(
    "v1/b", Source("browser", "site"), Instant(NOON), "made", user_agent=BROWSER,
    conventions=Conventions(sites=frozenset({"www.example.com"})),
)  # fmt: skip
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


def become(arrival: Arrival, raw: bytes) -> tuple[Record, ...] | None:
    """What a request becomes by the tracker's schema; None: it is left to the other door."""
    batch = tracked.read(raw)
    return None if batch is None else tracked.records(arrival._replace(sent_at=batch.sentAt), batch)


FILLED: list[dict[str, Any]] = [
    {"email": "A@c.example", "name": "Ann", "phone": "+49 30 901820", "utm_source": "mail", "url": "mine"},
    {"fields[email]": "a@c.example", "contact[0][phone]": "+49 30 901820", "title": "Dr.", "referrer": ""},
    {"E-Mail": "none", "message": "a@c.example", "cc": "b@c.example", "topic": ["x", "y"], "form": "mine"},
    {"email": ["no", "a@c.example"], "Firma": "Example Ltd", "name": {"first": "Ann"}, "role": "", "state": None},
    {},
    {"bot": True, "email": "a@c.example"},
]
FORMS = [{**FORM, "properties": filled, **form} for filled in FILLED for form in (
    {}, {"form": "contact"}, {"form": ""}, {"form": None}, {"form": "contact", "event": "Asked"},
    {"form": "contact", "context": {"page": {**PAGE["context"]["page"], "url": "https://x.example/?utm_source=a"}}},
)]  # fmt: skip


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
    told = 0
    for item in [*USUAL, *FORMS, *odd_items()]:
        raw = body_of([item], sent_at, escaped=sent_at == SENT)
        records = become(arrival, raw)
        if records is not None:
            told += 1
            assert records == all_over(arrival, raw), item
    assert told >= 300 or sent_at != SENT or "bot" in arrival.user_agent


@pytest.mark.parametrize("number", ["-0", "-0.0", "1E5", "1e400", "1" * 30, "0.1e-400", "123456789012345678.5"])
def test_numbers_are_kept_as_they_are_elsewhere(number: str) -> None:
    raw = body_of([PAGE, EVENT]).replace(b'"https://partner.example.net/"', number.encode())
    assert become(ARRIVAL, raw) in (None, all_over(ARRIVAL, raw))


def test_what_is_usual_is_read_by_the_schema() -> None:
    raw = body_of([PAGE, EVENT, *FORMS[:6]])
    assert become(ARRIVAL, raw) == all_over(ARRIVAL, raw) != ()


def test_texts_that_are_not_tidy_are_tidied_first() -> None:
    raw = body_of([USUAL[2], {**PAGE, "context": {"page": {**PAGE["context"]["page"], "title": ' 名 "x" '}}}])
    assert become(ARRIVAL, raw) == all_over(ARRIVAL, raw) != ()


@pytest.mark.parametrize("depth", [40, 120, 300])
def test_what_is_nested_is_as_elsewhere(depth: int) -> None:
    raw = body_of([PAGE, EVENT]).replace(b'"https://partner.example.net/"', b"[" * depth + b"]" * depth)
    assert become(ARRIVAL, raw) == (all_over(ARRIVAL, raw) if depth < 300 else None)


def test_what_is_refused_is_left_to_the_other_door() -> None:
    assert become(ARRIVAL, body_of([PAGE, {**PAGE, "anonymousId": "null"}])) is None
    assert become(ARRIVAL, body_of([{**EVENT, "event": "Merged"}])) is None


def test_together_user_agents_are_no_longer_than_a_body() -> None:
    arrival = ARRIVAL._replace(user_agent="x" * 30_000)
    assert become(arrival, body_of([PAGE] * 16)) is not None
    assert become(arrival, body_of([PAGE] * 17)) is None


def test_what_is_larger_than_an_item_may_be_is_left_to_the_other_door() -> None:
    assert become(ARRIVAL, body_of([PAGE] * 60)) is not None
    assert become(ARRIVAL, body_of([PAGE] * 120)) is None
