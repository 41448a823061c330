"""A web site with the tracker, on hosts of its own, and a real collector beside it that notes every byte that came."""

import asyncio
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.touchpoints.mail_link import MailLinkKeys
from domain.touchpoints.touchpoint import Touchpoint
from producers.collector.tracker_script import FOLDER
from runtime.clock import clock
from runtime.demo.example_site import site_files
from tests.producers.collecting import Collecting
from tests.services.service import free_ports

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page
    from playwright.sync_api import Request as Asked

KEY = "pub-EXAMPLE-change-me"
PATIENCE = 15.0
QUIET = 0.5
"""Seconds after which what has not come will not come: the tracker sends a tenth of a second after a touchpoint."""


@dataclass
class Came:
    """A request of a browser to the collector."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def items(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = orjson.loads(self.body)["batch"] if self.path == "/v1/b" else []
        return batch


@dataclass
class Site:
    """All hosts under `localhost` are the site; 127.0.0.1 is the collector."""

    collecting: Collecting
    port: int
    came: list[Came] = field(default_factory=list)
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    """What the next calls of /v1/b are answered, before the collector takes them again."""
    away: bool = False
    silent: bool = False
    """Whether the collector hears what is sent and does not answer."""
    hosts: Iterator[int] = field(default_factory=count)

    @property
    def collector(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def line(self, readable: bool = False, **options: str) -> str:
        """The line of a page that loads the tracker."""
        more = "".join(f' data-{name}="{value}"' for name, value in options.items())
        path = "/readable.js" if readable else "/t.js"
        return f'<script async src="{self.collector}{path}" data-key="{KEY}"{more}></script>'

    def page(self, path: str, body: str = "", headers: dict[str, str] | None = None, **options: Any) -> None:
        """Put a page on the site."""
        text = f"<!doctype html><html><title>Page {path}</title>{self.line(**options)}<body>{body}</body></html>"
        self.pages[path] = (text, headers or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.url.hostname != "127.0.0.1":
            return await self._show(request)(scope, receive, send)
        body = await request.body()
        if request.url.path not in ("/t.js", "/readable.js"):
            self.came.append(Came(request.method, request.url.path, dict(request.headers), body))
        origin = {
            "Access-Control-Allow-Origin": request.headers.get("origin", "*"),
            "Access-Control-Expose-Headers": "Retry-After",
        }
        while request.url.path == "/v1/b" and self.silent:
            await asyncio.sleep(0.05)
        if request.url.path == "/v1/b" and (self.away or self.refusals):
            status, headers = (503, {}) if self.away else self.refusals.pop(0)
            return await Response("", status, origin | headers)(scope, receive, send)
        if request.url.path == "/readable.js":
            script = (FOLDER / "tracker.js").read_text()
            return await Response(script, media_type="text/javascript")(scope, receive, send)
        self.collecting.now = clock()
        app: ASGIApp = self.collecting.app
        await app(scope, _again(body), send)
        return None

    def _show(self, request: Request) -> Response:
        path = request.url.path
        if path in self.pages:
            text, headers = self.pages[path]
            return HTMLResponse(text, headers=headers)
        file = site_files(self.collector).get(path)
        if file is None:
            return HTMLResponse("not found", 404)
        return Response(file.content, media_type=file.media_type)

    # ---- what came ----

    def touchpoints(self, host: str) -> list[Touchpoint]:
        """What the log has of the pages of a host, in its order, each once: of one id the first is recorded."""
        by_id: dict[str, Touchpoint] = {}
        for each in self.collecting.touchpoints():
            if f"//{host}:" in str(each.context.get("page", each.properties).get("url")):
                by_id.setdefault(each.id, each)
        return list(by_id.values())

    def texts(self, host: str, since: int) -> str:
        """Everything that came to the collector since then but what pages of other hosts say they sent."""
        of_host = [
            each
            for each in self.came[since:]
            if host in (said := each.headers.get("origin", "") + each.headers.get("referer", "")) or not said
        ]
        return "\n".join(f"{each.method} {each.path} {each.headers} {each.body.decode()}" for each in of_host)


def _again(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


@contextmanager
def running_site(folder: Path, mail_keys: MailLinkKeys | None = None) -> Iterator[Site]:
    """The site and its collector, in a thread."""
    port = free_ports(1)[0]
    site = Site(Collecting(folder, f"website:public:{KEY}", mail_keys=mail_keys), port)
    server = uvicorn.Server(uvicorn.Config(site, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield site
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()


class Visit:
    """A visitor's browser on a host of the site."""

    def __init__(self, site: Site, context: "BrowserContext", host: str) -> None:
        self.site, self.context, self.host = site, context, host
        self.faults: list[str] = []
        self._asked: list[Asked] = []
        self._since = len(site.came)
        context.on("request", self._note)
        self.tab = self.new_tab()

    def _note(self, asked: "Asked") -> None:
        self._asked.append(asked)

    def new_tab(self) -> "Page":
        tab = self.context.new_page()
        tab.set_default_timeout(15_000)
        tab.on("pageerror", lambda error: self.faults.append(str(error)))
        return tab

    def address(self, path: str, host: str = "") -> str:
        return f"http://{host or self.host}:{self.site.port}{path}"

    def go(self, path: str, tab: "Page | None" = None) -> None:
        """Open a page of the site, and wait for its tracker."""
        (tab or self.tab).goto(self.address(path))
        (tab or self.tab).wait_for_function("window.leadline && leadline.loaded")

    def call(self, *words: Any) -> Any:
        return self.tab.evaluate("(words) => leadline(...words)", list(words))

    @property
    def took(self) -> list[Touchpoint]:
        return self.site.touchpoints(self.host)

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.took]

    def comes(self, *types: str) -> list[Touchpoint]:
        """Wait until the log has these types of this visit, and nothing else comes."""
        self.wait(lambda: len(self.types) >= len(types))
        self.rest()
        assert sorted(self.types) == sorted(types)
        return self.took

    def wait(self, found: Callable[[], Any]) -> Any:
        until = time.monotonic() + PATIENCE
        while not (answer := found()):
            assert time.monotonic() < until, f"it never came; there are {self.types}"
            self.rest(0.05)
        return answer

    def rest(self, seconds: float = QUIET) -> None:
        """Let the browser work."""
        tab = next((each for each in self.context.pages if not each.is_closed()), None)
        if tab is None:
            time.sleep(seconds)
        else:
            tab.wait_for_timeout(seconds * 1000)

    def cookies(self) -> dict[str, str]:
        return {str(each["name"]): str(each["value"]) for each in self.context.cookies()}

    def stored(self) -> dict[str, str]:
        """What this page keeps, wherever a page can keep something but in cookies."""
        found: dict[str, str] = self.tab.evaluate(
            """async () => ({
                ...localStorage, ...sessionStorage, ...(window.name ? { name: window.name } : {}),
                ...Object.fromEntries((await indexedDB.databases()).map((each) => [each.name, "indexedDB"])),
                ...Object.fromEntries((await caches.keys()).map((each) => [each, "caches"])),
            })"""
        )
        return found

    def left(self) -> str:
        """All that left the pages of this visit: what the browser says it sent to other hosts, and what came.

        That the tracker itself is asked for is none of it.
        """
        scripts = {f"{self.site.collector}/{name}.js" for name in ("t", "readable")}
        asked = [
            f"{each.method} {each.url} {each.headers} {each.post_data}"
            for each in self._asked
            if urlsplit(each.url).hostname not in (self.host, f"two-{self.host}")
            and not each.is_navigation_request()
            and not (each.method == "GET" and each.url in scripts)
        ]
        return "\n".join(asked) + self.site.texts(self.host, self._since)


@contextmanager
def visiting(browser: "Browser", site: Site, script: str = "", **context: Any) -> Iterator[Visit]:
    """A browser of a new visitor, on a host that nobody else visits. No page may have had a fault."""
    within = browser.new_context(locale="en-GB", **context)
    if script:
        within.add_init_script(script)
    visit = Visit(site, within, f"s{next(site.hosts)}.localhost")
    try:
        yield visit
    finally:
        site.away = site.silent = False
        site.refusals.clear()
        within.close()
    assert not visit.faults, "\n".join(visit.faults)


def ids(touchpoints: list[Touchpoint]) -> set[str]:
    """The anonymous ids in touchpoints."""
    return {identity.value for each in touchpoints for identity in each.identities if identity.kind == "anonymous_id"}


ID = re.compile(r"[0-9a-f]{32}")
