"""Requests as the tracker and an SDK send them, and who sends them: over connections that stay, each one at a time."""

import asyncio
import base64
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

KEYS: Final = {"browser": "sample-public-key-000", "server": "sample-server-key-000"}
"""Write keys."""
CONNECTIONS: Final = 16
"""That send at the same time."""
_AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
_BROWSER: Final = {
    "Connection": "keep-alive",
    "sec-ch-ua-platform": '"Windows"',
    "User-Agent": _AGENT,
    "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "Content-Type": "text/plain;charset=UTF-8",
    "sec-ch-ua-mobile": "?0",
    "Accept": "*/*",
    "Origin": "https://www.example.com",
    "Sec-Fetch-Site": "same-site",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Referer": "https://www.example.com/",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-GB,en;q=0.9",
}
"""What a browser sends of itself with the tracker's fetch."""
_SDK: Final = {
    "Connection": "keep-alive",
    "User-Agent": "analytics-python/2.4.0",
    "Accept-Encoding": "gzip, deflate",
    "Accept": "*/*",
    "Content-Type": "application/json",
    "Authorization": "Basic " + base64.b64encode(f"{KEYS['server']}:".encode()).decode(),
}
_SPREAD: Final = 0x9E3779B97F4A7C15F39CC0605CEDC835
"""Makes ids of numbers that look as the tracker's do."""
_PATHS: Final = ("/", "/pricing", "/docs", "/docs/start", "/blog/one", "/blog/two", "/about", "/contact")
_CAMPAIGNS: Final = (
    *[""] * 8,
    "?utm_source=newsletter&utm_medium=email&utm_campaign=spring",
    "?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=CLICK",
)
"""Of a click the id is its own."""


@dataclass(frozen=True)
class Asked:
    """A request as it goes over the wire, and how many touchpoints are in it."""

    wire: bytes
    touchpoints: int


def requests(sender: str, sizes: Sequence[int], seed: int) -> list[Asked]:
    """One request for each of the sizes, by a tracker (`browser`) or an SDK (`server`), of people who come again."""
    dice = random.Random(seed)
    return [_request(sender, [_item(sender, dice) for _ in range(size)]) for size in sizes]


def _request(sender: str, items: list[dict[str, Any]]) -> Asked:
    body: dict[str, Any] = {"sentAt": _now(), "batch": items}
    if sender == "browser":
        path, headers = "/v1/b", _BROWSER
        text = json.dumps({"writeKey": KEYS[sender], **body}, separators=(",", ":")).encode()
    else:
        path, headers = "/v1/batch", _SDK
        text = json.dumps(body).encode()  # with blanks, as Python's writes it
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(text)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return Asked("\r\n".join([*lines, "", ""]).encode() + text, len(items))


def _item(sender: str, dice: random.Random) -> dict[str, Any]:
    """Of twenty items fifteen are pages, the others links, files, a form."""
    path, person = dice.choice(_PATHS), dice.randrange(1, 5_000)
    query = dice.choice(_CAMPAIGNS).replace("CLICK", f"Cj0K{dice.getrandbits(160):x}")
    url = f"https://www.example.com{path}{query}"
    page = {"url": url, "path": path, "title": f"Example {path}", "referrer": "https://www.example.com/"}
    item: dict[str, Any] = {
        "type": "page",
        "messageId": f"{dice.getrandbits(128):032x}",
        "timestamp": _now(dice.randrange(30_000)),
        "anonymousId": f"{person * _SPREAD % 2**128:032x}",
        "context": {"page": page},
    }
    if sender == "server":
        item["context"] = {"library": {"name": "analytics-python", "version": "2.4.0"}}
        item["userId"] = f"user-{person}"
        item["properties"] = page
    chance = dice.randrange(20)
    if chance >= 15:
        item["type"] = "track"
        item |= _TRACKED[min(chance - 15, 2)] if chance < 19 else _form(sender, person)
    return item


_TRACKED: Final[Sequence[Mapping[str, Any]]] = (
    {"event": "Link Clicked", "properties": {"href": "https://partner.example.net/offer"}},
    {"event": "File Downloaded", "properties": {"file": "prices.pdf", "href": "https://www.example.com/prices.pdf"}},
    {"event": "Demo Requested", "properties": {"plan": "team", "seats": 12}},
)


def _form(sender: str, number: int) -> dict[str, Any]:
    """The tracker says the form's name beside the fields, an SDK among them."""
    person = {"email": f"p{number}@c.example", "name": "Ann Example", "company": "Example Ltd"}
    said: dict[str, Any] = {"event": "Form Submitted", "properties": {**person, "message": "Please call me."}}
    (said if sender == "browser" else said["properties"])["form"] = "contact"
    return said


def _now(ago: int = 0) -> str:
    """As a browser writes it, so many milliseconds ago."""
    return (datetime.now(UTC) - timedelta(milliseconds=ago)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Connection(asyncio.Protocol):
    """Sends what comes next as soon as the answer to the one before is whole."""

    def __init__(self, waiting: Iterator[Asked], done: "asyncio.Future[None]") -> None:
        self._waiting, self._done = waiting, done
        self._came = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        if head[9:12] != b"200" or b"rejected" in body:
            self._fail(f"answered {self._came[:600]!r}")
            return
        self._came = b""
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(f"ended: {error}")

    def _send(self) -> None:
        asked = next(self._waiting, None)
        if asked is not None:
            self._transport.write(asked.wire)
        elif not self._done.done():
            self._done.set_result(None)
            self._transport.close()

    def _fail(self, why: str) -> None:
        if not self._done.done():
            self._done.set_exception(SystemExit(f"the benchmark's request was not taken: it {why}"))
            self._transport.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])


def ask(port: int, asked: Sequence[Asked]) -> None:
    """Send them all, and return when each is acknowledged. Raises SystemExit where one is not."""

    async def run() -> None:
        loop, waiting = asyncio.get_running_loop(), iter(asked)
        finished = [loop.create_future() for _ in range(min(CONNECTIONS, len(asked)))]
        for done in finished:
            await loop.create_connection(partial(_Connection, waiting, done), "127.0.0.1", port)
        await asyncio.gather(*finished)

    asyncio.run(run())
