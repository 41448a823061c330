"""The dashboard over a company of its own, asked without a browser; what its forms command happens at once."""

import re
from functools import partial
from html import unescape
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlencode

import anyio
import httpx2
from sqlalchemy import event
from starlette.requests import Request

from api.commands.commander import Commander
from api.dashboard.counted import CountedPages
from api.dashboard.dashboard import dashboard
from api.dashboard.resources import Resources
from api.dashboard.shell import Shell
from api.jobs import JobRunner
from api.model_activation import ModelChanges
from api.rejections import Doors, begin_replaying
from api.status import StatusShape
from api.upkeep import begin_verifying
from domain.errors import Retry
from domain.touchpoints.envelope import decode
from domain.touchpoints.touchpoint import Instant
from producers.reading.conventions import NONE
from projections.history.engines import INLINE
from projections.queries.view import Reader
from store.jobs import Jobs
from store.log.port import Log
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.projections.given_sales import Company
from web.private import Private
from web.viewer import Role, Viewer

TOKEN = "sample-token"
HOST = "127.0.0.1:8787"


def resources_of(company: Company, log: Log, shell: Shell | None = None, **more: Any) -> Resources:
    """What pages over a company are made from; its jobs run before `begin` returns. `more`: other parts."""
    world = company.world
    reader, jobs = Reader(world.database, world.events, world.ids), Jobs(world.database)
    shell = shell or Shell()
    commander = Commander(reader, world.ids, log, lambda: Instant(world.clock))
    runner = JobRunner(jobs, lambda name, work: work(Event()))
    parts: dict[str, Any] = {
        "shell": shell,
        "reader": reader,
        "counted": CountedPages(shell, reader),
        "commander": commander,
        "database": world.database,
        "jobs": jobs,
        "runner": runner,
        "changes": ModelChanges(runner, world.database, world.ids, INLINE, None),
        "status": _nobody_looks,
        "replay": partial(begin_replaying, runner, world.database, Doors(log, NONE)),
        "verify": partial(begin_verifying, runner, world.database, world.ids, INLINE),
    }
    return Resources(**(parts | more))


def _nobody_looks() -> StatusShape:
    raise Retry("nothing looks at everything in this test")


class Pages:
    """A company, and its dashboard."""

    def __init__(
        self, folder: Path, company: Company, *, shell: Shell | None = None, token: str | None = TOKEN, **more: Any
    ) -> None:
        self.company = company
        world = company.world
        self._log = SqlLog(folder / "log.db")
        self._subscription = self._log.subscribe([TOUCHPOINTS], "pages")
        self._guard = _Guard(token)
        self.resources = resources_of(company, self._log, shell, **more)
        self._app = dashboard(self.resources, self._guard)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.queries = 0
        event.listen(world.database.engine, "before_cursor_execute", self._count)

    def viewer(self, owner: str | None, role: str = "sales") -> None:
        """From now on somebody of a role asks, whose owner this is."""
        self._guard.viewer = Viewer("somebody", Role(role), owner)

    def get(self, path: str, cookies: dict[str, str] | None = None, **headers: str) -> httpx2.Response:
        """The answer to GET; `queries` counts what the database was asked for it."""
        return self._ask("GET", path, cookies, headers)

    def post(self, path: str, cookies: dict[str, str] | None = None, **fields: str) -> httpx2.Response:
        """The answer to a form of a page of the dashboard; what it commands is recorded and projected."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{HOST}"}
        answer = self._ask("POST", path, cookies, headers, urlencode(fields))
        commanded = self._subscription.poll(dict.fromkeys(self._subscription.assigned()), 10, 0)
        if commanded:
            self.company.tell([decode(entry.value) for entry in commanded], self.company.world.clock)
        return answer

    def close(self) -> None:
        self._subscription.close()
        self._log.close()
        self.company.close()

    def _count(self, conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        self.queries += statement.lstrip().startswith(("SELECT", "WITH"))

    def _ask(
        self, method: str, path: str, cookies: dict[str, str] | None, headers: dict[str, str], content: str = ""
    ) -> httpx2.Response:
        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx2.AsyncClient(transport=transport, base_url=f"http://{HOST}", cookies=cookies) as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, path, headers={**self._headers, **named}, content=content)

        self.queries = 0
        return anyio.run(ask)


class _Guard(Private):
    """Lets in who bears the token; then they are whom the test says."""

    viewer: Viewer | None = None

    def check(self, request: Request) -> Viewer:
        viewer = super().check(request)
        if self.viewer is not None:
            viewer = request.state.viewer = self.viewer
        return viewer


def text_of(answer: httpx2.Response) -> str:
    """What somebody reads on a page: its text, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())
