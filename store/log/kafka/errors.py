"""kafka-python's errors as the log's: what the caller can do about each."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from kafka import errors

from store.log.port import LogAway, LogError, LogMisconfigured, RecordTooLarge

_TOO_LARGE: Final = (errors.MessageSizeTooLargeError, errors.RecordListTooLargeError)
_MISCONFIGURED: Final = (
    errors.AuthorizationError,
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.KafkaConfigurationError,
    errors.UnsupportedVersionError,
    errors.InvalidTopicError,
    errors.InvalidReplicationFactorError,
    errors.InvalidPartitionsError,
    errors.InvalidConfigurationError,
    errors.PolicyViolationError,
    errors.UnsupportedCodecError,
)


def translate(bootstrap: str, error: Exception) -> LogError:
    """The error of ours for one of the client's."""
    failure = f"Kafka at {bootstrap}: {type(error).__name__}: {error}"
    if isinstance(error, _TOO_LARGE):
        return RecordTooLarge(f"{failure}. A record may have about 1 MB, see also the broker's message.max.bytes")
    if isinstance(error, _MISCONFIGURED):
        return LogMisconfigured(f"{failure}. Check the bootstrap servers, the access rights and the topics' settings")
    return LogAway(f"{failure}. Tried again later; check that the broker runs and can be reached from here")


@contextmanager
def translated(bootstrap: str) -> Iterator[None]:
    """Raises our errors instead of the client's.

    OSError: a name that does not resolve, a refused connection. RuntimeError: no thread could be started.
    """
    try:
        yield
    except (errors.KafkaError, OSError, RuntimeError) as error:
        raise translate(bootstrap, error) from error
