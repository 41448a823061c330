"""Errors of the command line, named by the exit code that they end with.

Refused  2: nothing was done; the message says what is allowed or what to do
Failed   1: it was done, and the outcome is bad (rows differ, not found, a part crashed)
"""


class Refused(Exception):
    """Nothing was done. Exit code 2."""


class Failed(Exception):
    """It ran, and the outcome is bad. Exit code 1."""


def not_built(what: str) -> Refused:
    """It is part of the contract and not built yet: named, never ignored."""
    return Refused(f"{what} is not built yet")
