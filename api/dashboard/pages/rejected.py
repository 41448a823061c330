"""`/health/rejected`: what the doors refused and why, one by one as it came, to be tried again. An admin's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.roles import require
from api.dashboard.resources import Resources
from api.dashboard.words.health_wording import HealthWording, visible
from api.rejections import AskedReplay
from domain.errors import NotFound
from projections.queries.rejections import RejectedShape, rejection, rejections, waiting_by_door
from web.viewer import Role

SIZE: Final = 50
"""Refused input of a page."""
_GLIMPSE: Final = 240
"""Bytes of each that the list shows."""
_LONGEST: Final = 20_000
"""Characters of one that its page shows."""
_REASONS: Final = 10
"""Of those for which it is still refused."""
_LIST: Final = "/health/rejected"


@dataclass(frozen=True, slots=True)
class RejectedChoice:
    """What the address says: of doors that begin so; also what was taken since (`all`)."""

    door: str = ""
    all: str = ""
    cursor: str = ""

    @classmethod
    def of(cls, request: Request) -> "RejectedChoice":
        """The choice of an address."""
        said = request.query_params
        return cls(said.get("door", "").strip(), said.get("all", "").strip(), said.get("cursor", ""))

    def address(self, door: str | None = None, *, all: bool | None = None, cursor: str = "") -> str:
        """The address of the choice with something else, from the beginning unless a cursor is given."""
        chosen = self.door if door is None else door
        whole = bool(self.all) if all is None else all
        said = {"door": chosen, "all": "1" if whole else "", "cursor": cursor}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{_LIST}?{query}" if query else _LIST


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def listed(request: Request) -> Response:
        require(request, Role.ADMIN)
        choice = RejectedChoice.of(request)
        with resources.reader.view() as view:
            page = rejections(
                view.conn,
                door=choice.door or None,
                replayed=bool(choice.all),
                limit=SIZE,
                cursor=choice.cursor or None,
                shown=_GLIMPSE,
            )
            waiting = waiting_by_door(view.conn)
            wording = HealthWording(view.model, resources.shell.language(request), resources.database.now(view.conn))
        return resources.shell.render(
            request,
            "rejected.html",
            wording=wording,
            choice=choice,
            items=[(each, visible(each.raw)) for each in page.items],
            beginning=choice.address() if choice.cursor else None,
            following=page.next and choice.address(cursor=page.next),
            size=SIZE,
            doors=_doors(waiting, choice),
            whole=sum(waiting.values()),
            waiting=sum(n for door, n in waiting.items() if door.startswith(choice.door)),
            **_outcome(resources, request, wording),
        )

    def one(request: Request) -> Response:
        require(request, Role.ADMIN)
        with resources.reader.view() as view:
            found = rejection(view.conn, request.path_params["id"])
            wording = HealthWording(view.model, resources.shell.language(request), resources.database.now(view.conn))
        values: dict[str, Any] = {
            "wording": wording,
            "each": found,
            **_outcome(resources, request, wording),
            **_whole(found),
        }
        return resources.shell.render(request, "rejected_one.html", **values)

    return [Route(_LIST, listed), Route(f"{_LIST}/{{id}}", one)]


def waiting_for(job: str, asked: AskedReplay) -> str:
    """Where a replay leads to: the list, or the one that was tried, which say what came of the job."""
    query = {"door": asked.door, "job": job} if asked.door else {"job": job}
    return f"{_LIST}{'' if asked.id is None else '/' + quote(asked.id, safe='')}?{urlencode(query)}"


def _outcome(resources: Resources, request: Request, wording: HealthWording) -> dict[str, Any]:
    """The job that the address names, while it is known, and what came of it."""
    id = request.query_params.get("job")
    try:
        job = resources.jobs.get(id) if id else None
    except NotFound:
        job = None
    result = {} if job is None or job.result is None else orjson.loads(job.result)
    said = "" if job is None else wording.came_of(job, knows=True)
    return {"job": job, "outcome_said": said, "outcome_reasons": list(result.get("reasons", {}).items())[:_REASONS]}


def _doors(waiting: dict[str, int], choice: RejectedChoice) -> list[tuple[str, int, str, bool]]:
    """Doors with how much their list has, its address, and whether it is the chosen one."""
    doors = {door: sum(n for other, n in waiting.items() if other.startswith(door)) for door in waiting}
    if choice.door and choice.door not in doors:
        doors[choice.door] = sum(n for other, n in waiting.items() if other.startswith(choice.door))
    return [(door, n, choice.address(door), door == choice.door) for door, n in doors.items()]


def _whole(found: RejectedShape) -> dict[str, Any]:
    """What came, and what came with it, as text that is safe to look at."""
    raw = visible(found.raw[:_LONGEST])
    meta = visible(orjson.dumps(found.meta, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()[:_LONGEST])
    return {"raw": raw, "meta": meta, "beyond": max(0, len(found.raw) - _LONGEST)}
