"""What another model would change: counted anew from both folds, the largest first with its rules, in any order."""

import random
from collections import Counter
from math import inf
from uuid import UUID

import pytest

from domain.fold.fold import Fold
from domain.judging.differences import EXAMPLES, LARGEST, Differences, Given, Side
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us
from tests.given_model import MODEL

DAY = 86_400
CLOCK = us(5 * DAY)
OTHER = (
    MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = { A = 10, B = 15, C = 14 }")
    .replace("points = 12", "points = 20")
    .replace('"profile.title" = "CEO"', '"profile.title" = { in = ["CEO", "clerk"] }')
    .replace("gte = 4", "gte = 9")
    .replace('name = "customer"', 'name = "customer"\nenter = [ { on = "form_submitted", where = { big = true } } ]')
)
Story = tuple[UUID, Side, Side]


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    """Two hundred leads, as both models have them."""
    dice, folds = random.Random(3), (Fold(parse_model(MODEL)), Fold(parse_model(OTHER)))
    return [story(number, folds, history(number, dice)) for number in range(200)]


def history(number: int, dice: random.Random) -> list[Touchpoint]:
    types = ["page_viewed", "page_viewed", "form_submitted", "email_opened"]
    who = (f"c:{number}", f"e:p{number}@{dice.choice(['us.example', 'x.de'])}")
    return [
        at(
            second, dice.choice(types), *who[: 1 + (dice.random() < 0.5)], id=f"{number}-{second}",
            profile={"title": dice.choice(["CEO", "clerk", "student"])}, big=dice.random() < 0.1,
        )
        for second in sorted(dice.sample(range(5 * DAY), dice.randint(1, 8)))
    ]  # fmt: skip


def story(number: int, folds: tuple[Fold, Fold], touchpoints: list[Touchpoint], clock: int = CLOCK) -> Story:
    before, now = (Side(fold, lead := fold.fold(touchpoints, clock), fold.at(lead, clock)) for fold in folds)
    return UUID(int=number), before, now


def compared(stories: list[Story], clock: int = CLOCK) -> Differences:
    differences = Differences()
    for id, before, now in stories:
        differences.take(id, before, now, clock)
    return differences


def test_each_move_is_counted_with_the_first_of_its_leads(stories: list[Story]) -> None:
    moves: Counter[tuple[str, str, str]] = Counter()
    leads: dict[tuple[str, str, str], list[UUID]] = {}
    for id, (_, lead, now), (_, other, then) in stories:
        if not lead.identified:
            continue
        pairs = [("stages", lead.stage, other.stage), ("grades", lead.grade, other.grade)]
        pairs.append(("hot", "hot" if now.hot_since else "", "hot" if then.hot_since else ""))
        for name in ("returners", "quiet", "warm"):
            pairs.append(("segments", name if name in now.segments else "", name if name in then.segments else ""))
        for pair in pairs:
            if pair[1] != pair[2]:
                moves[pair] += 1
                leads.setdefault(pair, []).append(id)
    assert {kind for kind, *_ in moves} == {"hot", "stages", "grades", "segments"}
    differences = compared(stories)
    assert {move: movers.leads for move, movers in differences.moves.items()} == moves
    assert {move: movers.examples for move, movers in differences.moves.items()} == {
        move: ids[:EXAMPLES] for move, ids in leads.items()
    }
    assert differences.leads == sum(before.lead.identified for _, before, _ in stories) < len(stories)


def test_totals_are_those_of_each_model(stories: list[Story]) -> None:
    totals = compared(stories).totals
    for place in (0, 1):
        sides = [(before, now)[place] for _, before, now in stories]
        known = [side for side in sides if side.lead.identified]
        assert totals[("hot", "hot", 0)][place] == sum(side.now.hot is not None for side in known)
        assert totals[("segments", "warm", 0)][place] == sum("warm" in side.now.segments for side in sides)
        assert totals[("stages", "customer", 0)][place] == sum(side.lead.stage == "customer" for side in known)
        for step in (1, 2):
            reached = [side.lead.funnels.get("signup") for side in sides]
            assert totals[("funnels", "signup", step)][place] == sum(each.step >= step for each in reached if each)


def test_the_largest_changes_come_first_and_parts_add_up_in_any_order(stories: list[Story]) -> None:
    whole = compared(stories)
    assert len(whole.largest) == LARGEST < whole.changed
    ranks = [change.rank for change in whole.largest]
    assert ranks == sorted(ranks)
    assert [change.hot[0] != change.hot[1] for change in whole.largest[:3]] == [True] * 3
    everybody = [change for each in stories for change in compared([each]).largest]
    assert [change.lead for change in sorted(everybody, key=lambda each: each.rank)][:LARGEST] == [
        change.lead for change in whole.largest
    ]
    dice = random.Random(5)
    for size in (1, 7, 90):
        parts = [compared(stories[place : place + size]) for place in range(0, len(stories), size)]
        dice.shuffle(parts)
        total = Differences()
        for part in parts:
            total.add(part)
        assert total == whole


def test_a_change_says_which_rules_give_otherwise() -> None:
    folds = (Fold(parse_model(MODEL)), Fold(parse_model(OTHER)))
    told = [
        at(0, "page_viewed", "e:a@x.de", profile={"title": "clerk"}),
        at(DAY, "form_submitted", "e:a@x.de", big=True),
    ]
    [change] = compared([story(1, folds, told[:1]), story(2, folds, told, us(DAY))], us(DAY)).largest[:1]
    assert change.lead == UUID(int=2)
    assert (change.hot, change.heat, change.hot_at) == ((False, False), (17.5, 25.5), (20.0, inf))
    assert (change.stage, change.grade, change.not_a_lead) == (("lead", "customer"), ("C", "A"), (None, None))
    assert change.why == (Given("form", 12.0, 20.0),)
    assert change.fit == (Given("decision maker", 0.0, 20.0),)


def test_by_the_same_model_nothing_changes(stories: list[Story]) -> None:
    same = compared([(id, before, before) for id, before, _ in stories])
    assert (same.changed, same.other_heat, same.moves, same.largest) == (0, 0, {}, [])
    assert all(before == now for before, now in same.totals.values())
