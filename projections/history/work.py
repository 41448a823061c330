"""One piece of work: tasks given to an engine a few at a time, results taken as they come, a dead worker replaced."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import ExitStack
from typing import Any, Self, TypeVar

import structlog

from domain.errors import Failed
from projections.history.engines import Engine

log = structlog.get_logger(__name__)

Part = TypeVar("Part")
_Arguments = tuple[Any, ...]


class Work:
    """Runs tasks, which must bear being run again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._executor: Executor | None = None
        self._width = 1
        self._replaced = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def each(self, task: Callable[..., Part], arguments: Iterable[_Arguments]) -> Iterator[Part]:
        """The results of all tasks, in the order in which they are done. What a task raises is raised here.

        Of the arguments no more are taken than the engine can use, so they may be made as they are needed. Where a
        worker dies, all are started anew, once; Raises Failed the second time.
        """
        waiting, under_way, lost = iter(arguments), dict[Future[Part], _Arguments](), list[_Arguments]()
        while True:
            self._fill(task, waiting, under_way, lost)
            if not under_way and not lost:
                return
            done = wait(under_way, return_when=FIRST_COMPLETED).done if under_way else set[Future[Part]]()
            for future in done:
                given = under_way.pop(future)
                try:
                    part = future.result()
                except BrokenExecutor:
                    lost.append(given)
                else:
                    yield part
            if lost:
                lost += under_way.values()
                under_way.clear()
                self._replace()

    def _fill(
        self,
        task: Callable[..., Part],
        waiting: Iterator[_Arguments],
        under_way: dict[Future[Part], _Arguments],
        lost: list[_Arguments],
    ) -> None:
        """Give the engine what it can use; what was lost first."""
        executor = self._running()
        while len(under_way) < self._width:
            given = lost.pop() if lost else next(waiting, None)
            if given is None:
                return
            try:
                under_way[executor.submit(task, *given)] = given
            except BrokenExecutor:
                lost.append(given)
                return

    def _running(self) -> Executor:
        if self._executor is None:
            self._executor, self._width = self._stack.enter_context(self._engine.executor())
        return self._executor

    def _replace(self) -> None:
        if self._replaced:
            raise Failed("workers died twice (killed for want of memory, perhaps): nothing was changed")
        self._replaced = True
        log.warning("history.worker_died", hint="all workers are started anew, once; what was lost is done again")
        self._stack.close()
        self._executor = None
