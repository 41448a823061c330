"""`export`: files for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Refused
from domain.files.durations import parse_duration
from projections.exports.following import SIZE, Follower, Wanted
from projections.exports.formats import FileFormat, check_format
from projections.exports.growing import Growing, newest_finished
from projections.exports.placing import claimed
from projections.exports.signals import announced
from projections.exports.touchpoints import touchpoints
from runtime.commands.options import Data, DatabaseUrl, wiring_of
from runtime.show import say
from runtime.wiring import Wiring


class GrowingName(StrEnum):
    """What only grows."""

    TOUCHPOINTS = "touchpoints"
    SIGNALS = "signals"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="touchpoints or signals.")],
    *,
    to: Annotated[FileFormat, typer.Option("--to", help="Format of the files.")] = FileFormat.CSV,
    out: Annotated[Path | None, typer.Option("--out", help="Folder to write to.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, file after file.")] = False,
    once: Annotated[bool, typer.Option("--once", help="With --follow: write what is there, and end.")] = False,
    every: Annotated[
        str, typer.Option("--every", help="Write what waits after so long, though its file is not full.")
    ] = "15m",
    size: Annotated[int, typer.Option("--size", min=1_000, max=1_000_000, help="Most positions of a file.")] = SIZE,
    personal: Annotated[
        bool, typer.Option("--with-personal-data", help="With identities and profile in the clear.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="CSV: no apostrophe before texts that begin as a formula does.")
    ] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Write files that other programs read: touchpoints and signals as they come."""
    if name not in set(GrowingName):
        raise Refused(f"found {name!r}, allowed are {', '.join(GrowingName)}")
    if not follow:
        raise Refused(f"{name} only grows: add --follow, and --once for what is there now")
    if out is None:
        raise Refused("--follow writes file after file: name their folder with --out")
    wanted = Wanted(out, to, personal, raw, size, _seconds(every))
    check_format(to)
    with wiring_of(server=not once, data=data, database=database) as wiring, claimed(folder := wanted.place(name)):
        newest_finished(folder, to)  # refused now, not by a thread
        if once:
            files = _follower(wiring, GrowingName(name), wanted).all_there_is()
            say(f"{folder}: {files:,} files written")
        else:
            from runtime import processes

            processes.export(wiring, lambda: _follower(wiring, GrowingName(name), wanted))


def _follower(wiring: Wiring, name: GrowingName, wanted: Wanted) -> Follower:
    return Follower(wiring.existing, wiring.ids, _growing(wiring, name, wanted.personal), wanted)


def _growing(wiring: Wiring, name: GrowingName, personal: bool) -> Growing:
    match name:
        case GrowingName.TOUCHPOINTS:
            return touchpoints(wiring.events, wiring.ids, personal=personal)
        case GrowingName.SIGNALS:
            return announced(wiring.ids, personal=personal)


def _seconds(every: str) -> float:
    try:
        return parse_duration(every) / 1_000_000
    except ValueError as error:
        raise Refused(f"--every: {error}") from None
