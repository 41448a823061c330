"""What every part of a model file is made of: frozen, no unknown keys, and the types of its fields."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator

from domain.conditions.tree import Condition
from domain.files.values import read_flag, read_name, read_number, read_type
from domain.model.values import read_label, read_length, read_where

Name = Annotated[str, BeforeValidator(read_name)]
Flag = Annotated[bool, BeforeValidator(read_flag)]
TypeName = Annotated[str, BeforeValidator(read_type)]
Length = Annotated[int, PlainValidator(read_length)]
"""A duration, in microseconds."""
Points = Annotated[float, PlainValidator(read_number)]
Label = Annotated[str | dict[str, str] | None, PlainValidator(read_label)]
OfTouchpoint = Annotated[Condition | None, PlainValidator(read_where("touchpoint"))]


class Part(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Part):
    """What a funnel's step asks for, or what enters a stage: a touchpoint of type `on` for which `where` holds."""

    on: TypeName
    where: OfTouchpoint = None
