"""What the doors put on the topics is a CloudEvent to whoever reads it with the CloudEvents SDK."""

from pathlib import Path
from uuid import UUID

import orjson
import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event

from consumers.publish.messages import message
from domain.signals.kinds import HOT
from domain.touchpoints.touchpoint import Source, moment
from store.ledger import Signal
from store.log.cloudevents import source_of
from store.log.port import Entry, Record
from store.log.topics import REJECTED, TOUCHPOINTS
from tests.producers.collecting import NOON, Collecting

LEAD = UUID(int=7)
KEYS = "our-site:public:pub-1,crm:server:srv-1"


@pytest.fixture
def door(tmp_path: Path) -> Collecting:
    return Collecting(tmp_path, KEYS)


def event(record: Entry | Record) -> BaseCloudEvent:
    """The record as the SDK reads it."""
    return from_kafka_event(KafkaMessage(dict(record.headers), record.key, record.value))


def test_a_touchpoint_is_one(door: Collecting) -> None:
    body = {"event": "Demo Requested", "userId": "u", "messageId": "m-1", "timestamp": "2026-11-20T12:00:00Z"}
    assert door.post("/v1/track", {**body, "writeKey": "pub-1"}).status_code == 200
    (entry,) = door.entries(TOUCHPOINTS)
    read = event(entry)
    assert (read.get_id(), read.get_type(), read.get_specversion()) == ("m-1", "demo_requested", "1.0")
    assert read.get_source() == "/leadline/sources/browser/our-site"
    assert read.get_time() == moment(NOON - 24 * 3_600_000_000)
    assert read.get_data() == orjson.loads(entry.value)
    assert entry.key == b"user_id:u"


def test_a_source_of_any_name_is_a_uri_reference() -> None:
    assert source_of(Source("import", "Loans/ü 1")) == "/leadline/sources/import/Loans%2F%C3%BC%201"


def test_a_refusal_is_one(door: Collecting) -> None:
    door.post("/v1/track", content=b"{", auth=("srv-1", ""))
    (entry,) = door.entries(REJECTED)
    read = event(entry)
    assert (read.get_type(), read.get_source()) == ("touchpoint.rejected", "/leadline")
    assert (read.get_time(), read.get_data()) == (moment(NOON), "{")


def test_a_signal_is_one() -> None:
    signal = Signal(7, "l:lead.hot:1", HOT, LEAD, LEAD, "", NOON, None, '{"heat": 91.5}', None)
    read = event(message(signal))
    assert (read.get_id(), read.get_type(), read.get_source()) == ("l:lead.hot:1", "lead.hot", "/leadline")
    assert (read.get_subject(), read.get_time()) == (str(LEAD), moment(NOON))
    data = read.get_data()
    assert isinstance(data, dict) and data["heat"] == 91.5
