"""`backup` and `restore`: the files of the embedded mode, and how PostgreSQL's own tools do the same."""

from pathlib import Path
from typing import Annotated, Final

import typer

from domain.errors import Refused
from runtime.backup import back_up
from runtime.backup import restore as restore_files
from runtime.commands.options import Data, settings_of
from runtime.folder import private_files
from runtime.settings import Settings
from runtime.terminal.show import say

_POSTGRES: Final = "PostgreSQL is not copied here: dump it with `pg_dump --format=custom`, restore it with `pg_restore`"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Annotated[Path, typer.Argument(help="Folder to make and to copy into.")], *, data: Data = None
) -> None:
    """Copy the data folder's files into a new folder, while a server works on them or after a kill."""
    settings = settings_of(data=data)
    _leave_out_postgres(settings, settings.data)
    with private_files():
        back_up(settings.data, target, _say_copied)
    say(f"backed up {settings.data} to {target}: keep LEADLINE_ID_KEY, if it is set, and the settings beside it")


def restore(source: Annotated[Path, typer.Argument(help="Folder that a backup made.")], *, data: Data = None) -> None:
    """Copy a backup into an empty data folder."""
    settings = settings_of(data=data)
    _leave_out_postgres(settings, source)
    with private_files():
        restore_files(source, settings.data, _say_copied)
    say(f"restored {source} to {settings.data}: start `leadline serve`, then `leadline verify`")


def _say_copied(path: Path, size: int) -> None:
    say(f"  {path} ({size / 1e6:,.1f} MB)")


def _leave_out_postgres(settings: Settings, folder: Path) -> None:
    """Its own tools are better. What lies in a folder beside it (log or spool) is copied all the same."""
    if settings.database is None:
        return
    if not any((folder / name).is_file() for name in ("log.db", "spool.db")):
        raise Refused(f"{_POSTGRES} (docs/how-to/back-up.md)")
    say(f"{_POSTGRES}, before the files of {folder}")
