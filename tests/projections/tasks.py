"""Tasks as an engine runs them: in whichever process, so they are functions at module level."""

import os
import signal
import time
from pathlib import Path

from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.event import UnknownTopic
from projections.history.clusters import Range, people_in
from projections.projecting.projector import Progress
from projections.read_models.family import Row
from projections.read_models.leads import LEADS
from store.database.exported import TaskSource
from store.events.ids import Ids


def doubled(number: int) -> int:
    return 2 * number


def doubled_after_a_death(number: int, marks: Path, deaths: int) -> int:
    """Dies with its process the first times that anybody runs it; then as `doubled`."""
    for death in range(deaths):
        try:
            (marks / f"death-{death}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(number)


def refused(number: int) -> int:
    raise UnknownTopic(f"task {number} met what it does not know")


def announced(number: int, marks: Path) -> int:
    """Says which process runs it, and stays."""
    (marks / str(os.getpid())).touch()
    time.sleep(60)
    return number


def blocks_sigterm() -> bool:
    """Whether this process would not hear SIGTERM."""
    return signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def rows_of(source: TaskSource, text: str, within: Range, at: Progress) -> list[Row]:
    """The rows of `leads` that come of a range of clusters."""
    with source.attached() as (database, conn):
        ids, fold = Ids(database.id_key()), Fold(parse_model(text))
        return [
            LEADS.row(fold, person.subject(fold, ids, at.clock))
            for people in people_in(database, conn, ids, within, at)
            for person in people
        ]
