"""Which segments a lead is in, and since when."""

from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    return {name: [entered_at] for name, entered_at in subject.now.segments.items()}


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    return (key, id, *values)


SEGMENT_MEMBERS = SeveralRows(
    lambda tables: tables.segment_members, _entries, _row, counted_in=lambda tables: tables.segment_sizes
)
