"""The measurement of conditions measures each kind, and every one of them is entered and left on its way."""

import pytest

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from tests.bench import conditions
from tests.bench.conditions import MEASURED, Price


def test_every_kind_is_measured() -> None:
    prices = list(conditions.measure(rounds=1, leads=1, each=20))
    assert [price.name for price in prices] == list(MEASURED)
    assert all(price.values["without"] > 0 for price in prices)


@pytest.mark.parametrize("more", MEASURED.values())
def test_every_kind_comes_to_hold(more: str) -> None:
    other = '[[segments]]\nname = "other"\nwhen = { did = "order_placed", at_least = 3 }\n'
    fold = Fold(parse_model(f'[[stages]]\nname = "lead"\n{other}{more}'))
    lead, held = Lead(), False
    further = 2  # a funnel is gone on with
    for touchpoint in conditions.history(0, 200):
        fold.step(lead, (touchpoint,), touchpoint.instant)
        held = held or bool(set(lead.now.segments) & {"it", "rfm money A", "engagement A"})
        held = held or any(attempts.step == further for attempts in lead.funnels.values())
    assert held


def test_a_price_is_of_pairs() -> None:
    price = Price("a sum", [1.0, 4.0, 2.0], [10.0, 12.0, 11.0])
    assert price.values == {"added": 2.0, "least": 1.0, "most": 4.0, "without": 11.0}
    assert str(price) == "| a sum | 2.00 | 1.00 to 4.00 |"
