"""Texts of shapes that stay phrases, so that a page says them in its reader's language; an answer has their English."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import WrapValidator

from domain.phrases import Phrase


def _as_it_is(value: Any, check: Callable[[Any], str]) -> str:
    return value if isinstance(value, Phrase) else check(value)


Text = Annotated[str, WrapValidator(_as_it_is)]
"""A text that a phrase stays."""
