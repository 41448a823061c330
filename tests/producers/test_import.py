"""`leadline import`: what rows become, that order and repeats in a file mean nothing, and that it goes on."""

import random
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.definition import parse_model
from domain.touchpoints.envelope import validate
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint
from producers.imports.importer import ImportInterrupted, ImportProgress, replay_row
from producers.imports.mapping import parse_mapping
from producers.imports.row import RowRefused, Skipped
from runtime.demo.generator import Act, Truth
from runtime.demo.people import Someone
from store.log.port import LogAway, LogFull
from store.log.sql import SqlLog
from store.log.topics import TOUCHPOINTS
from tests.producers.importing import CRM, NOW, Remembering, csv_file, run
from tests.producers.loans import loan_file

EXAMPLES = Path(__file__).parents[2] / "examples" / "bpic2012"
WITHOUT_ID = CRM.replace('id = "id"\n', "")

ROWS = [
    "1,2026-01-05T10:00:00Z,c1, Ann@Example.org ,Acme,Won,big deal",
    "2,2026-01-06 11:00,c2,,,Called,",
    "3,2026-01-07,,bob@example.org,,Sent Invoice,x",
]


def test_rows_become_touchpoints(tmp_path: Path) -> None:
    result, log = run(csv_file(tmp_path, ROWS))
    assert (result.read, result.appended, result.skipped, result.rejected, result.resumed) == (3, 3, 0, 0, 0)
    first, second, third = log.touchpoints
    assert first == Touchpoint(
        id="1",
        source=Source("import", "crm"),
        type="stage_changed",
        occurred_at=1_767_607_200_000_000,
        received_at=NOW,
        identities=(Identity("user_id", "c1"), Identity("email", "ann@example.org")),
        profile={"company": "Acme", "email": "ann@example.org"},
        properties={"note": "big deal", "to": "customer"},
    )
    assert (second.type, second.profile, second.properties) == ("call_logged", {}, {})
    assert (third.type, third.identities) == ("sent_invoice", (Identity("email", "bob@example.org"),))
    assert [record.key for record in log.records[TOUCHPOINTS]] == [
        b"user_id:c1",
        b"user_id:c2",
        b"email:bob@example.org",
    ]


def test_rows_that_are_recorded_already_are_known_and_not_appended_again(tmp_path: Path) -> None:
    def recorded(touchpoints: Sequence[Touchpoint]) -> set[tuple[str, str]]:
        return {touchpoint.key for touchpoint in touchpoints} & {("crm", "2"), ("crm", "9")}

    result, log = run(csv_file(tmp_path, ROWS), recorded=recorded)
    assert (result.read, result.appended, result.known) == (3, 2, 1)
    assert [touchpoint.id for touchpoint in log.touchpoints] == ["1", "3"]


def test_the_example_mapping_gives_the_known_funnel(tmp_path: Path) -> None:
    """On a generated file of 200 cases, tried out attempt by attempt by the generator's own funnel."""
    file = loan_file(seed=7)
    path = tmp_path / "loans.csv"
    path.write_text(file.text)
    result, log = run(path, (EXAMPLES / "mapping.toml").read_text())
    assert (result.read, result.appended, result.rejected) == (file.rows, file.complete, 0)
    assert result.skipped == file.rows - file.complete > 0
    funnel = next(each for each in parse_model((EXAMPLES / "model.toml").read_text()).funnels if each.name == "loan")
    people = sorted({touchpoint.identities[0] for touchpoint in log.touchpoints})
    acts = sorted(log.touchpoints, key=lambda touchpoint: touchpoint.order)
    truth = Truth(
        tuple(Act(people.index(t.identities[0]), t.instant, t.type, t.properties, frozenset(), ("", {})) for t in acts),
        {number: Someone("customer", None, {}, None, False, 1, ()) for number, _ in enumerate(people)},
    )
    assert truth.leads == file.cases == 200
    assert truth.funnel(funnel) == file.funnel
    assert file.funnel[-1] > 20
    assert loan_file(seed=7) == file and loan_file(seed=8) != file


