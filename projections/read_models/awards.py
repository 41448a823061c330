"""The points that rules gave: a row for each time, in the order of the fold."""

from domain.fold.fold import Fold
from domain.touchpoints.text import storable
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    rows: list[Row] = []
    lead, days, before, n = subject.id, fold.days, -1, 0
    for each in subject.lead.awards:
        at = each.at
        n = n + 1 if at == before else 0
        before = at
        rows.append(
            (lead, at, n, storable(each.touchpoint), each.type, each.rule, each.points, days.of(at), each.about)
        )
    return rows


AWARDS = GrowingRows(lambda tables: tables.awards, _rows, only_new=True)
