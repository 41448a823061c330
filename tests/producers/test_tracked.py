"""What the tracker sends becomes the same record whether its items are looked at all over or at once."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from domain.touchpoints.touchpoint import Instant, Source
from producers.protocols.segment.items import touchpoint
from producers.protocols.segment.requests import taken
from producers.protocols.segment.tracked import Tracked, is_tracked
from producers.reading.arrival import Arrival, Unusable, sealed
from producers.reading.body import Body
from producers.reading.conventions import Conventions
from tests.producers.collecting import NOON

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
ARRIVAL = Arrival(
    "v1/b", Source("browser", "site"), Instant(NOON), "made", user_agent=BROWSER, sent_at="2026-11-21T11:59:59.900Z",
    conventions=Conventions(sites=frozenset({"www.example.com"})),
)  # fmt: skip
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
    {"referrer": "https://elsewhere.example/"},
]  # fmt: skip
ARRIVALS = [
    ARRIVAL,
    ARRIVAL._replace(sent_at=None, user_agent=""),
    ARRIVAL._replace(sent_at="2026-11-21T15:00:00.000Z"),
    ARRIVAL._replace(sent_at=0, conventions=Conventions(claims_back=1)),
    ARRIVAL._replace(sent_at="2019-11-21T15:00:00.000Z"),
]


def expected(item: dict[str, Any], arrival: Arrival, place: int) -> Any:
    """What an item becomes that is looked at all over; None: it is refused."""
    try:
        return sealed(touchpoint(str(item.get("type")), item, arrival, place))
    except Unusable:
        return None


def odd_items() -> Iterator[dict[str, Any]]:
    """Each part of an item, taken out or with another value in its place."""
    for usual in USUAL:
        for way in ([name] for name in (*usual, "traits", "userId", "integrations")):
            yield from changed(usual, way)
        for way in (["context", name] for name in ("page", "traits", "campaign", "machine")):
            yield from changed(usual, way)
        for way in (["context", "page", name] for name in ("url", "path", "title", "referrer", "search")):
            yield from changed(usual, way)


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


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_a_record_is_the_one_of_its_touchpoint(arrival: Arrival) -> None:
    tracked, told = Tracked(arrival), 0
    for place, item in enumerate([*USUAL, *odd_items()]):
        before = json.dumps(item)
        record = tracked.record(item, place)
        if record is not None:
            told += 1
            assert record == expected(item, arrival, place), item
        assert json.dumps(item) == before
    assert told >= 100 or arrival.conventions.claims_back == 1


def test_what_is_usual_is_told_at_once() -> None:
    assert all(Tracked(ARRIVAL).record(item, 0) is not None for item in USUAL)


@pytest.mark.parametrize("depth", [40, 120])
def test_what_is_nested_is_left_to_the_schema(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    record = Tracked(ARRIVAL).record({**EVENT, "properties": {"deep": value}}, 0)
    assert (record is None) == (depth > 100)


@pytest.mark.parametrize(
    "change",
    [{"source": Source("server", "site")}, {"context": {"ip": "0.0.0.0"}}, {"user_agent": "Googlebot/2.1"}],
)
def test_others_are_looked_at_all_over(change: dict[str, Any]) -> None:
    assert is_tracked(ARRIVAL)
    assert not is_tracked(ARRIVAL._replace(**change))


def test_a_batch_may_have_both() -> None:
    items = [
        PAGE,
        {**PAGE, "type": "identify", "traits": {"email": "a@c.example"}},
        {**PAGE, "anonymousId": None},
        EVENT,
    ]
    found = taken(ARRIVAL, Body("json", {"batch": items, "sentAt": ARRIVAL.sent_at}), b"raw")
    assert found.records == tuple(expected(items[place], ARRIVAL, place) for place in (0, 1, 3))
    assert [each.type for each in found.touchpoints] == ["page_viewed", "identified", "link_clicked"]
    assert found.refused is not None and [place for place, _ in found.refused.reasons()] == [2]
