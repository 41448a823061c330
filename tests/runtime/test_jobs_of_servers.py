"""Jobs of real servers: what becomes of one whose server is stopped or killed, and of those who worked on it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from domain.model.starter import STARTER
from tests.bench import cpu
from tests.runtime.serving import Server, eventually, run, serving

pytestmark = pytest.mark.skipif(not cpu.AVAILABLE, reason="NOT TESTED HERE: it looks at processes as Linux has them")
ROWS = 2_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with some history."""
    (tmp_path / "leadline.toml").write_text(STARTER)
    (tmp_path / "mapping.toml").write_text(
        'source = "crm"\nid = "id"\ntime = { column = "at", format = "iso" }\nidentities = { email = "mail" }\n'
        '[type]\ncolumn = "type"\nother = "snake_case"\n'
    )
    lines = [f"{n},2026-06-01T10:00:00Z,page_viewed,p{n % 500}@x.test" for n in range(ROWS)]
    (tmp_path / "rows.csv").write_text("\n".join(["id,at,type,mail", *lines]))
    done = run(tmp_path, "import", "rows.csv", "--mapping", "mapping.toml")
    assert done.returncode == 0, done.stderr
    return tmp_path


@contextmanager
def working(folder: Path) -> Iterator[tuple[Server, str, list[int]]]:
    """A server that has a job, its id, and the processes that work on it."""
    with serving(folder) as server:
        id = server.http.post("/api/verify").json()["id"]
        family = eventually(lambda: [pid for pid in cpu.family(server.popen.pid) if "forkserver" in cpu.title(pid)])
        yield server, id, family


def job(server: Server, id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.http.get(f"/api/jobs/{id}").json()
    return found


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_job_of_a_server_ends_with_its_result(folder: Path) -> None:
    with working(folder) as (server, id, family):
        ended = eventually(lambda: (now := job(server, id))["state"] != "running" and now)
        assert (ended["state"], ended["result"]["touchpoints"], ended["result"]["differences"]) == ("done", ROWS, 0)
        assert server.stop() == 0
    assert eventually(lambda: gone(family))


def test_a_server_that_is_told_to_stop_stops_its_job(folder: Path) -> None:
    with working(folder) as (server, id, family):
        assert server.stop() == 0, server.said
    assert eventually(lambda: gone(family))
    with serving(folder) as server:
        ended = job(server, id)
        assert ended["state"] in ("cancelled", "done") and ended["ended_at"] is not None, ended


def test_a_job_is_lost_with_a_server_that_is_killed_and_can_be_begun_again(folder: Path) -> None:
    with working(folder) as (server, id, family):
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert eventually(lambda: gone(family))
    with serving(folder) as server:
        again = server.http.post("/api/verify")
        assert again.status_code == 202, again.text
        lost = job(server, id)
        assert lost["state"] == "lost" and "ask again" in lost["error"]
        ended = eventually(lambda: (now := job(server, again.json()["id"]))["state"] != "running" and now)
        assert (ended["state"], ended["result"]["differences"]) == ("done", 0)
