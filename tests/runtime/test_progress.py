"""Long work says how far it is, how many are done a second, and how long the rest takes."""

import io
import re
import time

import pytest
from rich.console import Console

from runtime.terminal import show


def test_off_a_terminal_each_tenth_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with show.progress("verify") as tell:
        for done in range(0, 20_001, 500):
            tell(done, 20_000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    for tenth, line in enumerate(lines, 1):
        assert re.fullmatch(rf"verify: {2_000 * tenth:,} of 20,000 \([0-9,]+/s, [0-9,]+ s left\)", line), line


def test_at_a_terminal_there_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(
        show, "progress_console", lambda: Console(file=screen, force_terminal=True, color_system=None, width=120)
    )
    with show.progress("verify") as tell:
        for done in (0, 5_000, 10_000, 15_000):
            tell(done, 20_000)
            time.sleep(0.2)
    assert re.search(r"verify .*15000/20000.* [0-9,]+/s.* 0:00:0[0-9]", screen.getvalue())


def test_what_is_short_says_nothing_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show.progress("verify") as tell:
        tell(50, 100)
    assert capsys.readouterr().err == ""
