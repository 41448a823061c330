"""Stages over HTTP and at the terminal, of what really happened: detours, ways back, other names, retired ones."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from projections.upkeep.activation import activate
from runtime.cli import create_app
from tests.domain.stories import SECOND, START, at
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

DAY = 86_400
BEFORE = """
[[stages]]
name = "new"
[[stages]]
name = "qualified"
[[stages]]
name = "trial"
[[stages]]
name = "client"
won = true
[[stages]]
name = "lost"
detour = true
"""
AFTER = BEFORE.replace('name = "trial"', 'name = "trial"\nretired = true').replace(
    'name = "client"', 'name = "customer"\nwas = ["client"]\nlabel = { en = "Customer", zh = "客户" }'
)


def move(day: float, name: str, to: str) -> Any:
    return at(day * DAY, "stage_changed", name, to=to)


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    url = request.getfixturevalue("migrated_sqlite_url" if request.param == "sqlite" else "migrated_postgres_url")
    world = World(url, parse_model(BEFORE), START + 10 * DAY * SECOND)
    world.play([
        [at(0, "identified", "e:a@x.de"), move(1, "e:a@x.de", "qualified"), move(4, "e:a@x.de", "client")],
        [at(DAY, "identified", "e:b@x.de"), move(2, "e:b@x.de", "trial"), move(3, "e:b@x.de", "lost")],
        [move(5, "e:b@x.de", "new"), move(6, "e:b@x.de", "trial"), move(7, "e:b@x.de", "qualified")],
        [at(DAY, "page_viewed", "c:1"), at(2 * DAY, "identified", "e:c@x.de")],
    ])  # fmt: skip
    world.model = parse_model(AFTER)
    activate(world.database, world.ids, world.model)
    world.restart()
    world.project()
    yield world
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private("sample-token")), "sample-token")


NUMBERS = ("stage", "entered", "inside", "left", "went_on", "furthest", "reentered", "reentries", "stays")


def test_the_stages_say_how_leads_went_through_them(api: Asker) -> None:
    report = api.get("/api/stages").json()
    assert [tuple(each[name] for name in NUMBERS) for each in report["items"]] == [
        ("new", 3, 1, 2, 2, 1, 1, 1, 3),
        ("qualified", 2, 1, 1, 1, 0, 0, 0, 1),
        ("trial", 1, 0, 1, 0, 1, 1, 1, 2),
        ("customer", 1, 1, 0, 0, 1, 0, 0, 0),
        ("lost", 1, 0, 1, None, None, 0, 0, 1),
    ]
    new, qualified, trial, customer, lost = report["items"]
    assert new["stayed"] == {"lower_quartile": DAY, "median": DAY, "upper_quartile": DAY}
    assert (new["age"]["median"], new["oldest"], customer["oldest"]) == (8 * DAY, 8 * DAY, 6 * DAY)
    assert (new["rate"], qualified["rate"], lost["rate"]) == (2 / 3, 0.5, None)
    assert (trial["retired"], trial["age"], lost["detour"], customer["label"]["zh"]) == (True, None, True, "客户")


def test_a_period_counts_those_who_came_first_in_it(api: Asker) -> None:
    report = api.get("/api/stages?from=2023-11-15&to=2023-11-16").json()  # of the second day
    assert [(each["stage"], each["entered"]) for each in report["items"]] == [
        ("new", 1), ("qualified", 1), ("trial", 0), ("customer", 0), ("lost", 0),
    ]  # fmt: skip
    assert (report["from"], report["to"]) == ("2023-11-15T00:00:00.000000Z", "2023-11-16T00:00:00.000000Z")


def test_the_leads_behind_a_number_are_listed(api: Asker) -> None:
    page = api.get("/api/stages/trial/leads?state=reentered").json()
    [lead] = page["items"]
    assert page["next"] is None
    assert (lead["profile"]["email"], lead["entries"], lead["furthest"], lead["stage"]) == (
        "b@x.de", 2, "trial", "qualified",
    )  # fmt: skip
    assert lead["entered_at"] == "2023-11-16T22:13:20.000000Z"
    first = api.get("/api/stages/new/leads?limit=1").json()
    rest = api.get(f"/api/stages/new/leads?limit=2&cursor={first['next']}").json()
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3 and rest["next"] is None


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/api/stages/client/leads", 404, "no stage 'client': the model has new, qualified, trial, customer, lost"),
    ("/api/stages/lost/leads?state=went_on", 400, "lost has no place in the order of stages"),
    ("/api/stages/new/leads?state=there", 400, "query.state"),
    ("/api/stages?from=2026-01-01T12:00:00Z", 400, "inside a day of UTC"),
    ("/api/stages?as_of=2026-01-01", 400, "as_of: 2026-01-01 lies ahead of the clock, 2023"),
    ("/api/stages?by=country", 400, "query.by: is not known here"),
])  # fmt: skip
def test_what_there_is_not_is_refused(api: Asker, path: str, status: int, words: str) -> None:
    problem(api.get(path), status, words)


# ---- at the terminal ---------------------------------------------------------------------------------------------


def leadline(world: World, monkeypatch: pytest.MonkeyPatch, *words: str, code: int = 0) -> Any:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ("--data", world.url.removeprefix("sqlite:///").rpartition("/")[0])
    where = where if world.url.startswith("sqlite:") else ("--database", world.url)
    result = CliRunner().invoke(create_app(), ["stages", *words, *where])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def test_the_terminal_shows_the_stages_and_their_leads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = leadline(world, monkeypatch, "--lang", "zh").stdout.splitlines()
    assert lines[0].split("\t")[:5] == ["stage", "entered", "inside", "left", "went on"]
    assert lines[1].split("\t") == [
        "new", "3", "1", "2", "2", "66.7%", "1", "1", "24 h", "24 h", "24 h", "8 d", "8 d", "8 d", "8 d"
    ]  # fmt: skip
    assert lines[4].startswith("客户\t1\t1\t0\t0\t0.0%\t1\t0\t\t\t\t6 d")
    assert lines[5].startswith("lost\t1\t0\t1\t\t\t\t0\t2 d")
    report = json.loads(leadline(world, monkeypatch, "--json").stdout)
    assert report["items"][0]["entered"] == 3
    listed = leadline(world, monkeypatch, "--leads", "trial", "--state", "reentered").stdout.splitlines()
    assert listed[1].split("\t")[:4] == ["b@x.de", "2023-11-16T22:13:20+00:00", "2", "qualified"]
    refused = leadline(world, monkeypatch, "--from", "2023-11-16T12:00:00Z", code=2)
    assert "--from: found '2023-11-16T12:00:00Z', which lies inside a day" in refused.stderr
