"""What a view and a report both count is the same number: by SQL with a driver alone, and by the report."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from projections.queries.days import DayRange
from projections.reports.answer import ReportQuestion
from projections.reports.registry import report
from tests.given_views import asked
from tests.projections.given_analysts import CLOCK, START, played
from tests.projections.world import World

DAY = 86_400_000_000
EVER = DayRange(START // DAY - 1, CLOCK // DAY + 2)


@pytest.fixture(scope="module")
def world(url_of_module: str) -> Iterator[World]:
    with closing(played(url_of_module)) as world:
        yield world


def told(world: World, name: str, by: str | None = None, **options: str) -> list[dict[str, Any]]:
    with world.view() as view:
        return report(view, name, ReportQuestion(EVER, by, options)).items


def by_sql(world: World, query: str) -> dict[Any, tuple[Any, ...]]:
    """By the first column, numbers as floats."""
    rows = [
        [value if isinstance(value, str | None) else float(value) for value in row] for row in asked(world.url, query)
    ]
    return {key: tuple(rest) for key, *rest in rows}


def test_channels(world: World) -> None:
    counts = "sum(visitors), sum(leads), sum(qualified), sum(hot), sum(won)"
    rows = by_sql(world, f"SELECT channel, {counts} FROM report_channels GROUP BY channel")
    names = ("visitors", "leads", "qualified", "hot", "won")
    items = [row for row in told(world, "channels") if row["visitors"]]  # others cost something, and nobody came
    assert rows == {row["group"]: tuple(row[name] for name in names) for row in items}
    assert len(rows) > 1 and sum(row[4] for row in rows.values()) > 0


@pytest.mark.parametrize("by", ["source", "campaign"])
def test_what_tells_channels_apart(world: World, by: str) -> None:
    rows = by_sql(world, f"SELECT {by}, sum(visitors), sum(leads) FROM report_channels GROUP BY {by}")
    items = [row for row in told(world, "channels", by) if row["visitors"]]
    assert rows == {row["group"]: (row["visitors"], row["leads"]) for row in items}


def test_costs_and_what_leads_of_a_channel_brought(world: World) -> None:
    spent = by_sql(world, "SELECT channel || ' ' || currency, sum(cost) FROM report_costs GROUP BY 1")
    brought = by_sql(world, "SELECT channel || ' ' || currency, sum(revenue) FROM report_revenue GROUP BY 1")
    rows = {f"{row['group']} {row['currency']}": row for row in told(world, "channels") if row["currency"]}
    assert {key: (row["cost"],) for key, row in rows.items() if row["cost"] is not None} == spent
    assert {key: (row["revenue"],) for key, row in rows.items() if row["revenue"] is not None} == brought


def test_revenue_by_day(world: World) -> None:
    query = "SELECT CAST(day AS text) || ' ' || currency, sum(revenue), sum(payments) FROM report_revenue GROUP BY 1"
    rows = {f"{row['group']} {row['currency']}": row for row in told(world, "revenue", "day")}
    assert {key: row[0] for key, row in by_sql(world, query).items()} == {
        key: row["amount"] - row["returns"] for key, row in rows.items()
    }


def test_days(world: World) -> None:
    query = "SELECT CAST(day AS text), sum(times) FROM report_daily WHERE what = '{}' GROUP BY 1"
    items = told(world, "daily")
    for what, name in (
        ("touchpoint", "touchpoints"), ("visitor", "new_visitors"), ("lead", "new_leads"), ("hot", "became_hot"),
        ("stage", "stage_moves"), ("won", "won"),
    ):  # fmt: skip
        rows = {key: row[0] for key, row in by_sql(world, query.format(what)).items()}
        assert rows == {item["day"]: item[name] for item in items if item[name]} != {}, what


def test_mails(world: World) -> None:
    names = ("people", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed", "complained", "converted")
    sums = ", ".join(f"sum({name})" for name in names)
    rows = by_sql(world, f"SELECT campaign, {sums} FROM report_mail GROUP BY campaign")
    assert rows == {row["campaign"]: tuple(row[name] for name in names) for row in told(world, "mail")}


def test_stages(world: World) -> None:
    query = "SELECT stage, count(*), count(DISTINCT lead) FROM report_stage_entries GROUP BY stage"
    rows = by_sql(world, query)
    assert rows == {
        row["stage"]: (row["entered"] + row["reentries"], row["entered"])
        for row in told(world, "stages")
        if row["entered"]
    }


def test_response_times(world: World) -> None:
    query = "SELECT who, deadline, state FROM report_response_times WHERE deadline <> 'follow_up'"
    rows = Counter((who, deadline, state) for who, deadline, state in asked(world.url, query))
    items = told(world, "response_times")
    states = ("open", "kept", "missed", "dropped")
    assert rows and rows == Counter(
        {(row["who"], row["deadline"], state): row[state] for row in items for state in states if row[state]}
    )
