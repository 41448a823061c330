"""Tags in the model file: what people may say of a lead, or of a call, in one word that all of them use alike."""

from domain.model.part import Label, Name, Part


class Tag(Part):
    """A tag that is offered. No part of the fold: a touchpoint says the name."""

    name: Name
    label: Label = None
