"""Where a lead comes from, as `/api/leads` and `leadline lead` show it: direct where nothing else is known."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from runtime.cli import create_app
from tests.domain.stories import START, at
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker
from web.private import Private

TOKEN = "sample-token"
CHANNELS = '[[channels.rules]]\nname = "fairs"\nlabel = "Trade fairs"\nwhere = { "source.medium" = "fair" }\n'
NOTHING = {"source": None, "medium": None, "campaign": None, "content": None, "term": None}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.on_sqlite(tmp_path, parse_model(MODEL + CHANNELS), START + 600_000_000)
    world.play([
        [at(1, "identified", "u:1"), at(2, "event_attended", "u:1", source="import", medium="fair", campaign="Ulm")],
        [at(3, "stage_changed", "u:1", source="api", to="customer"), at(4, "page_viewed", "c:2")],
    ])  # fmt: skip
    yield world
    world.close()


def test_a_leads_sources_are_whole_with_direct_where_none_is_known(world: World) -> None:
    api = Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)
    (known,) = api.get("/api/leads?user_id=1").json()["items"]
    assert (known["first_channel"], known["last_channel"]) == ("fairs", "fairs")
    detail = api.get(f"/api/leads/{known['id']}").json()
    fair = {**NOTHING, "channel": "fairs", "medium": "fair", "campaign": "Ulm"}
    assert detail["first_source"] == detail["last_source"] == {**fair, "since": "2023-11-14T22:13:22.000000Z"}
    direct = {**NOTHING, "channel": "direct", "since": "2023-11-14T22:13:21.000000Z"}
    assert detail["identified_source"] == direct
    assert detail["stage_sources"] == {"lead": direct, "customer": {**fair, "since": "2023-11-14T22:13:23.000000Z"}}
    (visitor,) = api.get("/api/leads?anonymous_id=2").json()["items"]
    assert (visitor["first_channel"], visitor["last_channel"]) == ("direct", "direct")
    detail = api.get(f"/api/leads/{visitor['id']}").json()
    assert (detail["first_source"]["channel"], detail["identified_source"]) == ("direct", None)
    assert detail["stage_sources"] == {}


def test_the_command_line_shows_them_with_the_models_label(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    shown = CliRunner().invoke(create_app(), ["lead", "user_id:1", "--data", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "first source\tTrade fairs: fair / Ulm since 2023-11-14 22:13:22" in shown.output
    shown = CliRunner().invoke(create_app(), ["lead", "anonymous_id:2", "--data", str(tmp_path)])
    assert "last source\tdirect since 2023-11-14 22:13:24" in shown.output
