"""What a model calls its stages, segments and channels, in the language of whoever reads of them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.model.definition import Model
from domain.model.part import Label


class Labels(NamedTuple):
    """By name; what is not there is called by its name."""

    stages: Mapping[str, Label]
    segments: Mapping[str, Label]
    channels: Mapping[str, Label]


UNNAMED: Final = Labels({}, {}, {})
"""Of no model."""


def labels_of(model: Model) -> Labels:
    """The labels of a model."""
    return Labels(
        {stage.name: stage.label for stage in model.stages},
        {segment.name: segment.label for segment in model.segments},
        {rule.name: rule.label for rule in model.channels.rules},
    )
