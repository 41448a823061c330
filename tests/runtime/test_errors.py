"""Error paths of a server and of its files: each says what, where, what to do; nothing acknowledged is lost."""

import json
import os
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import httpx2
import pytest
from click.testing import Result
from typer.testing import CliRunner

from domain.model.starter import STARTER
from runtime.cli import create_app
from store.database.database import open_database
from tests.given_release_0_1 import make_database_of_release_0_1
from tests.runtime.asking import problem
from tests.runtime.serving import Server, eventually, run, serving

KEYS = {"WRITE_KEYS": "web:public:sample-key", "SITES": "https://a.example", "API_TOKEN": "sample-token"}
CLOSED = {"userId": "u-1", "event": "closed"}
LEAD = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("errors")
    (folder / "leadline.toml").write_text(STARTER)
    with serving(folder, "serve", **KEYS) as server:
        yield server


@pytest.fixture(scope="module")
def recorded(server: Server) -> Path:
    """The folder of the server that recorded one touchpoint, and stopped."""
    sent = server.http.post("/v1/track", json=CLOSED, auth=("sample-key", ""))
    assert sent.status_code == 200, sent.text
    refused = server.http.post("/v1/track", json={"event": "noted"}, auth=("sample-key", ""))
    assert refused.json()["rejected"], refused.text
    eventually(lambda: server.http.get("/api/leads?user_id=u-1", headers=bearer()).json()["items"])
    assert server.stop() == 0
    return server.lines.parent


def bearer() -> dict[str, str]:
    return {"Authorization": "Bearer sample-token"}


def test_each_door_says_what_is_wrong_with_a_request(server: Server) -> None:
    with httpx2.Client(base_url=server.http.base_url, auth=("sample-key", "")) as doors:
        for door in ("v1/track", "v1/batch", "v1/t"):
            problem(doors.post(f"/{door}", content=b'{"userId": '), 400, "the body is no JSON")
        problem(doors.post("/v1/batch", content=b"x" * 600_000), 413, "larger than 500000 bytes")
        large = {**CLOSED, "properties": {"note": "x" * 40_000}}
        problem(doors.post("/v1/track", json=large), 400, "larger than 32768 bytes")
        mixed = doors.post("/v1/batch", json={"batch": [{"type": "track", **large}, {"type": "track", **CLOSED}]})
        assert [item["item"] for item in mixed.json()["rejected"]] == [0]
        problem(doors.post("/v1/track", json=CLOSED, auth=("nobody", "")), 401, "no known write key")
        problem(doors.post("/f/contact", data={"email": "a@b.example"}, auth=None), 403, "LEADLINE_SITES")
        problem(doors.get("/v1/track"), 405, "allowed here: ")
        problem(doors.get("/o/token.gif"), 501, "LEADLINE_LINK_KEY")


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/api/leads?nope=1", 400, "query.nope: is not known here: /api/docs"),
    ("/api/leads?limit=0", 400, 'query.limit: found "0", allowed is at least 1'),
    ("/api/leads?limit=1001", 400, 'query.limit: found "1001", allowed is at most 1000'),
    ("/api/costs?limit=many", 400, 'query.limit: found "many", allowed is a whole number'),
    ("/api/leads?hot=maybe", 400, 'query.hot: found "maybe", allowed is true or false'),
    ("/api/leads?order=age", 400, "query.order: found \"age\", allowed is 'heat', 'last_seen', "),
    ("/api/leads?as_of=1970-01-02&knowing=all", 400, "query.knowing: found \"all\", allowed is 'then' or 'now'"),
    ("/api/leads?as_of=9998-01-01", 400, "as_of: 9998-01-01 lies ahead of the clock"),
    ("/api/funnels/signup?by=country", 400, "by: found 'country'"),
    (f"/api/leads/{LEAD}", 404, LEAD),
    ("/api/nothing", 404, "/api/docs"),
])  # fmt: skip
def test_a_query_that_is_refused_says_what_is_allowed(server: Server, path: str, status: int, words: str) -> None:
    problem(server.http.get(path, headers=bearer()), status, words)


def test_a_command_that_is_no_json_is_told(server: Server) -> None:
    command = f"/api/leads/{LEAD}/stage"
    told = {"content": b'{"to": ', "headers": {**bearer(), "Content-Type": "application/json"}}
    problem(server.http.post(command, **told), 400, "the body is no JSON")  # type: ignore[arg-type]
    problem(server.http.post(command, content=b"to=x", headers=bearer()), 400, "the body is no JSON")
    problem(server.http.delete(f"/api/leads/{LEAD}", headers=bearer()), 405, "allowed is GET")


@pytest.mark.parametrize(("path", "field"), [
    ("funnels", "steps"), ("segments/preview", "when"), ("costs", "items"), ("links", "leads"),
    (f"leads/{LEAD}/profile", "fields"),
])  # fmt: skip
def test_a_body_that_is_nested_too_deeply_is_refused(server: Server, path: str, field: str) -> None:
    deep: object = {}
    for _ in range(220):
        deep = {"all": [deep]}
    body = {field: deep if field in ("when", "fields") else [deep]}
    problem(server.http.post(f"/api/{path}", json=body, headers=bearer()), 400, "it is nested too deeply")


def test_refused_input_that_is_not_there_cannot_be_replayed(recorded: Path) -> None:
    unknown = told(recorded, "rejected", "replay", "nope", code=1)
    assert "nothing that waits has the id 'nope'" in unknown
    waiting = json.loads(asked(recorded, "rejected", "list", "--json").stdout)["items"]
    again = asked(recorded, "rejected", "replay", waiting[0]["id"][:16])
    assert again.exit_code == 1 and "1 tried" in again.stdout, again.stderr


