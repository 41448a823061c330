"""Limits of classes drawn by a server and at the command line: when they are due, and what keeps them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.app import Readers, create_api
from api.drawing import ClassDrawer, drawing_routes
from api.jobs import JobRunner, job_routes
from domain.model.definition import parse_model
from projections.history.engines import INLINE
from projections.queries.view import Reader
from runtime import parts
from runtime.cli import create_app
from runtime.settings import read_settings
from runtime.wiring import Wiring
from runtime.workers import Workers
from store.jobs import Jobs
from store.models import active_model
from tests.domain.stories import at, us
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

TOKEN = "sample-token"
DAY = 86_400
MODEL = """
stages = [{ name = "lead" }]
[rfm]  # who buys
quantiles = ["frequency"]
"""


class Place:
    """A world with its API."""

    def __init__(self, url: str, leads: int) -> None:
        self.world = World(url, parse_model(MODEL), us(10 * DAY))
        self.world.play([[at(DAY + n, "order_placed", f"u:{n % leads}", id=f"o{n}") for n in range(leads * 3)]])
        self.workers = Workers()
        database, ids = self.world.database, self.world.ids
        jobs, reader = Jobs(database), Reader(database, self.world.events, ids)
        self.drawer = ClassDrawer(JobRunner(jobs, self.workers.start), reader, database, ids, INLINE)
        readers = Readers(database, self.world.events, ids)
        self.api = Asker(create_api(readers, Private(TOKEN), job_routes(jobs), drawing_routes(self.drawer)), TOKEN)

    def ended(self) -> list[dict[str, Any]]:
        """All jobs, when none runs."""
        deadline = time.monotonic() + 60
        while True:
            jobs: list[dict[str, Any]] = self.api.get("/api/jobs").json()["items"]
            if all(job["state"] != "running" for job in jobs):
                return jobs
            assert time.monotonic() < deadline, jobs
            time.sleep(0.05)

    def later(self, day: int) -> None:
        """A projector takes up the active model, and time passes."""
        with self.world.database.snapshot() as conn:
            model = active_model(conn)
        assert model is not None
        self.world.model, self.world.clock = model, us(day * DAY)
        self.world.restart()
        self.world.project()

    def close(self) -> None:
        self.workers.stop.set()
        assert self.workers.join(30) == []
        self.world.close()


@pytest.fixture
def place(migrated_url: str) -> Iterator[Place]:
    place = Place(migrated_url, 25)
    yield place
    place.close()


def test_a_server_draws_when_limits_are_due_and_not_before(place: Place) -> None:
    assert place.drawer.look()
    [job] = place.ended()
    assert (job["kind"], job["state"], job["error"]) == ("draw classes", "done", None)
    assert job["result"]["drawn"] == {"frequency": [5, 4, 3]} and job["result"]["leads"] == 25
    assert not place.drawer.look()
    place.later(39)
    assert not place.drawer.look()
    place.later(41)
    assert place.drawer.look()
    assert len(place.ended()) == 2


def test_where_too_few_bought_it_is_tried_again_a_day_later(migrated_url: str) -> None:
    place = Place(migrated_url, 3)
    try:
        assert place.drawer.look()
        [job] = place.ended()
        assert job["result"] == {"drawn": None, "leads": None, "model": None, "moves": None}
        assert not place.drawer.look()
    finally:
        place.close()


def test_it_can_be_asked_for(place: Place) -> None:
    assert place.api.post("/api/model/draw", {}).status_code == 202
    assert [job["kind"] for job in place.ended()] == ["draw classes"]
    assert place.api.post("/api/model/draw", {}, Authorization="").status_code == 401
    problem(place.api.get("/api/model/draw"), 405)


MAPPING = """
source = "shop"
id = "id"
identities = { user_id = "who" }
time = { column = "at", format = "iso" }
[type]
column = "type"
other = "snake_case"
"""


def leadline(*words: str) -> Result:
    result = CliRunner().invoke(create_app(), list(words))
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def test_what_was_drawn_stays_when_the_file_is_activated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.chdir(tmp_path)
    Path("leadline.toml").write_text(MODEL)
    rows = [f"{n},{n % 30 + 1},order_placed,2026-01-{n % 28 + 1:02}T00:00:00Z" for n in range(90)]
    Path("rows.csv").write_text("id,who,type,at\n" + "\n".join(rows) + "\n")
    Path("mapping.toml").write_text(MAPPING)
    leadline("import", "rows.csv", "--mapping", "mapping.toml")
    said = leadline("model", "draw").stdout
    assert "frequency: " in said and "(drawn over 30 leads)" in said
    assert json.loads(leadline("model", "diff", "--json").stdout)["same_fold"] is True
    assert "is the active model already" in leadline("model", "activate").output
    wiring = Wiring(read_settings({}))
    with wiring.database.snapshot() as conn:
        before = active_model(conn)
    parts.settle_model(wiring, activate_changed=True)
    with wiring.database.snapshot() as conn:
        after = active_model(conn)
    assert before is not None and after is not None and after.text == before.text and "# who buys" in after.text
    wiring.close()
    leadline("verify")
