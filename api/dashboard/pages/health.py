"""`/health`: whether anything is lost, late or aside, and what to do about it. All of it is an admin's to see."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.roles import require
from api.commands.requests import GLANCE
from api.dashboard.pages.rejected import waiting_for
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.health_wording import HealthWording
from api.dashboard.words.phrasing import say
from api.dashboard.words.troubles import troubles
from api.dashboard.words.well_known import N_
from api.rejections import AskedReplay
from api.upkeep import VERIFY
from domain.errors import Retry
from domain.phrases import phrased
from producers.reading.body import clean
from store.jobs import Job, JobEnded, JobState
from web.problems import Problem
from web.viewer import Role, viewer_of

NAVIGATION: Final = NavigationEntry("/health", N_("Health"))
PATIENCE: Final = 1.5
"""Seconds that a form waits for the end of the job that it began."""
_SHOWN: Final = 20
"""Jobs of the page, the newest."""


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job as the page shows it. `done`: percent, None where nobody can say; `said`: what came of it."""

    job: Job
    running: bool
    done: int | None
    said: str


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands, and where its forms go."""

    def health(request: Request) -> Response:
        knows = viewer_of(request).role.covers(Role.ADMIN)
        try:
            values = _values(resources, request, knows=knows)
        except Retry as away:
            detail = say(phrased(away), resources.shell.language(request))
            response = resources.shell.render(request, "health_away.html", 503, detail=detail)
            response.headers["Retry-After"] = str(max(1, round(away.retry_after)))
            return response
        return resources.shell.render(request, "health.html", **values)

    async def verify(request: Request) -> Response:
        require(request, Role.ADMIN)
        await run_in_threadpool(lambda: ended(resources, resources.verify()))
        return RedirectResponse("/health#verified", 303)

    async def replay(request: Request) -> Response:
        require(request, Role.ADMIN)
        form = await request.form()
        asked = _asked(_said(form.get("id")), _said(form.get("door")))
        job = await run_in_threadpool(lambda: ended(resources, resources.replay(asked)))
        return RedirectResponse(waiting_for(job.id, asked), 303)

    def cancel(request: Request) -> Response:
        require(request, Role.ADMIN)
        try:
            resources.jobs.cancel(request.path_params["id"])
        except JobEnded as error:
            raise Problem(409, phrased(error)) from None
        return RedirectResponse("/health#jobs", 303)

    def look(request: Request) -> Response:
        """Whoever only looks at a form's address gets to the page."""
        return RedirectResponse("/health", 303)

    return [
        Route("/health", health),
        Route("/health/verify", verify, methods=["POST"]),
        Route("/health/verify", look),
        Route("/health/rejected/replay", replay, methods=["POST"]),
        Route("/health/rejected/replay", look),
        Route("/health/jobs/{id}/cancel", cancel, methods=["POST"]),
        Route("/health/jobs/{id}/cancel", look),
    ]


def ended(resources: Resources, job: Job) -> Job:
    """A job after its end, or as it is after a moment."""
    until = time.monotonic() + PATIENCE
    while (now := resources.jobs.get(job.id)).state is JobState.RUNNING and time.monotonic() < until:
        time.sleep(GLANCE)
    return now


def _asked(id: str | None, door: str | None) -> AskedReplay:
    """What a form asks for. Raises Problem: an id or a door of which nothing is left without what no text has."""
    said = AskedReplay(id=(id and clean(id)) or None, door=(door and clean(door)) or None)
    if (id and said.id is None) or (door and said.door is None):
        raise Problem(404, "id, door: nothing that waits has it")
    return said


def _said(value: object) -> str | None:
    return (value.strip() or None) if isinstance(value, str) else None


def _values(resources: Resources, request: Request, *, knows: bool) -> dict[str, Any]:
    """What the page shows. Raises Retry."""
    status = resources.status() if knows else None
    with resources.reader.view() as view:
        now = resources.database.now(view.conn)
        wording = HealthWording(view.model, resources.shell.language(request), now)
    jobs = [_shown(job, wording, knows=knows) for job in resources.jobs.all()[:_SHOWN]]
    return {
        "wording": wording,
        "now": now,
        "state": status,
        "troubles": [] if status is None else troubles(status, wording),
        "doors": [] if status is None else _doors({each.door: each.waiting for each in status.rejected}),
        "jobs": jobs,
        "verifying": any(each.running and each.job.kind == VERIFY for each in jobs),
    }


def _doors(waiting: dict[str, int]) -> list[tuple[str, int]]:
    """Doors, each with how much its list has: of doors that begin so."""
    return [(door, sum(n for other, n in waiting.items() if other.startswith(door))) for door in waiting]


def _shown(job: Job, wording: HealthWording, *, knows: bool) -> ShownJob:
    running = job.state is JobState.RUNNING
    done = round(100 * job.done / job.total) if running and job.total else None
    return ShownJob(job, running, done, wording.came_of(job, knows=knows))
