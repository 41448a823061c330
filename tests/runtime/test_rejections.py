"""Refused input over HTTP and at the terminal: listed page by page with its reason, shown safely, and tried again."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from api.jobs import JobRunner, job_routes
from api.rejections import SHOWN, Doors, rejection_routes
from domain.model.definition import parse_model
from domain.touchpoints.envelope import decode
from producers.reading.conventions import NONE
from runtime.cli import create_app
from runtime.workers import Workers
from store.jobs import Jobs
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from store.rejected import Rejected, keep
from tests.domain.stories import START
from tests.given_model import MODEL
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

META = json.dumps({"received_at": START, "made_id": "made"})
GOOD = json.dumps({"type": "track", "event": "Bought", "userId": "u-1"}).encode()
REFUSED = [
    Rejected("aa01", START, "v1/track", "no identity", "server:shop", b'{"event": "x"}', META),
    Rejected("aa02", START + 1, "v1/track", "no such key then", "server:shop", GOOD, META),
    Rejected("bb01", START + 2, "f/contact", "no usable identity", "browser:x.example", b"a=\xff<b>" * 600, META),
    Rejected("bb02", START + 3, "log", "no JSON", None, b"\x00", "{}", START + 9),
]


class Place:
    """A server's API with its log, over a database in which something was refused."""

    def __init__(self, url: str, folder: Path) -> None:
        self.world = World(url, parse_model(MODEL), START + 60_000_000)
        with self.world.database.transaction() as conn:
            keep(conn, REFUSED)
        self.log, self.workers, jobs = SqlLog(folder / "log.db"), Workers(), Jobs(self.world.database)
        runner = JobRunner(jobs, self.workers.start)
        refused = rejection_routes(runner, self.world.database, Doors(self.log, NONE))
        readers = Readers(self.world.database, self.world.events, self.world.ids)
        self.api = Asker(create_api(readers, Private("sample-token"), job_routes(jobs), refused), "sample-token")

    def replayed(self, **asked: Any) -> Any:
        """What comes of trying it again."""
        answer = self.api.post("/api/rejected/replay", asked)
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + 60
        while (job := self.api.get(answer.headers["location"]).json())["state"] == "running":
            assert time.monotonic() < deadline, job
            time.sleep(0.02)
        assert (job["kind"], job["state"], job["error"]) == ("rejected replay", "done", None)
        assert job["progress"]["done"] == job["progress"]["total"] == job["result"]["tried"]
        return job["result"]

    def listed(self, query: str = "") -> list[str]:
        return [each["id"] for each in self.api.get(f"/api/rejected{query}").json()["items"]]

    def close(self) -> None:
        self.workers.stop.set()
        assert self.workers.join(30) == []
        self.log.close()
        self.world.close()


@pytest.fixture
def place(migrated_url: str, tmp_path: Path) -> Iterator[Place]:
    place = Place(migrated_url, tmp_path)
    yield place
    place.close()


def test_what_was_refused_is_listed_newest_first_by_door_and_page(place: Place) -> None:
    assert place.listed() == ["bb01", "aa02", "aa01"]
    assert place.listed("?all=true") == ["bb02", "bb01", "aa02", "aa01"]
    assert place.listed("?door=v1/") == ["aa02", "aa01"] and place.listed("?door=v1_") == []
    first = place.api.get("/api/rejected?limit=2").json()
    rest = place.api.get(f"/api/rejected?limit=2&cursor={first['next']}").json()
    assert [each["id"] for each in first["items"] + rest["items"]] == place.listed() and rest["next"] is None
    problem(place.api.get("/api/rejected?cursor=x"), 400, "cursor")


def test_what_came_is_shown_as_text_in_lists_its_beginning(place: Place) -> None:
    form, track, _ = place.api.get("/api/rejected").json()["items"]
    assert form["raw"].startswith(r"a=\xff<b>a=") and form["raw_bytes"] == 3_600 > SHOWN
    whole = place.api.get("/api/rejected/bb01").json()
    assert whole["raw"] == r"a=\xff<b>" * 600 and whole["raw"].startswith(form["raw"])
    assert track == {
        "id": "aa02", "at": "2023-11-14T22:13:20.000001Z", "door": "v1/track", "source": "server:shop",
        "reason": "no such key then", "raw": GOOD.decode(), "raw_bytes": len(GOOD), "meta": json.loads(META),
        "replayed_at": None,
    }  # fmt: skip
    assert place.api.get("/api/rejected/bb02").json()["replayed_at"] == "2023-11-14T22:13:20.000009Z"
    for id in ("nope", "a%00b"):
        problem(place.api.get(f"/api/rejected/{id}"), 404, "nothing that was refused has the id")


def test_what_is_a_touchpoint_now_goes_to_the_log_and_the_rest_stays(place: Place) -> None:
    outcome = place.replayed(door="v1/")
    assert {name: outcome[name] for name in ("tried", "appended", "skipped", "refused")} == {
        "tried": 2, "appended": 1, "skipped": 0, "refused": 1,
    }  # fmt: skip
    assert sum(outcome["reasons"].values()) == 1
    reader = place.log.subscribe([TOUCHPOINTS], "test")
    [record] = reader.poll(dict.fromkeys(reader.assigned()), 10, 0)
    assert decode(record.value).type == "bought"
    assert place.listed() == ["bb01", "aa01"]
    assert place.replayed(id="aa")["tried"] == 1 and place.replayed()["tried"] == 2


@pytest.mark.parametrize(("asked", "status", "words"), [
    ({"id": "bb02"}, 404, "nothing that waits has the id 'bb02'"),
    ({"id": "aa", "door": "f/"}, 404, "nothing that waits"),
    ({"id": "a\x00"}, 404, "nothing that waits"),
    ({"id": ""}, 400, "id"),
    ({"dor": "f/"}, 400, "dor: is not known here"),
    ({"mapping": "nonsense"}, 400, "mapping: "),
])  # fmt: skip
def test_what_cannot_be_tried_is_refused(place: Place, asked: Any, status: int, words: str) -> None:
    problem(place.api.post("/api/rejected/replay", asked), status, words)


def test_the_terminal_says_the_same(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    url = place.world.url
    where = ["--data", url.removeprefix("sqlite:///").rpartition("/")[0]]
    where = where if url.startswith("sqlite:") else ["--database", url]
    result = CliRunner().invoke(create_app(), ["rejected", "list", "--all", "--json", *where])
    assert result.exit_code == 0, (result.output, result.exception)
    told = json.loads(result.stdout)
    listed = place.api.get("/api/rejected?all=true").json()
    assert [{**each, "raw": each["raw"][:20]} for each in told["items"]] == [
        {**each, "raw": each["raw"][:20]} for each in listed["items"]
    ]
    assert told["items"][1] == place.api.get("/api/rejected/bb01").json()
