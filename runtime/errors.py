"""Which errors the command line expects, and with what words and exit code each ends a command."""

from eventsourcing.persistence import PersistenceError

from domain.errors import Misconfigured, Retry
from domain.model.definition import ModelError
from domain.touchpoints.event import UnknownTopic
from producers.imports.importer import ImportInterrupted
from producers.imports.mapping import MappingError
from producers.imports.opening import ImportProblem
from projections.queries.cursors import BadCursor
from projections.queries.leads import NotFound, NotReady
from projections.upkeep.activation import ActivationRefused
from projections.upkeep.beside import RebuildRefused
from runtime.refusals import Failed, Refused
from runtime.settings import SettingsError
from store.database.errors import DatabaseFull
from store.log.port import LogAway, LogError


def told(error: Exception) -> tuple[int, str] | None:
    """The exit code and the words for an error, or None where it is a fault of ours."""
    match error:
        case Refused() | ActivationRefused() | Misconfigured() | BadCursor() | UnknownTopic() | NotReady():
            return 2, str(error)
        case SettingsError() | ModelError() | MappingError():
            return 2, "\nleadline: ".join(error.problems)
        case ImportProblem():
            return 2, "\nleadline: ".join(str(error).splitlines())
        case ImportInterrupted():
            return 1, "\nleadline: ".join(str(error).splitlines())
        case Failed() | RebuildRefused():
            return 1, str(error)
        case NotFound():
            return 1, str(error.args[0])
        case DatabaseFull():
            return 2, str(error)
        case Retry() if "SQLite" in str(error):
            return 2, str(error)
        case Retry():
            return 2, f"{error}. Check that the database runs and LEADLINE_DATABASE names it"
        case LogAway():
            return 2, f"{error}. Check that Kafka runs and LEADLINE_KAFKA names it"
        case LogError():
            return 2, str(error)
        case PersistenceError():
            return 1, f"{type(error).__name__}: {error}"
        case _:
            return None
