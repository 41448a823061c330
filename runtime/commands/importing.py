"""`import`: a file's rows onto the log, then wait until they are projected; without a server, do that here."""

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Refused, Retry
from domain.touchpoints.touchpoint import Touchpoint
from producers.imports.importer import ImportProgress, ImportResult, import_file
from producers.imports.mapping import ImportMapping
from projections.projecting.projector import read_progress
from runtime import parts
from runtime.clock import clock
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, ModelFile, mapping_of, wiring_of
from runtime.folder import held
from runtime.projected import bar, project_here
from runtime.terminal.show import print_json, say
from runtime.wiring import Wiring
from store.events.store import known_of

IMPORTS = "imports"
"""Folder in the data folder that holds the progress of imports that were cut off."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import")(import_rows)


def import_rows(
    *,
    file: Annotated[Path, typer.Argument(help="CSV or JSON lines, also .gz.")],
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="TOML file that says which column is what.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until everything is projected.")] = True,
    as_json: AsJson = False,
    model: ModelFile = None,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Import a file's rows as touchpoints. The same command goes on where it was cut off; rows count once."""
    rules = mapping_of(mapping)
    _see_file(file)
    with wiring_of(model=model, data=data, database=database, kafka=kafka) as wiring:
        alone = not held(wiring.make_folder())
        wiring.log  # noqa: B018  refuses one that is recorded elsewhere, before anything is made here
        wiring.database.migrate()
        if alone:
            parts.settle_model(wiring)
        if wait:
            with wiring.database.snapshot() as conn:
                read_progress(conn).check_format()  # a projector that waits for a rebuild would be waited for
        result = append_file(wiring, file, rules)
        if wait:
            project_here(wiring, alone=alone)
    _tell(result, as_json)


def _see_file(file: Path) -> None:
    """Raise Refused where there is none, before anything is made."""
    if file.is_dir():
        raise Refused(f"{file}: a folder; give one CSV or JSON lines file")
    if not file.exists():
        raise Refused(f"{file}: there is no such file")
    if not file.is_file():
        raise Refused(f"{file}: a pipe or a device; an import goes on where it was cut off: save it as a file first")


def append_file(wiring: Wiring, file: Path, rules: ImportMapping) -> ImportResult:
    """Put a file's rows on the log, with a bar; what was cut off goes on, and rows count once."""
    with bar("append") as tell:
        began = time.monotonic()

        def progressed(now: ImportProgress) -> None:
            pace = now.read / max(time.monotonic() - began, 0.001)
            new_and_known = f"{now.appended:,} appended, {now.known:,} known"
            left_out = f"{now.skipped:,} skipped, {now.rejected:,} rejected"
            tell(now.share, f"{new_and_known}, {left_out}, {pace:,.0f} rows/s {now.message}".rstrip())

        folder = wiring.settings.data / IMPORTS
        conventions = wiring.settings.conventions
        return import_file(
            file,
            rules,
            wiring.log,
            clock=clock,
            resume=folder,
            recorded=partial(_recorded, wiring),
            progress=progressed,
            conventions=conventions,
        )


def _recorded(wiring: Wiring, touchpoints: Sequence[Touchpoint]) -> set[tuple[str, str]]:
    """Which of them are in the event store; while it is away none is known to be, and the recorder drops them."""
    keys = {wiring.ids.dedupe(*touchpoint.key): touchpoint.key for touchpoint in touchpoints}
    try:
        with wiring.database.snapshot() as conn:
            return {keys[dedupe] for dedupe in known_of(conn, list(keys))}
    except Retry:
        return set()


def _tell(result: ImportResult, as_json: bool) -> None:
    counts = {
        "read": result.read,
        "appended": result.appended,
        "known": result.known,
        "skipped": result.skipped,
        "rejected": result.rejected,
        "resumed": result.resumed,
    }
    if as_json:
        print_json({**counts, "reasons": result.reasons})
        return
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    for reason, count in sorted(result.reasons.items(), key=lambda item: -item[1])[:20]:
        say(f"  {count:,} x {reason}")
    if result.rejected:
        say("what was rejected is kept: `leadline rejected list`, and after a mend `leadline rejected replay`")
