"""Lists and reports as of an instant: asked for over HTTP, built as a job, kept, listed and dropped at the terminal."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.persistence import ProgrammingError
from typer.testing import CliRunner

from api import past as past_views_of_api
from api.app import Readers, create_api
from api.jobs import JobRunner, job_routes
from api.past import PastViewBuilder
from domain.model.definition import parse_model
from domain.model.starter import STARTER
from domain.touchpoints.touchpoint import rfc3339
from projections.history.engines import INLINE
from projections.upkeep import past
from runtime.cli import create_app
from runtime.workers import Workers
from store.jobs import Jobs
from store.past_views import Keeping
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.remembering import TimedWorld
from tests.projections.world import KEY
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import eventually, run, serving
from web.private import Private

TOKEN = "sample-token"
THEN = rfc3339(us(50))
HEADERS = {"leadline-as-of": THEN, "leadline-knowing": "then", "leadline-position": "2"}
ASKED = (
    "/api/leads", "/api/segments", "/api/segments/warm/members", "/api/segments/warm/history", "/api/funnels",
    "/api/funnels/signup", "/api/funnels/signup/leads", "/api/stages", "/api/stages/lead/leads",
    "/api/reports/stages", "/api/reports/stages?format=csv",
)  # fmt: skip


class Door:
    """The API of a world, with a builder of past views."""

    def __init__(self, world: TimedWorld) -> None:
        self.world, self.workers = world, Workers()
        jobs = Jobs(world.database)
        self.past = builder = PastViewBuilder(
            JobRunner(jobs, self.workers.start), jobs, world.database, world.ids, INLINE, Keeping()
        )
        readers = Readers(world.database, world.events, world.ids, past=builder)
        self.api = Asker(create_api(readers, Private(TOKEN), job_routes(jobs)), TOKEN)

    def built(self, path: str) -> Any:
        """The answer, when what it asks for is there."""
        asked = self.api.get(path)
        assert asked.status_code == 202, asked.text
        self.ended(asked.headers["location"])
        return self.api.get(path)

    def ended(self, job: str) -> Any:
        deadline = time.monotonic() + 60
        while (found := self.api.get(job).json())["state"] == "running":
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        assert (found["state"], found["error"]) == ("done", None)
        return found


@pytest.fixture
def world(migrated_url: str) -> Iterator[TimedWorld]:
    world = TimedWorld(migrated_url, parse_model(MODEL), us(10))
    world.play([[at(8, "page_viewed", "c:1"), at(9, "form_submitted", "c:1", "e:a@x.de")]])
    world.clock = us(100)
    world.play([[at(99, "page_viewed", "e:b@x.de")]])
    yield world
    world.close()


@pytest.fixture
def door(world: TimedWorld) -> Iterator[Door]:
    door = Door(world)
    yield door
    door.workers.stop.set()
    assert door.workers.join(30) == []


def test_what_is_missing_is_asked_for_and_then_answers_everything(door: Door) -> None:
    answer = door.built(f"/api/leads?as_of={THEN}")
    assert answer.status_code == 200
    assert [lead["identities"][0]["value"] for lead in answer.json()["items"]] == ["a@x.de"]
    for path in ASKED:
        separator = "&" if "?" in path else "?"
        answer = door.api.get(f"{path}{separator}as_of={THEN}")
        assert answer.status_code == 200, answer.text
        assert HEADERS.items() <= dict(answer.headers).items()
        assert not HEADERS.keys() & door.api.get(path).headers.keys()
    assert door.api.get(f"/api/stages?as_of={THEN}").json()["items"][0]["entered"] == 1
    assert door.api.get("/api/stages").json()["items"][0]["entered"] == 2


def test_while_it_is_built_the_same_job_is_named(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past, "_GLANCE", 0.01)
    lease = door.world.database.elect("past view")
    assert lease is not None
    path = f"/api/segments?as_of={THEN}"
    jobs = {door.api.get(path).headers["location"] for _ in range(3)}
    assert len(jobs) == 1
    others = [f"/api/leads?as_of={rfc3339(us(second))}&knowing=now" for second in (51, 52)]
    assert [door.api.get(other).status_code for other in others] == [202, 202]
    problem(door.api.get(f"/api/leads?as_of={rfc3339(us(53))}"), 409, "as many past views are being built as are kept")
    lease.release()
    door.ended(jobs.pop())
    assert door.api.get(path).status_code == 200
    for job in door.api.get("/api/jobs").json()["items"]:
        door.ended(f"/api/jobs/{job['id']}")


def test_who_asks_in_the_moment_in_which_another_does_is_given_the_same_job(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = door.world.database.elect("past view")
    assert lease is not None
    path = f"/api/segments?as_of={THEN}"
    job = door.api.get(path).headers["location"]
    running, looks = Jobs.all, iter([[]])
    monkeypatch.setattr(Jobs, "all", lambda jobs: next(looks, None) or running(jobs))
    again = door.api.get(path)
    lease.release()
    assert (again.status_code, again.headers["location"]) == (202, job)
    door.ended(job)


def test_whose_role_may_drop_none_goes_on_serving(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def refused(*_: object) -> None:
        looks.append(1)
        raise ProgrammingError("must be owner of table past_1_leads")

    monkeypatch.setattr(past_views_of_api, "EVERY", 0.0)
    monkeypatch.setattr(past_views_of_api, "drop_old", refused)
    door.workers.start("past views", door.past.run)
    eventually(lambda: len(looks) > 1)
    assert door.workers.crash is None


@pytest.mark.parametrize(("path", "status", "said"), [
    ("nothing?", 404, "no report 'nothing'"),
    ("stages?by=shoe&", 400, "by: found 'shoe'"),
    ("stages?colour=red&", 400, "colour"),
])  # fmt: skip
def test_for_a_report_that_is_none_nothing_is_built(door: Door, path: str, status: int, said: str) -> None:
    problem(door.api.get(f"/api/reports/{path}as_of={THEN}"), status, said)
    assert door.api.get("/api/jobs").json()["items"] == []


def test_nobody_builds_them_where_jobs_are_not_run(world: TimedWorld) -> None:
    api = Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)
    problem(api.get(f"/api/leads?as_of={THEN}"), 404, f"`leadline past build {THEN}` makes it")


def terminal(world: TimedWorld, *words: str, code: int = 0) -> Any:
    database = world.database
    where = ["--data", str(database.path.parent)] if database.dialect == "sqlite" else ["--database", database.address]
    result = CliRunner(env={"LEADLINE_ID_KEY": KEY.decode()}).invoke(create_app(), [*words, *where])
    assert result.exit_code == code, result.output
    return result


def test_they_are_built_listed_used_and_dropped_at_the_terminal(world: TimedWorld) -> None:
    as_of = ("--as-of", THEN)
    assert "`leadline past build" in terminal(world, "leads", *as_of, code=2).stderr
    terminal(world, "past", "build", THEN, "--name", "early")
    [listed] = json.loads(terminal(world, "past", "list", "--json").stdout)
    assert (listed["name"], listed["as_of"], listed["knowing"], listed["position"]) == ("early", THEN, "then", 2)
    assert "early" in terminal(world, "past", "list").stdout
    lists = (
        ("leads",), ("segments",), ("segments", "members", "warm"), ("segments", "history", "warm"),
        ("funnel", "signup"), ("stages",), ("report", "stages"),
    )  # fmt: skip
    for words in lists:
        terminal(world, *words, *as_of)
    page = json.loads(terminal(world, "leads", *as_of, "--json").stdout)
    assert [lead["identities"][0]["value"] for lead in page["items"]] == ["a@x.de"]
    terminal(world, "past", "drop", "early")
    assert json.loads(terminal(world, "past", "list", "--json").stdout) == []
    assert "no past view 'early'" in terminal(world, "past", "drop", "early", code=2).stderr
    assert "allowed are up to 60" in terminal(world, "past", "build", THEN, "--name", "a b", code=2).stderr


def test_one_lead_is_read_as_of_an_instant_without_any(world: TimedWorld) -> None:
    shown = terminal(world, "lead", "a@x.de", "--as-of", THEN, "--lang", "en").stderr
    assert "by what was known then (position 2)" in shown
    now = json.loads(terminal(world, "lead", "a@x.de", "--as-of", THEN, "--knowing", "now", "--json").stdout)
    assert (now["knowing"], now["position"], now["score"]["as_of"], now["timeline"]["knowing"]) == (
        "now",
        3,
        THEN,
        "now",
    )
    assert "as of 2023-11-14T22:14:10" in terminal(world, "lead", "b@x.de", "--as-of", THEN, code=2).stderr


def test_a_real_server_builds_one_and_answers_from_it(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(STARTER)
    with serving(tmp_path) as server:

        def arrives(email: str) -> str:
            assert server.http.post("/f/contact", data={"email": email}).status_code == 303
            [lead] = eventually(lambda: server.http.get("/api/leads", params={"email": email}).json()["items"])
            detail = server.http.get(f"/api/leads/{lead['id']}").json()
            return str(detail["clock"])

        then = arrives("a@example.org")
        time.sleep(0.1)
        arrives("b@example.org")
        path = f"/api/leads?as_of={then}&count=true"
        asked = server.http.get(path)
        assert asked.status_code == 202, asked.text
        assert server.http.get(asked.headers["location"]).json()["kind"] == f"past view {then}"
        answer = eventually(lambda: (found := server.http.get(path)).status_code == 200 and found)
        assert (answer.json()["count"], answer.headers["leadline-as-of"]) == (1, then)
        assert server.http.get("/api/leads?count=true").json()["count"] == 2
        assert run(tmp_path, "past", "drop", then).returncode == 0
        assert server.http.get(path).status_code == 202
        assert run(tmp_path, "verify").returncode == 0
        assert run(tmp_path, "doctor").returncode in (0, 1)
        assert server.stop() == 0
