"""A person on two devices, whose touchpoints lie in two partitions of the log: one lead whichever is faster."""

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from consumers.record.recorder import Recorder
from store.database.database import open_database
from store.events.ids import Ids
from store.events.store import EventStore
from store.log.kafka.log import KafkaLog
from store.log.port import Subscription
from store.log.topics import TOUCHPOINTS
from tests.projections.paths import CLOCK, TWO_DEVICES, RealPath, check, model, records_of
from tests.projections.shelf import Shelf
from tests.projections.world import KEY, World


@pytest.fixture(scope="module")
def expected(shelf: Shelf) -> dict[str, str]:
    """The digests where the log has one partition."""
    with shelf.place(model()) as folder:
        world = RealPath(folder)
        world.play([[touchpoint] for touchpoint in TWO_DEVICES.touchpoints])
        digest = world.digest()
        world.close()
        return digest


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> str:
    """Touchpoints on a topic of this test's own."""
    name = f"{TOUCHPOINTS}.{uuid.uuid4().hex}"
    monkeypatch.setattr("consumers.record.recorder.TOUCHPOINTS", name)
    return name


@pytest.fixture
def log(kafka_bootstrap: str) -> Iterator[KafkaLog]:
    log = KafkaLog(kafka_bootstrap, partitions=2)
    yield log
    log.close()


def join(log: KafkaLog, topic: str) -> list[Subscription]:
    """Two members of a new group, each with a partition of its own."""
    group = uuid.uuid4().hex
    members: list[Subscription] = [log.subscribe([topic], group) for _ in range(2)]
    until = time.monotonic() + 60
    with ThreadPoolExecutor(2) as both:
        while [len(member.assigned()) for member in members] != [1, 1]:
            assert time.monotonic() < until, "the two recorders do not share the partitions"
            list(both.map(lambda member: member.poll({}, 1, 0.1), members))
    return sorted(members, key=lambda member: member.assigned()[0].number)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("at_once", [100, 1])
def test_a_person_on_two_devices_is_one_lead_whichever_partition_is_read_first(
    shelf: Shelf, log: KafkaLog, topic: str, expected: dict[str, str], first: int, at_once: int
) -> None:
    records = records_of(each for each in TWO_DEVICES.touchpoints for _ in range(2))
    assert {log.place(topic, record.key).number for record in records} == {0, 1}, "choose cookies that lie apart"
    log.append(topic, records)
    with shelf.place(model()) as folder, ExitStack() as after:
        url = f"sqlite:///{folder / 'leadline.db'}"
        recorders = []
        pool = after.enter_context(ThreadPoolExecutor(1))
        members = join(log, topic)
        for member in members:
            database = after.enter_context(closing(open_database(url, KEY)))
            ids = Ids(KEY)
            recorder = Recorder(member, database, EventStore(database), ids, log, clock=lambda: CLOCK)
            recorders.append(after.enter_context(closing(recorder)))
        world = after.enter_context(closing(World(url, model(), CLOCK, ready=True)))
        read, until = 0, time.monotonic() + 30
        while read < len(records):
            assert time.monotonic() < until, "the recorders do not read what is on the log"
            for turn in (first, 1 - first):
                # The other one stays a member meanwhile, as a process of its own would: it polls for nothing.
                waiting = pool.submit(members[1 - turn].poll, {}, 1, 0.05)
                read += recorders[turn].run_once(at_once, wait=0.5).read
                waiting.result()
                world.project()
                world.restart()
        assert all(recorder.counts.written for recorder in recorders)
        check(world, TWO_DEVICES, expected)
