"""`POST /api/segments/preview`: a job whose result is what the command prints; what is refused before it begins."""

from collections.abc import Iterator
from typing import Any

import pytest

from api.segments import preview_routes
from domain.model.definition import parse_model
from domain.model.trial import read_when
from projections.reports.segments.preview import preview
from tests.domain.stories import at, us
from tests.given_jobs import JobsDoor
from tests.given_model import MODEL
from tests.projections.world import World
from tests.runtime.asking import problem

DAY = 86_400
OFTEN = {"did": "form_submitted", "at_least": 2, "not": {"segment": "quiet"}}


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(60 * DAY))
    forms = [at(DAY * (n + again), "form_submitted", f"e:p{n}@x.test") for n in range(25) for again in (0, 20)]
    world.play([[*forms, *(at(60 * DAY - 60, "page_viewed", f"e:p{n}@x.test") for n in range(23))]])
    yield world
    world.close()


@pytest.fixture
def door(world: World) -> Iterator[JobsDoor]:
    door = JobsDoor(world, "segment preview", "/api/segments/preview", preview_routes)
    yield door
    door.close()


def test_a_condition_is_tried(door: JobsDoor, world: World) -> None:
    result = door.result(when=OFTEN)
    shape = preview(world.database, world.model, read_when(OFTEN, MODEL))
    assert result == shape.model_dump(mode="json", by_alias=True)
    assert (result["size"], result["identified"], len(result["sample"]), len(result["series"])) == (23, 23, 20, 26)
    assert result["condition"] == "did form_submitted at least 2 times and not (segment is quiet)"
    assert result["segment"] is None and result["series"][-1]["entered"] == 23
    assert set(result["sample"][0]) == {"id", "name", "company", "stage", "grade", "since"}


def test_a_segment_of_the_model_or_of_another_one_is_tried(door: JobsDoor) -> None:
    assert door.result(segment="quiet")["size"] == 2
    other = MODEL + '[[segments]]\nname = "asked"\nwhen = { did = "form_submitted", at_least = 2 }\n'
    result = door.result(model=other, segment="asked")
    assert (result["segment"], result["size"]) == ("asked", 25)
    assert door.result(model=other, when={"segment": ["asked"], "did": "page_viewed"})["size"] == 23


def test_it_looks_as_far_back_as_is_asked(door: JobsDoor) -> None:
    result = door.result(segment="quiet", by="month", **{"from": "2023-11-01", "to": "2024-01-01"})
    said = door.api.get("/api/segments/quiet/history?by=month&from=2023-11-01&to=2024-01-01").json()
    assert (result["by"], len(said["series"])) == ("month", 2)
    assert said == {name: value for name, value in result.items() if name in said} | {"label": None}


@pytest.mark.parametrize(("asked", "status", "said"), [
    ({"segment": "quiet", "by": "day", "from": "2020-01-01"}, 400, "by: found more than 400 of day"),
    ({"segment": "quiet", "from": "soon"}, 400, "from: found 'soon'"),
    ({"when": {"did": "page_viewed", "at_laest": 3}}, 400, "when.at_laest: unknown key"),
    ({"when": {"all": [{"stage": "leed"}]}}, 400, "when.all[0].stage: unknown stage"),
    ({"when": {"profile.title": None}}, 400, 'when."profile.title": found nothing'),
    ({"when": {}}, 400, "when: found an empty table"),
    ({"when": "heat"}, 400, "when"),
    ({"segment": "tepid"}, 404, "no segment 'tepid': the model has returners, quiet, warm"),
    ({"model": "[[stages]]\n", "segment": "quiet"}, 400, "stages[0].name: missing"),
    ({"segment": "quiet", "when": OFTEN}, 400, "give when (a condition) or segment (a name), one of them"),
    ({}, 400, "give when (a condition) or segment (a name), one of them"),
    ({"when": OFTEN, "file": "x"}, 400, "file: is not known here"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_a_job_begins(
    door: JobsDoor, asked: dict[str, Any], status: int, said: str
) -> None:
    problem(door.api.post("/api/segments/preview", asked), status, said)
    assert door.api.get("/api/jobs").json()["items"] == []


def test_it_is_for_the_private_side(door: JobsDoor) -> None:
    assert door.api.post("/api/segments/preview", {"when": OFTEN}, Authorization="").status_code == 401
