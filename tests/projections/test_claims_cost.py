"""What claims cost those whom they name: work is counted, not time."""

from collections.abc import Callable, Sequence

import pytest

from domain.people.walk import Walk
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at
from tests.projections.world import World

MANY = 300

Count = Callable[[Sequence[Touchpoint]], int]


@pytest.fixture
def work(world: World, monkeypatch: pytest.MonkeyPatch) -> Count:
    """How many touchpoints are walked when some are delivered, each by itself."""
    walked: list[str] = []
    take = Walk.take

    def counted(walk: Walk, touchpoint: Touchpoint) -> object:
        walked.append(touchpoint.id)
        return take(walk, touchpoint)

    monkeypatch.setattr(Walk, "take", counted)

    def count(touchpoints: Sequence[Touchpoint]) -> int:
        before = len(walked)
        world.play([[touchpoint] for touchpoint in touchpoints])
        return len(walked) - before

    return count


def clicks(number: int) -> list[Touchpoint]:
    """One that comes in order, and one that comes late."""
    mail = f"e:{number}@x.test"
    return [
        at(500 + number / 1000, "email_clicked", mail, source="provider"),
        at(60 + number / 1000, "email_opened", mail, source="provider"),
    ]


@pytest.mark.parametrize("one", [True, False], ids=["all of one e-mail", "each of another"])
@pytest.mark.parametrize("linked", [True, False], ids=["which a server links", "which nobody links"])
def test_a_flood_of_claims_costs_a_bystander_nothing_and_whom_it_names_at_most_three_times(
    world: World, work: Count, one: bool, linked: bool
) -> None:
    source = "server" if linked else "browser"
    known = [
        at(10 + n / 1000, "identified", *([f"u:{n}"] if linked else []), f"e:{n}@x.test", source=source)
        for n in range(MANY + 1)
    ]
    world.play([known])
    named = [0 if one else n for n in range(MANY)]
    claims = [
        at(100 + n / 1000, "identified", f"u:evil{n}", f"e:{name}@x.test", source="browser")
        for n, name in enumerate(named)
    ]
    world.play([claims[:200], claims[200:]])
    bystander, victim = work(clicks(MANY)), work(clicks(0))
    limit = 20 if one and not linked else 0  # so many claims of one e-mail are walked with it, and no more
    assert bystander == 4, "the late one walks what there is: three touchpoints"
    assert victim <= 3 * bystander + limit
