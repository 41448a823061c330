"""How far a lead came in each funnel: its furthest attempt, of several that of the earliest day."""

from typing import Any
from uuid import UUID

import orjson

from domain.fold.fold import Fold
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    entries: Entries = {}
    for name, attempts in subject.lead.funnels.items():
        plan, reached = fold.funnels[name], attempts.best[1:]
        entries[name] = [
            len(reached), reached[0], reached[-1], attempts.open_until(plan), attempts.day,
            orjson.dumps(reached).decode(), attempts.matures_at(plan), *attempts.origin(attempts.best),
        ]  # fmt: skip
    return entries


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    return (id, key, *values)


FUNNEL_LEADS = SeveralRows(lambda tables: tables.funnel_leads, _entries, _row)
