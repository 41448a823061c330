"""How far a lead came in each funnel with what it began on one day: a period of a report selects such days."""

import orjson

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    for name, attempts in subject.lead.funnels.items():
        plan = fold.funnels[name]
        for number, day in attempts.changed.items():
            reached = day.best[1:]
            row = (
                subject.id, name, number, len(reached), reached[0], reached[-1], orjson.dumps(reached).decode(),
                day.open_until(plan), plan.end(day.last), day.before, day.prior,
                *attempts.origin(day.best),
            )  # fmt: skip
            rows.append(row)
    return rows


FUNNEL_DAYS = GrowingRows(lambda tables: tables.funnel_days, _rows)
