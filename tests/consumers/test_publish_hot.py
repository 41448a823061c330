"""A hot lead on its topic: one message an episode, whatever heat does above the re-arming, and whatever comes late."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from consumers.publish.publisher import Publisher
from domain.model.definition import parse_model
from domain.signals.kinds import Topic
from domain.touchpoints.touchpoint import Touchpoint
from tests.consumers.publishing import Topics, drained
from tests.domain.stories import SECOND, at, us
from tests.projections.world import World

_RULE = '[[score.rules]]\nname = "{0}"\non = "{0}"\npoints = {1}\n'
MODEL = parse_model(
    '[[stages]]\nname = "lead"\n[score]\nhalf_life = "36500d"\nhot_at = 80\nrearm_at = 60\n'
    + "".join(
        _RULE.format(name, points)
        for name, points in {"much": 79, "two": 2, "less": -2, "three": 3, "a_little_less": -1.5, "cold": -25}.items()
    )
)


def heats(who: str) -> list[Touchpoint]:
    """79, 81, 79, 82."""
    return [at(1, "much", who), at(2, "two", who), at(3, "less", who), at(4, "three", who)]


@pytest.fixture
def who() -> str:
    """Of each test another person: what one test left on the topics is no other's."""
    return f"e:{uuid4().hex}@x.test"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.on_sqlite(tmp_path, MODEL, us(10))
    yield world
    assert world.verify().differing == 0
    world.close()


class Telling:
    """Projects and publishes each touchpoint for itself, a second after the one before."""

    def __init__(self, world: World, publisher: Callable[..., Publisher], topics: Topics) -> None:
        self.world, self._publisher, self._topics = world, publisher(database=world.database), topics

    def play(self, *touchpoints: Touchpoint) -> None:
        for touchpoint in touchpoints:
            self.world.clock += SECOND
            self.world.play([[touchpoint]])
            drained(self._publisher)

    def hot_since(self) -> int:
        """When the one lead became hot, as it is known now."""
        [score] = self.world.rows("scores")
        return int(score.hot_since)

    def messages(self, count: int) -> list[dict[str, Any]]:
        """What the hot topic carries once there are so many messages on all topics."""
        entries = self._topics.read(count)
        return [orjson.loads(entry.value) for entry in entries if entry.partition.topic == Topic.HOT_LEADS]


@pytest.fixture
def telling(world: World, publisher: Callable[..., Publisher], topics: Topics) -> Telling:
    return Telling(world, publisher, topics)


def test_79_81_79_82_is_one_message(telling: Telling, who: str) -> None:
    telling.play(*heats(who))
    [hot] = telling.messages(2)
    assert (hot["kind"], hot["hot_at"], round(hot["heat"]), hot["closes"]) == ("lead.hot", 80, 81, None)


def test_below_the_re_arming_it_cools_and_the_next_time_is_another_message(telling: Telling, who: str) -> None:
    telling.play(*heats(who), at(5, "cold", who), at(6, "two", who), at(7, "two", who))
    first, cooled = telling.messages(3)
    assert [first["kind"], cooled["kind"], cooled["closes"]] == ["lead.hot", "lead.cooled", first["id"]]
    telling.play(at(8, "much", who))
    again = telling.messages(4)[-1]
    assert again["kind"] == "lead.hot" and again["id"] != first["id"]


@pytest.mark.parametrize(
    ("second", "type", "since"),
    [pytest.param(0, "three", us(1), id="hot earlier"), pytest.param(1.5, "a_little_less", us(4), id="hot later")],
)
def test_a_late_touchpoint_may_revise_since_when_and_adds_no_message(
    telling: Telling, who: str, second: float, type: str, since: int
) -> None:
    telling.play(*heats(who))
    assert telling.hot_since() == us(2)
    telling.play(at(second, type, who))
    assert telling.hot_since() == since
    [hot] = telling.messages(2)
    assert hot["kind"] == "lead.hot"
