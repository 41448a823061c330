"""No write key gets into what a server says or keeps: its lines, and the list of what was refused."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.runtime.given_server import MODEL
from tests.runtime.serving import eventually, here, serving

KEY = "fake-key-of-a-test"
"""Known to the server: a server's."""
OTHER = "fake-key-of-nobody"
GOOD: dict[str, Any] = {"type": "track", "event": "Demo Requested", "userId": "u-1", "messageId": "m-1"}
REFUSED: dict[str, Any] = {"type": "track", "event": "Erased", "userId": "u-1"}


def requests(key: str) -> list[httpx2.Request]:
    """Accepted, refused and malformed ones that bear a key wherever one may stand."""
    base, url = "http://server", f"http://server/v1/track?writeKey={key}"
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    bodies = [{**GOOD, "writeKey": key}, {**REFUSED, "writeKey": key}, {**REFUSED, "context": {"key": key}}]
    broken = f'{{"event": "x", "writeKey": "{key}'.encode()
    return [
        *(httpx2.Request("POST", f"{base}/v1/track", json=body) for body in bodies),
        *(httpx2.Request("POST", url, json=body) for body in (GOOD, REFUSED)),
        *(httpx2.Request("POST", url, content=broken, headers=header) for header in ({}, {"X-Write-Key": key})),
        httpx2.Request("POST", f"{base}/v1/batch", json={"batch": [GOOD, REFUSED, 7], "writeKey": key}),
        httpx2.Request("POST", f"{base}/v1/track", json=REFUSED, headers={"Authorization": basic}),
        httpx2.Request("POST", f"{base}/v1/track", json=REFUSED, headers={"Authorization": f"Bearer {key}"}),
        httpx2.Request("POST", f"{base}/v1/nothing?writeKey={key}", json=GOOD),
        httpx2.Request("GET", f"{base}/v1/track?writeKey={key}"),
        httpx2.Request("POST", url, content=b"\xff\x00", headers={"Content-Type": "text/plain"}),  # a beacon
        httpx2.Request("POST", url, content=b"no gzip", headers={"Content-Encoding": "gzip"}),
        httpx2.Request("POST", f"{base}/f/contact?writeKey={key}", data={"message": "hi"}),
        httpx2.Request("GET", f"{base}/p.gif?writeKey={key}&event=erased&id=1"),
        httpx2.Request("GET", f"{base}/p.gif?event=Page+Viewed&email=none&writeKey={key}"),
    ]


def everything_refused(folder: Path) -> str:
    """What was refused, once a pixel's, the last, is there too; as JSON."""
    said = here(folder, "rejected", "list", "--all", "--json", "--limit", "200").stdout
    return said if {"v1/track", "p.gif"} <= {item["door"] for item in json.loads(said)["items"]} else ""


@pytest.mark.parametrize("level", ["info", "debug"])
def test_no_line_and_nothing_refused_shows_a_write_key(tmp_path: Path, level: str) -> None:
    settings = {"WRITE_KEYS": f"shop:server:{KEY}", "LOG_LEVEL": level}
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path, "serve", **settings) as server:
        for key in (KEY, OTHER):
            for request in requests(key):
                url = server.http.base_url.join(request.url.raw_path.decode())
                headers = {name: value for name, value in request.headers.items() if name != "host"}
                server.http.request(request.method, url, content=request.read(), headers=headers)
        as_json = eventually(lambda: everything_refused(tmp_path))
        listed = here(tmp_path, "rejected", "list", "--all", "--limit", "200").stdout
        said = server.said
    assert said.strip()
    for place, text in {"lines": said, "list": listed, "items": as_json}.items():
        for key in (KEY, OTHER):
            for spelled in (key, base64.b64encode(f"{key}:".encode()).decode()):
                assert spelled not in text, place
