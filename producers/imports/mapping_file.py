"""The shape of a mapping file: its keys, and what is said about one that has another shape."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Limits
from pydantic_core import ErrorDetails

from domain.files.problems import not_allowed, show_path, unknown
from domain.touchpoints.identity import KINDS


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Name = Annotated[str, Limits(min_length=1, max_length=100)]
_Column = Annotated[str, Limits(min_length=1)]


class _Time(_Part):
    column: _Column
    format: str = "iso"
    timezone: str = "UTC"


class _Type(_Part):
    column: _Column
    map: dict[str, str | dict[str, Any]] = {}
    other: Literal["snake_case", "skip"] = "snake_case"


class MappingFile(_Part):
    """The whole file, as it is written."""

    source: _Name
    time: _Time
    identities: dict[str, _Column]
    type: str | _Type
    id: _Column | None = None
    seq: _Column | None = None
    profile: dict[str, _Column] = {}
    properties: dict[str, _Column] = {}
    only: dict[str, Any] | None = None
    format: Literal["csv", "jsonl"] | None = None
    delimiter: Annotated[str, Limits(min_length=1, max_length=1)] | None = None
    encoding: str = "utf-8"


_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "": tuple(MappingFile.model_fields),
    "time": tuple(_Time.model_fields),
    "type": tuple(_Type.model_fields),
}

EXAMPLES: Final[Mapping[str, str]] = {
    "source": 'a name such as source = "crm"',
    "time": 'a table such as time = { column = "timestamp", format = "iso" }',
    "time.column": "the name of the column that says when it happened",
    "identities": f'a table such as identities = {{ user_id = "customer" }} with kinds {", ".join(KINDS)}',
    "type": 'a touchpoint type such as type = "order_placed", or a table [type] with column, map and other',
    "type.column": "the name of the column that decides the type",
}


def shape_problems(error: ValidationError) -> list[str]:
    """What is wrong with the shape, one line for each key."""
    lines: dict[str, str] = {}
    for detail in error.errors():
        path = tuple(part for part in detail["loc"] if part not in ("str", "_Type", "dict[str,any]"))
        key = show_path(path)
        lines.setdefault(key, f"{key}: {_shape_problem(key, path, detail)}")
    return list(lines.values())


def _shape_problem(key: str, path: tuple[str | int, ...], detail: ErrorDetails) -> str:
    match detail["type"]:
        case "missing":
            return f"missing; give {EXAMPLES.get(key, 'a value')}"
        case "extra_forbidden":
            return unknown(str(path[-1]), _KEYS.get(".".join(map(str, path[:-1])), ()))
        case "literal_error":
            return not_allowed(detail["input"], detail["ctx"]["expected"].replace("'", '"'))
        case "string_too_long" | "string_too_short":
            limit = {"delimiter": "one character", "source": "a name of 1 to 100 characters"}
            return not_allowed(detail["input"], limit.get(key, "the name of a column"))
        case _:
            return not_allowed(detail["input"], EXAMPLES.get(key) or "a text (the name of a column)")
