"""Segments at a past instant and over time, over HTTP and at the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import delete, update
from typer.testing import CliRunner

from api.app import Readers, create_api
from domain.model.definition import parse_model
from runtime.cli import create_app
from store.database.tables import live
from tests.domain.stories import at, identity, us
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

DAY = 86_400
TOKEN = "sample-token"
CLOCK = us(10 * DAY)
PAGES = [[at(DAY * n + second, "page_viewed", f"u:{n}") for n in range(3) for second in (0, 60)]]
"""From 2023-11-14T22:13:20Z on: who came twice is a returner until a day after the first page."""
DURING, AFTER = "2023-11-15T10:00:00Z", "2023-11-15T22:13:20Z"


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), CLOCK)
    world.play(PAGES)
    yield world
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)


def test_members_at_a_past_instant(api: Asker, world: World) -> None:
    [lead] = api.get(f"/api/segments/returners/members?at={DURING}").json()["items"]
    assert lead["id"] == str(world.ids.of(identity("u:0")))
    assert (lead["entered_at"], lead["left_at"]) == ("2023-11-14T22:14:20.000000Z", "2023-11-15T22:13:20.000000Z")
    assert api.get(f"/api/segments/returners/members?at={AFTER}").json()["items"] == []
    assert [each["id"] for each in api.get("/api/segments/returners/members?at=2023-11-15").json()["items"]] == [
        lead["id"]
    ]
    assert len(api.get("/api/segments/quiet/members").json()["items"]) == 3
    assert api.get("/api/segments/returners/members").json()["items"] == []
    first = api.get(f"/api/segments/quiet/members?at={'2023-11-20'}&limit=2").json()
    rest = api.get(f"/api/segments/quiet/members?at=2023-11-20&limit=2&cursor={first['next']}").json()
    assert len({each["id"] for each in first["items"] + rest["items"]}) == 3 and rest["next"] is None


def test_how_a_segment_grew(api: Asker) -> None:
    report = api.get("/api/segments/returners/history?by=day&from=2023-11-14&to=2023-11-17").json()
    assert {name: report[name] for name in ("segment", "by", "from", "to", "size_before")} == {
        "segment": "returners", "by": "day", "from": "2023-11-14T00:00:00.000000Z",
        "to": "2023-11-17T00:00:00.000000Z", "size_before": 0,
    }  # fmt: skip
    assert [(each["first_day"], each["size"], each["entered"], each["left"]) for each in report["series"]] == [
        ("2023-11-14", 1, 1, 0),
        ("2023-11-15", 1, 1, 1),
        ("2023-11-16", 1, 1, 1),
    ]
    weeks = api.get("/api/segments/returners/history").json()
    assert weeks["by"] == "week" and len(weeks["series"]) == 12
    assert [each["entered"] for each in weeks["series"][-2:]] == [3, 0]


def test_before_the_rebuild_after_an_upgrade_nobody_is_told_that_there_was_nobody(api: Asker, world: World) -> None:
    with world.database.transaction() as conn:
        conn.execute(update(live.projector).values(format=1))
        conn.execute(delete(live.segment_spells))
    for path in (f"members?at={DURING}", "history"):
        problem(api.get(f"/api/segments/returners/{path}"), 503, "run `leadline rebuild`")
    assert api.get("/api/segments/quiet/members").status_code == 200


@pytest.mark.parametrize(("path", "status", "said"), [
    ("returners/members?at=2023-11-30", 400, "at: found 2023-11-30, allowed is up to 2023-11-24T22:13:20.000000Z"),
    ("returners/members?at=then", 400, "at: found 'then'"),
    ("tepid/members?at=2023-11-15", 404, "no segment 'tepid': the model has returners"),
    ("tepid/history", 404, "no segment 'tepid'"),
    ("returners/history?by=year", 400, "by"),
    ("returners/history?by=day&from=2020-01-01", 400, "by: found more than 400 of day, allowed are 400"),
    ("returners/history?from=2023-11-15T08:00:00Z", 400, "inside a day of UTC"),
    ("returners/history?from=2023-11-15&to=2023-11-14", 400, "from: 2023-11-15 is later than to"),
    ("returners/history?at=2023-11-15", 400, "at"),
])  # fmt: skip
def test_what_cannot_be_asked_is_refused(api: Asker, path: str, status: int, said: str) -> None:
    problem(api.get(f"/api/segments/{path}"), status, said)


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
    world = World.on_sqlite(data, parse_model(MODEL), CLOCK)
    world.play(PAGES)
    world.close()
    return tmp_path


def leadline(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(create_app(), list(words))
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def answer(*words: str) -> Any:
    return json.loads(leadline(*words, "--json").stdout)


def test_the_commands_say_what_the_api_says(folder: Path) -> None:
    assert [(each["name"], each["size"]) for each in answer("segments")["items"]] == [
        ("returners", 0), ("quiet", 3), ("warm", 0)
    ]  # fmt: skip
    [lead] = answer("segments", "members", "returners", "--at", DURING)["items"]
    assert lead["left_at"] == "2023-11-15T22:13:20.000000Z"
    shown = leadline("segments", "members", "returners", "--at", DURING).stdout.splitlines()
    assert shown[0].split("\t") == ["who", "company", "stage", "heat", "grade", "entered", "left", "lead"]
    assert shown[1].split("\t")[5:7] == ["2023-11-14T22:14:20+00:00", "2023-11-15T22:13:20+00:00"]
    weeks = answer("segments", "history", "quiet", "--by", "month", "--from", "2023-11-01")
    assert [(each["first_day"], each["size"]) for each in weeks["series"]] == [("2023-11-01", 3)]
    told = leadline("segments", "history", "quiet", "--by", "day", "--from", "2023-11-16", "--to", "2023-11-18")
    assert told.stdout.splitlines() == ["from\tsize\tentered\tleft", "2023-11-16\t2\t1\t0", "2023-11-17\t3\t1\t0"]
    assert "before: 1" in told.stderr


@pytest.mark.parametrize(("words", "said"), [
    (("segments", "--json", "members", "quiet"), "options stand behind the command: leadline segments members ..."),
    (("segments", "members", "quiet", "--at", "2030-01-01"), "--at: found 2030-01-01, allowed is up to 2023-11-24T"),
    (("segments", "history", "quiet", "--from", "soon"), "--from: found 'soon'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_at_the_command_line(folder: Path, words: tuple[str, ...], said: str) -> None:
    assert said in leadline(*words, code=2).stderr


def test_a_preview_says_who_would_be_in_a_segment(folder: Path) -> None:
    tried = answer("segments", "preview", "--when", '{ did = "page_viewed", at_least = 2, within = "10d" }')
    assert (tried["size"], tried["segment"], len(tried["sample"]), len(tried["series"])) == (2, None, 2, 26)
    assert tried["condition"] == "did page_viewed at least 2 times within 10d"
    Path("leadline.toml").write_text(MODEL + '[[segments]]\nname = "often"\nwhen = { segment = "quiet" }\n')
    assert answer("segments", "preview", "often")["size"] == 3
    other = answer("segments", "preview", "--model", "leadline.toml", "--when", '{ not = { segment = "often" } }')
    assert other["size"] == 0
    months = answer("segments", "preview", "often", "--by", "month", "--from", "2023-11-01")
    assert [(each["first_day"], each["size"]) for each in months["series"]] == [("2023-11-01", 3)]
    shown = leadline("segments", "preview", "often")
    assert shown.stdout.startswith("# Some of them\nwho\tcompany\tstage\tgrade\tsince\tlead\n")
    assert "who: segment is quiet\n3 in it now, of these 3 known; 6 touchpoints folded" in shown.stderr


@pytest.mark.parametrize(("words", "said"), [
    ((), "name a segment of the model file, or give a condition with --when: one of them"),
    (("--when", '{ did = "page_viewed", at_laest = 3 }'), "when.at_laest: unknown key"),
    (("--when", "{ stage = lead }"), "the file is no TOML"),
    (("--when", '{ stage = "lead" }\nheat = 3'), "--when: found when, heat, allowed is one table in braces"),
    (("--when", '{ segment = "tepid" }'), "when.segment: unknown segment"),
    (("tepid",), "there is no model file"),
])  # fmt: skip
def test_a_preview_of_what_there_is_not_is_refused(folder: Path, words: tuple[str, ...], said: str) -> None:
    assert said in leadline("segments", "preview", *words, code=2).stderr
