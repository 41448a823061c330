"""How far a lead came in each funnel: its furthest attempt, of several the earliest."""

from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from domain.touchpoints.touchpoint import NEVER
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    entries: Entries = {}
    for name, attempts in subject.lead.funnels.items():
        steps, window = fold.funnels[name]
        open_until = None if attempts.step == steps else min(attempts.latest + window, NEVER)
        entries[name] = [attempts.step, attempts.started_at, attempts.reached_at, open_until]
    return entries


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    return (id, key, *values)


FUNNEL_LEADS = SeveralRows(lambda tables: tables.funnel_leads, _entries, _row)
