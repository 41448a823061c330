"""Lines, cells and charsets of files to import: as large as a row may be, and no larger while they are read."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from producers.imports.lines import LIMIT
from producers.imports.mapping import MappingError, parse_mapping
from tests.producers.importing import COLUMNS, CRM, csv_file, run

GOOD = "1,2026-01-05,c1,,,Called,"


@pytest.mark.parametrize("size", [140_000, 480_000])
@pytest.mark.parametrize("cell", ["{}", '"{}"', '"{}\n"'])
def test_a_cell_may_be_as_large_as_a_row(tmp_path: Path, size: int, cell: str) -> None:
    result, log = run(csv_file(tmp_path, [GOOD + cell.format("n" * size), GOOD.replace("1,", "2,", 1)]))
    assert (result.appended, result.rejected) == (2, 0)
    assert log.touchpoints[0].properties["note"] == "n" * size


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('2,2026-01-05,"c"1,,,Called,', "expected after"),
        ('2,2026-01-05,c1,,,"Called"x,"a\n3,2026-01-05,evil,,,Won,\n"', "expected after"),
        ('2,2026-01-05,c1,,,Called,"' + ("a\n3,2026-01-05,evil,,,Won,\n" * 60_000) + '"', "field larger"),
        ('2,2026-01-05,c1,,,Called,"' + "n" * (LIMIT + 9) + '\n3,2026-01-05,evil,,,Won,\n"', "line too long"),
        (
            '2,2026-01-05,c1,,,Called,"n\n3,2026-01-05,evil,,,Won,' + "n" * LIMIT + '\n4,2026,evil,,,Won,"',
            "line too long",
        ),
        ("2,2026-01-05,c1,,,Called," + "n" * (LIMIT + 9), "line too long"),
        ('2,2026-01-05,c1,,,Called,5" disk' + "n" * LIMIT, "line too long"),
        ('2,2026-01-05,c1,,,Called,"say ""x""\nthen"y', "expected after"),
    ],
)  # fmt: skip
def test_after_an_error_nothing_inside_a_cell_becomes_a_row(tmp_path: Path, bad: str, reason: str) -> None:
    result, log = run(csv_file(tmp_path, [GOOD, bad, GOOD.replace("1,", "9,", 1)]))
    assert [found.id for found in log.touchpoints] == ["1", "9"]
    assert result.rejected == 1 and reason in log.refused[0][0]


def test_a_huge_line_in_a_small_file_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv.gz"
    line = b"2,2026-01-05,c1,,,Called," + b"n" * 200_000_000 + b"\n"
    path.write_bytes(gzip.compress(f"{COLUMNS}\n".encode() + line + GOOD.encode() + b"\n", 1))
    del line
    tracemalloc.start()
    try:
        result, _ = run(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result.appended, result.rejected) == (1, 1)
    assert peak < 30_000_000


def test_a_huge_json_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    good = b'{"id": 1, "when": "2026-01-05", "customer": "c", "what": "Called", "firm": " \\u200bE "}\n'
    path.write_bytes(b'{"note": "' + b"n" * (3 * LIMIT) + b'"}\n' + good)
    result, log = run(path)
    assert (result.appended, result.rejected) == (1, 1) and "line too long" in log.refused[0][0]
    assert log.touchpoints[0].profile == {"company": "E"}


@pytest.mark.parametrize(
    ("encoding", "raw", "text"),
    [
        ("shift_jis", "㈱髙橋".encode("cp932"), "㈱髙橋"), ("gb2312", "镕 5 ".encode("gbk") + b"\x80", "镕 5 €"),
        ("euc-kr", "펲".encode("cp949"), "펲"), ("big5", "栢力".encode("big5hkscs"), "栢力"),
        ("latin-1", b"5 \x80", "5 €"),
        ("euc-jp", b"\xad\xea\xfc\xe2", "㈱髙"), ("utf-16", "é".encode("utf-16"), "é"), ("cp1252", b"\xe9", "é"),
    ],
)  # fmt: skip
def test_a_files_charset_is_the_webs(tmp_path: Path, encoding: str, raw: bytes, text: str) -> None:
    path = tmp_path / "rows.csv"
    if encoding == "utf-16":
        path.write_bytes(f"{COLUMNS}\n1,2026-01-05,c1,,{text},Called,\n".encode(encoding))
    else:
        path.write_bytes(f"{COLUMNS}\n1,2026-01-05,c1,,".encode() + raw + b",Called,\n")
    _, log = run(path, CRM.replace('id = "id"', f'id = "id"\nencoding = "{encoding}"', 1))
    assert log.touchpoints[0].profile == {"company": text}


def test_cells_are_tidy_and_an_id_counts_whole(tmp_path: Path) -> None:
    long = "x" * 200
    rows = [f"{long}{last},2026-01-05t10:00:00z,\u200bc1\u00a0,Ada <A@x.example>,\u200b,Called,\u3000" for last in "ab"]
    _, log = run(csv_file(tmp_path, rows, columns=COLUMNS.replace("firm", "firm\u200b")))
    first, second = log.touchpoints
    assert first.id != second.id and len(first.id) <= 200
    assert [str(each) for each in first.identities] == ["user_id:c1", "email:a@x.example"]
    assert first.profile == {"email": "a@x.example"} and first.properties == {}


def test_a_column_in_nfd_is_the_mappings(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [GOOD + "x"], columns=COLUMNS.replace("note", "re\u0301sume\u0301"))
    _, log = run(path, CRM.replace('note = "note"', 'note = "résumé"'))
    assert log.touchpoints[0].properties == {"note": "x"}


PHONES = CRM.replace('email = "mail"', 'phone = "mail"')


@pytest.mark.parametrize("number", ["+49 (0)30 1234567", "030 1234567", "tel:+49-30-1234567", "０３０ １２３４５６７"])
def test_phones_are_read_with_the_region(tmp_path: Path, number: str) -> None:
    from producers.reading.conventions import Conventions

    _, log = run(csv_file(tmp_path, [f"1,2026-01-05,,{number},,Called,"]), PHONES, conventions=Conventions("DE"))
    assert [str(each) for each in log.touchpoints[0].identities] == ["phone:+49301234567"]
    assert log.touchpoints[0].profile == {"phone": "+49301234567"}


@pytest.mark.parametrize(
    ("form", "hint"),
    [("%d %b %Y %H:%M %Z", "use %z"), ("%d %b %Y %H:%M %p", "%I and %p"), ("%d %b %Y %I:%M", "%I and %p")],
)
def test_a_format_that_would_guess_is_refused(form: str, hint: str) -> None:
    with pytest.raises(MappingError, match=hint):
        parse_mapping(CRM.replace('format = "iso"', f'format = "{form}"'))


@pytest.mark.parametrize("when", ["11 May 2026 09:15 PM", "2026-05-11 09:15 CET", "11 May 2026 09:15 JST"])
def test_a_time_is_understood_or_refused(tmp_path: Path, when: Any) -> None:
    result, _ = run(csv_file(tmp_path, [f"1,{when},c1,,,Called,"]))
    assert result.rejected == 1
