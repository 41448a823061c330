"""A period of a funnel, and pages of a segment, are read off indexes, on PostgreSQL: it is asked for its plans."""

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from projections.queries.days import EVER, DayRange
from projections.queries.one_lead import lead_detail
from projections.reports.funnels.attempts import known_funnel
from projections.reports.funnels.leads import FunnelNumber, leads_in
from projections.reports.funnels.report import funnel
from projections.reports.funnels.totals import totals
from projections.reports.segments.members import members_of
from store.database import bulk
from store.database.database import Database
from store.database.tables import deadlines, open_signals
from tests.given_funnels import CLOCK, DAY, FIRST, filled, put, started, view_of
from tests.given_plans import indexes, statements_of

OF_DAYS = {"funnel_days_day", "funnel_days_count", "funnel_steps_day"}


@pytest.fixture(scope="module", params=["postgresql"])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Enough leads that a wrong plan would show."""
    chance = Random(3)
    entrants = [
        started(
            n,
            FIRST + chance.randrange(700),
            1 + n % 4,
            profile={"amount": n},
            segments=("cold" if n % 100 else "warm",),
        )
        for n in range(20_000)
    ]
    with filled(request, tmp_path_factory, entrants) as database:
        put(database, [replace(each, id=UUID(int=each.id.int + len(entrants))) for each in entrants], "plain")
        with database.transaction() as conn:
            hot = [each.id for each in entrants[::3]]
            bulk.insert(conn, open_signals, [
                (id, "lead.hot", "", f"{id}", id, CLOCK, "", CLOCK, None, False) for id in hot
            ])  # fmt: skip
            bulk.insert(conn, deadlines, [
                ("accept", f"{id}", id, None, None, CLOCK, CLOCK, "open", None, None, None) for id in hot
            ])  # fmt: skip
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.exec_driver_sql("VACUUM ANALYZE")
        yield database


@pytest.mark.parametrize("by", [None, "last_channel", "profile.amount:5000"])
def test_a_period_is_read_off_the_index_of_days(database: Database, by: str | None) -> None:
    days = DayRange(FIRST + 30, FIRST + 40)
    with view_of(database) as view:
        with statements_of(view.conn) as asked:
            funnel(view, "sale", days, by=by, series="week")
            leads_in(view, "sale", days, FunnelNumber("gone", 2), limit=100)
        *of_funnels, cards = [each for each in asked if "FROM projector" not in each[0]]
        assert "leads_pkey" in indexes(view.conn, *cards)
        for statement, parameters in of_funnels:
            assert indexes(view.conn, statement, parameters) & OF_DAYS, statement


def test_the_numbers_of_all_leads_are_read_off_indexes_alone(database: Database) -> None:
    """Of all time, of a period long closed, and of one whose windows are open: no lead is told apart."""
    periods = {
        EVER: {"funnel_days_further", "funnel_days_count", "funnel_steps_took"},
        DayRange(FIRST + 300, FIRST + 331): {"funnel_days_count", "funnel_steps_day"},
        DayRange(FIRST + 680, FIRST + 690): {"funnel_days_count", "funnel_steps_day"},
    }
    with view_of(database, clock=(FIRST + 691) * DAY) as view:
        plan = known_funnel(view, "plain")
        for days, expected in periods.items():
            with statements_of(view.conn) as heard:
                totals(view, plan, days)
            asked = [each for each in heard if not re.search("FROM funnel_(sizes|times)", each[0])]  # of few rows
            used = {name for statement in asked for name in indexes(view.conn, *statement)}
            assert expected <= used and "funnel_leads_pkey" not in used
            for statement, parameters in asked:
                whole = view.conn.exec_driver_sql(f"EXPLAIN {statement}", parameters)
                text = "\n".join(line for (line,) in whole)
                assert "Index Only Scan" in text or "matures_at" in statement, text


def test_a_page_of_members_and_a_card_read_no_more_than_they_show(database: Database) -> None:
    with view_of(database) as view:
        with statements_of(view.conn) as asked:
            page = members_of(view, "warm", limit=50)
            members_of(view, "warm", limit=50, cursor=page.next)
            lead_detail(view, UUID(page.items[0].id))
        assert len(page.items) == 50 and len(asked) > 2
        pages = [each for each in asked if "segment_members" in each[0] and "entered_at" in each[0]]
        assert {"segment_members_pkey", "leads_pkey"} <= set.intersection(
            *(indexes(view.conn, *each) for each in pages[:2])
        )
        for statement, parameters in asked[2:]:
            assert "FROM leads" not in statement or "leads_pkey" in indexes(view.conn, statement, parameters)
