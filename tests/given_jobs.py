"""The API of a world with one kind of job, asked until the job has ended."""

import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from api.app import Readers, create_api
from api.jobs import JobRunner, job_routes
from projections.history.engines import Engine, Pool
from projections.queries.view import Reader
from runtime.workers import Workers
from store.database.database import Database
from store.jobs import Jobs
from tests.projections.world import World
from tests.runtime.asking import Asker
from web.private import Private

TOKEN = "sample-token"


class JobsDoor:
    """Jobs of one kind, begun at one address."""

    def __init__(
        self, world: World, kind: str, path: str, routes: Callable[[JobRunner, Reader, Database, Engine], APIRouter]
    ) -> None:
        self.kind, self.path = kind, path
        self.workers = Workers()
        jobs, reader = Jobs(world.database), Reader(world.database, world.events, world.ids)
        router = routes(JobRunner(jobs, self.workers.start), reader, world.database, Pool(1))
        readers = Readers(world.database, world.events, world.ids)
        self.api = Asker(create_api(readers, Private(TOKEN), job_routes(jobs), router), TOKEN)

    def result(self, **asked: Any) -> Any:
        """What comes of the job."""
        answer = self.api.post(self.path, asked)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + 60
        while (job := self.api.get(answer.headers["location"]).json())["state"] == "running":
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert (job["kind"], job["state"], job["error"]) == (self.kind, "done", None)
        assert job["progress"]["done"] == job["progress"]["total"] == job["result"]["touchpoints"]
        return job["result"]

    def close(self) -> None:
        """Wait for what is under way."""
        self.workers.stop.set()
        assert self.workers.join(30) == []
