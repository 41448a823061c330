"""Every report, by everything that it tells apart, on days of made-up traffic: the same numbers in every form."""

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import Any

import pytest

from projections.reports.answer import ColumnKind, Report
from projections.reports.registry import REPORTS
from tests.given_reports import asker, leadline
from tests.projections.given_analysts import played
from tests.projections.world import World

NAMED = {"segment:": "segment:readers", "profile.": "profile.country"}
PERIOD = ("2024-10-20", "2024-11-15")
NUMBERS = {
    ColumnKind.COUNT, ColumnKind.NUMBER, ColumnKind.SHARE, ColumnKind.MONEY, ColumnKind.SECONDS,
}  # fmt: skip


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


@pytest.mark.parametrize("definition", REPORTS, ids=lambda each: each.name)
def test_a_report_says_the_same_over_http_at_the_terminal_and_as_csv(
    definition: Report, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = asker(world)
    bounds = () if definition.name == "quality" else PERIOD
    period = "&".join(f"{name}={day}" for name, day in zip(("from", "to"), bounds, strict=False))
    flags = [word for name, day in zip(("--from", "--to"), bounds, strict=False) for word in (name, day)]
    compared = 0
    for by in [NAMED.get(each, each) for each in definition.by] or [None]:
        query, words = (f"{period}&by={by}", [*flags, "--by", by]) if by else (period, flags)
        answer = api.get(f"/api/reports/{definition.name}?{query}").json()
        assert [column["name"] for column in answer["columns"]] == [column.name for column in definition.columns]
        assert json.loads(leadline(world, monkeypatch, definition.name, *words, "--json")) == answer
        text = leadline(world, monkeypatch, definition.name, *words, "--csv")
        assert api.get(f"/api/reports/{definition.name}?{query}", accept="text/csv").content == text
        rows = list(csv.DictReader(StringIO(text.decode(), newline="")))
        assert [_read(definition, row) for row in rows] == [_numbers(definition, item) for item in answer["items"]]
        listed = leadline(world, monkeypatch, definition.name, *words).decode().splitlines()
        assert len(listed) == 1 + len(rows)
        compared += len(rows)
    assert compared or definition.name in EMPTY, "nothing is compared"


EMPTY = {"response_times"}
"""Reports of what this traffic has not."""


def _read(definition: Report, row: dict[str, str]) -> dict[str, float | None]:
    return {
        column.name: float(row[column.name]) if row[column.name] else None
        for column in definition.columns
        if column.kind in NUMBERS
    }


def _numbers(definition: Report, item: dict[str, Any]) -> dict[str, float | None]:
    return {column.name: item[column.name] for column in definition.columns if column.kind in NUMBERS}