def copied(recorded: Path, to: Path) -> Path:
    shutil.copytree(recorded / "leadline-data", to / "leadline-data")
    (to / "leadline.toml").write_text(STARTER)
    return to


def asked(folder: Path, *words: str, **settings: str) -> Result:
    """A command in this process: a new one takes longer to start than all that it does."""
    own: dict[str, str | None] = {name: None for name in os.environ if name.startswith("LEADLINE_")}
    own |= {f"LEADLINE_{name}": value for name, value in settings.items()}
    with chdir(folder):
        return CliRunner().invoke(create_app(words[0]), list(words), env=own)


def told(folder: Path, *words: str, code: int = 2, **settings: str) -> str:
    """What a command that is refused says; nothing else ended it."""
    done = asked(folder, *words, **settings)
    assert done.exit_code == code, (done.exit_code, done.output, done.exception)
    return done.stderr


def served(folder: Path, **settings: str) -> str:
    """What a server says that does not start: never a traceback."""
    done = run(folder, "serve", **settings, BIND="127.0.0.1:0")
    assert done.returncode == 2 and "Traceback" not in done.stderr and "exc_type" not in done.stderr, done.stderr
    return done.stderr


def test_another_id_key_is_refused_before_it_splits_anybody(recorded: Path, tmp_path: Path) -> None:
    folder, words = copied(recorded, tmp_path), "was recorded under another id key than LEADLINE_ID_KEY"
    assert words in served(folder, ID_KEY="f" * 32)
    assert words in told(folder, "verify", ID_KEY="f" * 32)
    assert words in told(folder, "doctor", "--reachable", code=1, ID_KEY="f" * 32)
    assert asked(folder, "doctor", "--reachable").exit_code == 0


def test_the_schema_of_a_newer_release_is_refused_by_readers_too(recorded: Path, tmp_path: Path) -> None:
    folder = copied(recorded, tmp_path)
    with sqlite3.connect(folder / "leadline-data" / "leadline.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    assert "a newer release has migrated it. Run that release" in told(folder, "leads")
    assert "a newer release has migrated it. Run that release" in told(folder, "doctor", code=1)


def test_a_data_folder_of_release_0_1_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(STARTER)
    (tmp_path / "leadline-data").mkdir()
    old = open_database(f"sqlite:///{tmp_path / 'leadline-data' / 'leadline.db'}")
    make_database_of_release_0_1(old.engine)
    old.close()
    assert "recorded by release 0.1, which spelled identities otherwise" in served(tmp_path)
    assert "recorded by release 0.1" in told(tmp_path, "leads")
    assert "recorded by release 0.1" in told(tmp_path, "doctor", code=1)


def test_a_postgresql_of_release_0_1_is_refused_at_start(tmp_path: Path, postgres_url: str) -> None:
    (tmp_path / "leadline.toml").write_text(STARTER)
    old = open_database(postgres_url)
    make_database_of_release_0_1(old.engine)
    old.close()
    done = run(tmp_path, "project", DATABASE=postgres_url, KAFKA="127.0.0.1:1", BIND="127.0.0.1:0")
    assert done.returncode == 2, done.stderr
    assert "recorded by release 0.1, which spelled identities otherwise" in done.stderr
    assert "Traceback" not in done.stderr and "exc_type" not in done.stderr, done.stderr
    assert "recorded by release 0.1" in told(tmp_path, "leads", DATABASE=postgres_url)


@pytest.mark.parametrize(("file", "words"), [
    ("leadline.db", "damaged, or no database (file is not a database): restore it from a backup"),
    ("log.db", "not a log that can be written (file is not a database)"),
])  # fmt: skip
def test_a_damaged_file_is_named(recorded: Path, tmp_path: Path, file: str, words: str) -> None:
    folder = copied(recorded, tmp_path)
    (folder / "leadline-data" / file).write_bytes(os.urandom(20_000))
    assert words in served(folder)
    assert words in told(folder, "doctor", code=1)


def test_a_lead_put_aside_is_a_finding_and_not_an_outage(recorded: Path, tmp_path: Path) -> None:
    folder = copied(recorded, tmp_path)
    with sqlite3.connect(folder / "leadline-data" / "leadline.db") as database:
        database.execute("UPDATE clusters SET aside = 'sample'")
    database.close()
    assert "put aside" in told(folder, "doctor", code=1)
    assert asked(folder, "doctor", "--reachable").exit_code == 0


def test_where_nothing_can_be_written_nothing_is_acknowledged_and_it_goes_on_by_itself(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(STARTER)

    def noted() -> httpx2.Response:
        return server.http.post("/v1/track", json={**CLOSED, "properties": {"note": "x" * 20_000}})

    def touches() -> list[int]:
        return [lead["touches"] for lead in server.http.get("/api/leads?user_id=u-1").json()["items"]]

    with serving(tmp_path) as server:
        pid, unlimited = server.popen.pid, resource.RLIM_INFINITY
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_500_000, unlimited))  # every file is full there
        acknowledged = 0
        while (answer := noted()).status_code == 200:
            acknowledged += 1
            assert acknowledged < 200
        problem(answer, 503, "nothing is acknowledged")
        assert int(answer.headers["retry-after"]) > 0 and acknowledged > 10
        eventually(lambda: "collector.refuses" in server.said)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        eventually(lambda: touches() == [acknowledged])
        assert noted().status_code == 200
        eventually(lambda: touches() == [acknowledged + 1])
        assert "Traceback" not in server.said and server.said.count("collector.refuses") == 1
        assert server.stop() == 0
    assert json.loads(run(tmp_path, "verify", "--json").stdout)["differences"] == 0
