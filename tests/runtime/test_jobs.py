"""Work over the whole history over HTTP: begun, asked for, cancelled, refused, and what became of it when it ended."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from sqlalchemy import delete

from api.app import Readers, create_api
from api.jobs import JobRunner, Report, accepted, job_routes
from api.upkeep import upkeep_routes
from domain.errors import Refused
from domain.model.definition import parse_model
from projections.history.engines import Pool
from runtime.workers import Workers
from store.database.tables import live
from store.jobs import Jobs
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from web.private import Private

TOKEN = "sample-token"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(600))
    world.play([[at(n, "form_submitted", f"e:p{n}@x.test") for n in range(20)]])
    yield world
    world.close()


class Work:
    """What a job does, as the test says."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.outcome: Callable[[], Any] = lambda: {"answer": 42}

    def __call__(self, report: Report) -> Any:
        done = 0
        while not self.go_on.wait(0.02):
            done += 1
            report(done, 1_000)
        return self.outcome()


class Place:
    """An API with a kind of job that the test drives."""

    def __init__(self, world: World) -> None:
        self.work = Work()
        self.workers = Workers()
        jobs = Jobs(world.database)
        runner = JobRunner(jobs, self.workers.start)
        slow = APIRouter()

        @slow.post("/slow")
        def begin() -> JSONResponse:
            return accepted(runner.begin("slow", self.work))

        upkeep = upkeep_routes(runner, world.database, world.ids, Pool(1))
        readers = Readers(world.database, world.events, world.ids)
        self.api = Asker(create_api(readers, Private(TOKEN), slow, job_routes(jobs), upkeep), TOKEN)

    def begin(self, path: str = "/api/slow") -> str:
        """The id of a job that was begun."""
        answer = self.api.post(path)
        assert answer.status_code == 202, answer.text
        id: str = answer.json()["id"]
        assert answer.headers["location"] == f"/api/jobs/{id}"
        return id

    def until(self, id: str, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while not condition(job := self.api.get(f"/api/jobs/{id}").json()):
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        return job

    def ended(self, id: str) -> dict[str, Any]:
        return self.until(id, lambda job: job["state"] != "running")


@pytest.fixture
def place(world: World) -> Iterator[Place]:
    place = Place(world)
    yield place
    place.workers.stop.set()
    place.work.go_on.set()
    assert place.workers.join(30) == []


def test_verify_is_a_job(place: Place, world: World) -> None:
    job = place.ended(place.begin("/api/verify"))
    assert (job["kind"], job["state"], job["error"], job["cancelling"]) == ("verify", "done", None, False)
    assert (job["result"]["touchpoints"], job["result"]["differences"], job["result"]["items"]) == (20, 0, [])
    assert (job["progress"]["done"], job["progress"]["total"]) == (40, 40)  # each is read, then folded
    with world.database.transaction() as conn:
        conn.execute(delete(live.scores))
    spoilt = place.ended(place.begin("/api/verify"))
    assert spoilt["state"] == "done" and spoilt["result"]["differences"] >= 20
    assert {item["table"] for item in spoilt["result"]["items"]} >= {"scores"}
    listed = place.api.get("/api/jobs").json()
    assert listed == {"items": [spoilt, job], "next": None}


def test_a_job_says_how_far_it_is(place: Place) -> None:
    id = place.begin()
    told = place.until(id, lambda job: job["progress"]["done"] > 1)
    assert told["state"] == "running" and told["result"] is None and told["ended_at"] is None
    assert told["progress"]["total"] == 1_000 and told["progress"]["per_second"] > 0
    assert told["progress"]["ends_at"] > told["began_at"]
    place.work.go_on.set()
    ended = place.ended(id)
    assert ended["result"] == {"answer": 42} and ended["ended_at"] > ended["began_at"]
    assert ended["progress"]["ends_at"] is None


def test_a_second_of_its_kind_is_refused_and_told_which_runs(place: Place) -> None:
    id = place.begin()
    refused = place.api.post("/api/slow")
    problem(refused, 409, id, "one at a time")
    assert refused.headers["location"] == f"/api/jobs/{id}"
    assert place.ended(place.begin("/api/verify"))["state"] == "done"  # another kind
    place.work.go_on.set()
    place.ended(id)
    assert place.ended(place.begin())["state"] == "done"


def test_a_job_can_be_cancelled(place: Place) -> None:
    id = place.begin()
    answer = place.api.delete(f"/api/jobs/{id}")
    assert (answer.status_code, answer.json()["cancelling"]) == (202, True)
    ended = place.ended(id)
    assert (ended["state"], ended["result"], ended["cancelling"]) == ("cancelled", None, False)
    problem(place.api.delete(f"/api/jobs/{id}"), 409, "ended already")
    place.work.go_on.set()
    assert place.ended(place.begin())["state"] == "done"


def test_a_server_that_stops_ends_its_jobs(place: Place) -> None:
    id = place.begin()
    place.workers.stop.set()
    assert place.workers.join(30) == []
    ended = place.ended(id)
    assert ended["state"] == "cancelled" and "the server was stopped" in ended["error"]
    assert place.workers.crash is None


def test_what_is_refused_in_a_job_is_its_error(place: Place) -> None:
    def refuse() -> None:
        raise Refused("nothing was done: mend this first")

    place.work.outcome = refuse
    place.work.go_on.set()
    job = place.ended(place.begin())
    assert (job["state"], job["error"]) == ("failed", "nothing was done: mend this first")


def test_a_fault_of_the_program_ends_the_job_and_not_the_server(place: Place) -> None:
    def fault() -> None:
        raise ZeroDivisionError("of somebody@x.test")

    place.work.outcome = fault
    place.work.go_on.set()
    job = place.ended(place.begin())
    assert job["state"] == "failed" and "ZeroDivisionError" in job["error"] and "somebody" not in job["error"]
    assert place.workers.crash is None and not place.workers.stop.is_set()


def test_who_asks_for_no_job_is_told(place: Place) -> None:
    problem(place.api.get("/api/jobs/nobody"), 404, "no job 'nobody'")
    problem(place.api.delete("/api/jobs/nobody"), 404, "no job 'nobody'")
    assert place.api.get("/api/jobs").json() == {"items": [], "next": None}


def test_jobs_are_for_the_private_side(place: Place) -> None:
    for answer in (
        place.api.get("/api/jobs", Authorization="Bearer other"),
        place.api.post("/api/verify", Authorization=""),
    ):
        assert answer.status_code == 401
