"""Every file says in its first line what it is for, holds one idea, and no test module imports from another."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.workers import LONGEST

ROOT = Path(__file__).parents[1]
ROOMS = ("domain", "store", "producers", "consumers", "projections", "web", "api", "runtime", "scripts", "tests")
FILES = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))
CODE, TESTS = 350, 400
"""Most lines of a file."""


def named(files: list[Path]) -> list[str]:
    return [str(file.relative_to(ROOT)) for file in files]


@pytest.mark.parametrize("room", ROOMS)
def test_no_file_is_too_long_to_be_one_idea(room: str) -> None:
    most = TESTS if room == "tests" else CODE
    long = [file for file in FILES if file.relative_to(ROOT).parts[0] == room and len(_lines(file)) > most]
    assert not long, f"more than {most} lines: {', '.join(named(long))}"


def test_every_file_says_what_it_is_for() -> None:
    silent = [file for file in FILES if ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) is None]
    silent = [file for file in silent if _lines(file) and "migrations/versions" not in str(file)]
    assert not silent, f"no first line: {', '.join(named(silent))}"


def test_tests_share_nothing_by_importing_each_other() -> None:
    """What several need is given by a module of its own or by a fixture."""
    importing = []
    for file in (file for file in FILES if file.is_relative_to(ROOT / "tests")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").rpartition(".")[2].startswith("test_"):
                importing.append(file)
    assert not importing, f"import from test modules: {', '.join(named(importing))}"


def test_the_files_that_begin_first_are_there() -> None:
    missing = [name for name in LONGEST if not (ROOT / "tests" / name).exists()]
    assert not missing, f"renamed, or gone: {missing} in tests/workers.py"


def test_what_a_file_names_of_this_tree_is_there() -> None:
    """A file that was moved is still named where it was: decisions and the changelog tell of then, all else of now."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    there = {*listed, *(str(folder) for name in listed for folder in Path(name).parents)}
    names = {Path(name).name for name in listed}
    rooms = "|".join(room for room in ROOMS if room != "tests")
    path, alone = re.compile(rf"(?<![\w/.-])(?:{rooms})/[a-z0-9_/]+\.(?:py|html|toml)"), re.compile(r"`(\w+\.py)`")
    gone = []
    for name in listed:
        if not name.endswith((".py", ".html", ".md", ".toml")) or name.startswith(
            ("docs/decisions", "CHANGELOG", "tests/")
        ):
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        gone += [f"{name}: {each}" for each in path.findall(text) if each not in there]
        gone += [f"{name}: {each}" for each in alone.findall(text) if each not in names]
    assert not gone, "\n".join(gone)


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def test_no_file_bears_the_marks_of_a_conflict() -> None:
    """A style sheet or a catalogue with them is read all the same, and something else."""
    kinds = (".py", ".css", ".js", ".html", ".po", ".md", ".toml", ".sql", ".yml")
    marks = tuple(mark * 7 + " " for mark in "<>")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    files = [ROOT / name for name in listed.splitlines() if name.endswith(kinds)]
    marked = [file for file in files if file.is_file() and any(line.startswith(marks) for line in _lines(file))]
    assert not marked, f"merged by halves: {', '.join(named(marked))}"


def test_no_page_says_a_paragraph_twice() -> None:
    """Two branches that changed one paragraph leave both of them, and nothing is a conflict."""
    twice = []
    for page in sorted((ROOT / "docs").rglob("*.md")):
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        begins = Counter(line[:80] for line in text.splitlines() if len(line) > 80 and not line.startswith("|"))
        twice += [f"{page.relative_to(ROOT)}: {begin}" for begin, times in begins.items() if times > 1]
    assert not twice, "\n".join(twice)
