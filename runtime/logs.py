"""Log lines: text for people at a terminal, JSON otherwise; on stderr, so that stdout holds answers only."""

import logging
import sys
from typing import TYPE_CHECKING, Any, Final

import structlog
from structlog.tracebacks import ExceptionDictTransformer

if TYPE_CHECKING:  # a worker that sets up its log lines needs no more
    from runtime.settings import Settings

_TRACEBACKS: Final = ExceptionDictTransformer(show_locals=False, max_frames=20)
"""Without the values of variables: among them are people's data and the installation's secrets."""


def configure_logs(settings: "Settings", *, quiet: bool = False) -> None:
    """Set up structlog, and send what libraries log through it. `quiet`: a command for people, who want its answer."""
    set_up(settings.log, settings.log_level, quiet=quiet)


def set_up(form: str, log_level: str, *, quiet: bool) -> None:
    """The same by the settings LOG and LOG_LEVEL, for a process that is told no others."""
    text = form == "text" or (form == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping()[log_level.upper()]
    if quiet and level > logging.DEBUG:
        level = max(level, logging.WARNING)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if text
        else [structlog.processors.ExceptionRenderer(_TRACEBACKS), structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.processors.StackInfoRenderer(), *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[meta, *last]))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
    # Away, its client repeats itself many times a second; what it means is said once by the part that needs it.
    logging.getLogger("kafka").setLevel(logging.WARNING if log_level == "debug" else logging.CRITICAL)