JSON_ROW = {
    "id": 7,
    "at": 1767607200.5,
    "who": {"id": 12.0, "mail": "A@B.example"},
    "kind": "Order Placed",
    "n": 3,
    "empty": None,
}
JSON_MAPPING = """
source = "shop"
id = "id"
time = { column = "at", format = "epoch" }
identities = { user_id = "who.id", email = "who.mail" }
only = { "who.id" = 12 }
[type]
column = "kind"
[properties]
count = "n"
empty = "empty"
who = "who"
"""


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    other = {**JSON_ROW, "id": 8, "who": {"id": 13}}
    path.write_bytes(b"\n".join([orjson.dumps(JSON_ROW), b"", orjson.dumps(other), b"[1]", b"{"]))
    result, log = run(path, JSON_MAPPING)
    assert (result.read, result.appended, result.skipped, result.rejected) == (4, 1, 1, 2)
    (made,) = log.touchpoints
    assert (made.id, made.type, made.occurred_at) == ("7", "order_placed", 1_767_607_200_500_000)
    assert made.identities == (Identity("user_id", "12"), Identity("email", "a@b.example"))
    assert made.properties == {"count": 3, "who": {"id": 12.0, "mail": "A@B.example"}}
    assert [raw for _, raw, _ in log.refused] == [b"[1]", b"{"]


@pytest.mark.parametrize(
    ("time", "cell", "instant"),
    [
        ('format = "epoch"', "1767607200.123456", 1_767_607_200_123_456),
        ('format = "epoch_ms"', "1767607200123", 1_767_607_200_123_000),
        ('format = "iso"', "2026-01-05T11:00:00+01:00", 1_767_607_200_000_000),
        ('format = "iso", timezone = "Asia/Shanghai"', "2026-01-05 18:00", 1_767_607_200_000_000),
        ('format = "%d.%m.%Y %H:%M", timezone = "Europe/Berlin"', "05.01.2026 11:00", 1_767_607_200_000_000),
        ('format = "%Y-%m-%d %H:%M:%S %z"', "2026-01-05 12:00:00 +0200", 1_767_607_200_000_000),
    ],
)
def test_times(tmp_path: Path, time: str, cell: str, instant: int) -> None:
    mapping = (
        f'source = "s"\ntime = {{ column = "t", {time} }}\nidentities = {{ user_id = "u" }}\ntype = "order_placed"\n'
    )
    _, log = run(csv_file(tmp_path, [f"{cell},u-1"], "t,u"), mapping)
    assert [touchpoint.occurred_at for touchpoint in log.touchpoints] == [instant]


def test_packed_and_plain_give_the_same(tmp_path: Path) -> None:
    plain, packed = csv_file(tmp_path, ROWS), csv_file(tmp_path, ROWS, name="rows.csv.gz")
    assert run(plain)[1].values == run(packed)[1].values


def test_what_a_chinese_excel_saves(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes("客户;时间;公司\nc1;2026-01-05;云帆科技\n".encode("gb18030"))
    mapping = """
source = "s"
encoding = "gb18030"
delimiter = ";"
type = "order_placed"
time = { column = "时间" }
identities = { user_id = "客户" }
profile = { company = "公司" }
"""
    _, log = run(path, mapping)
    assert log.touchpoints[0].profile == {"company": "云帆科技"}
    path.write_bytes("\ufeff客户;时间;公司\nc1;2026-01-05;云帆科技\n".encode())
    _, log = run(path, mapping.replace("gb18030", "utf-8"))
    assert log.touchpoints[0].profile == {"company": "云帆科技"}


# ---- order and repeats -------------------------------------------------------------------------------------------

_row = st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(["Won", "Called", 'Order, "big"', "a\nb"]))


