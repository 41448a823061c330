"""Files and rows that are wrong: each error says what, where and what to do, and nothing of the rest is lost."""

import gzip
import os
import re
from pathlib import Path

import orjson
import pytest

from domain.touchpoints.text import shortened
from producers.imports.importer import LARGEST, ImportInterrupted
from producers.imports.lines import LIMIT
from producers.imports.opening import ImportProblem
from store.log.port import LogMisconfigured, RecordTooLarge
from tests.producers.importing import COLUMNS, CRM, Remembering, csv_file, run

GOOD = "1,2026-01-05,c1,,,Called,"


def refused(folder: Path, content: bytes, name: str = "rows.csv", mapping: str = CRM) -> str:
    """What an import says against a file, having appended nothing."""
    path = folder / name
    path.write_bytes(content)
    log = Remembering()
    with pytest.raises(ImportProblem) as error:
        run(path, mapping, log)
    assert log.appends == 0
    return str(error.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match=r"nowhere\.csv: no such file"):
        run(tmp_path / "nowhere.csv")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ImportProblem, match="a folder; give one CSV"):
        run(tmp_path)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(), "not allowed to read it"),
        (OSError(5, "Input/output error"), "cannot be read .*Input/output"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str) -> None:
    def fail(path: Path, mode: str = "r") -> None:
        raise error

    path = csv_file(tmp_path, [GOOD])
    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(ImportProblem, match=said):
        run(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "no header: the first row must name the columns"),
        (b"PK\x03\x04\x14\x00\x06\x00", "a binary file .*save a workbook as CSV"),
        (
            f"{COLUMNS}\n{GOOD}\n2,2026-01-05,c2,,Caf\u00e9,Called,\n".encode("latin-1"),
            r'line 3 is not utf-8 text; at the top of the mapping, above the first \[table\], set encoding .*"gb18030"',
        ),
        (b"id,when,id\n", "the header names 'id' more than once"),
        (b'id,"when\n', "the header is not CSV"),
        (
            b"id,When,customer,mail,firm,what\n",
            r"time.column: no column 'when' \(did you mean 'When'\?\)\nmapping: properties.note: .*are: id, When",
        ),
        (
            COLUMNS.replace(",", ";").encode() + b"\n",
            r'its columns are: id;when.*; at the top of the mapping set delimiter = ";"',
        ),
    ],
    ids=["empty", "blank", "binary", "latin-1", "twice", "quote", "columns", "delimiter"],
)
def test_a_file_that_is_no_csv(tmp_path: Path, content: bytes, said: str) -> None:
    assert re.search(said, refused(tmp_path, content), re.DOTALL), refused(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'[\n{"id": 1}\n]', "a JSON list; give JSON lines"),
        (b'"a"\n"b"\n', "none of the first 2 lines is a JSON object"),
        (b'{"id": 1, "when": "2026-01-05", "what": "x"}\n', "identities.user_id: no column 'customer'"),
        (b'{"id": 1, "customer": "c", "what": "x"}\n', "time.column: no column 'when'"),
        (b"\n \n", "no rows in it"),
    ],
    ids=["list", "texts", "nobody", "no time", "blank"],
)
def test_a_file_that_is_no_json_lines(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refused(tmp_path, content, "rows.jsonl")


def test_a_gzip_file_that_was_cut_off_appends_nothing(tmp_path: Path) -> None:
    """The first pass reads all of it before the first row is used."""
    text = "\n".join([COLUMNS, *(f"{n},2026-01-05,c{n},,,Called,{os.urandom(20).hex()}" for n in range(5_000))])
    packed = gzip.compress(text.encode())
    assert "broken gzip file" in refused(tmp_path, packed[: len(packed) // 2], "rows.csv.gz")
    assert "broken gzip file" in refused(tmp_path, packed[:-6], "rows.csv.gz")
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    assert "broken gzip file" in refused(tmp_path, bytes(damaged), "rows.csv.gz")
    assert "named .gz, but it is no gzip file" in refused(tmp_path, text.encode(), "rows.csv.gz")


def test_each_bad_row_is_kept_with_its_reason(tmp_path: Path) -> None:
    rows = [
        GOOD,
        "2,2026-01-05,c1,,,Called",
        "3,2026-01-05,c1,,,Called,,,,",
        "4,yesterday,c1,,,Called,",
        "5,,c1,,,Called,",
        "6,1969-12-31,c1,,,Called,",
        "7,2026-01-05,null,not-a-mail,,Called,",
        "8,2026-01-05,c1,,,,",
        "9,2026-01-05,c1,,,Erased,",
        "10,2026-01-05,c1,,,***,",
        ",2026-01-05,c1,,,Called,",
        f"{'x' * 201},2026-01-05,c1,,,Called,",
        '12,2026-01-05,"c"1,,,Called,',
        "",
        "13,2026-01-05,c2,,,Called,",
    ]
    result, log = run(csv_file(tmp_path, rows))
    assert (result.read, result.appended, result.rejected) == (14, 3, 11)
    assert result.reasons == {
        "number of cells: the header has 7 columns, the row 6": 1,
        "number of cells: the header has 7 columns, the row 10": 1,
        "time: column 'when' is not an ISO 8601 time": 1,
        "time: column 'when' is empty": 1,
        "time: column 'when' is outside the years 1970 to 9998": 1,
        "identities: none of the columns customer, mail names anyone": 1,
        "type: column 'what' is empty": 1,
        "type: 'erased' is a reserved type: it is written by Leadline's own commands, not by an import source": 1,
        "type: column 'what' has no letter or digit": 1,
        "id: column 'id' is empty": 1,
        "not CSV: ',' expected after '\"'": 1,
    }
    reasons = [reason for reason, _, _ in log.refused]
    assert reasons[2] == "row 4: time: column 'when' is not an ISO 8601 time: found \"yesterday\""
    assert '"mail":"not-a-mail"' in reasons[5]
    _, raw, meta = log.refused[2]
    assert orjson.loads(raw) == dict(
        zip(COLUMNS.split(","), ["4", "yesterday", "c1", "", "", "Called", ""], strict=True)
    )
    assert meta == {"file": "rows.csv", "row": 4, "occurrence": 1, "mapping": CRM}
    assert orjson.loads(log.refused[0][1]) == ["2", "2026-01-05", "c1", "", "", "Called"]
    assert [touchpoint.id for touchpoint in log.touchpoints] == ["1", shortened("x" * 201, 200), "13"]


def test_a_quote_that_is_never_closed_costs_what_it_swallowed(tmp_path: Path) -> None:
    result, log = run(csv_file(tmp_path, [GOOD, '2,2026-01-05,c1,,,"Called,', *[GOOD] * 3]))
    assert (result.appended, result.rejected) == (1, 1)
    assert log.refused[0][0] == "row 2: not CSV: unexpected end of data"
    assert orjson.loads(log.refused[0][1]).count("Called") == 4


SEQ = CRM.replace("[type]", 'seq = "note"\n[type]')


@pytest.mark.parametrize("seq", ["", "-1", "1.5", "x", "2147483648", "NaN", "1e999999"])
def test_a_seq_that_is_none(tmp_path: Path, seq: str) -> None:
    result, _ = run(csv_file(tmp_path, [GOOD + seq]), SEQ)
    assert result.reasons == {"seq: column 'note' is no whole number from 0 to 2147483647": 1}


def test_a_seq(tmp_path: Path) -> None:
    _, log = run(csv_file(tmp_path, [GOOD + "7", GOOD + " 8.0 "]), SEQ)
    assert [touchpoint.seq for touchpoint in log.touchpoints] == [7, 8]


def test_a_move_without_a_stage(tmp_path: Path) -> None:
    mapping = (
        CRM.replace('"Won" = { type = "stage_changed", to = "customer" }', '"Won" = "stage_changed"') + 'to = "firm"\n'
    )
    result, log = run(csv_file(tmp_path, ["1,2026-01-05,c1,,customer,Won,", "2,2026-01-05,c1,,,Won,"]), mapping)
    assert log.touchpoints[0].properties == {"to": "customer"}
    assert result.reasons == {"a stage_changed without a stage in properties.to": 1}


def test_rows_that_are_too_large(tmp_path: Path) -> None:
    def line(size: int) -> bytes:
        return orjson.dumps({"id": 1, "when": "2026-01-05", "customer": "c", "what": "x", "note": "n" * size})

    path = tmp_path / "rows.jsonl"
    path.write_bytes(line(10) + b"\n" + line(LARGEST) + b"\n" + line(LIMIT) + b"\n")
    result, log = run(path)
    assert (result.appended, result.rejected) == (1, 2)
    assert sorted(result.reasons) == [
        "line too long: allowed are 1048576 characters",
        "row too large: allowed are 500000 bytes",
    ]
    assert all(len(raw) <= LARGEST for _, raw, _ in log.refused)


def test_other_reasons_are_counted_together(tmp_path: Path) -> None:
    rows = [f"{n},2026-01-05,c1,,,Called" + "," * (n + 2) for n in range(250)]
    result, _ = run(csv_file(tmp_path, rows))
    assert result.rejected == 250 and len(result.reasons) == 201
    assert result.reasons["other reasons"] == 50


def test_a_log_that_takes_no_record_as_large(tmp_path: Path) -> None:
    log = Remembering(lambda append: RecordTooLarge("message too large"))
    with pytest.raises(ImportInterrupted, match=r"behind row 0: .* no record as large .*max\.message\.bytes"):
        run(csv_file(tmp_path, [GOOD]), log=log)


def test_a_log_that_is_misconfigured_stops_at_once(tmp_path: Path) -> None:
    log = Remembering(lambda append: LogMisconfigured("no such topic"))
    with pytest.raises(LogMisconfigured):
        run(csv_file(tmp_path, [GOOD]), log=log)
    assert log.appends == 1


def test_a_folder_for_progress_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "imports").write_text("in the way")
    with pytest.raises(ImportInterrupted, match="progress cannot be noted"):
        run(csv_file(tmp_path, [GOOD]), resume=tmp_path / "imports")
