"""Options that several commands share, and the settings that they and the environment give."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import Refused
from producers.imports.mapping import ImportMapping, MappingError, parse_mapping
from projections.queries.periods import bound
from projections.queries.view import View
from runtime.folder import private_files
from runtime.logs import configure_logs
from runtime.settings import Settings, read_settings
from runtime.terminal.show import say
from runtime.text_files import read_text_file
from runtime.wiring import Wiring

ModelFile = Annotated[Path | None, typer.Option("--model", help="Model file (LEADLINE_MODEL).")]
Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded mode (LEADLINE_DATA).")]
DatabaseUrl = Annotated[str | None, typer.Option("--database", help="postgresql:// URL (LEADLINE_DATABASE).")]
Kafka = Annotated[str | None, typer.Option("--kafka", help="Kafka bootstrap servers (LEADLINE_KAFKA).")]
BindTo = Annotated[str | None, typer.Option("--bind", help="HOST:PORT to listen on (LEADLINE_BIND).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Language = Annotated[
    str | None, typer.Option("--lang", help="Language of labels and sentences, such as zh (else that of LANG).")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="Most rows.")]
Cursor = Annotated[str | None, typer.Option("--cursor", help="`next` of the page before.")]

AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="As it was known at an instant: a day (where it begins) or an RFC 3339 time."),
]
Knowing = Annotated[
    str | None,
    typer.Option(
        "--knowing", help="now: by all that is known now of what had happened by then; then: by what was known then."
    ),
]


def settings_of(*, server: bool = False, **flags: Any) -> Settings:
    """Settings from flags, environment and settings file, with logs set up. Raises SettingsError."""
    settings = read_settings(**flags)
    configure_logs(settings, quiet=not server)
    return settings


@contextmanager
def wiring_of(*, server: bool = False, **flags: Any) -> Iterator[Wiring]:
    """The parts that these settings make. `server`: of a process that goes on, and says what it does."""
    with private_files(), Wiring(settings_of(server=server, **flags)) as wiring:
        yield wiring


@contextmanager
def reading(
    data: Path | None, database: str | None, as_of: str | None = None, knowing: str | None = None
) -> Iterator[View]:
    """A view of the read models for a command that only reads: of now, or the past view as of an instant."""
    with wiring_of(data=data, database=database) as wiring, wiring.reader.view(as_of, knowing) as view:
        yield view


def mapping_of(path: Path) -> ImportMapping:
    """The mapping in a file. Raises Refused, MappingError."""
    try:
        text = read_text_file(path)
    except Refused as error:
        raise Refused(f"--mapping: {error}") from None
    try:
        return parse_mapping(text)
    except MappingError as error:
        raise MappingError([f"{path}: {problem}" for problem in error.problems]) from None


def bound_of(flag: str, text: str | None, zone: str) -> int | None:
    """The instant that a flag gives, as a day in that time zone or as RFC 3339. Raises Refused."""
    try:
        return None if text is None else bound(text, zone)
    except ValueError as error:
        raise Refused(f"{flag}: {error}") from None


def say_more(cursor: str | None, flag: str) -> None:
    """Say how to read on, where there is more."""
    if cursor:
        say(f"more: {flag} {cursor}")
