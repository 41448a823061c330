"""Processes that are killed: each a fork of one that has loaded what they run, and done nothing."""

from collections.abc import Callable
from multiprocessing import get_context

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.consumers.killed_courier", "tests.consumers.killed_publisher"])


def exit_code(program: Callable[..., None], *arguments: str) -> int | None:
    """How a process ended that ran the program: the negative number of the signal that killed it, or 0."""
    process = _CONTEXT.Process(target=program, args=arguments)
    process.start()
    process.join(120)
    return process.exitcode
