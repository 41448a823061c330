"""Funnels, story by story: orders, time between steps, what ends an attempt, and days of start."""

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.fold.funnel import Attempts, Day
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint, microseconds
from tests.domain.stories import START, at, us

DAY = 86_400
STEPS = '[{ on = "page_viewed" }, { on = "form_submitted" }, { on = "demo_requested" }]'
NAMES = {"visit": "page_viewed", "form": "form_submitted", "demo": "demo_requested"}


def fold_of(more: str = "", steps: str = STEPS, window: str = "14d", zone: str = "UTC") -> Fold:
    return Fold(
        parse_model(f"""
timezone = "{zone}"
stages = [{{ name = "lead" }}]
[[funnels]]
name = "signup"
window = "{window}"
steps = {steps}
{more}
""")
    )


def story(*acts: tuple[float, str], **more: Any) -> list[Touchpoint]:
    """What one person did: days after the start, and what."""
    return [
        at(day * DAY, NAMES.get(act, act), "e:a@x.test", id=f"t{place}", seq=place, **more)
        for place, (day, act) in enumerate(acts)
    ]


def attempts(fold: Fold, history: Sequence[Touchpoint], until: float = 400) -> Attempts:
    lead = fold.fold(history, us(until * DAY))
    return lead.funnels.get("signup") or Attempts()


P1 = story((1, "visit"), (3, "form"), (16, "demo"))
P2 = story((1, "visit"), (5, "visit"), (6, "form"), (18, "demo"))
P3 = story((1, "visit"), (2, "demo"), (3, "form"))
P4 = story((395, "visit"))
P5 = story((1, "visit"), (1, "form"))


@pytest.mark.parametrize(
    ("order", "reached"),
    [("ordered", [2, 3, 2, 1, 2]), ("any", [2, 3, 3, 1, 2]), ("strict", [2, 3, 1, 1, 2])],
)
def test_five_people_in_each_order(order: str, reached: list[int]) -> None:
    fold = fold_of(f'order = "{order}"')
    people = [attempts(fold, history) for history in (P1, P2, P3, P4, P5)]
    assert [each.step for each in people] == reached
    plan = fold.funnels["signup"]
    still_open = [
        each.step < plan.steps and any((day.open_until(plan) or 0) >= us(400 * DAY) for day in each.changed.values())
        for each in people
    ]
    assert still_open == [False, False, False, True, False]
    ends = [max(plan.end(day.last) for day in each.changed.values()) for each in people]
    assert [end < us(400 * DAY) for end in ends] == [True, True, True, False, True]


def test_of_several_starts_of_a_day_the_last_one_that_came_furthest_counts() -> None:
    fold = fold_of()
    each = attempts(fold, story((0.1, "visit"), (0.2, "visit"), (0.3, "form"), (0.4, "visit"), (2, "visit")))
    plan = fold.funnels["signup"]
    start = START // (DAY * 1_000_000)  # late in the evening: its first hours are of the next day
    assert sorted(each.changed) == [start + 1, start + 2]
    first, second = each.changed.values()
    assert first.best[1:] == [us(0.2 * DAY), us(0.3 * DAY)] and second.best[1:] == [us(2 * DAY)]
    assert first.open_until(plan) == us(14.4 * DAY)  # the visit after the form may still get further
    assert each.best == first.best and second.open_until(plan) == us(16 * DAY)


def test_a_day_is_open_until_the_window_of_its_last_start_ends_at_whatever_step() -> None:
    fold = fold_of()
    each = attempts(fold, story((8 / 24, "visit"), (9 / 24, "form"), (11 / 24, "visit")))
    [day] = each.changed.values()
    assert len(day.best) - 1 == 2 and day.open_until(fold.funnels["signup"]) == us((14 + 11 / 24) * DAY)


def test_a_window_is_hours_also_where_the_clock_is_changed() -> None:
    """14 days are 336 hours: across the change of a clock they end at another hour of the day."""
    fold = fold_of(zone="Europe/Berlin")
    visit = microseconds(datetime.fromisoformat("2026-03-20T10:00:00+01:00"))
    end = microseconds(datetime.fromisoformat("2026-04-03T11:00:00+02:00"))
    for late, step in ((0, 2), (1, 1)):
        history = [
            at((visit - START) / 1e6, "page_viewed", "u:1"),
            at((end + late - START) / 1e6, "form_submitted", "u:1"),
        ]
        assert fold.fold(history, end + 1).funnels["signup"].step == step


