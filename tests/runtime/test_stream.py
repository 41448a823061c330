"""Streams of signals: one look at the ledger for all readers, each signal once and in order, a cap, and who resumes."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi.sse import ServerSentEvent
from sqlalchemy import Connection, event, insert

from api import stream
from api.app import Readers, create_api
from api.stream import SignalFeed
from domain.model.definition import parse_model
from projections.reports.signals import ledger_end, signals
from store.database.tables import ledger
from tests.domain.stories import START, at
from tests.projections.world import World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import eventually, serving
from web.private import Private

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


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A ledger with one lead.hot in it, looked at often."""
    monkeypatch.setattr(stream, "GLANCE", 0.01)
    world = World.on_sqlite(tmp_path, parse_model(MODEL), START + 600_000_000)
    world.play([[at(1, "form_submitted", "e:ada@example.org")]])
    yield world
    world.database.close()


def announced(world: World, count: int) -> list[str]:
    """So many signals are added; their ids."""
    with world.database.transaction() as conn:
        end = ledger_end(conn)
        row = dict(conn.execute(ledger.select().limit(1)).mappings().one())
        rows = [{**row, "position": end + n, "id": f"added:{end + n}"} for n in range(1, count + 1)]
        conn.execute(insert(ledger), rows)
    return [str(each["id"]) for each in rows]


def end_of(world: World) -> int:
    with world.database.snapshot() as conn:
        return ledger_end(conn)


async def read(feed: SignalFeed, position: int, count: int, *kinds: str) -> list[str]:
    """The ids of the next signals behind a position."""
    ids: list[str] = []
    with feed.reader():
        async for each in feed.events(position, kinds):
            assert isinstance(each, ServerSentEvent)
            if each.raw_data is not None:
                ids.append(json.loads(each.raw_data)["id"])
                assert each.id == str(json.loads(each.raw_data)["position"])
            if len(ids) >= count:
                break
    return ids


def test_one_look_a_tick_serves_all_readers(world: World) -> None:
    statements = looks = 0

    @event.listens_for(world.database.engine, "before_cursor_execute")
    def count(conn: Connection, cursor: object, statement: str, *rest: object) -> None:
        nonlocal statements
        statements += "FROM ledger" in statement

    async def run() -> None:
        nonlocal looks, statements
        feed = SignalFeed(world.database, 100)
        end, expected = end_of(world), []
        look = feed._look

        def counted() -> list[stream.Told]:
            nonlocal looks
            looks += 1
            return look()

        feed._look = counted  # type: ignore[method-assign]
        readers = [asyncio.create_task(read(feed, end, 6)) for _ in range(50)]
        while feed._floor != end or looks < 3:  # all wait for what is added
            await asyncio.sleep(0.01)
        statements = looks = 0
        for _ in range(3):
            expected += await asyncio.to_thread(announced, world, 2)
            await asyncio.sleep(0.03)
        assert await asyncio.gather(*readers) == [expected] * 50
        assert looks > 0 and statements <= looks + 1 + 2 * 3  # the announcements themselves ask for the end

    asyncio.run(run())


def test_whoever_comes_late_or_falls_behind_misses_nothing_and_sees_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PAGE", 7)
    monkeypatch.setattr(stream, "RECENT", 10)

    async def run() -> None:
        feed = SignalFeed(world.database, 100)
        first = [each.id for each in await asyncio.to_thread(listed, world)]
        slow = asyncio.create_task(read(feed, 0, len(first) + 120))
        added: list[str] = []
        for _ in range(4):
            added += await asyncio.to_thread(announced, world, 30)
            middle = first + added
            late = len(middle) // 2
            assert await read(feed, late, len(middle) - late) == middle[late:]
        assert await slow == first + added

    asyncio.run(run())


def listed(world: World) -> list[object]:
    with world.database.snapshot() as conn:
        return list(signals(conn, 0).items)


def test_a_kind_that_is_not_asked_for_is_passed_over(world: World) -> None:
    async def run() -> None:
        feed = SignalFeed(world.database, 1)
        with feed.reader():
            page, behind = feed._page(0, ("no.such.kind",))
        assert (page, behind) == ([], end_of(world))
        [hot] = await read(feed, 0, 1, "lead.hot")
        assert hot.split(":")[1] == "lead.hot"

    asyncio.run(run())


def test_who_is_no_longer_let_in_reads_no_further(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WELCOME", 0.01)
    asked = []

    def welcome() -> bool:
        asked.append(1)
        return len(asked) < 3

    async def run() -> int:
        feed = SignalFeed(world.database, 1)
        with feed.reader():
            return len([each async for each in feed.events(end_of(world), (), welcome)])

    assert asyncio.run(asyncio.wait_for(run(), 60)) == 1  # how soon to come again, and no signal
    assert len(asked) == 3


def test_a_place_beyond_the_ledger_is_its_end(world: World) -> None:
    async def run() -> None:
        feed = SignalFeed(world.database, 1)
        assert await feed.place(None) == await feed.place(str(end_of(world) + 1_000)) == end_of(world)

    asyncio.run(run())
    app = create_api(Readers(world.database, world.events, world.ids, lambda: True), Private(None))
    answer = Asker(app).get("/api/signals/stream", last_event_id="5000")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
    problem(Asker(app).get("/api/signals/stream", last_event_id="nonsense"), 400, "neither a ledger position")


def test_more_streams_than_the_most_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    with serving(tmp_path, STREAMS="3") as server, ExitStack() as opened:
        for _ in range(3):
            answer = opened.enter_context(server.http.stream("GET", "/api/signals/stream"))
            assert answer.status_code == 200
        with httpx2.Client(base_url=server.http.base_url) as stranger:
            refused = stranger.get("/api/signals/stream")
            problem(refused, 503, "LEADLINE_STREAMS")
            assert refused.headers["retry-after"] == "5"
        assert server.http.get("/api/signals").status_code == 200
        opened.close()

        def open_again() -> bool:
            with server.http.stream("GET", "/api/signals/stream") as answer:
                return answer.status_code == 200

        eventually(open_again)
        assert server.stop() == 0


def test_a_signal_links_to_its_lead_in_the_list_and_in_the_stream_live_or_later(tmp_path: Path) -> None:
    (tmp_path / "leadline.toml").write_text(MODEL)
    query = {"kind": "lead.hot"}

    def first(answer: httpx2.Response) -> dict[str, object]:
        line = next(line for line in answer.iter_lines() if line.startswith("data: "))
        return dict(json.loads(line.removeprefix("data: ")))

    with serving(tmp_path, PUBLIC_URL="https://leads.example.com/") as server:
        with server.http.stream("GET", "/api/signals/stream", params=query) as answer:
            assert server.http.post("/f/contact", data={"email": "ada@example.org"}).status_code == 303
            live = first(answer)
        with server.http.stream("GET", "/api/signals/stream", params={**query, "after": "0"}) as answer:
            later = first(answer)
        [listed] = server.http.get("/api/signals", params=query).json()["items"]
        [lead] = server.http.get("/api/leads", params={"email": "ada@example.org"}).json()["items"]
        assert listed["link"] == f"https://leads.example.com/leads/{lead['id']}"
        assert live == later == {key: value for key, value in listed.items() if key != "deliveries"}
