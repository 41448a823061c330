"""A collector over a real log in a file, with a clock that tests set, asked through its ASGI interface."""

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client import CollectorRegistry

from domain.touchpoints.envelope import decode, validate
from domain.touchpoints.mail_link import MailLinkKeys
from domain.touchpoints.touchpoint import Touchpoint
from producers.collector import keys, sites
from producers.collector.admission import Admission
from producers.collector.answer_door import Answering
from producers.collector.app import collector
from producers.reading.conventions import NONE, Conventions
from store.log.port import Entry, Log
from store.log.sql import SqlLog
from store.log.topics import REJECTED, TOUCHPOINTS
from web.health import Health
from web.private import Private

NOON = 1_795_262_400_000_000
"""2026-11-21T12:00:00Z, where the clock stands at first."""

LOOPBACK = ("127.0.0.1", 50_000)
HOST = "http://127.0.0.1:8787"


class Collecting:
    """The app under test, what it took and what it refused."""

    def __init__(
        self,
        folder: Path,
        write_keys: str = "",
        sites_text: str = "",
        *,
        client: tuple[str, int] = LOOPBACK,
        log: Log | None = None,
        ready: Callable[[], str | None] = lambda: None,
        token: str | None = None,
        conventions: Conventions = NONE,
        answering: Answering | None = None,
        mail_keys: MailLinkKeys | None = None,
    ) -> None:
        self.now = NOON
        self.kept = SqlLog(folder / "log.db")
        self.log = log or self.kept
        self.registry = CollectorRegistry()
        admission = Admission(
            keys.parse(write_keys), sites.parse(sites_text), conventions=conventions, mail_keys=mail_keys
        )
        health = Health(Private(token), self.registry, ready)
        self.app = collector(self.log, admission, lambda: self.now, health, answering)
        self.client = client

    def ask(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request."""
        return self.ask_all([(method, path, options)])[0]

    def ask_all(self, requests: Sequence[tuple[str, str, dict[str, Any]]]) -> list[httpx2.Response]:
        """Several requests at the same time."""

        async def run() -> list[httpx2.Response]:
            transport = httpx2.ASGITransport(self.app, client=self.client)
            async with httpx2.AsyncClient(transport=transport, base_url=HOST) as browser:
                return await asyncio.gather(*(browser.request(verb, path, **how) for verb, path, how in requests))

        return asyncio.run(run())

    def post(self, path: str, value: Any = None, **options: Any) -> httpx2.Response:
        """POST a JSON value, or `content`/`data`/`files` as httpx2 knows them."""
        if value is not None:
            options["content"] = json.dumps(value).encode()
        return self.ask("POST", path, **options)

    def touchpoints(self) -> list[Touchpoint]:
        """What is on the log, every one a valid envelope under its trail's key."""
        found = []
        for entry in self.entries(TOUCHPOINTS):
            touchpoint = decode(entry.value)
            assert validate(touchpoint) is None
            assert entry.key == str(touchpoint.trail).encode()
            found.append(touchpoint)
        return found

    def rejected(self) -> list[Entry]:
        """What was refused and kept."""
        return self.entries(REJECTED)

    def entries(self, topic: str) -> list[Entry]:
        """What is on a topic."""
        reader = self.kept.subscribe([topic], "test")
        try:
            return reader.poll(dict.fromkeys(reader.assigned()), 100_000, 0)
        finally:
            reader.close()


def track(event: str = "Demo Requested", **more: Any) -> dict[str, Any]:
    """A track call of a cookie."""
    return {"event": event, "anonymousId": "anon-1", "messageId": f"m-{event}", **more}
