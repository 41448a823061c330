"""Why input was refused is said in the reader's language: every reason that the producers give."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.dashboard.texts import Texts
from api.dashboard.words.recorded_reasons import is_known, reason_text
from api.dashboard.words.wording import PageWording
from domain.model.definition import parse_model
from domain.touchpoints.claims import RESERVED, STAFF, refusal
from producers.imports.lines import LineTooLong

ROOT = Path(__file__).parents[2]
MODEL = parse_model('[[stages]]\nname = "lead"\n')
ERRORS = {"Unusable", "Malformed", "TooLarge", "RowRefused", "MalformedEnvelope"}


def written(node: ast.expr) -> str | None:
    """A text as it may come out: of what varies in it 7, of an error something foreign."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(map(str, map(written, parts)))
        case ast.FormattedValue(value=value):
            said = ast.unparse(value)
            if "why_nobody" in said:
                return "; email: it is empty"
            return "it is empty" if said in ("fault", "error", "reason") else "7"
        case ast.BinOp(left=left, right=right):
            return f"{written(left)}{written(right)}"
        case ast.Call(func=ast.Attribute(attr="why_nobody")):
            return ""
    return None


def reasons() -> Iterator[str]:
    """Every reason that an error of the producers is raised with, or that is given to what keeps the input."""
    for path in sorted((ROOT / "producers").rglob("*.py")):
        if path.name in ("commands.py", "costs.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[first, *_]) if name in ERRORS:
                    said = written(first)
                case ast.Call(func=ast.Name(id="RefusedPart"), args=[_, second, *_]):
                    said = written(second)
                case ast.Assign(targets=[ast.Name(id="reason" | "problem")], value=value):
                    said = written(value)
                case ast.Return(value=ast.Constant() | ast.JoinedStr() as value) if path.name == "requests.py":
                    said = written(value)
                case _:
                    continue
            if said and " " in said:
                yield said


ALL = sorted({*reasons(), str(LineTooLong("x"))})


def test_all_reasons_are_found() -> None:
    """Of these tests: they would hold of none."""
    assert len(ALL) > 35, ALL


@pytest.mark.parametrize("reason", ALL)
def test_a_reason_is_known(reason: str) -> None:
    assert is_known(reason), "add it to REASONS"


def chinese(reason: str) -> str:
    return str(reason_text(PageWording(MODEL, Texts().languages["zh-CN"], 0), reason))


def test_what_a_source_may_not_report_is_known() -> None:
    for type in (*RESERVED, *STAFF, "stage_changed"):
        fault = refusal("browser", type)
        assert fault and is_known(fault) and "lang" not in chinese(f"event: {fault}")


def test_reasons_of_several_items_and_rows_are_said_in_chinese_what_came_stays() -> None:
    several = "item 0, 3 and 2 more: the item is larger than 32768 bytes; item 4: "
    said = chinese(f"{several}event: a track call names its event in letters or digits")
    assert "32768" in said and "0, 3" in said and "lang" not in said and "item" not in said
    assert "<b>" not in chinese("row 5: id: column '<b>' is empty") and "第 5 行" in chinese(
        "row 5: id: column 'x' is empty"
    )
    pixel = "no usable identity: a pixel carries aid (a cookie's id); uid is a property"
    unusable = f"{pixel}; email: it is empty; phone: a phone number has no letters"
    assert "lang" not in chinese(unusable) and "email" in chinese(unusable)
    assert chinese("row 3: type: column 'kind' has no letter or digit: found '??'").endswith("&#39;??&#39;")


def test_what_another_program_says_is_marked_as_english() -> None:
    assert '<span lang="en">unexpected end</span>' in chinese("the body is no JSON: unexpected end")
    assert chinese("nobody knows this") == '<span lang="en">nobody knows this</span>'
