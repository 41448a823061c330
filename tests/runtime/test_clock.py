"""A stored clock far ahead of the database's time, as operators meet it: lines, doctor, metrics, and the way back."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.runtime.serving import eventually, run, serving

MODEL = """
[[stages]]
name = "lead"
[score]
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 25
"""
STEP = 40_000 * 86_400 * 1_000_000


def test_a_clock_that_was_wrong_is_found_and_set_back_while_a_server_works(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path) as server:
        assert server.http.post("/f/contact", data={"email": "a@example.org"}).status_code == 303
        eventually(lambda: server.http.get("/api/leads?hot=true").json()["items"])
        assert run(tmp_path, "doctor").returncode == 0
        assert "leadline_clock_ahead_seconds 0.0" in server.http.get("/metrics").text
        server.stop()
    with closing(sqlite3.connect(tmp_path / "leadline-data" / "leadline.db")) as database:
        database.execute("UPDATE projector SET clock = clock + ?", (STEP,))
        database.commit()
    with serving(tmp_path) as server:
        assert server.http.post("/f/contact", data={"email": "b@example.org"}).status_code == 303
        eventually(lambda: len(server.http.get("/api/leads").json()["items"]) == 2)
        assert server.http.get("/api/leads?hot=true").json()["items"] == []
        eventually(lambda: "project.clock_ahead" in server.said)
        assert "leadline_clock_ahead_seconds 3.4" in server.http.get("/metrics").text
        found = run(tmp_path, "doctor")
        assert found.returncode == 1 and "leadline rebuild --clock now" in found.stderr
        mended = run(tmp_path, "rebuild", "--clock", "now")
        assert mended.returncode == 0, mended.stderr
        eventually(lambda: len(server.http.get("/api/leads?hot=true").json()["items"]) == 2)
        assert run(tmp_path, "doctor").returncode == 0
        assert run(tmp_path, "verify").returncode == 0
        assert server.stop() == 0
