"""`leadline import-costs` and `/api/costs`: the same rows, the same refusals, the same table."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.app import Readers, create_api
from api.costs import cost_routes
from domain.model.definition import parse_model
from projections.queries.view import Reader
from runtime.cli import create_app
from tests.domain.stories import us
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from web.private import Private

MODEL = parse_model('stages = [{ name = "lead" }]\n[money]\ncurrency = "EUR"\n')
TOKEN = "sample-token"
ROWS = "channel,campaign,day,amount,currency\nemail,,2026-01-01,10.5,\ndisplay,spring,2026-01-02,3,USD\n"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, MODEL, us(0))
    yield world
    world.close()


def asker(world: World) -> Asker:
    reader = Reader(world.database, world.events, world.ids)
    readers = Readers(world.database, world.events, world.ids)
    return Asker(create_api(readers, Private(TOKEN), cost_routes(reader, world.database)), TOKEN)


def leadline(world: World, file: Path, *words: str) -> Result:
    database = world.database
    where = ["--data", str(file.parent)] if database.dialect == "sqlite" else ["--database", database.address]
    return CliRunner().invoke(create_app(), ["import-costs", str(file), *where, *words])


def test_a_file_is_imported_and_listed(world: World, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(ROWS)
    assert leadline(world, file).stdout == "2 new, 0 changed, 0 the same\n"
    file.write_text(ROWS.replace("10.5", "10.25"))
    assert json.loads(leadline(world, file, "--json").stdout) == {"new": 0, "changed": 1, "same": 1}
    api = asker(world)
    first = {"channel": "email", "campaign": None, "day": "2026-01-01", "amount": 10.25, "currency": "EUR"}
    second = {"channel": "display", "campaign": "spring", "day": "2026-01-02", "amount": 3.0, "currency": "USD"}
    assert api.get("/api/costs").json() == {"items": [first, second], "next": None}
    page = api.get("/api/costs?limit=1").json()
    assert page["items"] == [first]
    assert api.get(f"/api/costs?cursor={page['next']}").json() == {"items": [second], "next": None}
    assert api.get("/api/costs?from=2026-01-02&to=2026-01-03").json()["items"] == [second]
    assert api.get("/api/costs?channel=email").json()["items"] == [first]


def test_a_file_with_a_wrong_row_changes_nothing(world: World, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(ROWS + "fairs,,2026-01-01,1,EUR\nemail,,soon,1,EUR\n")
    result = leadline(world, file)
    assert result.exit_code == 2
    channel, day = result.stderr.splitlines()
    assert channel.startswith(f'leadline: {file}: line 4: channel: unknown channel "fairs"; allowed: direct, ')
    assert day.startswith(f'leadline: {file}: line 5: day: found "soon"')
    assert asker(world).get("/api/costs").json()["items"] == []


def test_costs_are_taken_over_http(world: World) -> None:
    api = asker(world)
    items = [
        {"channel": "email", "day": "2026-01-01", "amount": 10.5},
        {"channel": "display", "campaign": "spring", "day": "2026-01-02", "amount": "3", "currency": "USD"},
    ]
    assert api.post("/api/costs", {"items": items}).json() == {"new": 2, "changed": 0, "same": 0}
    assert api.post("/api/costs", {"items": items}).json() == {"new": 0, "changed": 0, "same": 2}
    wrong = [{**items[0], "amount": 1}, {**items[1], "channel": "fairs"}, {"cost": 5}]
    document = problem(api.post("/api/costs", {"items": wrong}), 400, 'items[1]: channel: unknown channel "fairs"')
    assert document["problems"][1:3] == [
        'items[2]: unknown key "cost"; allowed: channel, campaign, day, amount, currency',
        "items[2]: channel: found nothing, allowed is a channel",
    ]
    amounts = [each["amount"] for each in api.get("/api/costs").json()["items"]]
    assert amounts == [10.5, 3.0]
    problem(api.post("/api/costs", {"rows": []}), 400)
    problem(api.post("/api/costs", []), 400)
    problem(api.get("/api/costs?campaign=a"), 400)
    assert api.get("/api/costs?channel=print").json()["items"] == []
    problem(api.get("/api/costs?channel=tv"), 404, "no channel 'tv': the model has direct")
    assert api.post("/api/costs", {"items": items}, Authorization="").status_code == 401
