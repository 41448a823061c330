"""`/t.js` as it is served: what it is made of, its size, and what browsers and their caches are told."""

import gzip
import subprocess
from pathlib import Path

import pytest

from producers.collector.tracker_script import FOLDER, SERVED
from tests.producers.collecting import Collecting

ROOT = Path(__file__).parents[2]


def test_it_is_small_enough() -> None:
    assert len(gzip.compress((FOLDER / SERVED).read_bytes(), 9)) <= 3_500


def test_it_is_made_of_its_readable_source(tmp_path: Path) -> None:
    out = tmp_path / "made.js"
    done = subprocess.run(
        ["sh", "scripts/tracker.sh", str(out)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode == 3:
        pytest.skip(f"NOT TESTED HERE: the tracker cannot be made anew: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
    assert out.read_text() == (FOLDER / SERVED).read_text(), "run `make tracker`"
    assert out.read_text().splitlines()[0].startswith("// tracker.js by terser ")


def test_any_page_may_load_it_and_a_cache_keeps_it(tmp_path: Path) -> None:
    collecting = Collecting(tmp_path)
    answer = collecting.ask("GET", "/t.js")
    assert (answer.status_code, answer.content) == (200, (FOLDER / SERVED).read_bytes())
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "set-cookie" not in answer.headers
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = collecting.ask("GET", "/t.js", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert collecting.ask("GET", "/t.js", headers={"If-None-Match": '"other"'}).status_code == 200
    assert collecting.ask("HEAD", "/t.js").headers["etag"] == tag


@pytest.mark.parametrize(("accepted", "compressed"), [
    ("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.8, *;q=0.1", True), ("GZIP", True),
    ("identity", False), ("gzip;q=0", False), ("gzip;q=0.0, br", False), ("", False),
])  # fmt: skip
def test_it_is_compressed_for_who_takes_that(tmp_path: Path, accepted: str, compressed: bool) -> None:
    """Or the promised size is what nobody gets."""
    answer = Collecting(tmp_path).ask("GET", "/t.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == ("gzip" if compressed else None)
    assert answer.content == (FOLDER / SERVED).read_bytes() and answer.headers["vary"] == "Accept-Encoding"
    assert (int(answer.headers["content-length"]) <= 3_500) is compressed


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_is_only_read(tmp_path: Path, method: str) -> None:
    answer = Collecting(tmp_path).ask(method, "/t.js")
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
