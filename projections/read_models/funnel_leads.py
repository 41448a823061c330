"""How far a lead came in each funnel: the day of its furthest attempt, of several the earliest.

It is written when that is another one. What each start moves (the attempt's own instants, until when it is open) stands
in `funnel_days` alone: most leads start again and again, and come no further.
"""

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    return [
        (subject.id, name, attempts.step, attempts.day, *attempts.origin(attempts.best))
        for name, attempts in subject.lead.funnels.items()
        if attempts.moved
    ]


FUNNEL_LEADS = GrowingRows(lambda tables: tables.funnel_leads, _rows)
