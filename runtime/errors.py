"""With what words and exit code an expected error ends a command; any other is a fault in this program."""

import errno
from typing import Final

from eventsourcing.persistence import PersistenceError

from domain.errors import LeadlineError, Refused
from store.database.errors import DatabaseAway
from store.log.port import LogAway

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Why an open file takes nothing more. Where a folder or a database cannot be written, an error of theirs says so."""


def outcome_of(error: Exception) -> tuple[int, list[str]] | None:
    """The exit code and the lines for an error, or None where it is a fault of ours."""
    match error:
        case LeadlineError():
            return error.exit_code, [*error.lines[:-1], error.lines[-1] + _advice(error)]
        case PersistenceError():
            return 1, [f"{type(error).__name__}: {error}"]
        case OSError() if error.errno in _FULL and error.filename is None:
            return 1, [f"the output cannot be written: {error.strerror}. What was written before is not all of it"]
        case OSError() if error.filename is not None:
            return 2, [f"{error.filename}: {error.strerror}. Check the path, and what this user may do there"]
        case _:
            return None


def _advice(error: LeadlineError) -> str:
    """What a person at a terminal can do about what is away."""
    match error:
        case DatabaseAway() if "SQLite" not in str(error):
            return ". Check that the database runs and LEADLINE_DATABASE names it"
        case LogAway():
            return ". Check that Kafka runs and LEADLINE_KAFKA names it"
        case _:
            return ""


def not_built(what: str) -> Refused:
    """It is part of the contract and not built yet: named, never ignored."""
    return Refused(f"{what} is not built yet")
