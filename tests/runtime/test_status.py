"""How the installation is, over HTTP: positions, what is aside or refused, room on disk; as the doctor says it."""

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from api.app import Readers, create_api
from api.status import status_routes
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import rfc3339
from runtime.checks import spooled_here
from runtime.cli import create_app
from runtime.settings import read_settings
from runtime.status_shape import status_now
from runtime.wiring import Wiring
from store.database.tables import live
from store.log.port import LogError, Record
from store.log.sql import SqlLog
from store.log.sqlite_file import held_in
from store.rejected import Rejected, keep
from tests.domain.stories import START, at
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker
from tests.runtime.serving import environment
from web.private import Private

CLOCK = START + 600_000_000
DAY = 86_400_000_000


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    """Ada is hot, Bob is put aside, of three touchpoints one is not projected, and two were refused."""
    world = World(migrated_url, parse_model(MODEL), CLOCK)
    world.play([[at(1, "form_submitted", "e:ada@example.org"), at(2, "identified", "e:bob@example.org")]])
    world.clock = time.time_ns() // 1_000
    world.deliver([at(3, "page_viewed", "c:1")])
    with world.database.transaction() as conn:
        bob = update(live.clusters).where(live.clusters.c.cluster == 2)
        conn.execute(bob.values(aside="a fault at touchpoint 2"))
        keep(conn, [
            Rejected(f"r{n}", START, door, "no", None, b"", "{}", replayed)
            for n, (door, replayed) in enumerate([("f/x", None), ("v1/track", None), ("f/x", None), ("log", 9)])
        ])  # fmt: skip
    yield world
    world.close()


@pytest.fixture
def wiring(world: World) -> Iterator[Wiring]:
    named = {"LEADLINE_ID_KEY": KEY.decode()}
    if world.url.startswith("sqlite:"):
        settings = read_settings(named, data=world.url.removeprefix("sqlite:///").rpartition("/")[0])
    else:
        settings = read_settings(named, database=world.url)
    with Wiring(settings) as wiring:
        yield wiring


@pytest.fixture
def api(world: World, wiring: Wiring) -> Asker:
    readers = Readers(world.database, world.events, world.ids)
    status = status_routes(partial(status_now, wiring))
    return Asker(create_api(readers, Private("sample-token"), status), "sample-token")


def test_the_status_says_how_far_each_part_has_come(api: Asker, world: World) -> None:
    status = api.get("/api/status").json()
    assert (status["recorded"], status["projected"], status["behind"]) == (3, 2, 1)
    assert status["clock"] == rfc3339(CLOCK) and status["model"] == world.model.hash
    [projector] = [arrow for arrow in status["arrows"] if arrow["name"] == "projector"]
    assert projector == {
        "name": "projector",
        "position": 2,
        "end": 3,
        "behind": 1,
        "waiting_since": rfc3339(world.clock),
    }
    assert status["spool"] is None
    assert status["aside"] == [{"cluster": 2, "reason": "a fault at touchpoint 2"}] and status["aside_count"] == 1
    assert status["rejected"] == [{"door": "f/x", "waiting": 2}, {"door": "v1/track", "waiting": 1}]
    assert status["rejected_count"] == 3
    newest = api.get("/api/signals?order=newest&limit=1").json()["items"][0]
    assert status["last_signal"] == {name: newest[name] for name in ("id", "kind", "at", "position")}
    assert (status["last_delivered_at"], status["destinations"], status["verified"]) == (None, [], None)
    assert "cluster 2 put aside: a fault at touchpoint 2" in status["problems"]


def test_room_on_disk_is_told_by_what_was_recorded_lately(api: Asker, world: World) -> None:
    disk = api.get("/api/status").json()["disk"]
    assert disk["used"] > 10_000
    assert disk["grows_per_day"] == pytest.approx(disk["used"] / 3 / 7, rel=0.01)  # one of three, in seven days
    if world.url.startswith("sqlite:"):
        assert disk["free"] > 0 and disk["why"] is None
        assert disk["days_until_full"] == pytest.approx(disk["free"] / disk["grows_per_day"], rel=0.01)
    else:
        assert (disk["free"], disk["days_until_full"]) == (None, None) and "cannot be seen" in disk["why"]


def said(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ["--data", world.url.removeprefix("sqlite:///").rpartition("/")[0]]
    where = where if world.url.startswith("sqlite:") else ["--database", world.url]
    return CliRunner().invoke(create_app(), [*words, *where]).stdout


def test_the_doctor_says_the_same(api: Asker, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = api.get("/api/status").json()
    doctor = json.loads(said(world, monkeypatch, "doctor", "--json"))
    assert doctor["problems"] == told["problems"]
    assert doctor["found"].keys() == {each["what"] for each in told["checks"]}
    for changing in ("now", "disk", "checks"):
        del told[changing], doctor["status"][changing]
    assert doctor["status"] == told


def test_what_verify_saw_last_is_kept_where_all_can_read_it(
    api: Asker, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        seen = json.loads(said(world, monkeypatch, "verify", "--json"))
    verified = api.get("/api/status").json()["verified"]
    assert (verified["position"], verified["clock"]) == (2, rfc3339(CLOCK))
    assert (verified["touchpoints"], verified["rows"], verified["differing"], verified["aside"]) == (
        seen["touchpoints"], seen["rows"], seen["differences"], 1,
    )  # fmt: skip


def test_what_waits_for_kafka_is_told_of_the_spool_in_the_data_folder(tmp_path: Path) -> None:
    assert spooled_here(Wiring(read_settings({}, data=str(tmp_path), kafka="127.0.0.1:9"))) is None
    spool = SqlLog(tmp_path / "spool.db", 1_000_000)
    spool.append("leadline.touchpoints", [Record(b"k", b"v" * 10, ())] * 5)
    spool.forget("leadline.touchpoints", spool.first("leadline.touchpoints", 2)[-1][0])
    held = spooled_here(Wiring(read_settings({}, data=str(tmp_path), kafka="127.0.0.1:9")))
    assert held is not None and held.records == 3 and held.used > 0
    spool.forget("leadline.touchpoints", 5)
    assert held_in(tmp_path / "spool.db").records == 0
    spool.close()
    (tmp_path / "spool.db").write_bytes(b"no database" * 100)
    with pytest.raises(LogError, match="not a log"):
        held_in(tmp_path / "spool.db")
