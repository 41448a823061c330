"""Work over the whole history, asked for over HTTP: a job is begun, asked for how far it is, and cancelled.

Who builds a command that takes long: `runner.begin(kind, work)`, where `work` is told how to report and returns what
becomes the job's `result`; answer with `accepted(job)`.
"""

import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, Final

import orjson
import structlog
from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from domain.errors import Failed, Fenced, LeadlineError
from domain.phrases import phrased
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.shapes import Page, Shape
from store.database.lease import Lease
from store.jobs import Job, JobEnded, JobRuns, Jobs, JobState
from web.problems import Problem
from web.viewer import Role, viewer_of

log = structlog.get_logger(__name__)

Report = Callable[[int, int], None]
"""How much is done, of how much. It raises where the work shall end."""
Start = Callable[[str, Callable[[threading.Event], None]], None]
"""Runs something in a thread that the process waits for when it is stopped."""

TELL: Final = 1.0
"""Seconds between two times that a job writes how far it is."""


class ProgressShape(Shape):
    """How far a job is."""

    done: int
    total: Annotated[int, Field(description="0: not known yet")]
    per_second: float
    ends_at: Annotated[str | None, Field(description="at that speed; null where nobody can say")]


class JobShape(Shape):
    """A job. It can be asked for until a day after its end."""

    id: str
    kind: str
    state: JobState
    began_at: str
    ended_at: str | None
    cancelling: Annotated[bool, Field(description="running, and asked to end")]
    progress: ProgressShape
    result: Annotated[Any, Field(description="of one that is done, by its kind; else null")]
    error: Annotated[str | None, Field(description="why it failed, was cancelled or lost")]


class _Cancelled(Failed):
    """Somebody asked for it."""


class _Stopped(Failed):
    """The server is on its way out."""


class JobRunner:
    """Runs jobs in threads of this process."""

    def __init__(self, jobs: Jobs, start: Start) -> None:
        self._jobs = jobs
        self._start = start

    def begin(self, kind: str, work: Callable[[Report], Any], question: Any = None) -> Job:
        """Begin a job whose result is what `work` returns, as JSON. Raises Problem 409: one of its kind is running.

        `question` is kept as JSON until the job is done.
        """
        try:
            job, lease = self._jobs.begin(kind, None if question is None else orjson.dumps(question).decode())
        except JobRuns as error:
            place = {} if error.running is None else {"Location": f"/api/jobs/{error.running.id}"}
            raise Problem(409, phrased(error), place) from None
        self._start(f"job {kind}", lambda stop: self._run(job, lease, work, stop))
        return job

    def _run(self, job: Job, lease: Lease, work: Callable[[Report], Any], stop: threading.Event) -> None:
        try:
            self._end(job, *self._outcome(job, lease, work, stop))
        finally:
            lease.release()

    def _outcome(
        self, job: Job, lease: Lease, work: Callable[[Report], Any], stop: threading.Event
    ) -> tuple[JobState, str | None, str | None]:
        """What came of it: its state, result and error."""
        try:
            reporter = _Reporter(self._jobs, job, lease, stop)
            result = orjson.dumps(work(reporter)).decode()
            reporter.write()
            return JobState.DONE, result, None
        except _Cancelled:
            return JobState.CANCELLED, None, "it was cancelled"
        except _Stopped:
            return JobState.CANCELLED, None, "the server was stopped: ask again"
        except LeadlineError as error:
            return JobState.FAILED, None, str(error)
        except Exception as error:
            log.error("job.failed", job=job.id, kind=job.kind, exc_info=error)
            return JobState.FAILED, None, f"a fault of this program, which its log tells: {type(error).__name__}"

    def _end(self, job: Job, state: JobState, result: str | None, error: str | None) -> None:
        try:
            self._jobs.end(job.id, state, result=result, error=error)
        except LeadlineError as away:
            log.warning("job.lost", job=job.id, kind=job.kind, reason=str(away))


class _Reporter:
    """Told by the work how far it is; writes it every second, and raises where the work shall end."""

    def __init__(self, jobs: Jobs, job: Job, lease: Lease, stop: threading.Event) -> None:
        self._jobs = jobs
        self._job = job
        self._lease = lease
        self._stop = stop
        self._written = 0.0
        self.done = 0
        self.total = 0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if self._stop.is_set():
            raise _Stopped
        if time.monotonic() < self._written + TELL:
            return
        if not self._lease.held():
            raise Fenced("the connection that held the job's place was lost: ask again")
        if self.write():
            raise _Cancelled
        self._written = time.monotonic()

    def write(self) -> bool:
        """Write how far it is; whether somebody cancelled it."""
        return self._jobs.tell(self._job.id, self.done, self.total)


def shape(job: Job) -> JobShape:
    """A job as it is answered."""
    return JobShape(
        id=job.id,
        kind=job.kind,
        state=job.state,
        began_at=rfc3339(job.began_at),
        ended_at=None if job.ended_at is None else rfc3339(job.ended_at),
        cancelling=job.cancelled and job.state is JobState.RUNNING,
        progress=_progress(job),
        result=None if job.result is None or job.state is not JobState.DONE else orjson.loads(job.result),
        error=job.error,
    )


def _progress(job: Job) -> ProgressShape:
    passed = job.told_at - job.began_at
    speed = job.done / passed if passed > 0 else 0.0
    ends = job.told_at + round((job.total - job.done) / speed) if speed and job.total else None
    running = job.state is JobState.RUNNING
    return ProgressShape(
        done=job.done,
        total=job.total,
        per_second=round(speed * 1_000_000, 1),
        ends_at=rfc3339(ends) if ends is not None and running else None,
    )


def accepted(job: Job) -> JSONResponse:
    """202, and where to ask."""
    return JSONResponse(shape(job).model_dump(mode="json"), 202, {"Location": f"/api/jobs/{job.id}"})


Id = Annotated[str, Path(description="of a job")]


def _seen(request: Request, job: Job) -> JobShape:
    """A job as who asks sees it: a reader not its result, which may tell people apart by their names."""
    seen = shape(job)
    return seen if viewer_of(request).role.covers(Role.SALES) else seen.model_copy(update={"result": None})


def job_routes(jobs: Jobs) -> APIRouter:
    """Asking for jobs, whichever process works on them."""
    router = APIRouter(tags=["jobs"])

    @router.get("/jobs", summary="What runs or ended within a day, the newest first")
    def listed(request: Request) -> Page[JobShape]:
        return Page(items=[_seen(request, job) for job in jobs.all()], next=None)

    @router.get("/jobs/{id}", summary="How far a job is, and what came of it")
    def one(id: Id, request: Request) -> JobShape:
        return _seen(request, jobs.get(id))

    @router.delete("/jobs/{id}", summary="Cancel a job", status_code=202, responses={409: {"description": "It ended"}})
    def cancel(id: Id) -> JobShape:
        try:
            return shape(jobs.cancel(id))
        except JobEnded as error:
            raise Problem(409, phrased(error)) from None

    return router
