"""By what leads are sorted and counted, as far as it seldom changes: when they moved, the name, what they did first.

A visitor of whom only machines' touchpoints are known, who never moved and whom nobody named, has no row.
"""

from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from domain.fold.lead import StageEntry
from domain.fold.names import full_name, sorted_by
from domain.model.channels import Channel
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    """One entry of whom something is known; the name as it was said: what it is sorted by is made when written."""
    lead = subject.lead
    name = full_name(lead.profile) if lead.profile else None
    stage_since = lead.stages[-1].at if lead.stages else None
    first_touch = lead.first_touch if lead.touches else None
    if stage_since is None and name is None and first_touch is None:
        return {}
    qualified = won = None
    if lead.stages:
        qualified, won = _entered(lead.stages, fold.ladder.qualified), _entered(lead.stages, fold.ladder.won)
    hot = subject.now.hot is not None or bool(subject.now.episodes)
    first = lead.sources.first
    channel = Channel.DIRECT.value if first is None else first.seen["channel"]
    return {0: [stage_since, name, first_touch, lead.identified_at, qualified, hot, won, channel]}


def _entered(stages: list[StageEntry], names: frozenset[str]) -> int | None:
    """When one of these stages was entered first; None: never."""
    return next((entry.at for entry in stages if entry.stage in names), None)


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    since, name, *rest = values
    return (id, since, sorted_by(name) if name else None, *rest)


SORT_KEYS = SeveralRows(lambda tables: tables.sort_keys, _entries, _row)