def test_a_start_counts_on_the_day_of_the_models_time_zone() -> None:
    start = microseconds(datetime.fromisoformat("2025-03-08T16:30:00+00:00"))
    history = [at((start - START) / 1e6, "page_viewed", "u:1")]
    first = datetime.fromisoformat("1970-01-01").toordinal()
    for zone, day in (("UTC", "2025-03-08"), ("Asia/Shanghai", "2025-03-09")):
        expected = datetime.fromisoformat(day).toordinal() - first
        assert fold_of(zone=zone).fold(history, start).funnels["signup"].day == expected


# ---- strict ----------------------------------------------------------------------------------------------------------


def test_strict_ends_an_attempt_by_the_leads_own_other_step_and_nothing_else() -> None:
    fold = fold_of('order = "strict"')
    assert attempts(fold, story((0, "visit"), (1, "email_opened"), (2, "form"))).step == 2  # no step of the funnel
    assert attempts(fold, story((0, "visit"), (1, "demo"), (2, "form"))).step == 1
    again = attempts(fold, story((0, "visit"), (3, "visit"), (4, "form")))
    assert (again.step, again.best[1]) == (2, us(3 * DAY))
    by_staff = [*story((0, "visit")), *story((1, "demo"), source="api"), *story((2, "form"))]
    assert attempts(fold, [at(each.instant / 1e6 - START / 1e6, each.type, "u:1", id=str(n), source=each.source.kind)
                           for n, each in enumerate(by_staff)]).step == 2  # fmt: skip


def test_whom_strict_ended_is_not_pending_and_not_mature_before_the_others() -> None:
    fold = fold_of('order = "strict"')
    each, plan = attempts(fold, story((0, "visit"), (1, "demo"))), fold.funnels["signup"]
    [day] = each.changed.values()
    assert day.open_until(plan) is None and plan.end(day.last) == us(14 * DAY)


# ---- within and exclude ----------------------------------------------------------------------------------------------

SOON = '[{ on = "page_viewed" }, { on = "form_submitted", within = "1d" }, { on = "demo_requested" }]'


def test_a_step_comes_within_its_time_of_the_last_touchpoint_that_met_the_step_before() -> None:
    fold = fold_of(steps=SOON)
    assert attempts(fold, story((0, "visit"), (1, "form"))).step == 2  # its end included
    assert attempts(fold, story((0, "visit"), (1.01, "form"))).step == 1
    again = attempts(fold, story((0, "visit"), (3, "visit"), (3.5, "form")))
    assert again.step == 2
    assert again.changed[again.day].best[1:] == [us(0), us(3.5 * DAY)]  # the first visit was seen again in time


def test_what_is_excluded_ends_what_is_under_way_and_not_what_begins_later() -> None:
    fold = fold_of('exclude = [{ on = "email_unsubscribed" }]')
    each, plan = attempts(fold, story((0, "visit"), (1, "email_unsubscribed"), (2, "form"))), fold.funnels["signup"]
    assert each.step == 1 and [day.open_until(plan) for day in each.changed.values()] == [None]
    assert attempts(fold, story((0, "visit"), (1, "email_unsubscribed"), (2, "visit"), (3, "form"))).step == 2
    assert attempts(fold, story((0, "visit"), (1, "form"), (1, "email_unsubscribed"), (2, "demo"))).step == 2


# ---- origins, bounds -------------------------------------------------------------------------------------------------


def test_an_attempt_knows_where_the_lead_came_from_as_of_its_start() -> None:
    mail = {"campaign": {"source": "news", "medium": "email", "name": "May"}}
    history = [
        at(0, "page_viewed", "u:1"),
        at(2 * DAY, "page_viewed", "u:1", context=mail),
        at(4 * DAY, "page_viewed", "u:1", url="https://a.example/?gclid=1"),
    ]
    each = attempts(fold_of(), history)
    origins = [each.origin(day.best) for day in each.changed.values()]
    assert [(first, last, campaign) for first, _, _, last, _, campaign in origins] == [
        ("direct", "direct", None), ("email", "email", "May"), ("email", "paid_search", None),
    ]  # fmt: skip


