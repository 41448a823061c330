"""What every engine promises: the same results in whichever process, dead workers replaced, errors as they are."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from domain.errors import Failed
from domain.touchpoints.event import UnknownTopic
from projections.history.engines import ClusterAway, Dask, Engine, Inline, Pool
from projections.history.work import Work
from tests.projections import tasks
from tests.services.service import free_ports


def test_every_task_is_run_once_and_its_result_given(engine: Engine) -> None:
    with Work(engine) as work:
        assert sorted(work.each(tasks.doubled, ((number,) for number in range(50)))) == list(range(0, 100, 2))
        assert list(work.each(tasks.doubled, [])) == []
        assert list(work.each(tasks.doubled, [(21,)])) == [42]  # the same processes again


def test_arguments_are_made_as_they_are_needed(engine: Engine) -> None:
    asked = count()
    with Work(engine) as work:
        results = work.each(tasks.doubled, ((next(asked),) for _ in range(1_000)))
        next(results)
        assert next(asked) < 20


def test_what_a_task_raises_is_raised(engine: Engine) -> None:
    with Work(engine) as work, pytest.raises(UnknownTopic, match="task 3 met what it does not know"):
        list(work.each(tasks.refused, [(3,)]))


def test_who_goes_away_in_the_middle_ends_the_work(engine: Engine) -> None:
    def take_two() -> None:
        with Work(engine) as work:
            for number, _ in enumerate(work.each(tasks.doubled, ((n,) for n in range(1_000)))):
                if number == 1:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take_two()


def test_what_a_killed_worker_had_is_done_by_others(apart: Engine, tmp_path: Path) -> None:
    with Work(apart) as work:
        results = list(work.each(tasks.doubled_after_a_death, ((number, tmp_path, 1) for number in range(50))))
    assert sorted(results) == list(range(0, 100, 2))
    assert [mark.name for mark in tmp_path.iterdir()] == ["death-0"]


def test_a_pool_is_started_anew_once(tmp_path: Path) -> None:
    with Work(Pool(1)) as work, pytest.raises(Failed, match="workers died twice"):
        list(work.each(tasks.doubled_after_a_death, ((number, tmp_path, 2) for number in range(5))))


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-m", "tests.projections.orphaned", str(tmp_path)])
    until(lambda: len(list(tmp_path.iterdir())) == 2)
    workers = [int(mark.name) for mark in tmp_path.iterdir()]
    parent.kill()
    parent.wait()
    until(lambda: not any(lives(worker) for worker in workers))


def test_workers_can_be_stopped_where_the_server_blocks_signals(tmp_path: Path) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGINT])
    with Work(Pool(1)) as work:
        assert list(work.each(tasks.doubled, [(1,)])) == [2]
        assert list(work.each(tasks.blocks_sigterm, [()])) == [False]


@pytest.mark.parametrize("engine", [Inline()])
def test_inline_runs_here(engine: Engine) -> None:
    with Work(engine) as work:
        assert list(work.each(os.getpid, [()])) == [os.getpid()]


def test_a_scheduler_that_is_not_there_is_said() -> None:
    [unused_port] = free_ports(1)
    with (
        Work(Dask(f"tcp://127.0.0.1:{unused_port}", patience=0.5)) as work,
        pytest.raises(ClusterAway, match="no Dask scheduler"),
    ):
        list(work.each(tasks.doubled, [(1,)]))


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)
