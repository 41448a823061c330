"""How far a lead came in each funnel: its furthest attempt, of several that of the earliest day."""

import orjson

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    for name, attempts in subject.lead.funnels.items():
        if attempts.changed:
            plan, reached = fold.funnels[name], attempts.best[1:]
            row = (
                subject.id, name, len(reached), reached[0], reached[-1], attempts.open_until(plan), attempts.day,
                orjson.dumps(reached).decode(), attempts.matures_at(plan), *attempts.origin(attempts.best),
            )  # fmt: skip
            rows.append(row)
    return rows


FUNNEL_LEADS = GrowingRows(lambda tables: tables.funnel_leads, _rows)
