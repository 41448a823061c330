"""Nothing refused or acknowledged is lost: a log that is away, full or busy, and what was refused tried again."""

import asyncio
import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from producers.collector.queue import AppendQueue
from producers.protocols import retry
from store.log.port import Log, LogAway, LogFull, LogMisconfigured, Record, RecordTooLarge
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.producers.collecting import NOON, Collecting, track
from tests.producers.failing_log import FailingLog
from web.problems import Problem


def failing(folder: Path, *errors: Exception | None) -> tuple[Collecting, FailingLog]:
    log: Log = FailingLog(SqlLog(folder / "log.db"), *errors)
    assert isinstance(log, FailingLog)
    return Collecting(folder, log=log), log


@pytest.mark.parametrize(("error", "status", "after"), [
    (LogAway("away", 2.5), 503, "3"), (LogFull("full", 30), 503, "30"), (LogMisconfigured("no"), 503, "60"),
    (RecordTooLarge("large"), 413, None), (RuntimeError("a bug"), 500, "5"),
])  # fmt: skip
def test_no_success_without_the_log(tmp_path: Path, error: Exception, status: int, after: str | None) -> None:
    for path, body in (("/v1/track", json.dumps(track())), ("/f/contact", "email=a%40example.com")):
        door, _ = failing(tmp_path, error)
        answer = door.post(path, content=body)
        assert (answer.status_code, answer.headers.get("retry-after")) == (status, after)
        assert answer.headers["content-type"] == "application/problem+json"
    door, _ = failing(tmp_path, error)
    assert door.ask("GET", "/p.gif?aid=a").status_code == status
    assert door.touchpoints() == []


def test_a_full_log_acknowledges_nothing_and_loses_nothing(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "small.db", limit_bytes=200_000)
    door = Collecting(tmp_path, log=log)
    door.kept = log
    statuses = [door.post("/v1/track", track(f"E{n}", properties={"t": "x" * 9_000})).status_code for n in range(40)]
    assert statuses[0] == 200 and statuses[-1] == 503
    assert len(door.touchpoints()) == statuses.count(200)


def test_concurrent_requests_share_appends(tmp_path: Path) -> None:
    door, log = failing(tmp_path)
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(50)]
    assert {answer.status_code for answer in door.ask_all(asked)} == {200}
    assert sum(log.appends) == 50 and len(log.appends) < 25
    assert {found.type for found in door.touchpoints()} == {f"e{n}" for n in range(50)}


def test_too_large_a_record_costs_its_neighbours_nothing(tmp_path: Path) -> None:
    door, log = failing(tmp_path)
    log.too_large = b'"e3"'
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(5)]
    statuses = [answer.status_code for answer in door.ask_all(asked)]
    assert statuses == [200, 200, 200, 413, 200]
    assert len(door.touchpoints()) == 4


def test_too_many_that_wait_are_told_to_come_back(tmp_path: Path) -> None:
    door = Collecting(tmp_path)
    asked = [("POST", "/v1/track", {"content": json.dumps(track(f"E{n}"))}) for n in range(1_100)]
    answers = door.ask_all(asked)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 429} and statuses.count(200) >= 1_000
    assert len(door.touchpoints()) == statuses.count(200)


def test_large_requests_that_wait_are_bounded_in_bytes(tmp_path: Path) -> None:
    door, log = failing(tmp_path)
    begun, go_on = threading.Event(), threading.Event()
    append = log.append

    def slow(topic: str, records: Sequence[Record]) -> None:
        begun.set()
        assert go_on.wait(60)
        append(topic, records)

    log.append = slow  # type: ignore[method-assign]

    async def run() -> None:
        waiting = AppendQueue(log, most_bytes=1_000_000)
        large = [Record(b"k", b"x" * 300_000)]
        puts = [asyncio.create_task(waiting.put(large, [])) for _ in range(4)]
        await asyncio.to_thread(begun.wait, 60)
        with pytest.raises(Problem) as refused:
            await puts[3]
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "1"})
        go_on.set()
        await asyncio.gather(*puts[:3])
        await waiting.put(large, [])  # there is room again
        await waiting.put([Record(b"k", b"x" * 2_000_000)], [])  # and alone anything goes

    asyncio.run(run())
    assert len(door.entries(TOUCHPOINTS)) == 5


# ---- tried again ----


def test_what_was_refused_can_be_tried_again(door: Collecting) -> None:
    early = {"type": "track", **track("Early"), "timestamp": "2026-11-20T12:00:00Z", "event": "erased"}
    around = {"locale": "zh"}
    door.post(
        "/v1/batch",
        {"batch": [{"type": "track", **track()}, early], "sentAt": "2026-11-21T13:00:00Z", "context": around},
    )
    door.post("/f/contact?utm_source=x", data={"message": "hi"}, headers={"referer": "http://www.example.com/a"})
    door.ask("GET", "/p.gif?t=x")
    door.post("/v1/track", content=b"{")
    for entry in door.rejected():
        said = {name: (entry.header(f"leadline.{name}") or b"").decode() for name in ("door", "source", "meta")}
        meta = json.loads(said["meta"])
        once = retry.again(said["door"], said["source"], entry.value, meta)
        assert once.touchpoints == ()
        assert once.refused is not None and once.refused.record() == Record(entry.key, entry.value, entry.headers)
        mended = {
            b"erased": b"signed_up",
            b"message=hi": b"email=a%40b.example",
            b"t=x": b"aid=a",
            b"{": b'{"event":"x","userId":"u"}',
        }
        value = entry.value
        for wrong, right in mended.items():
            if wrong in (value, b"erased"):
                value = value.replace(wrong, right)
        (found,) = retry.again(said["door"], said["source"], value, meta).touchpoints
        assert found.received_at == NOON
        if found.type == "signed_up":
            assert (found.seq, found.context["locale"]) == (1, "zh")
            assert found.occurred_at == NOON - 25 * 3_600_000_000
    with pytest.raises(ValueError, match="none of the collector's"):
        retry.again("import/leads.csv", "import:leads", b"", {})
