"""What a person sees at a terminal and a program in a pipe: width, language, time zone, encoding."""

import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from runtime.cli import create_app
from tests.runtime.serving import environment, run
from tests.services.forked import PROGRAM

MODEL = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
label = { en = "New lead", zh = "新线索" }
[score]
hot_at = 10
[[score.rules]]
name = "sent a form"
on = "form_submitted"
label = { en = "Sent a form", zh = "提交表单" }
points = 12
[[not_a_lead]]
reason = "tester"
label = { en = "One of our testers", zh = "测试人员" }
where = { "profile.name" = "Person 3" }
[[funnels]]
name = "first"
window = "1d"
steps = [ { on = "form_submitted", label = { en = "Asks", zh = "咨询" } }, { on = "page_viewed" } ]
[[segments]]
name = "engines"
label = { en = "Engine makers", zh = "发动机" }
when = { "profile.company" = "Engines & Wheels of the Whole World Ltd" }
"""
MAPPING = """
source = "list"
id = "id"
type = "form_submitted"
identities = { email = "who" }
profile = { company = "company", name = "name" }
time = { column = "at", format = "iso" }
"""
COMMANDS = [
    ("leads",),
    ("lead", "p1@example.org"),
    ("segments",),
    ("funnel", "first", "--by", "profile.company", "--from", "2026-11-01", "--to", "2026-12-01", "--series", "week"),
    ("funnel", "first", "--leads"),
    ("signals",),
    ("rejected", "list"),
    ("doctor",),
    ("verify", "--digest"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve leads, one of them with a Chinese name and brackets in it, and a row that was refused."""
    folder = tmp_path_factory.mktemp("tables")
    (folder / "leadline.toml").write_text(MODEL, encoding="utf-8")
    (folder / "mapping.toml").write_text(MAPPING)
    rows = ["id,who,company,name,at"]
    rows += [
        f"{n},p{n}@example.org,Engines & Wheels of the Whole World Ltd,{name},2026-11-24T{n:02}:30:00Z"
        for n, name in enumerate(["王芳[bold]", *[f"Person {n}" for n in range(11)]])
    ]
    rows.append("99,,Nobody,,2026-11-24T00:00:00Z")
    (folder / "rows.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    ended = run(folder, "import", "rows.csv", "--mapping", "mapping.toml")
    assert ended.returncode == 0, ended.stderr
    return folder


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as the working directory."""
    monkeypatch.chdir(folder)
    return folder


def piped(*words: str) -> str:
    """What a command prints into a pipe, here."""
    result = CliRunner().invoke(create_app(words[0]), [*words])
    assert result.exception is None, result.exception
    return result.stdout


def at_a_terminal(folder: Path, columns: int, *words: str, **variables: str) -> list[str]:
    """The lines that a command shows at a terminal of so many columns."""
    master, slave = pty.openpty()
    named = {**environment(), "COLUMNS": str(columns), "TERM": "dumb", "LANG": "C.UTF-8", **variables}
    with subprocess.Popen([PROGRAM, *words], cwd=folder, env=named, stdout=slave, stderr=subprocess.DEVNULL):
        os.close(slave)
        shown = b"".join(_pieces(master))
    os.close(master)
    return shown.decode("utf-8").replace("\r\n", "\n").splitlines()


def _pieces(master: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(master, 65_536)
        except OSError:  # Linux says so when the other end is closed
            return
        if not piece:
            return
        yield piece


@pytest.mark.parametrize(("columns", "words"), [(80, COMMANDS[0]), *((60, words) for words in COMMANDS)])
def test_every_table_fits_the_terminal(folder: Path, columns: int, words: tuple[str, ...]) -> None:
    lines = at_a_terminal(folder, columns, *words)
    assert lines and all(cell_len(line) <= columns for line in lines), "\n".join(lines)


def test_a_lead_is_at_most_two_lines_of_a_list(folder: Path) -> None:
    lines = at_a_terminal(folder, 60, "leads")
    frame = 5  # title, border, header, rule, border
    assert len(lines) - frame <= 2 * 12, "\n".join(lines)
    assert sum("Person 3" in line for line in lines) == 1


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_pipe_gets_tab_separated_text(here: Path, words: tuple[str, ...]) -> None:
    lines = piped(*words).splitlines()
    tables: list[list[str]] = [[]]
    for line in lines:
        if not line:
            tables.append([])
        elif not line.startswith("# "):
            tables[-1].append(line)
    for table in tables:
        assert len({line.count("\t") for line in table}) == 1, "\n".join(table)
    assert not set("".join(lines)) & set("│┃─━┏┓"), "no frames"


def test_a_list_in_a_pipe_has_exact_times_and_plain_numbers(here: Path) -> None:
    header, *rows = piped("leads").splitlines()
    leads = [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]
    last = next(lead for lead in leads if lead["who"] == "Person 0")
    assert last["last seen"] == "2026-11-24T09:30:00+08:00", "in the model's time zone"
    assert last["hot"] in ("yes", "no") and float(last["heat"]) > 0


def test_labels_are_shown_in_the_language_that_is_asked_for(here: Path) -> None:
    assert "New lead" in piped("leads")
    assert "新线索" in piped("leads", "--lang", "zh")
    assert any("新线索" in line for line in at_a_terminal(here, 80, "leads", LANG="zh_CN.UTF-8"))
    assert "发动机" in piped("segments", "--lang", "zh_CN")
    assert "Engine makers" in piped("signals", "--lang", "fr")
    assert "提交表单" in piped("signals", "--lang", "zh")
    tester = piped("lead", "p4@example.org", "--lang", "zh")
    assert "测试人员" in tester and "提交表单" in tester and "sent a form" not in tester
    assert [line.split("\t")[1] for line in piped("funnel", "first", "--lang", "zh").splitlines()] == [
        "step", "咨询", "page_viewed",
    ]  # fmt: skip


def test_a_funnel_says_what_its_numbers_mean(folder: Path) -> None:
    """In a pipe on stderr, beside the tables."""
    asked = ("funnel", "first", "--by", "stage", "--from", "2026-11-24", "--to", "2026-11-25", "--series", "day")
    said = run(folder, *asked, "--lang", "en")
    for sentence in ("12 leads started: 0 took all steps (0.0%), ", "stage: of each lead as of 20"):
        assert sentence in said.stderr, said.stderr
    steps, groups, series = said.stdout.split("\n\n")
    assert steps.splitlines()[2].startswith("1\tAsks\t12\t100.0%\t")
    assert groups.splitlines()[0] == "# By stage" and groups.splitlines()[2].startswith("New lead\t12\t0\t0.0%\t")
    assert series.splitlines()[0] == "# By day of the start" and series.splitlines()[2].startswith("2026-11-24\t12\t")
    chinese = run(folder, *asked, "--lang", "zh")
    assert "12 条线索进入" in chinese.stderr and "新线索\t12\t" in chinese.stdout and "# 按 stage" in chinese.stdout


def test_the_leads_behind_a_number_of_a_funnel_are_listed(folder: Path) -> None:
    listed = run(folder, "funnel", "first", "--leads", "--by", "profile.name", "--group", "Person 5")
    header, row = listed.stdout.splitlines()
    assert header.split("\t")[:3] == ["who", "step", "started at"] and row.split("\t")[:2] == ["Person 5", "Asks"]
    for words, flag in ((("--state", "gone"), "--leads"), (("--leads", "--series", "day"), "--series")):
        refused = run(folder, "funnel", "first", *words)
        assert refused.returncode == 2 and flag in refused.stderr, refused.stderr


def test_signals_name_the_lead_and_say_why(here: Path) -> None:
    lines = piped("signals").splitlines()
    hot = [line.split("\t") for line in lines if "\tlead.hot\t" in line]
    assert hot and all("1 x Sent a form" in row for row in hot)
    assert {row[lines[0].split("\t").index("who")] for row in hot} >= {"Person 5"}


def test_what_stands_in_brackets_is_text(here: Path) -> None:
    assert "王芳[bold]" in piped("leads")
    assert any("王芳[bold]" in line for line in at_a_terminal(here, 80, "leads"))


@pytest.mark.parametrize("words", [("leads",), ("leads", "--json"), ("signals",)], ids=" ".join)
def test_a_terminal_that_knows_ascii_only_ends_no_command(folder: Path, words: tuple[str, ...]) -> None:
    named = {**environment(), "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    ended = subprocess.run([PROGRAM, *words], cwd=folder, env=named, capture_output=True, check=False)
    assert b"Traceback" not in ended.stderr and ended.stdout.isascii(), ended.stderr
    assert ended.stdout


def test_help_lists_commands_without_loading_them(folder: Path) -> None:
    """The list's lines are those of the commands; of what a command needs, nothing is imported for it."""
    ended = run(folder, "--help")
    assert ended.returncode == 0 and "Refold everything" in ended.stdout
    program = "import sys; from runtime.cli import outline; outline(); print([*sys.modules])"
    loaded = subprocess.check_output([PROGRAM.with_name("python"), "-c", program], text=True)
    assert not [name for name in ("sqlalchemy", "pydantic", "structlog", "rich") if f"'{name}'" in loaded]
