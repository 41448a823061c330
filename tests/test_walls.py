"""What the type checker must find: given a new node, key and operator of conditions, then every place that lacks them.

Costs one run of mypy over the rooms that read conditions, about 10 s.
"""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREE = "domain/conditions/tree.py"
NEW = {
    "    | InSegment\n)\n": "    | InSegment\n    | InQuiz\n)\n",
    "Condition: TypeAlias": "@dataclass(frozen=True)\nclass InQuiz:\n    name: str\n\n\nCondition: TypeAlias",
    '    SEGMENT = "segment"\n': '    SEGMENT = "segment"\n    QUIZ = "quiz"\n',
    '    EXISTS = "exists"\n': '    EXISTS = "exists"\n    MATCHES = "matches"\n',
    '    WITHIN_LAST = "within_last"\n': '    WITHIN_LAST = "within_last"\n    WITHIN_YEAR = "within_year"\n',
    '    LAST = "last"\n': '    LAST = "last"\n    MEDIAN = "median"\n',
}
PLACES = {
    "InQuiz": {
        (TREE, "word"),
        (TREE, "meaning"),
        (TREE, "leaves"),
        ("domain/conditions/compile.py", "compile_where"),
        ("domain/conditions/words.py", "of"),
        ("domain/fold/segment.py", "compile"),
    },
    "QUIZ": {("domain/conditions/parse.py", "node")},
    "MATCHES": {
        ("domain/conditions/operands.py", "read_operand"),
        ("domain/conditions/compile.py", "_test"),
        ("domain/conditions/words.py", "_compared"),
    },
    "WITHIN_YEAR": {
        ("domain/conditions/operands.py", "read_date"),
        ("domain/conditions/words.py", "_dated"),
        ("domain/fold/since.py", "_compared"),
    },
    "MEDIAN": {("domain/conditions/did.py", "read")},
}
ERROR = re.compile(r'(?P<file>[^:]+):(?P<line>\d+): error: .*"(?:Literal\[\w+\.)?(?P<what>\w+)\]?"; expected "Never"')


def function_at(file: Path, line: int) -> str:
    """The innermost function that a line stands in."""
    functions = [
        node
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return max(functions, key=lambda node: node.lineno).name


def test_the_type_checker_finds_every_place_of_a_new_condition(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "domain", tmp_path / "domain", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    tree = (tmp_path / TREE).read_text()
    for before, after in NEW.items():
        assert tree.count(before) == 1, before
        tree = tree.replace(before, after)
    (tmp_path / TREE).write_text(tree)
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "-p", "domain.conditions", "-p", "domain.fold", "--no-error-summary"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    places: dict[str, set[tuple[str, str]]] = {}
    for line in checked.stdout.splitlines():
        error = ERROR.match(line)
        assert error is not None, line
        place = error["file"], function_at(tmp_path / error["file"], int(error["line"]))
        places.setdefault(error["what"], set()).add(place)
    assert places == PLACES
