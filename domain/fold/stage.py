"""Stages: which moves take effect. Facts always do; a move by policy only forward, and never out of a detour."""

from collections.abc import Mapping
from typing import Any, Final

from domain.model.definition import Stage

VISITOR: Final = "visitor"
"""The stage of a lead that nobody has identified yet."""


class Ladder:
    """The stages of a model, in order."""

    __slots__ = ("_detours", "_rank", "first", "requires")

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self._rank = {stage.name: rank for rank, stage in enumerate(stages)}
        self._detours = frozenset(stage.name for stage in stages if stage.detour)
        self.first = next(stage.name for stage in stages if not stage.detour)
        self.requires: dict[str, tuple[str, ...]] = {stage.name: tuple(stage.requires) for stage in stages}

    def knows(self, name: object) -> bool:
        """Whether the model has a stage of this name."""
        return isinstance(name, str) and name in self._rank

    def forward(self, current: str, to: str) -> bool:
        """Whether automation may move from one stage to the other."""
        if current in self._detours or to in self._detours:
            return False
        return self._rank[to] > self._rank.get(current, -1)

    def missing(self, to: str, profile: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields that a move to this stage requires and the profile lacks: `profile.company`, ..."""
        return missing(self.requires.get(to, ()), profile)


def missing(requires: tuple[str, ...], profile: Mapping[str, Any]) -> tuple[str, ...]:
    """The required fields (`profile.<field>`) that are absent or empty."""
    return tuple(name for name in requires if profile.get(name.removeprefix("profile.")) in (None, "", [], {}))
