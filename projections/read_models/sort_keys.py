"""By what lists of leads are sorted, as far as it seldom changes: the stage's instant, and the name.

A visitor who never moved and whom nobody named has no row.
"""

from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from domain.fold.names import full_name, sorted_by
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    """One entry of whom something is known; the name as it was said: what it is sorted by is made when written."""
    lead = subject.lead
    name = full_name(lead.profile) if lead.profile else None
    if name is None and not lead.stages:
        return {}
    return {0: [lead.stages[-1].at if lead.stages else None, name]}


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    since, name = values
    return id, since, sorted_by(name) if name else None


SORT_KEYS = SeveralRows(lambda tables: tables.sort_keys, _entries, _row)
