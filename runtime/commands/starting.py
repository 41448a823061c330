"""`init`: write a commented model file to begin with."""

import os
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Refused
from domain.model.starter import STARTER
from runtime.commands.options import settings_of
from runtime.terminal.show import say


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(init)


def init(
    path: Annotated[Path | None, typer.Argument(help="File to write; default: LEADLINE_MODEL.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
) -> None:
    """Write a commented model file."""
    target = path or settings_of().model
    try:
        if target.is_dir():
            raise Refused(f"{target} is a folder: name a file")
        if target.exists() and not force:
            raise Refused(f"{target} exists already: name another file, or write over it with --force")
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            beside.write_text(STARTER, encoding="utf-8")
            beside.replace(target)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}") from None
    say(f"wrote {target}: change it, then `leadline model check` and `leadline serve`")
