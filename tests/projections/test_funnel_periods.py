"""Periods of funnels from random stories: each says what brute force over all attempts says, then and a month later."""

from collections.abc import Sequence
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from domain.fold.days import ZoneDays
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.days import DayRange
from projections.queries.view import View
from projections.reports.funnels.leads import FunnelNumber, leads_in
from projections.reports.funnels.report import funnel
from tests.domain.oracle_funnels import ExpectedRow, FunnelOracle
from tests.domain.stories import START, at
from tests.projections.world import World

ZONE = "America/New_York"
HOUR = 3_600
DAY = 24 * HOUR
WINDOW, SPAN = 6, 24
"""Days: of every funnel's window, and in which the stories happen (a change of the clocks is not among them)."""
STEPS: list[dict[str, Any]] = [{"on": "page_viewed"}, {"on": "form_submitted"}, {"on": "demo_held"}]
FUNNELS: dict[str, dict[str, Any]] = {
    "ordered": {"order": "ordered", "window": "6d", "steps": STEPS},
    "soon": {"order": "ordered", "window": "6d", "steps": [STEPS[0], {**STEPS[1], "within": "1d"}, STEPS[2]]},
    "strict": {"order": "strict", "window": "6d", "steps": STEPS},
    "any": {"order": "any", "window": "6d", "steps": STEPS},
    "refusing": {"order": "ordered", "window": "6d", "steps": STEPS, "exclude": [{"on": "email_unsubscribed"}]},
}
TYPES = ("page_viewed", "page_viewed", "form_submitted", "demo_held", "email_unsubscribed", "file_downloaded")
WHO = [f"p{n}" for n in range(30)]


def model() -> str:
    def steps(each: Sequence[dict[str, Any]]) -> str:
        return ", ".join("{ " + ", ".join(f'{key} = "{value}"' for key, value in step.items()) + " }" for step in each)

    return f'timezone = "{ZONE}"\n[[stages]]\nname = "lead"\n' + "".join(
        f'[[funnels]]\nname = "{name}"\norder = "{each["order"]}"\nwindow = "{each["window"]}"\n'
        f"steps = [ {steps(each['steps'])} ]\nexclude = [ {steps(each.get('exclude', ()))} ]\n"
        for name, each in FUNNELS.items()
    )


def stories(chance: Random, begins: int) -> list[tuple[int, str, str]]:
    """Second, type and person: few hours, so that some things happen at one instant."""
    told = [
        (begins * DAY + chance.randrange(SPAN * 4) * 6 * HOUR, chance.choice(TYPES), who)
        for who in WHO
        for _ in range(chance.randrange(9))
    ]
    return sorted({*told})


def touchpoints(told: Sequence[tuple[int, str, str]]) -> list[Touchpoint]:
    return [at(second, type, f"c:{who}") for second, type, who in told]


def expected_rows(name: str, told: Sequence[tuple[int, str, str]], clock: int, days: DayRange) -> list[ExpectedRow]:
    """Of each lead that started in the period what counts, with what is open and young of all its days in it."""
    steps, found = len(STEPS), []
    for who in WHO:
        events = [
            SimpleNamespace(
                type=each.type, at=each.instant, own=True, properties={}, profile={}, source={},
            )
            for each in sorted(touchpoints([each for each in told if each[2] == who]), key=lambda each: each.order)
        ]  # fmt: skip
        oracle = FunnelOracle(FUNNELS[name], events, clock, ZONE).expected()
        inside = {} if oracle is None else {
            day: row for day, row in oracle.days.items() if (days.first or 0) <= day < (days.end or 10**9)
        }  # fmt: skip
        if not inside:
            continue
        best = min(inside, key=lambda day: (-len(inside[day].reached), day))
        if len(inside[best].reached) == steps:
            found.append(inside[best])
            continue
        still = [row.open_until for row in inside.values() if row.open_until is not None]
        matures_at = max(row.matures_at for row in inside.values())
        found.append(ExpectedRow(inside[best].reached, max(still, default=None), matures_at))
    return found


def told_of(view: View, name: str, days: DayRange) -> dict[str, Any]:
    report = funnel(view, name, days)
    return {
        "steps": [(step.leads, step.pending, step.gone) for step in report.steps],
        "mature": (report.mature, report.mature_converted),
        "reached": sorted(tuple(each.reached) for each in leads_in(view, name, days, limit=1_000).items),
        "pending": sorted(each.started_at for each in leads_in(view, name, days, FunnelNumber("pending")).items),
    }


def recounted(rows: Sequence[ExpectedRow], clock: int) -> dict[str, Any]:
    last = len(STEPS)
    pending = [row for row in rows if len(row.reached) < last and (row.open_until or 0) >= clock]
    mature = [row for row in rows if row.matures_at < clock]
    steps = []
    for number in range(1, last + 1):
        here = [row for row in rows if len(row.reached) == number < last]
        waiting = sum(row in pending for row in here)
        steps.append((sum(len(row.reached) >= number for row in rows), waiting, len(here) - waiting))
    return {
        "steps": steps,
        "mature": (len(mature), sum(len(row.reached) == last for row in mature)),
        "reached": sorted(row.reached for row in rows),
        "pending": sorted(row.reached[0] for row in pending),
    }


@pytest.mark.parametrize("seed", range(3))
def test_every_period_says_what_brute_force_says_and_a_closed_one_says_it_a_month_later(
    migrated_url: str, seed: int
) -> None:
    chance = Random(seed)
    first = ZoneDays(ZONE).of(START)
    world = World(migrated_url, parse_model(model()), START)
    told, later = stories(chance, 0), stories(chance, SPAN + 30)
    closed: dict[tuple[str, DayRange], dict[str, Any]] = {}
    for looked_at in (SPAN // 2, SPAN + 1):
        world.clock = START + looked_at * DAY * 1_000_000
        known = [each for each in told if each[0] <= looked_at * DAY]
        world.play([touchpoints(known)])
        with world.view() as view:
            for name in FUNNELS:
                for begin, end in ((None, None), (0, 4), (2, 9), (5, 30), (None, 7)):
                    days = DayRange(*(None if each is None else first + each for each in (begin, end)))
                    said = told_of(view, name, days)
                    rows = expected_rows(name, known, view.clock, days)
                    assert said == recounted(rows, view.clock), (name, days)
                    if end is not None and end + WINDOW < looked_at:
                        assert said["mature"][0] == said["steps"][0][0] and not said["pending"]
                        closed[name, days] = said
    world.clock = START + 2 * (SPAN + 30) * DAY * 1_000_000
    world.play([touchpoints(later)])
    assert len(closed) > len(FUNNELS)
    with world.view() as view:
        for (name, days), said in closed.items():
            assert told_of(view, name, days) == said
    world.close()
