"""What reports of money and of days read of a period is read off indexes, on PostgreSQL: it is asked for its plans."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from projections.queries.days import DayRange
from projections.reports.answer import Report, ReportQuestion
from projections.reports.attribution import ATTRIBUTION
from projections.reports.channels import CHANNELS
from projections.reports.daily import DAILY
from projections.reports.registry import answered
from store.database import bulk
from store.database.partitions import Partitions
from store.database.tables import live
from tests.conftest import migrated
from tests.given_plans import statements_of
from tests.projections.given_money import DAY, FIRST, opened
from tests.projections.world import World
from tests.services.postgres import PostgresServer

PEOPLE = 20_000
DAYS = 600
CLOCK = FIRST + DAYS
RECENT = DayRange(CLOCK - 10, CLOCK)
MONTHS = {"touches_2025_06", "touches_2025_07"}
"""Those in which it lies."""


@pytest.fixture(scope="module")
def world(postgres_server: PostgresServer) -> Iterator[World]:
    """Enough people that a wrong plan would show; one of ten ordered."""
    world = opened(migrated(postgres_server.create()), day=DAYS)
    world.project()
    with world.database.transaction() as conn:
        people, touches = [], []
        for n in range(PEOPLE):
            lead, day = UUID(int=n * 2**96 + n), FIRST + n * DAYS // PEOPLE
            at = day * DAY * 1_000_000
            won = at if n % 100 == 0 else None
            people.append((lead, at, None, at, at, None, False, won, "email"))
            touches.append(touch(lead, at, day, "page_viewed", "email", None))
            if n % 10 == 0:
                touches.append(touch(lead, at + 1, day, "order_placed", None, 1_000_000))
        bulk.insert(conn, live.sort_keys, people)
        Partitions(live.touches).cover(conn, touches)
        bulk.insert(conn, live.touches, touches)
        for table in ("sort_keys", "touches"):
            conn.exec_driver_sql(f"ANALYZE {table}")
    yield world
    world.close()
    postgres_server.drop(world.url)


def touch(lead: UUID, at: int, day: int, type: str, channel: str | None, revenue: int | None) -> tuple[Any, ...]:
    currency = None if revenue is None else "EUR"
    return (
        lead, at, 0, day, f"{type} {lead}", type, "server", "shop", channel, None, None, None, None, "/", None, None,
        revenue, currency, "{}", None, None,
    )  # fmt: skip


def scanned(conn: Connection, statement: str, parameters: Any) -> set[str]:
    """The tables that the plan of a statement reads as a whole."""
    [(found,)] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).all()
    plan = found if isinstance(found, list) else json.loads(found)
    nodes, tables = [plan[0]["Plan"]], set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", ())
        if node["Node Type"] == "Seq Scan":
            tables.add(node["Relation Name"])
    return tables


@pytest.mark.parametrize(("report", "by"), [
    (CHANNELS, "channel"), (CHANNELS, "campaign"), (ATTRIBUTION, "channel"), (DAILY, "day"), (DAILY, "type"),
])  # fmt: skip
def test_of_a_period_nobody_else_is_looked_at(world: World, report: Report, by: str) -> None:
    with world.view() as view:
        with statements_of(view.conn) as asked:
            assert answered(replace(view, clock=CLOCK * DAY * 1_000_000), report, ReportQuestion(RECENT, by)).items
        read = [scanned(view.conn, *each) for each in asked]
    assert not any("sort_keys" in tables for tables in read), read
    if report is not ATTRIBUTION:  # what an order is owed to may be of any month
        outside = {table for tables in read for table in tables if table.startswith("touches_")} - MONTHS
        assert not outside, read
