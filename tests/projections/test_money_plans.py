"""What reports of money and of days read of a period is read off indexes, on PostgreSQL: it is asked for its plans."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from projections.projecting.counts import count_rows
from projections.queries.days import DayRange
from projections.reports.answer import Report, ReportQuestion
from projections.reports.attribution import ATTRIBUTION
from projections.reports.channels import CHANNELS
from projections.reports.daily import DAILY
from projections.reports.people import people_behind
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
LISTED = 1_000
"""Of so many, the last ones, there are cards."""
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
        bulk.insert(conn, live.leads, [card(lead) for lead, *_ in people[-LISTED:]])
        bulk.insert(conn, live.scores, [
            (lead, 1.0, 0, None, False, None, None, "A", 0.0, None, "[]", "lead") for lead, *_ in people[-LISTED:]
        ])  # fmt: skip
        Partitions(live.touches).cover(conn, touches)
        bulk.insert(conn, live.touches, touches)
        count_rows(conn, live)
        for table in ("sort_keys", "touches"):
            conn.exec_driver_sql(f"ANALYZE {table}")
    yield world
    world.close()
    postgres_server.drop(world.url)


def card(lead: UUID) -> dict[str, Any]:
    texts = {"identities": "[]", "profile": "{}", "findings": "[]", "first_channel": "email", "last_channel": "email"}
    numbers = dict.fromkeys((column.name for column in live.leads.c), 0)
    return numbers | texts | {"lead": lead, "stage": "lead", "identified": True, "owner": None}


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


def test_what_people_brought_is_read_off_an_index(world: World) -> None:
    """Not in the table of all touchpoints, though few of them are orders."""
    with world.view() as view:
        with statements_of(view.conn) as asked:
            answered(replace(view, clock=CLOCK * DAY * 1_000_000), CHANNELS, ReportQuestion(RECENT))
        [money] = [each for each in asked if "touches" in each[0]]
        view.conn.exec_driver_sql("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        plan = view.conn.exec_driver_sql(f"EXPLAIN {money[0]}", money[1]).scalars().all()
    read = [line for line in plan if " on touches_" in line]
    assert read and all("Index Only Scan" in line for line in read), plan


def test_of_a_list_behind_a_number_a_page_is_read_off_an_index(world: World) -> None:
    """Also where the number is of all times: the page is the newest of them."""
    with world.view() as view:
        for days in (RECENT, DayRange(0)):
            with statements_of(view.conn) as asked:
                question = ReportQuestion(days, "channel", {"group": "email"})
                page = people_behind(
                    replace(view, clock=CLOCK * DAY * 1_000_000), CHANNELS, question, "leads", limit=50
                )
            assert len(page.items) == 50 and page.next
            read = [scanned(view.conn, *each) for each in asked]
            assert not any("sort_keys" in tables for tables in read), read
