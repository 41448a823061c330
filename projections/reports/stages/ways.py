"""The way of a lead through the stages: what it entered, how often, how far it came."""

from collections.abc import Mapping
from dataclasses import dataclass

from projections.queries.view import View

Way = list[tuple[str, int]]
"""The stages that a lead entered and when (microseconds), in order."""


@dataclass(slots=True)
class StageVisit:
    """What a lead did with one stage. Instants and spans are microseconds."""

    entered_at: int
    """When it first came there."""
    behind: int
    """The greatest rank of what it entered after that; -1: none."""
    inside_since: int | None
    stays: list[int]
    """How long each took that ended."""

    @property
    def entries(self) -> int:
        """How often it came there."""
        return len(self.stays) + (self.inside_since is not None)


def visits_of(way: Way, ranks: Mapping[str, int]) -> tuple[dict[str, StageVisit], int]:
    """What a lead did with each stage that it ever entered; the greatest rank of these, -1: it has none."""
    visits: dict[str, StageVisit] = {}
    behind, ended = -1, None
    for stage, at in reversed(way):
        visit = visits.get(stage)
        if visit is None:
            visit = visits[stage] = StageVisit(at, behind, at if ended is None else None, [])
        else:
            visit.entered_at, visit.behind = at, behind
        if ended is not None:
            visit.stays.append(ended - at)
        behind, ended = max(behind, ranks.get(stage, -1)), at
    return visits, behind


def ranks_of(view: View) -> dict[str, int]:
    """The places of stages in the model's order, detours left out."""
    return {stage.name: rank for rank, stage in enumerate(view.model.stages) if not stage.detour}
