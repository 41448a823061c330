"""What a person lives through who starts this release on what 0.2.0 wrote: with real processes, on both databases."""

from pathlib import Path

import pytest

from tests.given_model import MODEL
from tests.given_receivers import KEY, Answer, receiving
from tests.given_releases import load_release
from tests.runtime.serving import Process, eventually, here, run, serving

BERLIN = """
[[destinations]]
name = "berlin"
type = "webhook"
url = { env = "LEADLINE_BERLIN_URL" }
secret = { env = "LEADLINE_BERLIN_KEY" }
allow_private = true
"""
REFUSED = "saved by another release (format 6"
MENDED = "run `leadline rebuild`"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of an embedded server of 0.2.0: its data, and its model file."""
    (tmp_path / "data").mkdir()
    load_release(f"sqlite:///{tmp_path / 'data' / 'leadline.db'}")
    (tmp_path / "leadline.toml").write_text(MODEL)
    return tmp_path


def test_a_server_collects_and_answers_until_the_rebuild_and_then_goes_on(folder: Path) -> None:
    """The destination that a new model file names is told of what happens from now on."""
    (folder / "leadline.toml").write_text(MODEL + BERLIN)
    with receiving() as receiver:
        receiver.answer = lambda request: Answer()
        settings = {"DATA": "data", "BERLIN_URL": receiver.url, "BERLIN_KEY": KEY}
        with serving(folder, "serve", **settings) as server:
            eventually(lambda: "project.waits" in server.said)
            assert REFUSED in server.said and MENDED in server.said
            for _ in range(2):
                assert server.http.post("/f/contact", data={"email": "new@x.test"}).status_code == 303
            leads = server.http.get("/api/leads").json()["items"]
            assert len(leads) == 6, leads
            score = server.http.get(f"/api/leads/{leads[0]['id']}/score")
            assert score.status_code == 503 and MENDED in score.text
            report = server.http.get("/api/reports/daily")
            assert report.status_code == 503 and MENDED in report.text
            for words, code in ((("doctor",), 1), (("verify",), 2), (("export", "report_touches"), 2)):
                told = here(folder, *words, **settings)
                assert (told.returncode, MENDED in told.stderr) == (code, True), told.stderr
            assert run(folder, "rebuild", **settings).returncode == 0
            eventually(lambda: "project.goes_on" in server.said)
            eventually(receiver.accepted)
            assert server.http.get(f"/api/leads/{leads[0]['id']}").status_code == 200
            assert "0 differ" in here(folder, "verify", **settings).stdout
        [told] = receiver.accepted()
        assert told["type"] == "lead.hot", told


def test_a_projector_of_its_own_waits_for_the_rebuild(tmp_path: Path, postgres_url: str) -> None:
    load_release(postgres_url)
    settings = {"DATABASE": postgres_url, "KAFKA": "127.0.0.1:1"}
    projector = Process(tmp_path, ("project",), settings)
    try:
        eventually(lambda: "project.waits" in projector.said)
        assert REFUSED in projector.said and MENDED in projector.said
        assert run(tmp_path, "rebuild", **settings).returncode == 0
        eventually(lambda: "project.goes_on" in projector.said)
        assert projector.stop() == 0, projector.said
    finally:
        projector.popen.kill()
        projector.popen.wait()
    verified = here(tmp_path, "verify", **settings)
    assert verified.returncode == 0 and "0 differ" in verified.stdout


@pytest.mark.parametrize("words", [("verify",), ("rebuild",), ("doctor",), ("leads",)])
def test_what_only_reads_asks_for_a_start_first(folder: Path, words: tuple[str, ...]) -> None:
    told = run(folder, *words, DATA="data")
    assert told.returncode in (1, 2)
    assert "has the schema of an older release: start a server of this one, it migrates" in told.stderr


def test_an_import_that_would_wait_for_a_rebuild_is_refused_before_it_begins(folder: Path) -> None:
    (folder / "rows.csv").write_text("mail,at\nnew@x.test,2026-01-01T00:00:00Z\n")
    (folder / "map.toml").write_text(
        'source = "crm"\ntype = "page_viewed"\nidentities = { email = "mail" }\n'
        'time = { column = "at", format = "iso" }\n'
    )
    told = run(folder, "import", "rows.csv", "--mapping", "map.toml", DATA="data")
    assert told.returncode == 2 and REFUSED in told.stderr and MENDED in told.stderr, told.stderr
    assert run(folder, "rebuild", DATA="data").returncode == 0
    done = run(folder, "import", "rows.csv", "--mapping", "map.toml", DATA="data")
    assert done.returncode == 0, done.stderr
    assert "0 differ" in here(folder, "verify", DATA="data").stdout
