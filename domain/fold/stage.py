"""Stages: their order, which moves are forward, and what they were called."""

from collections.abc import Mapping
from typing import Any

from domain.model.definition import Stage


class Ladder:
    """The stages of a model, in order."""

    __slots__ = ("_detours", "_former", "_rank", "first", "qualified", "requires", "retired", "without_hot", "won")

    def __init__(self, stages: tuple[Stage, ...], promote_to: str | None = None) -> None:
        self._rank = {stage.name: rank for rank, stage in enumerate(stages)}
        self._detours = frozenset(stage.name for stage in stages if stage.detour)
        self._former = {former: stage.name for stage in stages for former in stage.was}
        self.first = next(stage.name for stage in stages if not stage.detour and not stage.retired)
        self.requires: dict[str, tuple[str, ...]] = {stage.name: tuple(stage.requires) for stage in stages}
        self.retired = frozenset(stage.name for stage in stages if stage.retired)
        self.without_hot = frozenset(stage.name for stage in stages if not stage.may_be_hot)
        """Stages that have no hot episodes."""
        self.won = frozenset(stage.name for stage in stages if stage.won)
        following = (each.name for each in stages if not each.detour and not each.retired and each.name != self.first)
        qualified = promote_to or next(following, None)
        self.qualified = frozenset(() if qualified is None else (qualified,))
        """The stage that makes a lead a qualified one: what becoming hot asks for, else the second; none: none does."""

    def present(self, name: Any) -> Any:
        """The name that a stage has now; what is no former name is given back as it is."""
        return self._former.get(name, name) if isinstance(name, str) else name

    def renamed(self, properties: Mapping[str, Any]) -> Mapping[str, Any]:
        """The properties of a `stage_changed` with the names that its stages have now."""
        if not self._former:
            return properties
        return {key: self.present(value) if key in ("to", "from") else value for key, value in properties.items()}

    def knows(self, name: object) -> bool:
        """Whether the model has a stage of this (present) name."""
        return isinstance(name, str) and name in self._rank

    def is_detour(self, stage: str) -> bool:
        """Whether a stage is a detour."""
        return stage in self._detours

    def forward(self, current: str, to: str) -> bool:
        """Whether automation may move from one stage to the other."""
        if current in self._detours or to in self._detours:
            return False
        return self._rank[to] > self._rank.get(current, -1)

    def waits_for(self, current: str, profile: Mapping[str, Any], to: str) -> str | None:
        """What keeps a policy from asking for a move for now; "": nothing; None: it is never to be asked for."""
        if not self.knows(to) or to in self.retired:
            return None
        if current in self._detours:
            return f"the end of stage {current}"
        return ", ".join(self.missing(to, profile)) if self.forward(current, to) else None

    def missing(self, to: str, profile: Mapping[str, Any]) -> tuple[str, ...]:
        """The fields that a move to this stage requires and the profile lacks: `profile.company`, ..."""
        return missing(self.requires.get(to, ()), profile)


def missing(requires: tuple[str, ...], profile: Mapping[str, Any]) -> tuple[str, ...]:
    """The required fields (`profile.<field>`) that are absent or empty."""
    return tuple(name for name in requires if profile.get(name.removeprefix("profile.")) in (None, "", [], {}))
