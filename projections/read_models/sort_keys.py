"""By what leads are sorted and counted, as far as it seldom changes: when they moved, the name, when they were new.

A visitor of whom only machines' touchpoints are known, who never moved and whom nobody named, has no row.
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
    stage_since = lead.stages[-1].at if lead.stages else None
    values = [stage_since, name, lead.first_touch if lead.touches else None, lead.identified_at]
    return {0: values} if any(each is not None for each in values) else {}


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    since, name, first_touch, identified_at = values
    return id, since, sorted_by(name) if name else None, first_touch, identified_at


SORT_KEYS = SeveralRows(lambda tables: tables.sort_keys, _entries, _row)
