"""Limits of classes drawn over all leads: what counts of each lead, and the model that is active then."""

import statistics
from collections.abc import Iterator
from math import ceil
from random import Random

import pytest

from domain.errors import Refused
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.history.engines import INLINE, Engine, Pool
from projections.upkeep.drawing import redraw
from store.models import active_model
from tests.domain.stories import at, us
from tests.projections.world import World

DAY = 86_400
CLOCK = us(400 * DAY)
MODEL = """
stages = [{ name = "lead" }]
[score]
half_life = "7d"
[rfm]
quantiles = ["recency", "frequency", "money"]
money = [5000, 1000, 1]
where = { shop = "web" }
"""


def order(lead: int, day: float, amount: object, **more: object) -> Touchpoint:
    return at(day * DAY, "order_placed", f"u:{lead}", id=f"{lead}@{day}", amount=amount, **({"shop": "web"} | more))


def orders() -> list[list[Touchpoint]]:
    """Sixty leads; what they bought long ago, elsewhere, or what a machine did counts as far as the classes say."""
    dice = Random(5)
    leads = []
    for lead in range(60):
        days = sorted(dice.sample(range(60, 399), dice.randint(1, 9)))
        leads.append([order(lead, day, dice.randint(1, 90_000) / 100) for day in days])
        leads[-1].insert(0, order(lead, 1, 1_000_000))  # more than a year ago
    return leads


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), CLOCK)
    everything = [each for lead in orders() for each in lead]
    everything += [order(lead, 399.5, 9, shop="other") for lead in range(30)]
    everything += [order(lead, 399.6, 9, context={"machine": "reported"}) for lead in range(30, 60)]
    everything += [at(399 * DAY, "score_reset", "u:3", source="api", id="reset")]
    everything += [at(399 * DAY, "page_viewed", f"u:{lead}", id=f"page{lead}") for lead in range(60, 90)]
    world.play([everything])
    yield world
    world.close()


@pytest.mark.parametrize("engine", [INLINE, Pool(2)], ids=["inline", "pool"])
def test_limits_are_those_of_an_independent_count_and_the_model_goes_on_with_them(world: World, engine: Engine) -> None:
    redrawn = redraw(world.database, world.ids, engine=engine)
    lately = [[each for each in lead if each.instant > CLOCK - us(365 * DAY) + us(0)] for lead in orders()]
    ages = [(CLOCK - lead[-1].instant) / (DAY * 1_000_000) for lead in lately]
    times = [len(lead) for lead in lately]
    money = [sum(each.properties["amount"] for each in lead) for lead in lately]
    recency, frequency, sums = (statistics.quantiles(each, n=4, method="inclusive") for each in (ages, times, money))
    assert redrawn.drawn is not None and redrawn.drawn.leads == 60
    limits = redrawn.drawn.limits
    assert limits["recency"] == [f"{ceil(round(each, 9))}d" for each in recency]
    assert limits["frequency"] == [ceil(each) for each in reversed(frequency)]
    assert limits["money"] == pytest.approx(list(reversed(sums)), abs=0.01)
    with world.database.snapshot() as conn:
        active = active_model(conn)
    assert active is not None and active.rfm is not None and active.rfm.drawn == CLOCK
    assert active.rfm.due == CLOCK + 30 * DAY * 1_000_000
    members = [row.segment for row in world.rows("segment_members")]
    sizes = {letter: members.count(f"rfm money {letter}") for letter in "ABCD"}
    assert sizes == {"A": 15, "B": 15, "C": 15, "D": 15}
    assert world.verify().differing == 0
    assert redrawn.activated is not None and redrawn.activated.moved.segments


def test_of_too_few_leads_nothing_is_drawn_and_the_model_stays(migrated_url: str) -> None:
    world = World(migrated_url, parse_model(MODEL), CLOCK)
    world.play([[order(lead, 399, 10) for lead in range(19)]])
    before = world.digest()
    redrawn = redraw(world.database, world.ids)
    assert redrawn.drawn is None and redrawn.activated is None and world.digest() == before
    world.close()


def test_a_model_that_does_not_ask_for_it_is_refused(migrated_url: str) -> None:
    world = World(migrated_url, parse_model('stages = [{ name = "lead" }]\n[rfm]\n'), CLOCK)
    with pytest.raises(Refused, match="quantiles"):
        redraw(world.database, world.ids)
    world.close()