@given(rows=st.lists(_row, max_size=12), seed=st.integers(0, 999))
def test_a_shuffled_file_gives_the_same_touchpoints(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, str]], seed: int
) -> None:
    """Also where rows are equal and nothing but their hash and occurrence tells them apart."""
    folder = tmp_path_factory.mktemp("rows")
    lines = [f'0,2026-01-0{day + 1},c{who},,,"{what.replace(chr(34), chr(34) * 2)}",' for day, who, what in rows]
    shuffled = random.Random(seed).sample(lines, len(lines))
    first, second = (run(csv_file(folder, each), WITHOUT_ID)[1] for each in (lines, shuffled))
    assert first.values == second.values
    ids = [touchpoint.id for touchpoint in first.touchpoints]
    assert len(ids) == len(set(ids)) == len(rows)
    assert all(validate(touchpoint) is None for touchpoint in first.touchpoints)


def test_equal_rows_are_as_many_touchpoints_and_again_the_same(tmp_path: Path) -> None:
    row = "0,2026-01-05,c1,,,Called,"
    ids = [touchpoint.id for touchpoint in run(csv_file(tmp_path, [row] * 3), WITHOUT_ID)[1].touchpoints]
    assert [each.rpartition("-")[2] for each in ids] == ["1", "2", "3"]
    more = [touchpoint.id for touchpoint in run(csv_file(tmp_path, [row] * 4), WITHOUT_ID)[1].touchpoints]
    assert more[:3] == ids


# ---- going on ----------------------------------------------------------------------------------------------------


def many(folder: Path, count: int = 25) -> Path:
    return csv_file(folder, [f"{n},2026-01-05T10:00:0{n % 10}Z,c{n % 7},,,Called,{n}" for n in range(count)])


def test_an_import_that_is_cut_off_goes_on(tmp_path: Path) -> None:
    path, folder = many(tmp_path), tmp_path / "imports"
    whole = run(path, WITHOUT_ID)[1]
    log = Remembering(lambda append: LogAway("broker away") if append > 3 else None)
    with pytest.raises(ImportInterrupted, match=r"broker away\n6 rows are done and stay; run the same command again"):
        run(path, WITHOUT_ID, log, resume=folder, batch=2, patience=0)
    assert len(log.touchpoints) == 6
    result, rest = run(path, WITHOUT_ID, resume=folder, batch=2)
    assert (result.read, result.appended, result.resumed) == (25, 25, 6)
    assert sorted([record.value for record in log.records[TOUCHPOINTS]] + rest.values) == whole.values
    assert not list(folder.iterdir())
    assert run(path, WITHOUT_ID, resume=folder)[0].resumed == 0


def test_another_mapping_or_file_is_another_import(tmp_path: Path) -> None:
    path, folder = many(tmp_path), tmp_path / "imports"
    log = Remembering(lambda append: LogAway("away") if append > 1 else None)
    with pytest.raises(ImportInterrupted):
        run(path, CRM, log, resume=folder, batch=2, patience=0)
    assert run(path, CRM + "# mended", resume=folder)[0].resumed == 0
    assert run(many(tmp_path, 26), CRM, resume=folder)[0].resumed == 0
    assert run(many(tmp_path), CRM, resume=folder)[0].resumed == 2


def test_a_damaged_resume_file_reads_all_again(tmp_path: Path) -> None:
    path, folder = many(tmp_path), tmp_path / "imports"
    log = Remembering(lambda append: LogAway("away") if append > 1 else None)
    with pytest.raises(ImportInterrupted):
        run(path, CRM, log, resume=folder, batch=2, patience=0)
    next(folder.iterdir()).write_text('{"received_at": 1, "re')
    assert run(path, CRM, resume=folder)[0].resumed == 0


