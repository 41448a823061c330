"""With what words and exit code an expected error ends a command; any other is a fault in this program."""

from eventsourcing.persistence import PersistenceError

from domain.errors import LeadlineError, Refused
from store.database.errors import DatabaseAway
from store.log.port import LogAway


def outcome_of(error: Exception) -> tuple[int, list[str]] | None:
    """The exit code and the lines for an error, or None where it is a fault of ours."""
    match error:
        case LeadlineError():
            return error.exit_code, [*error.lines[:-1], error.lines[-1] + _advice(error)]
        case PersistenceError():
            return 1, [f"{type(error).__name__}: {error}"]
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
