"""Jobs: work that was asked for over HTTP, how far it is, and what came of it, for whichever process is asked.

A job is run by a thread of the process that took it, under the lease of its kind: at most one of a kind at a time, over
all processes. A lease dies with its holder, so a job that says it is running while nobody holds its lease was lost.
"""

import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from domain.errors import NotFound, Refused
from domain.files.durations import DAY, SECOND
from domain.phrases import phrase
from store.database.database import Database
from store.database.lease import Lease
from store.database.tables import jobs

KEPT: Final = DAY
"""How long an ended job can be asked for, in microseconds."""
_SILENT: Final = 10 * SECOND
"""One that was not heard of for so long may be lost: its lease tells."""

_LOOKS: Final = 20
_GLANCE: Final = 0.05
"""How often, and how many seconds apart, a lease is tried that nobody seems to work under."""


class JobState(StrEnum):
    """Where a job is: the first, and then one of the others for ever."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its process died."""


class JobRuns(Refused):
    """One of this kind is running."""

    def __init__(self, running: "Job | None", kind: str) -> None:
        self.running = running
        which = f", {running.id}," if running is not None else ""
        super().__init__(
            phrase(
                "a job of kind {kind}{which} is running, and one at a time is allowed: wait, or cancel it",
                kind=kind,
                which=which,
            )
        )


class JobEnded(Refused):
    """It has ended already."""


@dataclass(frozen=True, slots=True)
class Job:
    """A row. Instants in microseconds; `total` 0: not known yet; `result` is JSON: of one that is done what came of it,
    of others the question that they were begun with, if it is kept."""

    id: str
    kind: str
    state: JobState
    began_at: int
    told_at: int
    ended_at: int | None
    done: int
    total: int
    cancelled: bool
    result: str | None
    error: str | None


class Jobs:
    """The table, and the leases of kinds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, kind: str, question: str | None = None) -> tuple[Job, Lease]:
        """A new job of a kind, and the lease under which it runs; drops what ended over a day ago. Raises JobRuns.

        `question`: JSON that is kept until the job is done, and for a day where it ends otherwise.
        """
        lease = self._taken(kind)
        try:
            with self._database.transaction() as conn:
                now = self._database.now(conn)
                conn.execute(delete(jobs).where(jobs.c.ended_at < now - KEPT))
                _lose(conn, kind, now)
                job = Job(uuid4().hex, kind, JobState.RUNNING, now, now, None, 0, 0, False, question, None)
                conn.execute(insert(jobs).values({**asdict(job), "state": job.state.value}))
        except BaseException:
            lease.release()
            raise
        return job, lease

    def _taken(self, kind: str) -> Lease:
        """The lease of a kind. Who looks whether a job was lost holds it for a moment: that is waited for."""
        for _ in range(_LOOKS):
            lease = self._database.elect(_lease(kind))
            if lease is not None:
                return lease
            with self._database.snapshot() as conn:
                running, now = _running(conn, kind), self._database.now(conn)
            if running is not None and running.told_at >= now - _SILENT:
                break
            time.sleep(_GLANCE)
        raise JobRuns(running, kind)

    def tell(self, id: str, done: int, total: int) -> bool:
        """Write how far a job is; whether somebody asked that it be cancelled."""
        with self._database.transaction() as conn:
            values = {"told_at": self._database.now(conn), "done": done, "total": total}
            conn.execute(update(jobs).where(jobs.c.id == id).values(values))
            return bool(conn.execute(select(jobs.c.cancelled).where(jobs.c.id == id)).scalar_one())

    def end(self, id: str, state: JobState, *, result: str | None = None, error: str | None = None) -> None:
        """Write what came of it, unless it is taken for lost."""
        with self._database.transaction() as conn:
            now = self._database.now(conn)
            ended = update(jobs).where(jobs.c.id == id, jobs.c.state == JobState.RUNNING.value)
            came = {} if result is None else {"result": result}
            conn.execute(ended.values(state=state.value, told_at=now, ended_at=now, error=error, **came))

    def cancel(self, id: str) -> Job:
        """Ask a job to end; it does when it is next asked how far it is. Raises NotFound, JobEnded."""
        if self.get(id).state is not JobState.RUNNING:
            raise JobEnded(phrase("the job {id} has ended already", id=id))
        with self._database.transaction() as conn:
            conn.execute(update(jobs).where(jobs.c.id == id).values(cancelled=True))
        return self.get(id)

    def get(self, id: str) -> Job:
        """One job. Raises NotFound: there is none, or it ended more than a day ago."""
        for job in self.all():
            if job.id == id:
                return job
        raise NotFound(phrase("no job {id!r}: its result is kept for a day", id=id[:80]))

    def all(self) -> list[Job]:
        """Those that run or ended within a day, the newest first."""
        with self._database.snapshot() as conn:
            now = self._database.now(conn)
            found = _listed(conn, now)
        silent = {job.kind for job in found if job.state is JobState.RUNNING and job.told_at < now - _SILENT}
        lost = [kind for kind in silent if self._lost(kind)]
        if not lost:
            return found
        with self._database.snapshot() as conn:
            return _listed(conn, now)

    def _lost(self, kind: str) -> bool:
        """Whether nobody works on a kind; then what says that it runs was lost."""
        lease = self._database.elect(_lease(kind))
        if lease is None:
            return False
        try:
            with self._database.transaction() as conn:
                _lose(conn, kind, self._database.now(conn))
        finally:
            lease.release()
        return True


def _lease(kind: str) -> str:
    return f"job-{kind}"


def _lose(conn: Connection, kind: str, now: int) -> None:
    """Who holds the lease knows that nobody else works on the kind."""
    lost = update(jobs).where(jobs.c.kind == kind, jobs.c.state == JobState.RUNNING.value)
    why = "the process that worked on it ended before it did: ask again"
    conn.execute(lost.values(state=JobState.LOST.value, ended_at=now, error=why))


def _running(conn: Connection, kind: str) -> Job | None:
    query = select(jobs).where(jobs.c.kind == kind, jobs.c.state == JobState.RUNNING.value)
    row = conn.execute(query.order_by(jobs.c.began_at.desc()).limit(1)).one_or_none()
    return None if row is None else _job(row)


def _listed(conn: Connection, now: int) -> list[Job]:
    """Those that are still kept."""
    kept = func.coalesce(jobs.c.ended_at, now) >= now - KEPT
    return [_job(row) for row in conn.execute(select(jobs).where(kept).order_by(jobs.c.began_at.desc(), jobs.c.id))]


def _job(row: Row[Any]) -> Job:
    job = Job(**row._mapping)
    return replace(job, state=JobState(job.state))
