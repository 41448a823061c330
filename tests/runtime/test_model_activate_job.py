"""`POST /api/model/activate`: a job that makes a model the active one; what it did, who did it, what is refused."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.app import Readers, create_api
from api.jobs import JobRunner, job_routes
from api.model_activation import ModelChanges, activation_routes
from domain.model.definition import parse_model
from projections.history.engines import INLINE
from projections.upkeep import activation
from projections.upkeep.activation import ActivatedMeanwhile, activate
from runtime.workers import Workers
from store.jobs import Jobs
from store.models import last_activation, record_activation
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

    def __init__(self, world: World, file: Path | None = None) -> None:
        self.workers = Workers()
        jobs, readers = Jobs(world.database), Readers(world.database, world.events, world.ids)
        changes = ModelChanges(JobRunner(jobs, self.workers.start), world.database, world.ids, INLINE, file)
        self.api = Asker(create_api(readers, Private(TOKEN), job_routes(jobs), activation_routes(changes)), TOKEN)

    def job(self, **asked: Any) -> Any:
        """How the job ended."""
        answer = self.api.post("/api/model/activate", asked)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + 60
        while (job := self.api.get(answer.headers["location"]).json())["state"] == "running":
            assert job["result"] is None, "what was asked is no result"
            assert time.monotonic() < deadline, job
            time.sleep(0.05)
        return job

    def active(self) -> Any:
        return self.api.get("/api/model").json()


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    door = Door(world)
    yield door
    door.workers.stop.set()
    assert door.workers.join(30) == []


def test_a_model_is_activated_and_what_that_changed_is_the_result(door: Door, world: World) -> None:
    before = door.active()
    job = door.job(model=EASY, based_on=before["activation"])
    assert (job["kind"], job["state"], job["error"]) == ("model activate", "done", None)
    result = job["result"]
    assert (result["refolded"], result["known"], result["announced"]) == (True, False, False)
    assert [(move["before"], move["now"], move["leads"]) for move in result["moved"]["hot"]] == [("", "hot", 15)]
    assert len(result["moved"]["hot"][0]["examples"]) == 3 and result["quiet"] == 15
    now = door.active()
    assert now["activation"] == result["activation"] == before["activation"] + 1
    assert now["version"] == result["version"] == parse_model(EASY).hash
    assert door.api.get("/api/leads?hot=true&count=true").json()["count"] == 15


def test_who_did_it_is_in_the_audit_and_in_the_history(door: Door) -> None:
    number = door.job(model=EASY)["result"]["activation"]
    [line] = door.api.get("/api/audit").json()["items"]
    assert (line["who"], line["act"], line["what"]) == (
        "LEADLINE_API_TOKEN", "model activated", f"activation {number}",
    )  # fmt: skip
    assert [each["by"] for each in door.api.get("/api/model/history").json()["items"]] == ["LEADLINE_API_TOKEN", None]
    again = door.job(model=EASY)["result"]
    assert (again["known"], again["refolded"], again["activation"]) == (True, False, number)
    assert len(door.api.get("/api/audit").json()["items"]) == 1


def test_announce_tells_of_who_is_hot_only_because_the_rules_changed(door: Door) -> None:
    assert door.job(model=EASY, announce=True)["result"]["announced"] is True


def test_a_model_made_of_another_one_is_refused(door: Door, world: World) -> None:
    based_on = door.active()["activation"]
    activate(world.database, world.ids, parse_model(EASY))
    answer = door.api.post("/api/model/activate", {"model": MODEL, "based_on": based_on})
    problem(answer, 409, f"made of activation {based_on}", f"activation {based_on + 1} is the active one")
    with pytest.raises(ActivatedMeanwhile):
        activate(world.database, world.ids, parse_model(MODEL), based_on=based_on)
    assert door.active()["activation"] == based_on + 1


def test_one_that_is_activated_while_it_is_built_refuses_it_in_the_switch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = activation.build_beside

    def meanwhile(*parts: Any, **more: Any) -> Any:
        with world.database.transaction() as conn:
            record_activation(conn, parse_model(MODEL + "\n# other\n"), us(600))
        return build(*parts, **more)

    monkeypatch.setattr(activation, "build_beside", meanwhile)
    with pytest.raises(ActivatedMeanwhile):
        activate(world.database, world.ids, parse_model(EASY), based_on=1)
    with world.view() as view:
        assert (view.model.hash, last_activation(view.conn)) == (parse_model(MODEL).hash, 2)


@pytest.mark.parametrize(("asked", "status", "said"), [
    ({"model": "[[stages]]\n"}, 400, ("model: ", "stages[0].name: missing")),
    ({"model": EASY.replace('"customer"', '"client"')}, 409, ("the new model has no stage 'customer', which 5 leads",)),
    ({"model": EASY, "based_on": "x"}, 400, ("based_on",)),
    ({"model": EASY, "file": "x"}, 400, ("file: is not known here",)),
    ({}, 400, ("model",)),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_a_job_begins(
    door: Door, asked: dict[str, Any], status: int, said: tuple[str, ...]
) -> None:
    problem(door.api.post("/api/model/activate", asked), status, *said)
    assert door.api.get("/api/jobs").json()["items"] == []


def test_where_the_file_counts_it_is_named_instead(world: World) -> None:
    door = Door(world, Path("/etc/leadline.toml"))
    problem(door.api.post("/api/model/activate", {"model": EASY}), 409, "/etc/leadline.toml", "start the server again")
