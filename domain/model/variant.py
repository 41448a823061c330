"""A model file with a few numbers changed, to be tried and never kept."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from domain.files.problems import Mistake, ModelError, unknown
from domain.model.definition import Model, model_of, parse_model
from domain.model.file import read_toml, tables


class Variant(NamedTuple):
    """A file's text, and what is to be read otherwise."""

    text: str
    points: tuple[tuple[str, float], ...] = ()
    """Of score rules, by their names."""
    hot_at: float | None = None
    """Of every grade that can be hot. `rearm_at` keeps its share of it."""
    half_life: str | None = None
    """Such as `14d`."""

    @property
    def changed(self) -> bool:
        """Whether anything is read otherwise."""
        return bool(self.points) or self.hot_at is not None or self.half_life is not None

    def model(self) -> Model:
        """The model. Raises ModelError."""
        model = parse_model(self.text)
        if not self.changed:
            return model
        raw = read_toml(self.text)
        score = raw.setdefault("score", {})
        self._change_points(tables(raw, ("score", "rules")))
        if self.hot_at is not None:
            _change_hot_at(score, self.hot_at)
        if self.half_life is not None:
            score["half_life"] = self.half_life
        return model_of(raw, self.text)

    def _change_points(self, rules: Iterable[Any]) -> None:
        by_name = {rule.get("name"): rule for rule in rules}
        names = [name for name in by_name if isinstance(name, str)]
        unheard = [name for name, _ in self.points if name not in by_name]
        if unheard:
            raise ModelError([Mistake(("score", "rules"), unknown(name, names, "rule")) for name in unheard])
        for name, points in self.points:
            by_name[name]["points"] = points


def _change_hot_at(score: dict[str, Any], hot_at: float) -> None:
    before = score.get("hot_at")
    score["hot_at"] = dict.fromkeys(before, hot_at) if isinstance(before, dict) else hot_at
    if "rearm_at" in score:
        least = min(before.values()) if isinstance(before, dict) else before
        score["rearm_at"] = score["rearm_at"] / least * hot_at
