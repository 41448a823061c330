"""What fills a database of `make bench-read`: the real recorder, a rebuild of most of it, and the real projector.

`python -m tests.bench.read_recording prepare|record|place|project LEADS TOUCHPOINTS UNTIL`, with Leadline's settings in
the environment. The recorder reads a log that makes its entries. What was broken off goes on where its last batch
ended. A rebuild shows each lead once, and its workers share it; the projector shows a lead with every batch.
"""

import gc
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Final

from consumers.record.recorder import Recorder
from domain.touchpoints.touchpoint import Position
from projections.projecting.projector import Progress, Projector, move_progress, read_progress
from projections.projecting.saved import FORMAT
from runtime.parts import settle_model
from runtime.settings import read_settings
from runtime.wiring import Wiring
from store.log.port import Entry, Partition, Record
from store.log.topics import TOUCHPOINTS
from tests.bench.read_play import ReadPlay

_BATCH: Final = 20_000
_BY_THE_PROJECTOR: Final = 20
"""One touchpoint of so many, the latest, is projected as it would be in time; a rebuild folds those before."""
_ONLY: Final = Partition("bench-read/play/0", TOUCHPOINTS, 0)


class PlayedLog:
    """A log of one partition that has the play on it: its reader too."""

    def __init__(self, play: ReadPlay) -> None:
        self._play = play
        self._next = 0
        self._coming = play.envelopes()

    def assigned(self) -> tuple[Partition, ...]:
        """The one."""
        return (_ONLY,)

    def poll(self, after: Mapping[Partition, int | None], limit: int, wait: float) -> list[Entry]:
        """Those after an offset, which is the number in the play."""
        position = after[_ONLY]
        first = 0 if position is None else position + 1
        if first != self._next:
            self._coming = self._play.envelopes(first)
        found = [Entry(_ONLY, first + n, b"", value) for n, value in enumerate(islice(self._coming, limit))]
        self._next = first + len(found)
        return found

    def append(self, topic: str, records: Sequence[Record]) -> None:
        """Only a refused entry would be appended, and the play has none. Raises SystemExit."""
        raise SystemExit(f"the play was refused: {records[:1]}")

    def subscribe(self, topics: Iterable[str], group: str) -> "PlayedLog":
        """Itself."""
        return self

    def ends(self, topics: Iterable[str]) -> dict[Partition, int | None]:
        """The last number."""
        return {_ONLY: self._play.touchpoints - 1}

    def close(self) -> None:
        """Nothing is open."""


def main() -> None:
    """Make the tables; or work until everything is recorded, or projected."""
    what, leads, touchpoints, until = sys.argv[1:]
    play = ReadPlay(int(leads), int(touchpoints), datetime.fromisoformat(until))
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    with Wiring(read_settings()) as wiring:
        match what:
            case "prepare":
                wiring.database.migrate()
                settle_model(wiring)
            case "record":
                record(wiring, play)
            case "place":
                place(wiring, play)
            case _:
                project(wiring, play)


def record(wiring: Wiring, play: ReadPlay) -> None:
    """Put every touchpoint of the play into the event store."""
    log = PlayedLog(play)
    recorder = Recorder(log, wiring.database, wiring.events, wiring.ids, log)
    while recorder.run_once(_BATCH, 0.0).read:
        pass


def place(wiring: Wiring, play: ReadPlay) -> None:
    """Say that most of the play is projected, of which no row is there: as after a loss of all rows, for a rebuild."""
    position = Position(play.touchpoints - play.touchpoints // _BY_THE_PROJECTOR)
    with wiring.database.transaction() as conn:
        before = read_progress(conn)
        if before.position == 0:
            after = Progress(position, wiring.database.now(conn), wiring.model_file().hash, format=FORMAT)
            move_progress(conn, before, after)


def project(wiring: Wiring, play: ReadPlay) -> None:
    """Project what the other process records, until the last touchpoint of the play is projected."""
    projector = Projector(wiring.database, wiring.events, wiring.ids, wiring.model_file())
    while _projected(wiring) < play.touchpoints:
        if not projector.run_once(_BATCH):
            time.sleep(0.2)
    while projector.run_once(_BATCH):  # what time alone changes
        pass


def _projected(wiring: Wiring) -> int:
    with wiring.database.snapshot() as conn:
        return read_progress(conn).position


if __name__ == "__main__":
    main()
