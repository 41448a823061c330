"""Heat and grade: the pair as it is saved, the hot episode, the fit of the profile, and the strongest rules."""

import orjson

from domain.fold.fold import Fold
from domain.fold.score import zero_point
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
        orjson.dumps(fold.reasons(heat, heat.at)).decode() if heat.shares else "[]",
        lead.stage,
    )


SCORES = OneRow(lambda tables: tables.scores, _row)
