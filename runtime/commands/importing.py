"""`import`: a file's rows onto the log, then wait until they are projected; without a server, do that here."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from domain.errors import Failed, Refused, Retry
from domain.touchpoints.touchpoint import Touchpoint
from producers.imports.importer import ImportProgress, ImportResult, import_file
from producers.imports.mapping import ImportMapping
from projections.projecting.projector import read_progress
from runtime import parts
from runtime.clock import clock
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, ModelFile, mapping_of, wiring_of
from runtime.folder import held
from runtime.show import print_json, progress_console, say
from runtime.waiting import Progressed, wait_until_projected
from runtime.wiring import Wiring
from runtime.workers import Workers
from store.events.store import known_of
from store.log.topics import IN

IMPORTS = "imports"
"""Folder in the data folder that holds the progress of imports that were cut off."""


PAUSE = 5.0
"""Seconds between lines about the progress, where no terminal shows a bar."""


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
    if not file.is_file():
        raise Refused(f"{file}: there is no such file")
    with wiring_of(model=model, data=data, database=database, kafka=kafka) as wiring:
        alone = not held(wiring.make_folder())
        wiring.database.migrate()
        if alone:
            parts.settle_model(wiring)
        if wait:
            with wiring.database.snapshot() as conn:
                read_progress(conn).check_format()  # a projector that waits for a rebuild would be waited for
        result = _append(wiring, file, rules)
        if wait:
            _project(wiring, alone=alone)
    _tell(result, as_json)


def _append(wiring: Wiring, file: Path, rules: ImportMapping) -> ImportResult:
    with _bar("append") as tell:
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


def _project(wiring: Wiring, *, alone: bool) -> None:
    """Wait until the log's end as it is now is projected; where no server holds the folder, record and project here.

    A server that starts meanwhile is welcome: recorders fence each other, and one projector is elected.
    """
    ends = wiring.log.ends(IN)
    workers = Workers()
    if alone:
        workers.start("recorder", parts.recorder(wiring))
        workers.start("projector", parts.projector(wiring))
    try:
        with _bar("project") as tell:

            def progressed(now: Progressed) -> None:
                tell(now.share, f"{now.recorded:,} recorded, {now.behind:,} to project")

            wait_until_projected(wiring.database, ends, progressed, gone_wrong=workers.stop.is_set)
    finally:
        workers.stop.set()
        workers.join(20.0)
    if workers.crash is not None:
        raise Failed(f"everything is on the log, but {workers.crash}")


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float, str], None]]:
    screen = progress_console()
    if not screen.is_terminal:
        yield _lines(title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(title, total=1.0, said="")
        yield lambda share, said: bar.update(task, completed=share, said=said)


def _lines(title: str) -> Callable[[float, str], None]:
    """Off a terminal: a line now and then."""
    last = time.monotonic()

    def tell(share: float, counts_text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PAUSE:
            last = time.monotonic()
            say(f"{title}: {share:.0%}, {counts_text}")

    return tell


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
