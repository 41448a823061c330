"""The sources of one lead. Direct is nowhere stored in full: it is what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from domain.conditions.tree import SOURCE_FIELDS
from domain.model.channels import Channel
from projections.queries.shapes import SourceShape, StageShape
from projections.queries.view import View
from projections.read_models.lead_sources import FIRST, IDENTIFIED, LAST, LEAD_SOURCES, STAGE


def sources_of(view: View, lead: UUID, card: Mapping[str, Any], stages: Sequence[StageShape]) -> dict[str, Any]:
    """The sources of a lead's detail, of its card and the stages that it entered."""
    stored = {
        (row.which, row.stage): SourceShape(since=row.since, **{name: getattr(row, name) for name in SOURCE_FIELDS})
        for row in view.rows(LEAD_SOURCES, lead)
    }

    def source(which: str, since: int, stage: str = "") -> SourceShape:
        return stored.get((which, stage)) or SourceShape(since=since, channel=Channel.DIRECT.value)

    entered: dict[str, int] = {}
    for stage in stages:
        entered.setdefault(stage.stage, stage.at)
    since = card["first_touch"]
    return {
        "first_source": source(FIRST, since),
        "last_source": source(LAST, since),
        "identified_source": source(IDENTIFIED, min(entered.values(), default=since)) if card["identified"] else None,
        "stage_sources": {name: source(STAGE, at, name) for name, at in entered.items()},
    }
