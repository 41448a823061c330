"""`/model`: the active model, readable, with how often its rules fired; its history, and each activation's file."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.access.masking import seen_by
from api.dashboard.resources import Resources
from api.dashboard.shell import NavigationEntry
from api.dashboard.words.condition_speech import PageSpeech
from api.dashboard.words.model_wording import ModelWording
from api.dashboard.words.well_known import N_
from api.model_activation import ACTIVATE
from projections.queries import model as model_query
from projections.queries.days import EVER
from projections.queries.model_history import activated, told_history
from store.jobs import Job, Jobs, JobState
from web.problems import Problem
from web.viewer import Role, viewer_of

NAVIGATION: Final = NavigationEntry("/model", N_("Model"))
HISTORY: Final = 10
"""Activations of a page."""
_FILE: Final = {
    "Content-Disposition": 'attachment; filename="leadline.toml"',
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def model(request: Request) -> Response:
        viewer, cursor = viewer_of(request), request.query_params.get("cursor") or None
        with resources.reader.view() as view:
            wording = ModelWording(view.model, resources.shell.language(request), view.clock)
            shown = model_query.active(view, EVER, PageSpeech(wording))
            history = told_history(view.conn, limit=HISTORY, cursor=cursor)
            shown, history = seen_by(viewer, view.ids, (shown, history))
        return resources.shell.render(
            request,
            "model.html",
            wording=wording,
            model=shown,
            most=max((rule.fired for rule in shown.score.rules), default=0) or 1,
            history=history,
            reports=_reports(resources.jobs) if viewer.role.covers(Role.ADMIN) else {},
            cursor=cursor,
            may_edit=viewer.role.covers(Role.ADMIN),
        )

    def activation(request: Request) -> Response:
        viewer = viewer_of(request)
        with resources.reader.view() as view:
            shown = seen_by(viewer, view.ids, activated(view.conn, _number(request)))
            wording = ModelWording(view.model, resources.shell.language(request), view.clock)
        may_edit = viewer.role.covers(Role.ADMIN)
        return resources.shell.render(
            request, "model_activation.html", wording=wording, activation=shown, may_edit=may_edit
        )

    def file(request: Request) -> Response:
        with resources.reader.view() as view:
            shown = seen_by(viewer_of(request), view.ids, activated(view.conn, _number(request)))
        return model_file(shown.text)

    return [
        Route("/model", model),
        Route("/model/history/{activation:int}", activation),
        Route("/model/history/{activation:int}/file", file),
    ]


def model_file(text: str) -> Response:
    """A model file, to be kept."""
    return Response(text, media_type="application/toml", headers=_FILE)


def _number(request: Request) -> int:
    number = int(request.path_params["activation"])
    if not 0 < number < 2**31:
        raise Problem(404, f"no activation {number}")
    return number


def _reports(jobs: Jobs) -> Mapping[int, str]:
    """The jobs of the last day that activated a model, by the number of the activation."""
    done = (job for job in jobs.all() if job.kind == ACTIVATE and job.state is JobState.DONE)
    return {number: job.id for job in done if (number := _activation(job)) is not None}


def _activation(job: Job) -> int | None:
    result: Any = orjson.loads(job.result or "null")
    return result.get("activation") if isinstance(result, dict) and not result.get("known") else None
