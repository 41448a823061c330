"""The tracker's door answers, keeps and counts as the door does that takes batches of anybody."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from store.log.port import LogAway, RecordTooLarge
from store.log.sql import SqlLog
from store.log.topics import REJECTED, TOUCHPOINTS
from tests.producers.collecting import Collecting
from tests.producers.failing_log import FailingLog
from tests.producers.tracking import BROWSER, EVENT, FORM, PAGE, body_of

KEYS = "site:public:sample-public-key,crm:server:sample-server-key"
SITE = "https://www.example.com"
HEADERS: dict[str, Any] = {"origin": SITE, "user-agent": BROWSER, "content-type": "text/plain;charset=UTF-8"}


REFUSED = {**EVENT, "event": "Merged"}
ASKED: list[tuple[bytes, dict[str, Any]]] = [
    (body_of([PAGE, EVENT, FORM]), HEADERS),
    (body_of([PAGE]), {}),
    (body_of([PAGE]), HEADERS | {"origin": "\t"}),
    (body_of([PAGE]), HEADERS | {"origin": "https://" + "x" * 300}),
    (body_of([PAGE]), HEADERS | {"user-agent": "Googlebot/2.1"}),
    (body_of([PAGE]), HEADERS | {"user-agent": ("名" * 3_000).encode()}),
    (body_of([PAGE]), HEADERS | {"x-write-key": "sample-server-key"}),
    (body_of([PAGE]), HEADERS | {"x-write-key": "unknown"}),
    (body_of([PAGE], writeKey="sample-server-key"), HEADERS),
    (body_of([PAGE], writeKey="unknown-key"), HEADERS),
    (body_of([PAGE], writeKey=None), HEADERS),
    (body_of([PAGE], writeKey=" sample-public-key "), HEADERS),
    (body_of([PAGE], context={"ip": "0.0.0.0"}), HEADERS),
    (body_of([PAGE, REFUSED, EVENT]), HEADERS),
    (body_of([]), HEADERS),
    (body_of([{**PAGE, "context": {"page": {**PAGE["context"]["page"], "title": "名 "}}}]), HEADERS),
    (gzip.compress(body_of([PAGE]), mtime=0), HEADERS),
    (b"\xef\xbb\xbf" + body_of([PAGE]), HEADERS),
    (body_of([PAGE] * 200), HEADERS),
    (body_of([PAGE])[:-1], HEADERS),
    (b"", HEADERS),
    (b"x" * 600_000, HEADERS),
    (body_of([PAGE]), HEADERS | {"content-length": "700000"}),
]


@pytest.mark.parametrize("write_keys", [KEYS, ""])
def test_it_is_as_the_door_that_takes_batches_of_anybody(tmp_path: Path, write_keys: str) -> None:
    doors = {}
    for path in ("/v1/b", "/v1/batch"):
        (tmp_path / path[1:].replace("/", "-")).mkdir()
        doors[path] = Collecting(tmp_path / path[1:].replace("/", "-"), write_keys, SITE)
    for content, headers in ASKED:
        answers = {path: door.ask("POST", path, content=content, headers=headers) for path, door in doors.items()}
        one, other = answers.values()
        assert (one.status_code, one.content) == (other.status_code, other.content), content[:200]
        assert sorted(one.headers.raw) == sorted(other.headers.raw), content[:200]
    one_door, other_door = doors.values()
    assert one_door.entries(TOUCHPOINTS) and _said(one_door, TOUCHPOINTS) == _said(other_door, TOUCHPOINTS)
    assert len(one_door.entries(REJECTED)) == len(other_door.entries(REJECTED)) > 0
    assert _counted(one_door) == _counted(other_door)


@pytest.mark.parametrize(("error", "status"), [(LogAway("away"), 503), (RecordTooLarge("x"), 413), (OSError("x"), 500)])
def test_no_success_without_the_log(tmp_path: Path, error: Exception, status: int) -> None:
    log = FailingLog(SqlLog(tmp_path / "failing.db"), error)
    door = Collecting(tmp_path, KEYS, SITE, log=log)
    answer = door.ask("POST", "/v1/b", content=body_of([PAGE]), headers=HEADERS)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == SITE
    assert ("access-control-expose-headers" in answer.headers) == ("retry-after" in answer.headers) == (status != 413)
    assert f'seconds_count{{door="v1/b",status="{status}"}} 1.0' in door.ask("GET", "/metrics").text


def _said(door: Collecting, topic: str) -> list[tuple[bytes, bytes, Any]]:
    return [(entry.key, entry.value, entry.headers) for entry in door.entries(topic)]


def _counted(door: Collecting) -> list[str]:
    """What the metrics count; how long it took differs."""
    lines = door.ask("GET", "/metrics").text.replace('"v1/batch"', '"v1/b"').splitlines()
    return [line for line in lines if "_total{" in line or "_count{" in line]
