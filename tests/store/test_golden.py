"""What is recorded for ever: a stored event of every version must decode for ever, to the same touchpoint and ids.

A failing line here is a mistake in the change, never in this file. A new version adds a file; none is ever changed.
"""

from pathlib import Path
from typing import Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.touchpoints.envelope import encode
from domain.touchpoints.event import TOPICS
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from store.events.ids import Ids
from store.events.library.mapper import TouchpointMapper

GOLDEN: Final = Path(__file__).parent / "golden"
KEY: Final = bytes(range(32))
TRAIL: Final = UUID("e96b4f0e-b372-00b1-8b92-3bc5218ea764")

ALICE: Final = Touchpoint(
    id="golden-1",
    source=Source("browser", "website"),
    type="form_submitted",
    occurred_at=1_795_320_340_291_528,
    received_at=1_795_320_341_000_000,
    identities=(Identity("email", "alice@example.com"), Identity("anonymous_id", "anon-7f3c")),
    sent_at=1_795_320_340_500_000,
    seq=3,
    profile={"name": "Alice", "company": "Example 有限公司"},
    properties={"form": "contact", "amount": 12.5, "tags": ["a", None, True]},
    context={"ip": "192.0.2.1"},
)


def test_every_event_and_version_has_its_golden_file() -> None:
    wanted = {
        f"{topic.removeprefix('leadline.')}-{version}.envelope.json"
        for topic, event in TOPICS.items()
        for version in range(1, event.class_version + 1)
    }
    assert {path.name for path in GOLDEN.iterdir()} == wanted


def test_touchpoint_recorded_1_decodes() -> None:
    state = (GOLDEN / "touchpoint_recorded-1.envelope.json").read_bytes()
    stored = StoredEvent(TRAIL, 7, "leadline.touchpoint_recorded", state)
    event = TouchpointMapper().to_domain_event(stored)
    assert (event.originator_id, event.originator_version) == (TRAIL, 7)
    assert event.touchpoint == ALICE
    assert encode(ALICE) == state


def test_ids_are_what_they_were() -> None:
    ids = Ids(KEY)
    assert ids.of(ALICE.trail) == TRAIL
    assert ids.of(Identity("email", "alice@example.com")) == UUID("8cd3025c-d26a-f7ba-5c8f-a3d796aecda9")
    assert ids.dedupe("website", "golden-1").hex() == "a67d7868c34f9ee6796706637501ec71"
