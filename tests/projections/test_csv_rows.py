"""CSV that programs read back as it was, and that a spreadsheet works nothing out of."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.queries.csv_rows import csv_lines

SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫")
CONTROLS = ("\t", "\r", "\n")
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"


def read(lines: list[str]) -> list[list[str]]:
    return list(csv.reader(StringIO("".join(lines), newline=""), strict=True))


def formula(text: str) -> bool:
    """Whether a spreadsheet works the text out: the sign may stand behind what is not seen."""
    seen = text
    while seen and (seen[0].isspace() or seen[0] in INVISIBLE):
        seen = seen[1:]
    return text.startswith(CONTROLS) or seen.startswith(SIGNS)


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("＝ \n")), min_size=2, max_size=2)))
def test_texts_are_read_back_but_for_the_apostrophe_before_a_formula(rows: list[list[str]]) -> None:
    columns, *found = read(list(csv_lines(["a", "b"], rows)))
    assert columns == ["a", "b"]
    assert [[text.removeprefix("'") for text in row] for row in found] == [
        [text.removeprefix("'") for text in row] for row in rows
    ]
    assert not [text for row in found for text in row if formula(text)]


@pytest.mark.parametrize("text", [
    "＝1+1", "＋1", "－1", "＠SUM(A1)", "\n=1+1", "\t1", " =1+1", "\u3000＝1", "\xa0@a", "\ufeff=1", "\u200b-1",
])  # fmt: skip
def test_a_formula_is_one_in_full_width_and_behind_blanks_too(text: str) -> None:
    assert read(list(csv_lines(["x", "y"], [[text, "z"]])))[1] == ["'" + text, "z"]
    assert read(list(csv_lines(["x", "y"], [[text, "z"]], raw=True)))[1] == [text, "z"]


@pytest.mark.parametrize("text", [" a", "a=1", "1-1", "王＝芳", "", " ", "—", "\u3000王"])
def test_what_a_spreadsheet_shows_as_it_is_stays(text: str) -> None:
    assert read(list(csv_lines(["x", "y"], [[text, "z"]])))[1] == [text, "z"]


def test_a_line_ends_and_quotes_as_rfc_4180_says() -> None:
    assert list(csv_lines(["name", "n"], [['say "hi", twice', 2], ["two\r\nlines", None], ["王芳", 3]])) == [
        "name,n\r\n", '"say ""hi"", twice",2\r\n', '"two\r\nlines",\r\n', "王芳,3\r\n",
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "cell"), [
    (-5, "-5"), (-0.25, "-0.25"), (Decimal("-12.50"), "-12.50"), (True, "true"), (False, "false"), (None, ""),
    ("-5", "'-5"), ("+491701234567", "'+491701234567"), ('=HYPERLINK("x")', '\'=HYPERLINK("x")'), ("@a", "'@a"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"), (date(2026, 11, 26), "2026-11-26"),
    (datetime(2026, 11, 26, 8, tzinfo=UTC), "2026-11-26T08:00:00+00:00"),
])  # fmt: skip
def test_a_number_is_none_of_a_texts_formulas(value: object, cell: str) -> None:
    assert read(list(csv_lines(["x", "y"], [[value, "z"]])))[1] == [cell, "z"]


def test_a_column_named_as_a_formula_is_none() -> None:
    assert list(csv_lines(["=1+1", "n"], [])) == ["'=1+1,n\r\n"]


def test_what_is_no_value_of_a_cell_is_a_fault() -> None:
    with pytest.raises(TypeError, match="dict"):
        list(csv_lines(["x"], [[{"a": 1}]]))
