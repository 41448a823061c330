"""Gathers what is wrong with a condition while it is read on."""

from collections.abc import Callable
from typing import TypeVar

from domain.files.problems import Mistake, ModelError, Path

_Value = TypeVar("_Value")


class Gathering:
    """The problems so far, in `problems`."""

    def __init__(self) -> None:
        self.problems: list[Mistake] = []

    def note(self, path: Path, text: str) -> None:
        """Something is wrong there."""
        self.problems.append(Mistake(path, text))

    def value(self, path: Path, read: Callable[[], _Value], otherwise: _Value) -> _Value:
        """What `read` gives; where it objects, that is a problem here."""
        try:
            return read()
        except ModelError as error:
            self.problems += error.under(path)
            return otherwise
        except ValueError as error:
            self.note(path, str(error))
            return otherwise
