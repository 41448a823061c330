"""The fold against the oracle, on random models and histories: no difference in anything that is shown.

Here few models are tried, about 10 s; `make oracle` tries 200 (`ARGS=1000`: as many). A failure names its seed:
`LEADLINE_TEST_SEED=67` tries that one alone.
"""

import os
from collections.abc import Mapping
from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.fold.funnel import Attempts, FunnelPlan
from domain.fold.lead import Attribution, Episode, Lead, Now
from domain.fold.trace import Trace
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.oracle import Expected, Oracle
from tests.domain.oracle_funnels import ExpectedFunnel, ExpectedRow
from tests.domain.random_models import Draw
from tests.domain.stories import us

MODELS = int(os.environ.get("LEADLINE_TEST_ORACLE", "40"))
"""Environment variable: how many models to try."""
HISTORIES = 40
ONLY = os.environ.get("LEADLINE_TEST_SEED")


def compared(fold: Fold, lead: Lead, now: Now, trace: Trace, until: int) -> dict[str, object]:
    """What the fold says, in the oracle's words."""
    return {
        "touches": (lead.first_touch, lead.last_touch, lead.touches),
        "person": (repr(lead.profile), lead.identified_at, lead.grade, lead.fit, lead.not_a_lead),
        "stages": (lead.stage, [(entry.stage, entry.at, entry.source, entry.touchpoint) for entry in lead.stages]),
        "findings": lead.findings,
        "sources": (held(lead.sources.first), held(lead.sources.last)),
        "then": {became: held(each) for became, each in sorted(lead.sources.then.items())},
        "heat": (lead.heat.value, lead.heat.at),
        "awards": [(award.rule, award.touchpoint, award.type, award.at, award.points) for award in trace.awards],
        "hot": (episode(now.hot), now.cools_at, [episode(each) for each in now.episodes]),
        "spells": {name: [[*stay] for stay in stays.items()] for name, stays in sorted(now.spells.items())},
        "segments": dict(sorted(now.segments.items())),
        "funnels": {name: funnel(fold.funnels[name], each, until) for name, each in sorted(lead.funnels.items())},
    }


def episode(hot: Episode | None) -> list[Any] | None:
    return None if hot is None else [hot.began, hot.ended, hot.peak, hot.stage, hot.grade]


def funnel(plan: FunnelPlan, attempts: Attempts, until: int) -> ExpectedFunnel:
    def row(attempt: list[int], open_until: int | None, matures_at: int) -> ExpectedRow:
        over = open_until is None or open_until < until
        return ExpectedRow(tuple(attempt[1:]), None if over else open_until, matures_at)

    days = {
        day: row(each.best, each.open_until(plan), each.last + plan.window) for day, each in attempts.changed.items()
    }
    its_day = attempts.changed[attempts.day]
    if attempts.step == plan.steps:
        whole = row(attempts.best, None, its_day.last + plan.window)
    else:
        still = [end for each in attempts.changed.values() if (end := each.open_until(plan)) is not None]
        matures_at = max(each.last for each in attempts.changed.values()) + plan.window
        whole = row(attempts.best, max(still, default=None), matures_at)
    assert attempts.best == its_day.best
    return ExpectedFunnel(attempts.day, whole, days)


def held(arrival: Attribution | None) -> tuple[int, Mapping[str, str]] | None:
    return None if arrival is None else (arrival.at, arrival.seen)


def expected(fold: Fold, said: Expected, people: int) -> dict[str, object]:
    """What the oracle says; `people` is how many touchpoints count."""
    return {
        "touches": (said.touches[0], said.touches[-1], people),
        "person": (repr(said.profile), said.identified_at, said.grade, said.fit, said.not_a_lead),
        "stages": (said.stage, said.stages),
        "findings": said.findings,
        "sources": (said.sources.first, said.sources.last),
        "then": dict(sorted(said.sources.then.items())),
        "heat": said.heat,
        "awards": said.awards,
        "hot": (said.hot, said.cools_at, said.episodes),
        "spells": dict(sorted(said.spells.items())),
        "segments": said.segments,
        "funnels": dict(sorted(said.funnels.items())),
    }


def check(text: str, history: list[Touchpoint], until: int, activated_at: int) -> None:
    """One lead."""
    fold = Fold(parse_model(text).active_since(activated_at))
    trace = Trace()
    lead = fold.fold(history, until, trace)
    said = Oracle(text, activated_at).lead(history, until)
    people = [touchpoint for touchpoint in history if touchpoint.instant <= until and not touchpoint.by_machine]
    assert compared(fold, lead, fold.at(lead, until), trace, until) == expected(fold, said, len(people))


@pytest.mark.parametrize("seed", [int(ONLY)] if ONLY else range(MODELS))
def test_the_fold_is_what_the_reference_says(seed: int) -> None:
    draw = Draw(seed)
    text = draw.model()
    for _ in range(HISTORIES):
        history, activated_at = draw.history(), us(draw.until())
        for until in {history[-1].instant, us(draw.until())}:
            if until >= history[0].instant:
                check(text, history, until, activated_at)
