"""The fold of a model, compiled once a process: readers ask for it in every request."""

from typing import Final

from domain.fold.fold import Fold
from domain.model.definition import Model

_KEPT: Final = 4
_FOLDS: Final[dict[int, Fold]] = {}
"""By the identity of their models, which they keep: as `active_model` gives the same one, and comparing two is dear."""


def fold_of(model: Model) -> Fold:
    """The fold of a model. Several threads may have the same one: what it remembers are answers that do not differ."""
    fold = _FOLDS.get(id(model))
    if fold is None:
        if len(_FOLDS) >= _KEPT:
            _FOLDS.clear()
        fold = _FOLDS[id(model)] = Fold(model)
    return fold
