"""Heat and grade: the pair as it is saved, the hot episode, the fit of the profile, and the strongest rules."""

from typing import Any

import orjson

from domain.fold.explain import REASONS
from domain.fold.fold import Fold
from domain.fold.score import HeatState, decayed, zero_point
from projections.read_models.family import OneRow, Row, Subject


def _row(fold: Fold, subject: Subject) -> Row:
    lead, now, heat = subject.lead, subject.now, subject.lead.heat
    return (
        subject.id,
        heat.value,
        heat.at,
        zero_point(heat.value, heat.at, fold.half_life),
        now.hot_since is not None,
        now.hot_since,
        now.cools_at,
        lead.grade,
        lead.fit,
        lead.not_a_lead,
        orjson.dumps(_reasons(fold, heat)).decode() if heat.shares else "[]",
    )


def _reasons(fold: Fold, heat: HeatState) -> list[list[Any]]:
    """The strongest rules first: name, how often, the last time, and what was left of their points at `heat.at`.

    All decay alike: the order holds at every moment. What took points is no reason.
    """
    rules, half_life, at = fold.model.score.rules, fold.half_life, heat.at
    left = []
    for place, share in heat.shares.items():
        value = share.value if share.at == at else decayed(share.value, share.at, half_life, at)
        if value > 0:
            left.append([rules[int(place)].name, share.count, share.at, value])
    if len(left) > 1:
        left.sort(key=_strongest)
        del left[REASONS:]
    return left


def _strongest(reason: list[Any]) -> tuple[float, str]:
    return -reason[3], reason[0]


SCORES = OneRow(lambda tables: tables.scores, _row)
