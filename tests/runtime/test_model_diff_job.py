"""`POST /api/model/diff`: a job whose result is what the command prints; what is refused before it begins."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from api.app import Readers, create_api
from api.jobs import JobRunner, job_routes
from api.model_diff import model_routes
from domain.model.definition import parse_model
from domain.model.variant import Variant
from projections.history.engines import Engine, Pool
from projections.queries.view import Reader
from projections.reports.model_diff import shape_of
from projections.upkeep.comparing import Bounds, diff
from runtime.workers import Workers
from store.jobs import Jobs
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.switching import EASY
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from web.private import Private

TOKEN = "sample-token"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(600))
    world.play([[at(n, "form_submitted", f"e:p{n}@x.test") for n in range(20)]])
    world.play([[at(100 + n, "stage_changed", f"e:p{n}@x.test", to="customer") for n in range(5)]])
    yield world
    world.close()


class Door:
    """The API of a world, and its jobs."""

    def __init__(self, world: World, engine: Engine) -> None:
        self.workers = Workers()
        jobs, reader = Jobs(world.database), Reader(world.database, world.events, world.ids)
        rules = model_routes(JobRunner(jobs, self.workers.start), reader, world.database, engine)
        readers = Readers(world.database, world.events, world.ids)
        self.api = Asker(create_api(readers, Private(TOKEN), job_routes(jobs), rules), TOKEN)

    def result(self, **asked: Any) -> Any:
        """What comes of the job."""
        answer = self.api.post("/api/model/diff", asked)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + 60
        while (job := self.api.get(answer.headers["location"]).json())["state"] == "running":
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        assert (job["kind"], job["state"], job["error"]) == ("model diff", "done", None)
        return job["result"]


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    door = Door(world, Pool(1))
    yield door
    door.workers.stop.set()
    assert door.workers.join(30) == []


def test_its_result_is_what_the_command_prints(door: Door, world: World) -> None:
    result = door.result(model=EASY, won_within="3d", **{"from": "2023-11-14", "to": "2023-11-16"})
    day = 86_400 * 1_000_000
    start = us(0) - us(0) % day
    found = diff(world.database, Variant(EASY), Bounds(start, start + 2 * day, 3 * day))
    assert result == shape_of(found).model_dump(mode="json", by_alias=True)
    assert [(move["before"], move["now"], move["leads"]) for move in result["moved"]["hot"]] == [("", "hot", 15)]
    assert result["backtest"]["now"]["recall"]["leads"] == 5


def test_numbers_are_tried_without_a_file(door: Door) -> None:
    assert door.result()["same_fold"] is True
    assert door.result(points={"form": 17})["moved"]["hot"][0]["leads"] == 15
    tried = door.result(hot_at=14, half_life="2d")
    assert tried["moved"]["hot"][0]["leads"] == 15 and tried["before"] != tried["now"]


@pytest.mark.parametrize(("asked", "said"), [
    ({"model": "[[stages]]\n"}, ("model: ", "stages[0].name: missing")),
    ({"points": {"fomr": 1}}, ('unknown rule "fomr" (did you mean form?)',)),
    ({"points": {"form": "many"}}, ("points.form",)),
    ({"hot_at": -1}, ("score.hot_at",)),
    ({"won_within": "soon"}, ("won_within: 'soon' is no duration",)),
    ({"from": "soon"}, ("from: found 'soon'",)),
    ({"from": "2026-02-01", "to": "2026-01-01"}, ("from: 2026-02-01 is later than to",)),
    ({"file": "x"}, ("file: is not known here",)),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_a_job_begins(
    door: Door, asked: dict[str, Any], said: tuple[str, ...]
) -> None:
    problem(door.api.post("/api/model/diff", asked), 400, *said)
    assert door.api.get("/api/jobs").json()["items"] == []


def test_it_is_for_the_private_side(door: Door) -> None:
    assert door.api.post("/api/model/diff", {}, Authorization="").status_code == 401
