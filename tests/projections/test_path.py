"""From the log to the signal: real log, recorder and projector; every delivery order, every touchpoint five times."""

import itertools
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from consumers.record import Recorder
from domain.model import parse_model
from domain.touchpoint import Touchpoint, encode
from store.log import Record
from store.log_sql import SqlLog
from store.topics import REJECTED, TOUCHPOINTS
from tests.domain.stories import at
from tests.domain.test_assign import STORIES
from tests.domain.test_fold import MODEL, us
from tests.projections.world import World

CLOCK = us(600)
FIVE = [
    at(1, "page_viewed", "c:k"),
    at(2, "form_submitted", "c:k", "e:a@x"),
    at(3, "identified", "c:k", "u:1"),
    at(4, "page_viewed", "u:1"),
    at(5, "form_submitted", "u:1", "e:a@x"),
]


class RealPath(World):
    """The world with a real log and recorder before it; a restart makes them anew on the same files."""

    folder: Path

    def restart(self) -> None:
        if hasattr(self, "recorder"):
            self.recorder.close()
            self.log.close()
        super().restart()
        self.log = SqlLog(self.folder / "log.db")
        subscription = self.log.subscribe((TOUCHPOINTS, REJECTED), "record")
        self.recorder = Recorder(subscription, self.database, self.events, self.ids, self.log, clock=lambda: self.clock)

    def deliver(self, touchpoints: Sequence[Touchpoint]) -> None:  # type: ignore[override]
        self.log.append(TOUCHPOINTS, [Record(str(each.trail).encode(), encode(each)) for each in touchpoints])
        end = time.monotonic() + 20
        read = 0
        while read < len(touchpoints) and time.monotonic() < end:
            read += self.recorder.run_once(wait=0.01).read

    def close(self) -> None:
        self.recorder.close()
        self.log.close()
        self.database.close()


def make(folder: Path, url: str | None = None) -> RealPath:
    folder.mkdir(exist_ok=True)
    RealPath.folder = folder
    return RealPath(url or f"sqlite:///{folder / 'leadline.db'}", parse_model(MODEL), CLOCK)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    world = make(tmp_path_factory.mktemp("expected"))
    world.play([FIVE])
    yield world.digest()
    world.close()


def test_five_touchpoints_in_all_120_orders_give_the_same_bytes(tmp_path: Path, expected: dict[str, str]) -> None:
    for number, order in enumerate(itertools.permutations(FIVE)):
        world = make(tmp_path / str(number))
        world.play([[touchpoint] for touchpoint in order])
        assert world.digest() == expected
        assert world.opens().count(("hot", "")) == 1
        assert [kind for kind, _ in world.signals()].count("lead.hot") == 1
        world.close()


@pytest.mark.parametrize("number", range(0, 120, 24))
def test_each_sent_five_times_with_a_restart_between(tmp_path: Path, expected: dict[str, str], number: int) -> None:
    order = list(itertools.permutations(FIVE))[number]
    world = make(tmp_path)
    world.play([[touchpoint] for touchpoint in order for _ in range(5)], restart=True)
    assert world.digest() == expected
    assert world.opens().count(("hot", "")) == 1
    assert world.verify().differing == 0
    world.close()


def test_on_postgresql_too(tmp_path: Path, postgres_server: object, expected: dict[str, str]) -> None:
    for number, order in enumerate(list(itertools.permutations(FIVE))[::30]):
        url = postgres_server.create()  # type: ignore[attr-defined]
        world = make(tmp_path / str(number), url)
        world.play([[touchpoint] for touchpoint in order for _ in range(2)], restart=True)
        assert world.digest() == expected
        assert world.verify().differing == 0
        world.close()
        postgres_server.drop(url)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["two people on one cookie", "a late touchpoint un-joins two leads"])
def test_the_stories_on_postgresql(tmp_path: Path, postgres_server: object, name: str) -> None:
    touchpoints, leads = STORIES[name]
    digests = set()
    for number, order in enumerate((touchpoints, touchpoints[::-1])):
        url = postgres_server.create()  # type: ignore[attr-defined]
        world = make(tmp_path / str(number), url)
        world.play([[touchpoint] for touchpoint in order], restart=True)
        assert len(world.rows("leads")) == len(leads)
        assert world.verify().differing == 0
        digests.add(tuple(world.digest().items()))
        world.close()
        postgres_server.drop(url)  # type: ignore[attr-defined]
    assert len(digests) == 1


def test_a_page_a_form_and_an_identify_of_one_millisecond_complete_the_funnel(tmp_path: Path) -> None:
    group = [at(1, "page_viewed", "c:k", seq=0), at(1, "form_submitted", "c:k", "e:a@x", seq=1),
             at(1, "identified", "c:k", "u:1", seq=2)]  # fmt: skip
    digests = set()
    for number, order in enumerate(itertools.permutations(group)):
        world = make(tmp_path / str(number))
        world.play([[touchpoint] for touchpoint in order], restart=True)
        assert [row[2] for row in world.rows("funnel_leads")] == [3]
        digests.add(tuple(world.digest().items()))
        world.close()
    assert len(digests) == 1
