"""Limits of classes that are drawn: what they are, and how a model's text keeps them."""

import statistics

import pytest

from domain.files.durations import DAY
from domain.files.problems import ModelError
from domain.model.classes import Rfm
from domain.model.definition import Model, parse_model
from domain.model.drawn import FEWEST, Bought, DrawnLimits, carry_over, draw, with_limits
from tests.domain.stories import us

FILE = """
stages = [{ name = "lead" }]

[rfm]                    # who buys
quantiles = ["recency", "frequency", "money"]
money = [5000, 1000, 1]  # until limits are drawn
every = "7d"
"""


def rfm_of(model: Model) -> Rfm:
    assert model.rfm is not None
    return model.rfm


def limits_of(bought: list[Bought]) -> DrawnLimits:
    drawn = draw(rfm_of(parse_model(FILE)), bought)
    assert drawn is not None
    return drawn


def test_limits_are_what_a_quarter_a_half_and_three_quarters_reach() -> None:
    bought = [Bought(n * DAY + 1, n % 17 + 1, n * n * 1_000_000) for n in range(1, 200)]
    drawn = limits_of(bought)
    ages = statistics.quantiles(range(1, 200), n=4, method="inclusive")
    times = statistics.quantiles([n % 17 + 1 for n in range(1, 200)], n=4, method="inclusive")
    money = statistics.quantiles([n * n for n in range(1, 200)], n=4, method="inclusive")
    assert drawn.limits["recency"] == [f"{age // 1 + 1:.0f}d" for age in ages]  # and a microsecond
    assert drawn.limits["frequency"] == [-(-each // 1) for each in reversed(times)]
    assert drawn.limits["money"] == [round(each, 2) for each in reversed(money)]
    assert drawn.leads == 199


def test_who_bought_nothing_lately_tells_nothing_of_how_often() -> None:
    bought = [Bought(400 * DAY, 0, 0)] * 50 + [Bought(DAY, n, 10_000_000) for n in range(1, 31)]
    drawn = limits_of(bought)
    assert drawn.limits["frequency"] == [23, 16, 9] and drawn.limits["recency"] == ["1d", "400d", "401d"]


def test_limits_differ_also_where_all_leads_are_alike() -> None:
    drawn = limits_of([Bought(3 * DAY, 1, 0)] * 40)
    assert drawn.limits == {"recency": ["3d", "4d", "5d"], "frequency": [3, 2, 1], "money": [0.03, 0.02, 0.01]}
    parse_model(with_limits(parse_model(FILE), drawn, us(0)).text)


def test_of_too_few_leads_nothing_is_drawn() -> None:
    assert draw(rfm_of(parse_model(FILE)), [Bought(DAY, 1, 1)] * (FEWEST - 1) + [Bought(DAY, 0, 0)] * 99) is None


def test_a_text_that_says_when_without_all_limits_carries_over_those_that_it_has() -> None:
    """Somebody wrote it by hand: what is missing is the default."""
    file = parse_model('stages = [{ name = "lead" }]\n[rfm]\nquantiles = ["recency", "frequency"]\n')
    active = parse_model(file.text + "frequency = [9, 4, 1]\ndrawn = 2026-11-21T08:00:00Z\n")
    carried = carry_over(file, active)
    assert rfm_of(carried).frequency == (9, 4, 1) and carried.hash == active.hash


def test_drawn_limits_stand_in_the_text_with_when_and_of_how_many() -> None:
    drawn = DrawnLimits({"recency": ["4d", "9d", "30d"], "frequency": [7, 3, 1], "money": [99.5, 20.0, 0.01]}, 12_345)
    model = with_limits(parse_model(FILE), drawn, us(0))
    assert "# who buys" in model.text and "recency = [" in model.text and "over 12,345 leads" in model.text
    rfm = rfm_of(model)
    assert (rfm.recency, rfm.frequency) == ((4 * DAY, 9 * DAY, 30 * DAY), (7, 3, 1))
    assert rfm.money == (99_500_000, 20_000_000, 10_000) and rfm.drawn == us(0)
    assert rfm.due == us(0) + 7 * DAY and rfm_of(parse_model(FILE)).due == 0
    assert model.hash != parse_model(FILE).hash


def test_a_file_that_asks_the_same_goes_on_with_what_was_drawn() -> None:
    file = parse_model(FILE)
    first = with_limits(file, DrawnLimits({"recency": ["4d", "9d", "30d"], "money": [3.0, 2.0, 1.0]}, 20), us(0))
    first = with_limits(first, DrawnLimits({"frequency": [7, 3, 1]}, 20), us(0))
    second = with_limits(
        first,
        DrawnLimits({"recency": ["5d", "9d", "30d"], "frequency": [8, 3, 1], "money": [4.0, 2.0, 1.0]}, 21),
        us(9),
    )
    for active in (first, second):
        carried = carry_over(file, active)
        assert carried.hash == active.hash and rfm_of(carried).drawn == rfm_of(active).drawn
        assert carry_over(file, carried).text == carried.text
    labelled = parse_model(FILE.replace('name = "lead"', 'name = "lead", label = "Lead"'))
    assert carry_over(labelled, second).hash == second.hash


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('every = "7d"', 'every = "7d"\non = "deal_won"'),
        ('every = "7d"', 'every = "7d"\nwithin = "90d"'),
        ('"recency", "frequency", "money"', '"money"'),
    ],
)
def test_a_file_that_asks_something_else_begins_with_its_own_limits(before: str, after: str) -> None:
    active = with_limits(
        parse_model(FILE),
        DrawnLimits({"recency": ["4d", "9d", "30d"], "frequency": [7, 3, 1], "money": [3.0, 2.0, 1.0]}, 20),
        us(0),
    )
    other = parse_model(FILE.replace(before, after))
    assert carry_over(other, active) is other
    assert carry_over(other, None) is other


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('quantiles = ["size"]', 'rfm.quantiles: found a list, allowed is a list of recency, frequency, money'),
        ('quantiles = ["money"]',
         "rfm.quantiles: found money, allowed is that beside money = [...]: these limits hold until others are drawn"),
        ('every = "7d"', "rfm.every: found every, allowed is that beside quantiles"),
        ("drawn = 2026-11-21T08:00:00Z", "rfm.drawn: found drawn, allowed is that beside quantiles"),
        ('quantiles = ["recency"]\ndrawn = "yesterday"',
         'rfm.drawn: found "yesterday", allowed is the time at which limits were drawn, such as 2026-11-21T08:00:00Z'),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(table: str, problem: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse_model(f'stages = [{{ name = "lead" }}]\n[rfm]\n{table}\n')
    assert caught.value.problems == [problem] or problem in caught.value.lines
