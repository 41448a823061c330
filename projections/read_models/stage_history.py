"""The stages that a lead entered, numbered from 1."""

from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    return {n: [entry.stage, entry.at, entry.source] for n, entry in enumerate(subject.lead.stages, 1)}


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    return (id, key, *values)


STAGE_HISTORY = SeveralRows(lambda tables: tables.stage_history, _entries, _row)
