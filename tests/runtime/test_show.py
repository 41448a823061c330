"""What visitors write is seen as text by who operates, and steers no terminal."""

import pytest
from typer.testing import CliRunner

from runtime.cli import create_app
from runtime.terminal.show import Column, Listing, print_tabbed, print_tables, say
from runtime.terminal.spans import percent

EVIL = "spring\x1b]0;owned\x07\x1b[2J\x9b31m \N{RIGHT-TO-LEFT OVERRIDE}gnirps"
SEEN = "spring\ufffd]0;owned\ufffd\ufffd[2J\ufffd31m \ufffdgnirps"


def test_tables_lines_and_remarks_show_it(capsys: pytest.CaptureFixture[str]) -> None:
    listing = Listing("Report channels", [Column("group")], [[EVIL]])
    print_tables(listing)
    print_tabbed(listing)
    say(f"left out: {EVIL}")
    shown, remark = capsys.readouterr()
    assert shown.count(SEEN) == 2 and remark == f"left out: {SEEN}\n"
    assert not {"\x1b", "\x07", "\x9b"} & {*shown}


def test_texts_in_any_script_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["Müller & Söhne", "王芳", "مرحبا", "👩\N{ZERO WIDTH JOINER}💻", "[bold]"]
    print_tabbed(Listing("", [Column("name")], [[text] for text in texts]))
    assert capsys.readouterr().out.splitlines() == ["name", *texts]


def test_nothing_is_not_less_than_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A difference of shares may be next to 0, on either side."""
    listing = Listing("", [Column("n", number=True)], [[-1e-9], [-0.05]])
    print_tabbed(listing)
    assert capsys.readouterr().out.splitlines() == ["n", "0", "-0.05"]
    print_tables(listing)
    assert "-0 " not in capsys.readouterr().out
    assert [percent(-1e-9), percent(-0.05)] == ["0.0%", "-5.0%"]


def test_problems_show_it_too() -> None:
    outcome = CliRunner().invoke(create_app(), ["report", "mail", "--data", f"/nowhere/{EVIL}"])
    assert outcome.exit_code and SEEN in outcome.stderr and "\x1b" not in outcome.stderr
