"""Where tasks are run: in this process, in a pool of processes on this machine, or on a Dask cluster."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from typing import Any, ClassVar, Final, ParamSpec, Protocol, TypeVar

from domain.errors import Misconfigured, Retry
from store.garbage import search_seldom

P = ParamSpec("P")
T = TypeVar("T")

_PRELOADED: Final = ("verify", "comparing", "previewing", "attempting", "drawing")
"""The modules of tasks: what they need is loaded once, before there are processes."""
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What may end a process in the middle of something."""
_RETRIES: Final = 3
"""How often Dask runs a task again whose worker died."""


class ClusterAway(Retry):
    """The Dask scheduler does not answer, or has no workers."""


class Engine(Protocol):
    """Gives executors, one after another."""

    @property
    def apart(self) -> bool:
        """Whether tasks run in other processes, so that what they are given must be pickled."""
        ...

    def executor(self) -> AbstractContextManager[tuple[Executor, int]]:
        """An executor, and how many tasks it should have at a time. At the end what waits is dropped."""
        ...


class Inline:
    """Each task is run when it is submitted, in this process."""

    apart: ClassVar[bool] = False

    @contextmanager
    def executor(self) -> Iterator[tuple[Executor, int]]:
        """An executor that is never busy."""
        yield _InlineExecutor(), 1


INLINE: Final = Inline()


class _InlineExecutor(Executor):
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run it. What it raises is the future's, but for what ends the program."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


@dataclass(frozen=True, slots=True)
class Pool:
    """So many processes of this machine, started for one piece of work."""

    processes: int
    begin: Callable[[], None] | None = field(default=None, compare=False)
    """What each of them does first, such as setting up its log lines."""
    apart: ClassVar[bool] = True

    def prepare(self) -> None:
        """Let the fork server load what tasks need (half a second) while whoever has work does its first steps."""
        _forks()
        with _uninterrupted():
            forkserver.ensure_running()

    @contextmanager
    def executor(self) -> Iterator[tuple[Executor, int]]:
        """A pool. Its processes are not forked off this one, whose threads hold locks and connections."""
        context = _forks()
        pool = _WholeStarts(self.processes, context, _begin_worker, (self.begin,))
        try:
            yield pool, 2 * self.processes
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _WholeStarts(ProcessPoolExecutor):
    """Nothing interrupts the start of a process: by halves it would complain of a parent that gave it up.

    What is started has these signals blocked until it begins, so that a Ctrl-C, which all of a terminal get, is the
    parent's alone.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a process, if there may be one more, and have it work."""
        with _uninterrupted():
            return super().submit(fn, *args, **kwargs)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    resource_tracker.ensure_running()  # the first time it unblocks them
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"projections.upkeep.{task}" for task in _PRELOADED])
    return context


def _begin_worker(begin: Callable[[], None] | None) -> None:
    """A worker is ended by whoever started it, and by nobody's Ctrl-C; with a parent that was killed it ends too."""
    if begin is not None:
        begin()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)  # blocked by whoever started it
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    search_seldom(200_000)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(frozen=True, slots=True)
class Dask:
    """A Dask cluster whose workers have this release of Leadline, and reach the database under the same address."""

    address: str
    patience: float = 10.0
    """Seconds in which the scheduler must answer."""
    apart: ClassVar[bool] = True

    @contextmanager
    def executor(self) -> Iterator[tuple[Executor, int]]:
        """An executor of the cluster. Raises Misconfigured (Dask is not installed), ClusterAway."""
        try:
            connect: Any = import_module("distributed").Client
        except ImportError:
            raise Misconfigured(
                f"LEADLINE_WORKERS: {self.address} is a Dask cluster, and Dask is not installed: install the "
                "dependency group `dask`, or name a number of processes"
            ) from None
        try:
            client: Any = connect(self.address, timeout=self.patience, set_as_default=False)
        except OSError as error:
            raise ClusterAway(f"LEADLINE_WORKERS: no Dask scheduler answers at {self.address}: {error}") from error
        try:
            threads = sum(client.nthreads().values())
            if not threads:
                raise ClusterAway(f"LEADLINE_WORKERS: the Dask cluster at {self.address} has no workers")
            executor: Executor = client.get_executor(pure=False, retries=_RETRIES)
            try:
                yield executor, 2 * threads
            except BaseException:
                executor.shutdown(wait=False)  # which cancels
                raise
            executor.shutdown()
        finally:
            client.close()
