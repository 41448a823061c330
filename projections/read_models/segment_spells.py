"""Every stay of a lead in a segment: when it entered, and when it left."""

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    return [
        (subject.id, name, entered_at, left_at)
        for name, spells in subject.now.spells.items()
        for entered_at, left_at in spells.items()
    ]


SEGMENT_SPELLS = GrowingRows(lambda tables: tables.segment_spells, _rows)
