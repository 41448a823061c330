"""What the page on SQL asks that reports answer too: by SQL on both databases, over HTTP and at the terminal alike."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import StringIO
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from store.database import bulk
from store.database.tables import deadlines
from tests.conftest import migrated
from tests.given_reports import asker, leadline
from tests.given_samples import sample
from tests.given_views import plain
from tests.projections.given_analysts import deadlines_of_owners, deals, played
from tests.projections.world import World

Row = dict[str, Any]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The demo's traffic, with more who were won or lost, and owners who were asked."""
    server = None if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    url = f"sqlite:///{tmp_path_factory.mktemp('sql') / 'leadline.db'}" if server is None else server.create()
    world = played(migrated(url), deals())
    with world.database.transaction() as conn:
        bulk.insert(conn, deadlines, deadlines_of_owners())
    yield world
    world.close()
    if server is not None:
        server.drop(url)


def by_sql(world: World, query: str) -> list[Row]:
    """The answer to a query, by the names of its columns."""
    with plain(world.url) as cursor:
        cursor.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, map(_number, row), strict=True)) for row in cursor.fetchall()]


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int | float | Decimal) else value


def reported(world: World, monkeypatch: pytest.MonkeyPatch, name: str, **asked: str) -> list[Row]:
    """The rows of a report as the API gives them, once the terminal gives the same as JSON and as CSV."""
    answer = asker(world).get(f"/api/reports/{name}?" + "&".join(f"{key}={value}" for key, value in asked.items()))
    words = [word for key, value in asked.items() for word in _words(key, value)]
    assert json.loads(leadline(world, monkeypatch, name, *words, "--json")) == answer.json()
    items: list[Row] = answer.json()["items"]
    text = leadline(world, monkeypatch, name, *words, "--csv").decode()
    assert [_read(row, items[0]) for row in csv.DictReader(StringIO(text, newline=""))] == items
    return items


def _words(key: str, value: str) -> Sequence[str]:
    return (f"--{key}", value) if key in ("by", "from", "to") else ("--option", f"{key}={value}")


def _read(row: Mapping[str, str], like: Row) -> Row:
    """A row of CSV with the types that JSON has."""
    return {name: _as_json(text, name == "who" or isinstance(like[name], str)) for name, text in row.items()}


def _as_json(text: str, is_text: bool) -> Any:
    return (text or None) if is_text or not text else json.loads(text)


def same(rows: Sequence[Row], items: Sequence[Row], key: Sequence[str], columns: Sequence[str]) -> None:
    """Both have the same rows by their key, with the same numbers."""
    mine, theirs = ({tuple(each[name] for name in key): each for each in several} for several in (rows, items))
    assert len(mine) == len(rows) == len(items) and mine.keys() == theirs.keys()
    for name, row in mine.items():
        for column in columns:
            told = _number(theirs[name][column])
            assert row[column] == (told if told is None else pytest.approx(told, rel=1e-9, abs=1e-9)), (name, column)


def test_portrait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = by_sql(world, sample("ask-with-sql.md", "-- Which countries"))
    items = reported(world, monkeypatch, "portrait", by="profile.country")
    counts = ("won", "won_share", "lost", "lost_share", "leads", "leads_share", "lift", "win_rate")
    same(rows, items, ["value"], counts)
    assert all(sum(row[name] for row in rows) > 5 for name in ("won", "lost"))


def test_cohorts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {**row, "cohort": f"{row['month']}-01"}
        for row in by_sql(world, sample("ask-with-sql.md", "-- How many leads of each month"))
    ]
    items = reported(world, monkeypatch, "cohorts", every="month")
    same(rows, items, ["cohort", "period"], ["leads", "reached", "share", "open"])
    assert len({row["cohort"] for row in rows}) == 2 and rows[0]["reached"] < rows[1]["reached"]


def test_paths(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = by_sql(world, sample("ask-with-sql.md", "-- What did people do"))
    items = reported(world, monkeypatch, "paths", top="100")
    same(rows, items, ["path"], ["leads", "share", "took_median"])
    assert len(rows) > 5 and rows[0]["leads"] > 1 and "nothing" in [row["path"] for row in rows]


def test_response_times(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = by_sql(world, sample("ask-with-sql.md", "-- How soon do owners"))
    items = reported(world, monkeypatch, "response_times")
    counts = ("asked", "open", "kept", "missed", "dropped", "median", "ninth_decile")
    same(rows, items, ["who", "deadline"], counts)
    assert {row["deadline"] for row in rows} == {"accept", "work", "answer"}
    assert any(row["ninth_decile"] != row["median"] for row in rows) and any(row["median"] is None for row in rows)


@pytest.mark.parametrize(
    "days", [("2024-10-27", "2024-10-28"), ("2024-10-24", "2024-11-01"), ("2024-12-01", "2024-12-02")]
)
def test_response_times_of_days_are_recounted(
    world: World, monkeypatch: pytest.MonkeyPatch, days: tuple[str, str]
) -> None:
    """The clocks go back on the first of these days, so it has 25 hours; on the last ones nobody was asked anything."""
    with plain(world.url) as cursor:  # those that the traffic itself made are read, ours are known
        cursor.execute("SELECT kind, owner, asked, state, settled FROM deadlines WHERE kind <> 'follow_up'")
        rows = cursor.fetchall()
    spans: dict[tuple[str | None, str], list[float]] = {}
    asked: Counter[tuple[str | None, str, str]] = Counter()
    for kind, owner, at, state, settled in rows:
        if days[0] <= datetime.fromtimestamp(at / 1e6, ZoneInfo("Europe/Berlin")).date().isoformat() < days[1]:
            who = "field sales" if owner in ("amara", "jonas", "field sales") else None
            asked[who, kind, state] += 1
            spans.setdefault((who, kind), [])
            if settled is not None and state != "dropped":
                spans[who, kind].append((settled - at) / 1e6)
    url = f"/api/reports/response_times?from={days[0]}&to={days[1]}"
    items = {(each["who"], each["deadline"]): each for each in asker(world).get(url).json()["items"]}
    assert items.keys() == spans.keys()
    for (who, kind), each in items.items():
        states = {state: asked[who, kind, state] for state in ("open", "kept", "missed", "dropped")}
        assert each == {**each, **states, "asked": sum(states.values())}
        expected = median(spans[who, kind]) if spans[who, kind] else None
        assert each["median"] == (None if expected is None else pytest.approx(expected))
