"""Waiting until what was appended is projected, with a bar; where no server holds the data folder it is done here."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from domain.errors import Failed, Retry
from runtime import parts
from runtime.folder import held
from runtime.terminal.show import progress_console, say
from runtime.waiting import Progressed, until, wait_until_projected
from runtime.wiring import Wiring
from runtime.workers import Workers
from store.log.topics import IN

CATCHES_UP: Final = 10.0
"""Seconds until the projector's clock has passed what it projected."""
LOOK: Final = 5.0
"""Seconds between looks whether the server that is waited for still runs."""
PAUSE: Final = 5.0
"""Seconds between lines about the progress, where no terminal shows a bar."""


def project_here(wiring: Wiring, *, alone: bool, done: Callable[[], bool] = lambda: True) -> None:
    """Wait until the log's end as it is now is projected, and `done`; where no server holds the folder, or the one
    that did is gone, record and project here.

    A server that starts meanwhile is welcome: recorders fence each other, and one projector is elected.
    """
    ends = wiring.log.ends(IN)
    workers = Workers()
    looked = time.monotonic()

    def work() -> None:
        workers.start("recorder", parts.recorder(wiring))
        workers.start("projector", parts.projector(wiring))

    def ended() -> bool:
        nonlocal alone, looked
        if not alone and not wiring.settings.kafka and time.monotonic() - looked > LOOK:
            looked = time.monotonic()
            if not held(wiring.make_folder()):
                say("the server that held the data folder is gone: what waits is recorded and projected here")
                alone = True
                parts.settle_model(wiring)
                work()
        return workers.stop.is_set()

    if alone:
        work()
    try:
        with bar("project") as tell:

            def progressed(now: Progressed) -> None:
                tell(now.share, f"{now.recorded:,} recorded, {now.behind:,} to project")

            wait_until_projected(wiring.database, ends, progressed, gone_wrong=ended)
            until(done, CATCHES_UP)
    except Retry as error:
        raise Failed(f"everything is on the log, and is not projected yet: {error}") from None
    finally:
        workers.stop.set()
        workers.join(20.0)
    if workers.crash is not None:
        raise Failed(f"everything is on the log, but {workers.crash}")


@contextmanager
def bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """How far something is: told a share and a text, it shows a bar on a terminal, else a line now and then."""
    screen = progress_console()
    if not screen.is_terminal:
        yield _lines(title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as shown:
        task = shown.add_task(title, total=1.0, said="")
        yield lambda share, said: shown.update(task, completed=share, said=said)


def _lines(title: str) -> Callable[[float, str], None]:
    """Off a terminal: a line now and then."""
    last = time.monotonic()

    def tell(share: float, counts_text: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PAUSE:
            last = time.monotonic()
            say(f"{title}: {share:.0%}, {counts_text}")

    return tell
