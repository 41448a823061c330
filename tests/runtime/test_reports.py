"""Reports over HTTP and at the terminal: the same numbers in every form, as the reports beside them have them."""

import csv
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.app import Readers, create_api
from domain.model.definition import parse_model
from projections.reports.answer import ColumnKind, ReportColumn, ReportShape
from projections.reports.registry import REPORTS
from runtime.cli import create_app
from runtime.commands.reports import report_listing
from runtime.terminal.words import Words
from tests.domain.stories import SECOND, START, at
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker, problem
from tests.runtime.serving import environment
from web.private import Private

DAY = 86_400
MODEL = """
[[stages]]
name = "new"
label = { en = "New lead", zh = "新线索" }
[[stages]]
name = "customer"
won = true
[[stages]]
name = "lost"
detour = true
"""
TOKEN = "sample-token"


def move(day: float, name: str, to: str) -> Any:
    return at(day * DAY, "stage_changed", name, to=to)


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), START + 10 * DAY * SECOND)
    world.play([
        [at(0, "identified", "e:a@x.de"), move(1, "e:a@x.de", "customer")],
        [at(DAY, "identified", "e:b@x.de"), move(2, "e:b@x.de", "lost")],
        [at(2 * DAY, "identified", "e:c@x.de")],
    ])  # fmt: skip
    yield world
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)


@pytest.fixture
def terminal(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `leadline report ...` on the world's database."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ("--data", world.url.removeprefix("sqlite:///").rpartition("/")[0])
    where = where if world.url.startswith("sqlite:") else ("--database", world.url)

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(create_app("report"), ["report", *words, *where])
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return run


def test_the_list_says_what_there_is_and_what_may_be_asked(api: Asker, terminal: Any) -> None:
    items = api.get("/api/reports").json()["items"]
    assert [each["name"] for each in items] == [each.name for each in REPORTS]
    responses = next(each for each in items if each["name"] == "response_times")
    assert (responses["by"], responses["options"], responses["recent"]) == (["owner", "kind"], [], None)
    assert responses["columns"][2] == {"name": "asked", "kind": "count", "about": "how often"}
    assert json.loads(CliRunner().invoke(create_app("report"), ["report", "--json"]).stdout)["items"] == items
    listed = CliRunner().invoke(create_app("report"), ["report"]).stdout.splitlines()
    assert "response_times\towner, kind\t\t\tHow soon owners" in "\n".join(listed)


def test_openapi_says_what_each_report_may_be_asked(api: Asker) -> None:
    operation = api.get("/api/openapi.json").json()["paths"]["/api/reports/{name}"]["get"]
    for each in REPORTS:
        assert f"- `{each.name}`: {each.about}" in operation["description"]
        assert all(f"`{name}`: {about}" in operation["description"] for name, about in each.options.items())
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/csv"}


def test_a_report_is_the_same_in_every_form(api: Asker, terminal: Any) -> None:
    answer = api.get("/api/reports/stages?from=2023-11-14").json()
    stages = api.get("/api/stages?from=2023-11-14").json()
    assert [(each["stage"], each["entered"], each["oldest"]) for each in answer["items"]] == [
        (each["stage"], each["entered"], each["oldest"]) for each in stages["items"]
    ]
    assert (answer["from"], answer["to"], answer["by"], answer["notes"]) == (
        "2023-11-14T00:00:00.000000Z",
        None,
        None,
        [],
    )
    assert json.loads(terminal("stages", "--from", "2023-11-14", "--json").stdout) == answer
    text = terminal("stages", "--from", "2023-11-14", "--csv").stdout_bytes.decode()
    assert api.get("/api/reports/stages?from=2023-11-14&format=csv").text == text
    rows = list(csv.DictReader(StringIO(text, newline="")))
    assert [{name: row[name] for name in ("stage", "detour", "entered", "rate", "furthest")} for row in rows] == [
        {"stage": "new", "detour": "false", "entered": "3", "rate": str(1 / 3), "furthest": "2"},
        {"stage": "customer", "detour": "false", "entered": "1", "rate": "0.0", "furthest": "1"},
        {"stage": "lost", "detour": "true", "entered": "1", "rate": "", "furthest": ""},
    ]


@pytest.mark.parametrize(("accept", "query", "is_csv"), [
    ("text/csv", "", True), ("Text/CSV;q=0.9, */*;q=0.1", "", True), ("text/csv, application/json", "", True),
    ("application/json, text/csv", "", False), ("*/*", "", False), ("", "", False), ("text/csv", "?format=json", False),
    ("application/json", "?format=csv", True),
])  # fmt: skip
def test_csv_is_given_to_who_asks_for_it(api: Asker, accept: str, query: str, is_csv: bool) -> None:
    answer = api.get(f"/api/reports/stages{query}", accept=accept)
    kind = "text/csv; charset=utf-8; header=present" if is_csv else "application/json"
    assert answer.headers["content-type"] == kind
    assert answer.headers.get("content-disposition") == ('attachment; filename="stages.csv"' if is_csv else None)


def test_what_a_browser_downloads_begins_so_that_excel_reads_it(api: Asker) -> None:
    address = "/api/reports/stages?format=csv"
    program, browser = (api.get(address, accept=each) for each in ("*/*", "text/html,application/xhtml+xml,*/*"))
    assert browser.content == "\ufeff".encode() + program.content and program.text.startswith("stage,")
    assert "Accept" in browser.headers["vary"]


@pytest.mark.parametrize(("path", "status", "words"), [
    ("/api/reports/sales", 404, "no report 'sales': there are stages, "),
    ("/api/reports/stages?by=owner", 400, "by: found 'owner', allowed is none"),
    ("/api/reports/response_times?by=stage", 400, "by: found 'stage', allowed are owner, kind"),
    ("/api/reports/stages?month=5", 400, "month: is no option of stages, allowed is none"),
    ("/api/reports/stages?from=2026-01-01T12:00:00Z", 400, "inside a day of UTC"),
    ("/api/reports/stages?format=xml", 400, "query.format"),
    ("/api/reports/stages?as_of=2026-01-01", 400, "as_of: 2026-01-01 lies ahead of the clock, 2023"),
    ("/api/reports/stages?from=2026-01-01&from=2026-01-02", 400, "more than once"),
    ("/api/reports?by=x", 400, "query.by: is not known here"),
    ("/api/reports/sales/people?number=leads", 404, "no report 'sales'"),
    ("/api/reports/stages/people?stage=lead", 400, "query.number"),
    ("/api/reports/stages/people?number=rate", 400, "number: found 'rate', allowed are entered, inside, left"),
    ("/api/reports/stages/people?number=left&month=5", 400, "month: is no option of stages and no column of its rows"),
    ("/api/reports/stages/people?number=left&stage=none", 404, "no stage 'none'"),
    ("/api/reports/stages/people?number=left&stage=new&cursor=x", 400, "is none of this list's"),
    ("/api/reports/quality/people?number=leads", 400, "quality: no number of it opens a list"),
])  # fmt: skip
def test_what_there_is_not_is_refused(api: Asker, path: str, status: int, words: str) -> None:
    problem(api.get(path), status, words)


def test_a_number_opens_its_list_page_by_page(api: Asker) -> None:
    named = {each["name"]: each["people"] for each in api.get("/api/reports").json()["items"]}
    assert named["stages"]["row"] == ["stage"] and named["quality"] is None
    row = max(api.get("/api/reports/stages").json()["items"], key=lambda each: each["entered"])
    address = f"/api/reports/stages/people?stage={row['stage']}&number=entered&limit=1"
    found, cursor = [], ""
    while cursor is not None:
        page = api.get(f"{address}{cursor and '&cursor='}{cursor}").json()
        found, cursor = [*found, *page["items"]], page["next"]
    assert len({each["id"] for each in found}) == len(found) == row["entered"] > 1
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)


