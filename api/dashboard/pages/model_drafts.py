"""`/model/drafts/{job}` and `/model/activations/{job}`: what a draft would change, activating it, and what that did.

Both show a job: while it runs, how far it is; the browser looks again by itself.
"""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.access.roles import require
from api.dashboard.pages.model import model_file
from api.dashboard.pages.model_editor import MOST_FIELDS
from api.dashboard.resources import Resources
from api.dashboard.words.model_wording import ModelWording
from api.jobs import shape
from api.model_activation import ACTIVATE, DIFF, ActivationOutcome, ModelDraft, draft_of
from domain.errors import NotFound
from domain.files.problems import ModelError
from projections.queries.model_history import activated, changes
from store.jobs import Job, JobState
from store.models import last_activation
from web.problems import Problem
from web.viewer import Role, viewer_of

LOOK_AGAIN: Final = 2
"""Seconds between two looks at a job that runs."""
LARGEST: Final = 20
"""Leads whose change is shown one by one."""


def routes(resources: Resources) -> Sequence[Route]:
    """Where the pages stand."""

    def draft(request: Request) -> Response:
        require(request, Role.ADMIN)
        return _preview(resources, request, _job(resources, request, DIFF))

    def file(request: Request) -> Response:
        require(request, Role.ADMIN)
        return model_file(_draft(_job(resources, request, DIFF)).text)

    async def activate(request: Request) -> Response:
        require(request, Role.ADMIN)
        form = await request.form(max_fields=MOST_FIELDS)
        return await run_in_threadpool(_activate, resources, request, bool(form.get("announce")))

    async def again(request: Request) -> Response:
        require(request, Role.ADMIN)
        return await run_in_threadpool(_again, resources, request)

    def activation(request: Request) -> Response:
        require(request, Role.ADMIN)
        return _activation(resources, request, _job(resources, request, ACTIVATE))

    return [
        Route("/model/drafts/{job}", draft),
        Route("/model/drafts/{job}/file", file),
        Route("/model/drafts/{job}/activate", activate, methods=["POST"]),
        Route("/model/drafts/{job}/again", again, methods=["POST"]),
        Route("/model/activations/{job}", activation),
    ]


def _job(resources: Resources, request: Request, kind: str) -> Job:
    """The job of the address. Raises NotFound."""
    job = resources.jobs.get(request.path_params["job"])
    if job.kind != kind:
        raise NotFound(f"the job {job.id} is none of {kind}")
    return job


def _draft(job: Job) -> ModelDraft:
    """The draft that a job is about. Raises NotFound."""
    draft = draft_of(job)
    if draft is None:
        raise NotFound("this job keeps no draft")
    return draft


def _activate(resources: Resources, request: Request, announce: bool) -> Response:
    job = _job(resources, request, DIFF)
    try:
        begun = resources.changes.activate(_draft(job), viewer_of(request).name, announce=announce)
    except ModelError as error:
        return _preview(resources, request, job, Problem(422, "\n".join(error.lines)))
    except Problem as problem:
        return _preview(resources, request, job, problem)
    return RedirectResponse(f"/model/activations/{begun.id}", 303)


def _again(resources: Resources, request: Request) -> Response:
    """Compare the draft with the model that is active now."""
    job = _job(resources, request, DIFF)
    with resources.reader.view() as view:
        newest = last_activation(view.conn)
    try:
        begun = resources.changes.preview(_draft(job)._replace(based_on=newest))
    except ModelError as error:
        return _preview(resources, request, job, Problem(422, "\n".join(error.lines)))
    except Problem as problem:
        return _preview(resources, request, job, problem)
    return RedirectResponse(f"/model/drafts/{begun.id}", 303)


def _preview(resources: Resources, request: Request, job: Job, refusal: Problem | None = None) -> Response:
    """What a draft would change; `refusal`: why what was asked of it was not done."""
    draft, result = draft_of(job), _result(job)
    with resources.reader.view() as view:
        active, newest = view.model, last_activation(view.conn)
        wording = ModelWording(active, resources.shell.language(request), view.clock)
        stale = draft is not None and draft.based_on not in (None, newest)
        meanwhile = activated(view.conn, newest) if stale else None
    values: dict[str, Any] = {
        "wording": wording,
        "job": shape(job),
        "draft": draft,
        "diff": result,
        "largest": LARGEST,
        "changed": () if draft is None else changes(active.text, draft.text),
        "is_active": draft is not None and draft.text == active.text,
        "refusal": refusal,
        "meanwhile": meanwhile,
        "master": resources.changes.file,
    }
    status = 200 if refusal is None else refusal.status
    return _following(job, resources.shell.render(request, "model_draft.html", status, **values))


def _activation(resources: Resources, request: Request, job: Job) -> Response:
    result = _result(job)
    with resources.reader.view() as view:
        wording = ModelWording(view.model, resources.shell.language(request), view.clock)
    done = None if result is None else ActivationOutcome.model_validate(result)
    page = resources.shell.render(request, "model_activated.html", wording=wording, job=shape(job), done=done)
    return _following(job, page)


def _result(job: Job) -> Any:
    """What came of a job; None: it is not done."""
    return orjson.loads(job.result) if job.state is JobState.DONE and job.result is not None else None


def _following(job: Job, page: Response) -> Response:
    if job.state is JobState.RUNNING:
        page.headers["Refresh"] = str(LOOK_AGAIN)
    return page
