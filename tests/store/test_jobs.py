"""Jobs: one of a kind at a time over all processes, kept for a day, lost with the process that worked on them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from domain.errors import NotFound
from domain.files.durations import DAY, HOUR, SECOND
from store.database.database import Database
from store.database.tables import jobs
from store.jobs import Job, JobEnded, JobRuns, Jobs, JobState


@pytest.fixture
def here(database: Database) -> Jobs:
    return Jobs(database)


@contextmanager
def working_elsewhere(database: Database, kind: str) -> Iterator[str]:
    """The id of a job that another process works on; that is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.jobbing", database.address, kind], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def set_back(database: Database, name: str, by: int) -> None:
    with database.transaction() as conn:
        conn.execute(update(jobs).values({name: jobs.c[name] - by}))


def test_a_job_runs_says_how_far_it_is_and_ends(here: Jobs, database: Database) -> None:
    job, lease = here.begin("verify")
    assert (job.state, job.done, job.total, job.ended_at) == (JobState.RUNNING, 0, 0, None)
    assert here.tell(job.id, 3, 10) is False
    assert (here.get(job.id).done, here.get(job.id).total) == (3, 10)
    here.end(job.id, JobState.DONE, result='{"rows":7}')
    lease.release()
    ended = Jobs(database).get(job.id)  # another process, and a later start, are told the same
    assert (ended.state, ended.result, ended.error) == (JobState.DONE, '{"rows":7}', None)
    assert ended.ended_at is not None


def test_one_of_a_kind_at_a_time(here: Jobs, database: Database) -> None:
    first, lease = here.begin("verify")
    with pytest.raises(JobRuns, match=first.id) as refused:
        Jobs(database).begin("verify")
    assert refused.value.running == here.get(first.id)
    other, other_lease = here.begin("model diff")
    assert {job.id for job in here.all()} == {first.id, other.id}
    here.end(first.id, JobState.FAILED, error="no")
    lease.release()
    second, second_lease = here.begin("verify")
    assert [job.state for job in here.all() if job.kind == "verify"] == [JobState.RUNNING, JobState.FAILED]
    assert here.all()[0] == second
    other_lease.release()
    second_lease.release()


def test_one_of_a_kind_over_processes(here: Jobs, database: Database) -> None:
    with working_elsewhere(database, "verify") as id:
        with pytest.raises(JobRuns, match=id):
            here.begin("verify")
        assert here.get(id).state is JobState.RUNNING


def test_a_silent_job_runs_as_long_as_its_process_does(here: Jobs, database: Database) -> None:
    with working_elsewhere(database, "verify") as id:
        set_back(database, "told_at", HOUR)
        assert here.get(id).state is JobState.RUNNING
        with pytest.raises(JobRuns, match=id):
            here.begin("verify")


def test_a_job_is_lost_with_its_process(here: Jobs, database: Database) -> None:
    with working_elsewhere(database, "verify") as id:
        pass
    set_back(database, "told_at", 11 * SECOND)
    lost = here.get(id)
    for _ in range(100):  # PostgreSQL takes a moment to notice that its client is gone
        if lost.state is not JobState.RUNNING:
            break
        lost = here.get(id)
    assert lost.state is JobState.LOST and lost.error is not None and "ask again" in lost.error


def test_the_next_of_a_kind_need_not_wait_until_the_last_is_noticed(here: Jobs, database: Database) -> None:
    with working_elsewhere(database, "verify") as id:
        pass
    job = wait_for_the_lease(here, "verify")
    assert [each.state for each in here.all()] == [JobState.RUNNING, JobState.LOST]
    assert {each.id for each in here.all()} == {job.id, id}


def wait_for_the_lease(here: Jobs, kind: str) -> Job:
    """Begin a job as soon as PostgreSQL has noticed that the last one's process is gone."""
    for _ in range(100):
        try:
            job, lease = here.begin(kind)
        except JobRuns:
            continue
        lease.release()
        return job
    raise AssertionError("its lease outlives the process")


def test_what_is_taken_for_lost_stays_so(here: Jobs) -> None:
    job, lease = here.begin("verify")
    lease.release()  # its connection was lost
    _, second_lease = here.begin("verify")
    here.end(job.id, JobState.DONE, result="{}")
    assert [each.state for each in here.all()] == [JobState.RUNNING, JobState.LOST]
    second_lease.release()


def test_a_cancelled_job_is_told_so_once_it_asks(here: Jobs) -> None:
    job, lease = here.begin("verify")
    assert here.cancel(job.id).cancelled
    assert here.get(job.id).state is JobState.RUNNING
    assert here.tell(job.id, 1, 2) is True
    here.end(job.id, JobState.CANCELLED, error="it was cancelled")
    lease.release()
    with pytest.raises(JobEnded):
        here.cancel(job.id)


def test_a_result_is_kept_for_a_day(here: Jobs, database: Database) -> None:
    job, lease = here.begin("verify")
    here.end(job.id, JobState.DONE, result="{}")
    lease.release()
    set_back(database, "ended_at", 23 * HOUR)
    assert here.get(job.id).result == "{}"
    set_back(database, "ended_at", HOUR)
    with pytest.raises(NotFound, match="kept for a day"):
        here.get(job.id)
    with pytest.raises(NotFound):
        here.cancel("nobody")
    here.begin("other")[1].release()
    set_back(database, "ended_at", -DAY)
    assert [each.kind for each in here.all()] == ["other"]  # the row is gone
