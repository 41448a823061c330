"""What is wrong with an option or a setting, in the words of every refusal instead of those of a library."""

import re
from typing import Final

_PLAINLY: Final = (
    (re.compile(r"Value error, "), ""),
    (re.compile(r"Input should be greater than or equal to (\S+)"), r"allowed is at least \1"),
    (re.compile(r"Input should be less than or equal to (\S+)"), r"allowed is at most \1"),
    (re.compile(r"Input should be a valid integer.*"), "allowed is a whole number"),
    (re.compile(r"Input should be a valid number.*"), "allowed is a number"),
)
"""What pydantic says of a value that is not allowed, and what is said instead."""


def plainly(message: str) -> str:
    """The words of a library about a value, in ours."""
    for said, instead in _PLAINLY:
        message = said.sub(instead, message)
    return message
