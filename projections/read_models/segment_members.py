"""Which segments a lead is in, and since when."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from domain.fold.fold import Fold
from projections.read_models.family import Entries, Key, Row, RowCount, SeveralRows, Subject
from store.database.derived import Derived


def _entries(fold: Fold, subject: Subject) -> Entries:
    return {name: [entered_at] for name, entered_at in subject.now.segments.items()}


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    return (key, id, *values)


def _sizes(tables: Derived) -> Select[Any]:
    members = tables.segment_members.c
    return select(members.segment, func.count()).group_by(members.segment)


_SIZES = RowCount(lambda tables: tables.segment_sizes, ("segment",), lambda values: ((values[0],), (1,)), _sizes)
SEGMENT_MEMBERS = SeveralRows(lambda tables: tables.segment_members, _entries, _row, count=_SIZES)