def test_the_terminal_shows_labels_shares_and_spans(terminal: Any) -> None:
    shown = terminal("stages", "--lang", "zh")
    names, *rows = [line.split("\t") for line in shown.stdout.splitlines()]
    new = dict(zip(names, rows[0], strict=True))
    assert (new["stage"], new["detour"], new["rate"], new["stayed median"]) == ("新线索", "no", "33.3%", "24 h")
    assert "stages: ever, as of 2023-11-24 22:13:20 (UTC)" in shown.stderr
    period = terminal("stages", "--from", "2023-11-14", "--to", "2023-11-15").stderr
    assert "stages: from 2023-11-14 to before 2023-11-15, as of" in period


def test_values_are_printed_by_the_kind_of_their_column() -> None:
    kinds = ("stage", "channel", "group", "money", "number", "share", "seconds", "day", "moment", "flag")
    values = (
        "new",
        "paid_search",
        "paid_search",
        1234.5,
        0.01234,
        None,
        90.0,
        "2023-11-14",
        "2023-11-14T22:13:20Z",
        True,
    )
    columns = [ReportColumn(name=kind, kind=ColumnKind(kind), about="") for kind in kinds]
    items = [{**dict(zip(kinds, values, strict=True)), "currency": "EUR"}]
    words = Words(parse_model('timezone = "Asia/Shanghai"' + MODEL), "zh")
    shape = ReportShape(report="one", by="last_channel", clock=START, columns=columns, items=items)
    [row] = report_listing(shape, words).rows
    assert [str(each) for each in row] == [
        "新线索", "paid search", "paid search", "1,234.50 EUR", "0.0123", "None", "1.5 min", "2023-11-14",
        "2023-11-15 06:13:20+08:00", "True",
    ]  # fmt: skip
    [row] = report_listing(
        shape.model_copy(update={"by": "stage", "items": [{**items[0], "group": "new"}]}), words
    ).rows
    assert row[2] == "新线索"


def test_columns_that_say_nothing_are_left_out_first() -> None:
    columns = [ReportColumn(name=name, kind=ColumnKind.COUNT, about="") for name in ("day", "group", "n", "m")]
    items = [{"day": 1, "group": None, "n": 2, "m": None}, {"day": 2, "group": None, "n": None, "m": None}]
    shape = ReportShape(report="one", clock=START, columns=columns, items=items)
    words = Words(parse_model(MODEL))
    left_out = sorted(report_listing(shape, words).columns, key=lambda each: -each.rank)
    assert [each.name for each in left_out] == ["m", "group", "n", "day"] and left_out[-1].rank == 0
    nothing = shape.model_copy(update={"items": []})
    assert [each.rank for each in report_listing(nothing, words).columns] == [0, 2, 3, 4]


@pytest.mark.parametrize(("words", "said"), [
    (("stages", "--option", "month"), "--option: found 'month', allowed is NAME=VALUE"),
    (("stages", "--option", "a=1", "--option", "a=2"), "--option: found a twice"),
    (("stages", "--option", "a=1"), "a: is no option of stages, allowed is none"),
    (("stages", "--json", "--csv"), "allowed is one of them"),
    (("--csv",), "allowed is with its name"),
    (("stages", "--from", "2023-11-16T12:00:00Z"), "--from: found '2023-11-16T12:00:00Z', which lies inside a day"),
    (("stages", "--as-of", "2023-11-16"), "`leadline past build 2023-11-16T00:00:00.000000Z` makes it"),
])  # fmt: skip
def test_the_terminal_refuses_what_there_is_not(terminal: Any, words: tuple[str, ...], said: str) -> None:
    assert said in terminal(*words, code=2).stderr
