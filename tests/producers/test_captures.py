"""Real clients' requests, replayed byte for byte; and the real Python SDK against a live server."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from segment.analytics import Client

from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint, microseconds
from producers.reading.conventions import Conventions
from tests.producers.collecting import Collecting

CAPTURES = Path(__file__).parent.parent / "captures"
HOUR = 3_600_000_000


def replay(door: Collecting, folder: str) -> list[int]:
    """The statuses answered now."""
    statuses = []
    for file in sorted((CAPTURES / folder).glob("*.json")):
        sent = json.loads(file.read_text())
        body = file.with_suffix(".body")
        headers = [(name, value) for name, value in sent["headers"] if name.lower() != "content-length"]
        answer = door.ask(
            sent["method"], sent["path"], headers=headers, content=body.read_bytes() if body.exists() else b""
        )
        assert answer.status_code == sent["answered"], (file.name, answer.text)
        statuses.append(answer.status_code)
    return statuses


def one_person(touchpoints: list[Touchpoint]) -> set[Identity]:
    """The identities of the touchpoints, which must hang together, previous ids of an alias included."""
    groups: list[set[Identity]] = []
    for touchpoint in touchpoints:
        named = set(touchpoint.identities)
        if touchpoint.type == "aliased":
            named.add(Identity("user_id", touchpoint.properties["previous"]))
        joined = [group for group in groups if group & named]
        groups = [group for group in groups if not group & named] + [named.union(*joined)]
    assert len(groups) == 1, groups
    return groups[0]


def of(touchpoints: list[Touchpoint], type_: str) -> Touchpoint:
    (found,) = (touchpoint for touchpoint in touchpoints if touchpoint.type == type_)
    return found


@pytest.mark.parametrize("later", [timedelta(), timedelta(days=40)], ids=["at once", "40 days later"])
@pytest.mark.parametrize("folder", ["analytics-node-3.1.0", "analytics-next-1.84.3", "analytics-next-1.84.3-batching"])
def test_an_sdk_journey_is_one_person_and_keeps_its_distances(tmp_path: Path, folder: str, later: timedelta) -> None:
    door = Collecting(tmp_path, conventions=Conventions(claims_back=96 * HOUR))  # the browsers tell of 72 h ago
    door.now = microseconds(datetime(2026, 11, 22, 4, 16, tzinfo=UTC) + later)
    replay(door, folder)
    touchpoints = door.touchpoints()
    types = ["page_viewed", "form_submitted", "identified", "demo_requested", "grouped", "aliased"]
    assert [touchpoint.type for touchpoint in touchpoints][:6] == types
    found = one_person(touchpoints)
    assert {Identity("user_id", "u-2002"), Identity("email", "bob@example.com")} <= found
    apart = of(touchpoints, "form_submitted").instant - of(touchpoints, "demo_requested").instant
    assert abs(apart - 72 * HOUR) < HOUR / 12
    assert of(touchpoints, "identified").profile["company"] == "示例有限公司"
    assert of(touchpoints, "grouped").profile["company_id"] == "acme-2"
    assert door.rejected() == []


def test_all_folders_together_are_one_person(door: Collecting) -> None:
    for folder in ("analytics-node-3.1.0", "analytics-next-1.84.3", "analytics-next-1.84.3-batching"):
        replay(door, folder)
    found = one_person(door.touchpoints())
    assert {each.value for each in found if each.kind == "user_id"} == {"u-2002", "old-u-2002"}
    assert len([each for each in found if each.kind == "anonymous_id"]) == 3


def test_a_replayed_request_gives_the_same_ids(door: Collecting) -> None:
    for _ in range(2):
        replay(door, "analytics-node-3.1.0")
    ids = [touchpoint.id for touchpoint in door.touchpoints()]
    assert len(ids) == 14 and ids[:7] == ids[7:]


def test_forms_of_every_enctype_and_charset_say_the_same(door: Collecting) -> None:
    assert set(replay(door, "browser-forms")) == {303}
    assert "cv" not in door.touchpoints()[1].properties  # the empty file part of a multipart form
    for touchpoint in door.touchpoints():
        assert touchpoint.type == "form_submitted"
        assert touchpoint.identities == (Identity("email", "bob@example.com"),)
        assert touchpoint.profile == {"email": "bob@example.com", "company": "示例有限公司"}
        assert touchpoint.properties["interests"] == ["pricing", "demo"]
        assert touchpoint.properties["message"].split() == ["Line", "1", "100%", "+", "more", "&", "so"]
        assert touchpoint.properties["form"] == "contact-us"
        assert touchpoint.context["machine"] == "known bot HeadlessChrome"  # which captured it: no filled honeypot
    assert len(door.touchpoints()) == 7


def test_pixel_beacons_and_fetch(door: Collecting) -> None:
    replay(door, "browser-beacons")
    pixel, emoji, beacon, form, fetched = door.touchpoints()
    assert (pixel.type, pixel.properties["title"]) == ("page_viewed", "价格")
    assert emoji.type == "half_emoji"
    assert beacon.identities == form.identities == fetched.identities == (Identity("email", "bob@example.com"),)
    assert [entry.value for entry in door.rejected()] == [b"{nope"]


@pytest.fixture
def live(door: Collecting) -> Iterator[tuple[Collecting, str]]:
    """The collector behind a real server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(door.app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield door, f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("gzip", [False, True])
def test_the_python_sdk(live: tuple[Collecting, str], gzip: bool) -> None:
    door, url = live
    door.now = time.time_ns() // 1000
    sdk = Client("WK_EXAMPLE", host=url, gzip=gzip, on_error=lambda error, _: pytest.fail(str(error)))
    sdk.page(anonymous_id="anon-1", name="Pricing", properties={"url": "https://www.example.com/pricing"})
    sdk.track(anonymous_id="anon-1", event="Form Submitted", properties={"email": "Alice@Example.com"})
    sdk.identify("u-1", {"email": "alice@example.com", "firstName": "Alice"}, anonymous_id="anon-1")
    back = datetime.now(UTC) - timedelta(days=3)
    sdk.track("u-1", "Demo Requested", {"plan": "team"}, timestamp=back)
    sdk.group("u-1", "acme-1", {"name": "Example Ltd"})
    sdk.alias("old-u-1", "u-1")
    sdk.screen("u-1", name="Home")
    sdk.flush()
    sdk.shutdown()
    touchpoints = door.touchpoints()
    assert len(touchpoints) == 7 and door.rejected() == []
    found = one_person(touchpoints)
    assert {Identity("user_id", "u-1"), Identity("user_id", "old-u-1"), Identity("anonymous_id", "anon-1")} <= found
    assert abs(of(touchpoints, "demo_requested").occurred_at - microseconds(back)) < HOUR
