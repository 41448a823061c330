"""The collector and the bare application beside it write the same rows, and both are measured."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.touchpoints.envelope import decode
from producers.reading.conventions import Conventions
from store.log.port import Entry
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.bench import cpu
from tests.bench.asking import KEYS, Asked, requests
from tests.bench.collected import DoorCost, measure
from tests.bench.doors import SOURCE, bare
from tests.producers.collecting import HOST, NOON, Collecting

WRITE_KEYS = f"{SOURCE}:public:{KEYS['browser']},{SOURCE}:server:{KEYS['server']}"


@pytest.mark.parametrize("sender", ["browser", "server"])
def test_both_write_the_same_rows(sender: str, tmp_path: Path) -> None:
    asked = requests(sender, [1, 3, 10, 10, 10], seed=7)
    conventions = Conventions(claims_back=1 << 60)
    door = Collecting(tmp_path, WRITE_KEYS, "https://www.example.com", conventions=conventions)
    with closing(SqlLog(tmp_path / "bare.db")) as log:
        _send(door.app, asked)
        _send(bare(log, lambda: NOON), asked)
        reader = log.subscribe([TOUCHPOINTS], "test")
        theirs = reader.poll(dict.fromkeys(reader.assigned()), 1_000, 0)
        reader.close()
    ours = door.entries(TOUCHPOINTS)
    assert len(ours) == len(theirs) == 34
    for one, other in zip(ours, theirs, strict=True):
        assert (one.key, [name for name, _ in one.headers]) == (other.key, [name for name, _ in other.headers])
        assert {**dict(one.headers), "ce_time": b""} == {**dict(other.headers), "ce_time": b""}
        assert _told(one) == _told(other)


def _told(entry: Entry) -> dict[str, Any]:
    """What a row says, without what the collector finds out: by whose clock, whose page, and who a form's sender is."""
    told = decode(entry.value)._asdict()
    told["context"] = {name: told["context"].get(name) for name in ("page", "library", "userAgent")}
    told["identities"] = {each.kind: each.value for each in told["identities"] if each.kind != "email"}
    for name in ("occurred_at", "profile"):
        del told[name]
    return told


def _send(app: Any, asked: list[Asked]) -> None:
    async def run() -> None:
        transport = httpx2.ASGITransport(app)
        async with httpx2.AsyncClient(transport=transport, base_url=HOST) as client:
            for each in asked:
                head, _, body = each.wire.partition(b"\r\n\r\n")
                first, *lines = head.decode().split("\r\n")
                headers = dict(line.split(": ", 1) for line in lines if not line.startswith("Host"))
                answer = await client.post(first.split()[1], content=body, headers=headers)
                assert answer.json() == {"success": True}

    asyncio.run(run())


@pytest.mark.skipif(not cpu.AVAILABLE, reason="CPU time of other processes is read on Linux only")
def test_both_are_measured() -> None:
    [found] = measure(2, 4, {"a page": ("browser", (1,))})
    assert found.name == "a page" and len(found.ours) == len(found.bare) == 2
    assert min(*found.ours, *found.bare) > 0


def test_times_is_the_median_of_pairs() -> None:
    cost = DoorCost("tracker", [12.0, 30.0, 20.0], [10.0, 20.0, 10.0])
    assert cost.values == {"collector": 20.0, "bare": 10.0, "times": 1.5, "least": 1.2, "most": 2.0}
    assert str(cost) == "| tracker | 20.0 | 10.0 | 1.50 | 1.20 to 2.00 |"
