"""A journey through a real SDK, recorded or live, is one lead in the API of a real `leadline serve`."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from segment.analytics import Client

from tests.runtime.serving import Server, eventually, run, serving

TESTS = Path(__file__).parent.parent
CAPTURES = TESTS / "captures"
MODEL = str(TESTS.parent / "examples" / "b2b-software" / "leadline.toml")

PERSON = {"user_id:u-2002", "email:bob@example.com"}
IDENTITIES = {
    "analytics-node-3.1.0": {*PERSON, "anonymous_id:anon-9b1d", "user_id:old-u-2002"},
    "analytics-next-1.84.3": {*PERSON, "anonymous_id:3b8ccf73-3f99-40b0-b88e-7bf2e4ce8a2a"},
    "analytics-next-1.84.3-batching": {*PERSON, "anonymous_id:8ebebaae-9de0-48a5-996d-248944a6629c"},
}
TOUCHES = {"analytics-node-3.1.0": 7, "analytics-next-1.84.3": 6, "analytics-next-1.84.3-batching": 6}
RECORDED_BY, PERSONS = "HeadlessChrome", "OrdinaryChrome"
"""A bot recorded these; a person's browser sends the same, and as many bytes."""
NEAR = timedelta(minutes=5)
LIVE = "live"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    """A fresh server for each recorded journey and one for the live ones, two starting at a time: it takes seconds."""
    folders = {name: tmp_path_factory.mktemp(name) for name in (*IDENTITIES, LIVE)}
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        yield dict(pool.map(lambda each: (each[0], stack.enter_context(served(each[1]))), folders.items()))


def served(folder: Path) -> AbstractContextManager[Server]:
    return serving(folder, "serve", MODEL=MODEL)


def replay(server: Server, folder: str) -> None:
    """Send the recorded requests byte for byte, their headers as they were; but for the browser's name, of a bot."""
    for file in sorted((CAPTURES / folder).glob("*.json")):
        sent, body = json.loads(file.read_text().replace(RECORDED_BY, PERSONS)), file.with_suffix(".body")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.putrequest(sent["method"], sent["path"], skip_host=True, skip_accept_encoding=True)
        for name, value in sent["headers"]:
            connection.putheader(name, value)
        recorded = body.read_bytes() if body.exists() else b""
        connection.endheaders(recorded.replace(RECORDED_BY.encode(), PERSONS.encode()) or None)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == sent["answered"], (folder, file.name, said)
        connection.close()


def leads(server: Server, touches: int) -> list[dict[str, Any]]:
    """Every lead in the API, as soon as they have this many touchpoints between them."""

    def found() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = server.http.get("/api/leads").json()["items"]
        return items if sum(lead["touches"] for lead in items) == touches else []

    items: list[dict[str, Any]] = eventually(found)
    return items


def identities(lead: dict[str, Any]) -> set[str]:
    return {f"{each['kind']}:{each['value']}" for each in lead["identities"]}


def said(server: Server, lead: dict[str, Any], type_: str) -> list[datetime]:
    """When the lead did things of this type, as their sources say."""
    items = server.http.get(f"/api/leads/{lead['id']}/timeline?limit=100").json()["items"]
    items = [item for item in items if item["type"] == type_]
    return [datetime.fromisoformat(item["context"].get("said_at", item["occurred_at"])) for item in items]


def believed(server: Server, lead: dict[str, Any], type_: str) -> list[datetime]:
    """When they count: what a browser says happened more than two days ago counts from its receipt on."""
    items = server.http.get(f"/api/leads/{lead['id']}/timeline?limit=100").json()["items"]
    return [datetime.fromisoformat(item["occurred_at"]) for item in items if item["type"] == type_]


@pytest.mark.parametrize("first", list(IDENTITIES))
def test_a_recorded_journey_is_one_lead_alone_and_with_the_others(servers: dict[str, Server], first: str) -> None:
    server = servers[first]
    replay(server, first)
    [lead] = leads(server, TOUCHES[first])
    assert identities(lead) == IDENTITIES[first]
    assert lead["stage"] == "lead" and lead["profile"]["company"] == "示例有限公司"
    [form], [demo] = (said(server, lead, type_) for type_ in ("form_submitted", "demo_requested"))
    assert abs(form - demo - timedelta(days=3)) < NEAR
    assert abs(form - datetime.now(UTC)) < NEAR  # the clock that sent them was wrong; the demo stays back-dated
    [counts] = believed(server, lead, "demo_requested")
    assert abs(form - counts - timedelta(days=3 if "node" in first else 0)) < NEAR
    for other in IDENTITIES.keys() - {first}:
        replay(server, other)
    [lead] = leads(server, sum(TOUCHES.values()))
    assert identities(lead) == set().union(*IDENTITIES.values())
    forms, demos = (said(server, lead, type_) for type_ in ("form_submitted", "demo_requested"))
    assert len(forms) == len(demos) == 3
    assert all(abs(form - demo - timedelta(days=3)) < NEAR for form in forms for demo in demos)


def journey(url: str, who: str, gzip: bool) -> None:
    """What a site's server reports of one person, through the real Python SDK."""
    user, cookie, email = f"u-{who}", f"anon-{who}", f"{who}@example.com"
    sdk = Client("WK_EXAMPLE", host=url, gzip=gzip, on_error=lambda error, _: pytest.fail(str(error)))
    sdk.page(anonymous_id=cookie, name="Pricing", properties={"url": "https://www.example.com/pricing"})
    sdk.identify(user, {"email": email.title(), "company": {"name": "示例有限公司"}}, anonymous_id=cookie)
    sdk.track(user, "Viewed Plan", {"plan": "team"})
    sdk.alias(f"old-{user}", user)
    sdk.track(user, "Demo Requested", {"plan": "team"}, timestamp=datetime.now(UTC) - timedelta(days=3, hours=10))
    sdk.group(user, "acme-2", {"name": "示例有限公司"})
    sdk.track(anonymous_id=cookie, event="Form Submitted", properties={"form_id": "contact-us", "email": email})
    sdk.flush()
    sdk.shutdown()


def test_each_journey_through_the_python_sdk_is_one_lead(servers: dict[str, Server]) -> None:
    people, server = {"carol": False, "dave": True}, servers[LIVE]
    for who, gzip in people.items():
        journey(f"http://127.0.0.1:{server.port}", who, gzip)
    found = leads(server, 7 * len(people))
    assert sorted(map(sorted, map(identities, found))) == [
        [f"anonymous_id:anon-{who}", f"email:{who}@example.com", f"user_id:old-u-{who}", f"user_id:u-{who}"]
        for who in people
    ]
    for lead in found:
        [form], [demo] = (believed(server, lead, type_) for type_ in ("form_submitted", "demo_requested"))
        assert abs(form - demo - timedelta(days=3, hours=10)) < NEAR
    assert server.stop() == 0
    verified = run(server.lines.parent, "verify", MODEL=MODEL)
    assert verified.returncode == 0, verified.stdout