def test_what_is_remembered_does_not_grow_with_how_busy_a_lead_is() -> None:
    fold = fold_of(window="2d")
    campaigns = [{"campaign": {"source": f"s{n}", "medium": "cpc"}} for n in range(400)]
    history = [at(n * 3_600, "page_viewed", "u:1", context=campaigns[n]) for n in range(400)]
    lead = fold.fold([], us(0))
    for touchpoint in history:
        fold.step(lead, (touchpoint,), touchpoint.instant)
        lead.forget_shown(lead.now)
    each = lead.funnels["signup"]
    assert len(each.days) <= 4 and all(len(day.going) == 1 for day in each.days.values()) and len(each.origins) <= 32
    assert each.origin(each.best)[0] == "paid_other"
    assert {each.origin(day.best)[4] for day in each.days.values()} <= {f"s{n}" for n in range(340, 400)}


def test_where_a_lead_came_from_is_forgotten_also_after_the_whole_history_was_folded() -> None:
    fold = fold_of(window="2d")
    history = [at(n * DAY, "page_viewed", "u:1", context={"campaign": {"source": f"s{n}"}}) for n in range(200)]
    lead = fold.fold(history, us(200 * DAY))
    each = lead.funnels["signup"]
    assert [each.origin(day.best)[4] for day in each.changed.values()] == [f"s{n}" for n in range(200)]
    lead.forget_shown(lead.now)
    assert len(each.origins) <= 32 and each.room == 32
    assert each.origin(each.best)[4] == "s0"
    assert [each.origin(day.best)[4] for day in each.days.values()] == ["s197", "s198", "s199"]


@pytest.mark.parametrize("order", ["ordered", "any", "strict"])
@pytest.mark.parametrize("seed", range(12))
def test_a_day_knows_what_came_before_it(order: str, seed: int) -> None:
    chance = Random(seed)
    fold = fold_of(f'order = "{order}"', window="4d")
    days = sorted(chance.randrange(60) / 2 for _ in range(40))
    history = story(*((day, chance.choice([*NAMES])) for day in days))
    lead = fold.fold([], us(0))
    known: dict[int, Day] = {}
    for touchpoint in history:
        fold.step(lead, (touchpoint,), touchpoint.instant)
        known |= lead.funnels["signup"].changed if "signup" in lead.funnels else {}
        lead.forget_shown(lead.now)
    reached = {number: len(day.best) - 1 for number, day in known.items()}
    for number, day in known.items():
        earlier = sorted(other for other in known if other < number)
        assert day.before == (known[earlier[-1]].last if earlier else None)
        assert day.prior == max((reached[other] for other in earlier), default=0)
        assert day.reached_before == [
            max((other for other in earlier if reached[other] >= step), default=None)
            for step in range(2, reached[number] + 1)
        ]


@pytest.mark.parametrize("order", ["ordered", "any", "strict"])
def test_the_days_whose_later_steps_changed_are_told(order: str) -> None:
    """So that no row of such a step is written without a reason, and none is left as it was."""
    chance = Random(5)
    fold = fold_of(f'order = "{order}"', window="4d")
    lead = fold.fold([], us(0))
    shown: dict[int, tuple[list[int], list[int | None]]] = {}
    for touchpoint in story(*((day / 3, chance.choice([*NAMES])) for day in range(90))):
        fold.step(lead, (touchpoint,), touchpoint.instant)
        each = lead.funnels.get("signup", Attempts())
        now = {number: (day.best[1:], [*day.reached_before]) for number, day in (each.days | each.changed).items()}
        changed = {n for n, told in now.items() if len(told[0]) > 1 and shown.get(n) != told}
        assert changed <= each.stepped.keys() <= each.changed.keys()
        shown |= now
        lead.forget_shown(lead.now)
    assert any(len(reached) > 2 for reached, _ in shown.values())
