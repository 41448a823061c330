"""`export`: files for other programs."""

import sys
import threading
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from domain.errors import Refused, Retry
from domain.files.durations import parse_duration
from projections.exports.following import EVERY, SIZE, Follower, Wanted
from projections.exports.formats import FileFormat, check_format
from projections.exports.growing import Growing
from projections.exports.placing import claimed
from projections.exports.signals import announced
from projections.exports.touchpoints import touchpoints
from projections.exports.views import columns_of, rows_of, view_named
from projections.exports.whole import write_file, write_rows
from projections.projecting.projector import read_progress
from runtime.acting import who_acts
from runtime.commands.options import Data, DatabaseUrl, wiring_of
from runtime.terminal.show import say
from runtime.wiring import Wiring
from store.audit import AuditedAct, keep_line
from store.database.views.view import ReportView


class GrowingName(StrEnum):
    """What only grows."""

    TOUCHPOINTS = "touchpoints"
    SIGNALS = "signals"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A report_... view, or touchpoints or signals.")],
    *,
    to: Annotated[FileFormat, typer.Option("--to", help="Format of the files.")] = FileFormat.CSV,
    out: Annotated[
        Path | None, typer.Option("--out", help="File of a view, or the folder for it (else it is printed).")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Of touchpoints and signals: go on with what comes, file after file.")
    ] = False,
    once: Annotated[bool, typer.Option("--once", help="With --follow: write what is there, and end.")] = False,
    every: Annotated[
        str | None,
        typer.Option("--every", help="With --follow: write what waits after so long (15m), though no file is full."),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option("--size", min=1_000, max=1_000_000, help=f"With --follow: most positions of a file ({SIZE})."),
    ] = None,
    personal: Annotated[
        bool, typer.Option("--with-personal-data", help="With --follow: with identities and profile in the clear.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="CSV: no apostrophe before texts that a spreadsheet takes for formulas.")
    ] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Write files that other programs read: views whole, touchpoints and signals as they come."""
    check_format(to)
    if raw and to is not FileFormat.CSV:
        raise Refused(f"--raw: is of CSV, in which texts may be taken for formulas; {to} has none: leave it out")
    if name in set(GrowingName):
        if not follow:
            raise Refused(f"{name} only grows: add --follow, and --once for what is there now")
        if out is None:
            raise Refused("--follow writes file after file: name their folder with --out")
        if once and every is not None:
            raise Refused("--every: nothing waits with --once, which writes all that is there: leave one of them out")
        wanted = Wanted(out, to, personal, raw, size or SIZE, EVERY if every is None else _seconds(every))
        with wiring_of(server=not once, data=data, database=database) as wiring:
            if personal:
                keep_taken(wiring, f"{name} ({to}, with personal data)", None)
            _follow(wiring, GrowingName(name), wanted, once=once)
        return
    view = view_named(name, GrowingName)
    if follow or once or personal or every is not None or size is not None:
        raise Refused(
            f"{name} changes anywhere, and has what it has: --follow, --once, --every, --size and "
            f"--with-personal-data are of {' and '.join(GrowingName)}"
        )
    with wiring_of(data=data, database=database) as wiring:
        try:
            with wiring.existing.snapshot() as conn:
                rows = _whole(conn, view, to, out, raw=raw)
        except (OSError, KeyboardInterrupt):  # whoever reads what is printed has seen enough: some of it is taken
            keep_taken(wiring, f"{view.name} ({to})", None)
            raise
        keep_taken(wiring, f"{view.name} ({to})", rows)


def keep_taken(wiring: Wiring, what: str, rows: int | None) -> None:
    """Write into the audit what is taken out at the terminal."""
    with wiring.existing.transaction() as conn:
        keep_line(wiring.existing, conn, who_acts(), AuditedAct.EXPORT, what, rows)


def _whole(conn: Connection, view: ReportView, to: FileFormat, out: Path | None, *, raw: bool) -> int:
    """Write a view; how many rows."""
    read_progress(conn).check_format()  # before a rebuild most are empty
    columns, rows = columns_of(view), rows_of(conn, view)
    if out is None:
        if to is FileFormat.PARQUET and sys.stdout.isatty():
            raise Refused("Parquet is nothing to read at a terminal: name a file with --out")
        count = write_rows(sys.stdout.buffer, to, columns, rows, raw=raw)
        sys.stdout.buffer.flush()
        return count
    path = out / f"{view.name}.{to}" if out.is_dir() else out
    count = write_file(path, to, columns, rows, raw=raw)
    say(f"{path}: {count:,} rows")
    return count


def _follow(wiring: Wiring, name: GrowingName, wanted: Wanted, *, once: bool) -> None:
    folder = wanted.place(name)
    with claimed(folder):
        with suppress(Retry):
            _follower(wiring, name, wanted)  # what is refused is refused now, not by a thread
        if once:
            files = _follower(wiring, name, wanted).all_there_is()
            say(f"{folder}: {files:,} files written")
        else:
            from runtime import processes

            processes.export(wiring, lambda stop: _follower(wiring, name, wanted, stop))


def _follower(wiring: Wiring, name: GrowingName, wanted: Wanted, stop: threading.Event | None = None) -> Follower:
    return Follower(wiring.existing, wiring.ids, _growing(wiring, name, wanted.personal), wanted, stop)


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