def test_it_waits_for_a_log_that_is_away_or_full(tmp_path: Path) -> None:
    errors = {2: LogAway("broker away"), 3: LogFull("disk full", retry_after=4), 4: LogAway("broker away")}
    log, slept, said = Remembering(errors.get), [], list[ImportProgress]()
    result, _ = run(many(tmp_path), log=log, batch=10, wait=slept.append, progress=said.append)
    assert result.appended == 25 == len(log.touchpoints)
    assert slept == [2.0, 4.0, 2.0]
    assert [now.message for now in said if now.message][1] == "disk full; tried again in 4 s"
    assert (said[-1].read, said[-1].appended, said[-1].message) == (25, 25, "")
    assert said[-1].share > 0.9


def test_on_a_real_log(tmp_path: Path) -> None:
    log = SqlLog(tmp_path / "log.db")
    try:
        result, _ = run(many(tmp_path), log=log, batch=7)  # type: ignore[arg-type]
        subscription = log.subscribe([TOUCHPOINTS], "test")
        entries = subscription.poll(dict.fromkeys(subscription.assigned()), 100, 0)
        subscription.close()
        assert sorted(entry.value for entry in entries) == run(many(tmp_path))[1].values
        assert result.appended == 25
    finally:
        log.close()


def test_a_full_log_takes_the_rest_later(tmp_path: Path) -> None:
    path, folder = many(tmp_path, 400), tmp_path / "imports"
    log = SqlLog(tmp_path / "log.db", limit_bytes=80_000)
    with pytest.raises(ImportInterrupted, match="disk budget of 80000 bytes is used up"):
        run(path, log=log, resume=folder, batch=20, patience=0)  # type: ignore[arg-type]
    log.close()
    log = SqlLog(tmp_path / "log.db")
    result, _ = run(path, log=log, resume=folder, batch=20)  # type: ignore[arg-type]
    assert result.appended == 400 and 0 < result.resumed < 400
    assert log.ends([TOUCHPOINTS])[log.partition(TOUCHPOINTS)] == 400
    log.close()


# ---- trying a rejected row again ---------------------------------------------------------------------------------


def test_a_rejected_row_is_mended_by_its_mapping(tmp_path: Path) -> None:
    rows = [*ROWS, "4,07.02.2026,c4,,,Called,late", "5,,c5,,,Called,", "6,2026-01-01,c6"]
    result, log = run(csv_file(tmp_path, rows))
    assert (result.appended, result.rejected) == (3, 3)
    (_, raw, meta), (_, raw5, meta5), (_, raw6, meta6) = log.refused
    with pytest.raises(RowRefused, match="is not an ISO 8601 time"):
        replay_row(raw, meta, NOW)
    mended = parse_mapping(CRM.replace('"iso"', '"%d.%m.%Y"'))
    made = replay_row(raw, meta, NOW, mended)
    assert isinstance(made, Touchpoint)
    assert (made.id, made.properties) == ("4", {"note": "late"})
    with pytest.raises(RowRefused, match="'when' is empty"):
        replay_row(raw5, meta5, NOW, mended)
    with pytest.raises(RowRefused, match="mend it in its file"):
        replay_row(raw6, meta6, NOW, mended)
    skipping = parse_mapping(CRM.replace("[type]", 'only = { customer = "c1" }\n[type]'))
    assert isinstance(replay_row(raw, meta, NOW, skipping), Skipped)


def test_a_rejected_row_without_an_id_keeps_its_own(tmp_path: Path) -> None:
    bad = "0,nonsense,c1,,,Called,"
    _, log = run(csv_file(tmp_path, [bad, bad]), WITHOUT_ID)
    tolerant = parse_mapping(WITHOUT_ID.replace('column = "when", format = "iso"', 'column = "id", format = "epoch"'))
    ids = [
        made.id for _, raw, meta in log.refused if isinstance(made := replay_row(raw, meta, NOW, tolerant), Touchpoint)
    ]
    assert len(set(ids)) == 2
    assert sorted(each.rpartition("-")[2] for each in ids) == ["1", "2"]
