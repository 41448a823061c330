"""`POST /api/funnels` and `leadline funnel --steps`: a funnel that the model has not, as one that it has."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.asked_funnels import asked_funnel_routes
from domain.model.definition import parse_model
from runtime.cli import create_app
from tests.domain.stories import at, us
from tests.given_jobs import JobsDoor
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.asking import problem
from tests.runtime.serving import environment

DAY = 86_400
STEPS = [{"on": "page_viewed"}, {"on": "form_submitted"}, {"on": "identified"}]
SIGNUP = {"steps": STEPS, "window": "2d"}
"""As `signup` of the model."""
PLAYED = [
    at(DAY * n + 3_600 * step, type, f"c:{n}", f"e:p{n}@x.test", id=f"{n}-{step}")
    for n in range(30)
    for step, type in enumerate(("page_viewed", "form_submitted", "identified")[: 1 + n % 3])
]


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(30 * DAY))
    world.play([PLAYED])
    yield world
    world.close()


@pytest.fixture
def door(world: World) -> Iterator[JobsDoor]:
    door = JobsDoor(world, "funnel", "/api/funnels", asked_funnel_routes)
    yield door
    door.close()


@pytest.mark.parametrize("question", [
    {}, {"from": "2023-11-20", "to": "2023-12-04", "series": "week", "by": "stage"}, {"by": "first_channel"},
])  # fmt: skip
def test_a_copy_of_a_funnel_of_the_model_has_its_numbers(door: JobsDoor, question: dict[str, str]) -> None:
    result = door.result(**SIGNUP, **question)
    said = door.api.get("/api/funnels/signup?" + "&".join(f"{name}={value}" for name, value in question.items())).json()
    assert result == {**said, "funnel": "ad hoc"} | {
        "position": len(PLAYED), "touchpoints": len(PLAYED), "failed": []
    }  # fmt: skip
    assert result["entered"] == 30 if not question else result["entered"]


def test_orders_and_what_ends_an_attempt_are_asked_for_too(door: JobsDoor) -> None:
    backwards = [{"on": "identified"}, {"on": "form_submitted", "label": "Form"}]
    assert door.result(steps=backwards, window="9d")["converted"] == 0
    shape = door.result(steps=backwards, window="9d", order="any", exclude=[{"on": "page_viewed"}])
    assert (shape["order"], shape["converted"], shape["entered"]) == ("any", 10, 20)
    assert shape["exclude"] == ["page_viewed"] and shape["steps"][1]["label"] == "Form"


@pytest.mark.parametrize(("asked", "status", "said"), [
    ({"steps": [{"on": "page_viewed", "wher": {}}], "window": "1d"}, 400, "steps[0].wher: unknown key"),
    ({"steps": STEPS}, 400, "window: missing"),
    ({"window": "1d"}, 400, "steps: missing, required is a list of steps"),
    ({"steps": STEPS, "window": 14}, 400, "window: found 14, allowed is a whole number of s, m, h or d"),
    ({**SIGNUP, "order": "random"}, 400, "order: found"),
    ({**SIGNUP, "by": "segment:tepid"}, 404, "no segment 'tepid'"),
    ({**SIGNUP, "by": "shoe size"}, 400, "by: "),
    ({**SIGNUP, "series": "day"}, 400, "series: allowed is with a period alone"),
    ({**SIGNUP, "series": "year"}, 400, "series"),
    ({**SIGNUP, "from": "soon"}, 400, "from: found 'soon'"),
    ({**SIGNUP, "name": "x"}, 400, "name: is not known here"),
    ([], 400, ""),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_a_job_begins(door: JobsDoor, asked: Any, status: int, said: str) -> None:
    problem(door.api.post("/api/funnels", asked), status, said)
    assert door.api.get("/api/jobs").json()["items"] == []


# ---- at the command line -----------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with the same."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    data = tmp_path / "leadline-data"
    data.mkdir()
    world = World.on_sqlite(data, parse_model(MODEL), us(30 * DAY))
    world.play([PLAYED])
    world.close()
    return tmp_path


def leadline(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(create_app(), list(words))
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def answer(*words: str) -> Any:
    return json.loads(leadline(*words, "--json").stdout)


TABLES = '[ { on = "page_viewed" }, { on = "form_submitted" }, { on = "identified" } ]'


def test_the_command_gives_the_numbers_of_a_funnel_of_the_model(folder: Path) -> None:
    asked = answer("funnel", "--steps", TABLES, "--window", "2d", "--by", "stage")
    said = answer("funnel", "signup", "--by", "stage")
    assert said == {name: value for name, value in asked.items() if name in said} | {"funnel": "signup"}
    shown = leadline("funnel", "--steps", TABLES, "--window", "2d", "--order", "any", "--exclude", '[{ on = "x" }]')
    assert "any" in shown.stdout + shown.stderr


@pytest.mark.parametrize(("words", "said"), [
    ((), "name a funnel of the model, or give --steps"),
    (("signup", "--window", "2d"), "name a funnel of the model, or give --steps"),
    (("signup", "--steps", TABLES, "--window", "2d"), "name a funnel of the model, or give --steps"),
    (("--steps", TABLES), "window: missing"),
    (("--steps", '[ { on = "page_viewed", wher = 1 } ]', "--window", "2d"), "steps[0].wher: unknown key"),
    (("--steps", "page_viewed", "--window", "2d"), "the file is no TOML"),
    (("--steps", TABLES + "\nwindow = 3", "--window", "2d"), "--steps: found steps, window, allowed is one list"),
    (("--steps", TABLES, "--window", "2d", "--leads"), "--leads: found it with --steps"),
    (("--steps", TABLES, "--window", "2d", "--by", "segment:tepid"), "no segment 'tepid'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_at_the_command_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    assert said in leadline("funnel", *words, code=2).stderr
