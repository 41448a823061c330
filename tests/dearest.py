"""What a run of tests costs: at its end the ten dearest files are named, in seconds of CPU."""

import os
from collections import Counter
from collections.abc import Generator
from typing import Any, Final

import pytest

from tests.services.forked import LOADED

SHOWN: Final = 10


class Dearest:
    """Notes what each phase of each test costs, its ended processes among it (a service of the whole run is not)."""

    def __init__(self) -> None:
        self._files: Counter[str] = Counter()
        self._before = 0.0

    def pytest_collection_finish(self) -> None:
        """From here on it is tests that cost."""
        self._before = _seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, Any, Any]:
        """On the worker: the report takes with it what was spent since the last one."""
        report = yield
        now = _seconds()
        report.cpu_seconds = now - self._before
        self._before = now
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Where the run is told of."""
        self._files[report.nodeid.split("::", 1)[0]] += getattr(report, "cpu_seconds", 0)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The dearest, where there were enough files to compare."""
        if len(self._files) > SHOWN:
            whole = sum(self._files.values())
            terminalreporter.section(f"the dearest files, of {whole:.0f} s of CPU")
            for file, seconds in self._files.most_common(SHOWN):
                terminalreporter.write_line(f"{seconds:7.1f} s  {file}")


def _seconds() -> float:
    """CPU of this process, of those that it started and that ended, and of those that were forked for it."""
    return sum(os.times()[:4]) + LOADED.seconds()
