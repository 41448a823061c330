"""Whose turn it is: by weight, passing over who is away, full, retired or not meant; the fallback; until when."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.model.owners import Owner
from domain.model.sales import Sales
from domain.signals.rules import SalesRules
from domain.signals.turns import Turn, Turns
from domain.touchpoints.touchpoint import Instant, moment

ZONE = "Asia/Shanghai"
FRIDAY = Instant(int(datetime(2026, 6, 5, 17, 30, tzinfo=ZoneInfo(ZONE)).timestamp()) * 1_000_000)
FILE = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
[sales]
calendar = "CN"
hours = [{ days = ["Mon", "Tue", "Wed", "Thu", "Fri"], from = "09:00", to = "18:00" }]
fallback = "boss"
[[sales.owners]]
name = "ana"
where = { profile.country = "CN" }
[[sales.owners]]
name = "bo"
weight = 2
capacity = 3
[[sales.owners]]
name = "cy"
away = [["2026-06-05", "2026-06-05"]]
[[sales.owners]]
name = "dee"
retired = true
[[sales.owners]]
name = "boss"
weight = 0
"""
SALES = parse_model(FILE).sales
CHINA = {"profile.country": "CN"}


def turns(sales: Sales, count: int, facts: dict[str, str] | None = None) -> list[Turn]:
    """So many turns, one after the other; nobody closes a lead."""
    begun = Turns(SalesRules(sales), ZONE)
    taken = [begun.take(facts or {}, FRIDAY) for _ in range(count)]
    return [turn for turn in taken if turn is not None]


def test_each_gets_as_many_as_their_weight_says_until_they_are_full() -> None:
    assert [each.owner for each in turns(SALES, 5, CHINA)] == ["bo", "ana", "bo", "bo", "ana"]
    assert [each.owner for each in turns(SALES, 5)] == ["bo", "bo", "bo", "boss", "boss"]
    assert [each.fallback for each in turns(SALES, 5)] == [False] * 3 + [True] * 2


def test_who_had_the_lead_is_passed_over() -> None:
    turn = Turns(SalesRules(SALES), ZONE).take(CHINA, FRIDAY, passed={"bo"})
    assert turn is not None and turn.owner == "ana"
    turn = Turns(SalesRules(SALES), ZONE).take(CHINA, FRIDAY, passed={"ana", "bo"})
    assert turn is not None and (turn.owner, turn.fallback) == ("boss", True)
    assert Turns(SalesRules(SALES), ZONE).take(CHINA, FRIDAY, passed={"ana", "bo", "boss"}) is None


def test_without_a_fallback_nobody_may_be_left() -> None:
    assert turns(Sales(owners=(Owner(name="dee", retired=True),)), 1) == []
    assert turns(Sales(), 1) == []


def test_it_is_due_in_business_hours_of_who_has_it() -> None:
    [turn] = turns(SALES, 1)
    assert moment(turn.due).astimezone(ZoneInfo(ZONE)).strftime("%a %H:%M") == "Mon 12:30"
    always = Sales(owners=(Owner(name="ana"),))
    [turn] = turns(always, 1)
    assert turn.due == FRIDAY + always.accept_within


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 4))
def test_turns_are_fair_to_weights_at_every_round(weights: list[int], rounds: int) -> None:
    """After each round of all weights everybody had exactly as many as theirs; credits never grow."""
    sales = Sales(owners=tuple(Owner(name=f"o{n}", weight=weight) for n, weight in enumerate(weights)))
    begun = Turns(SalesRules(sales), ZONE)
    counts: Counter[str] = Counter()
    for _ in range(rounds * sum(weights)):
        turn = begun.take({}, FRIDAY)
        assert turn is not None
        counts[turn.owner] += 1
        assert all(abs(credit) < 2 * sum(weights) for credit in begun.credits.values())
    assert counts == {f"o{n}": weight * rounds for n, weight in enumerate(weights)}
    assert set(begun.credits.values()) == {0}
