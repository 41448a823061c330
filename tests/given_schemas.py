"""The JSON Schemas of messages, out of the AsyncAPI document that Leadline gives out."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker

from domain.signals.kinds import SignalKind

DOCUMENT = Path(__file__).parents[1] / "docs" / "reference" / "asyncapi.yaml"
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@cache
def asyncapi() -> Any:
    """The document."""
    return yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))


def problems(kind: SignalKind, said: Any, part: str = "payload") -> list[str]:
    """What the schema of a kind's messages (of their `headers`, or values) has against one."""
    pointer = f"#/components/messages/{kind.value.replace('.', '-')}/{part}"
    validator = Draft202012Validator({**asyncapi(), "$ref": pointer}, format_checker=_FORMATS)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(said)]
