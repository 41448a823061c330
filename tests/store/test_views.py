"""How the views for analysts come into a database: every start makes those that are missing or differ."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import psycopg2
import pytest
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import literal, make_url, text

from store.database.database import Database, open_database
from store.database.derived import derived
from store.database.errors import DatabaseMisconfigured
from store.database.shown import ShownAs
from store.database.tables import live, metadata
from store.database.views import creating
from store.database.views.model import MODEL
from store.database.views.registry import VIEWS
from store.database.views.view import PREFIX, ReportView, ViewColumn
from tests.given_releases import RELEASES, load_release
from tests.given_views import asked, columns_of, read_only_role

RELEASED: Mapping[str, list[list[str]]] = json.loads(
    (Path(__file__).parents[1] / "releases" / "views.json").read_text(encoding="utf-8")
)
MORE = replace(
    MODEL,
    columns=(*MODEL.columns, ViewColumn("more", ShownAs.TEXT, "what a later release adds, 100 % of it's")),
    rows=lambda tables: MODEL.rows(tables).add_columns(literal("new").label("more")),
)
"""A view of ours as a later release has it."""
NAMES = [column.name for column in MODEL.columns]


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    with closing(open_database(migrated_url)) as opened:
        yield opened


def started_by(database: Database, monkeypatch: pytest.MonkeyPatch, *views: ReportView) -> None:
    """A release with these views starts on the database."""
    with monkeypatch.context() as patch:
        patch.setattr(creating, "VIEWS", views)
        database.migrate()


def test_all_names_begin_alike_and_are_described() -> None:
    assert len({view.name for view in VIEWS}) == len(VIEWS)
    for view in VIEWS:
        assert view.name.startswith(PREFIX) and view.about.endswith(".")
        names = [column.name for column in view.columns]
        assert len(set(names)) == len(names)
        for column in view.columns:
            assert column.about and not column.about.endswith("."), (view.name, column.name)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_no_column_needs_quotes(database: Database, view: ReportView) -> None:
    """Nor where a view is read from a file: DuckDB reserves words that neither of our databases does."""
    names = ", ".join(column.name for column in view.columns)
    with database.snapshot() as conn:
        conn.exec_driver_sql(f"SELECT {names} FROM {view.name} LIMIT 0")
    quoted = ", ".join(f'1 AS "{column.name}"' for column in view.columns)
    with duckdb.connect() as reader:
        reader.execute(f"SELECT {names} FROM (SELECT {quoted})")


def test_columns_that_a_release_had_stay_where_they_are() -> None:
    now = {view.name: [[column.name, column.kind.name] for column in view.columns] for view in VIEWS}
    for name, columns in RELEASED.items():
        assert name in now, f"{name} is gone: analysts read it"
        assert now[name][: len(columns)] == columns, f"{name}: columns come at the end only"


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_over_another_build_a_view_reads_nothing_of_the_live_one(dialect: str) -> None:
    """So that a past view shows the same columns."""
    past = derived("past_")
    known = make_url(f"{dialect}://").get_dialect()()
    for view in VIEWS:
        said = str(view.select(past).compile(dialect=known, compile_kwargs={"literal_binds": True}))
        read = set(re.findall(r"\b(?:FROM|JOIN) (\w+)", said))
        assert not read & {table.name for table in live.all}, view.name
        assert read & {*(table.name for table in past.all), *metadata.tables}, view.name


def test_a_lead_is_looked_up_by_an_index(postgres: Database) -> None:
    id = "00000000-0000-4000-8000-000000000001"
    with postgres.snapshot() as conn:
        conn.exec_driver_sql("SET LOCAL enable_seqscan = off")  # they are empty
        for name, index in (
            ("report_leads", "leads_pkey"), ("report_stage_entries", "stage_history_pkey"),
            ("report_awards", "awards_pkey"), ("report_hot_episodes", "hot_episodes_pkey"),
            ("report_segment_spells", "segment_spells_pkey"), ("report_funnel_attempts", "funnel_days_pkey"),
            ("report_response_times", "deadlines_lead"),
        ):  # fmt: skip
            plan = conn.exec_driver_sql(f"EXPLAIN SELECT * FROM {name} WHERE lead = '{id}'").scalars().all()
            assert any(index in step for step in plan), (name, plan)


def test_a_view_that_is_gone_is_made_again(database: Database) -> None:
    with database.transaction() as conn:
        conn.execute(text("DROP VIEW report_model"))
    database.migrate()
    assert columns_of(database.address, "report_model") == NAMES


def test_a_start_changes_nothing_where_all_are_there(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creating, "create", lambda conn: pytest.fail("they are there"))
    database.migrate()


def test_a_new_release_adds_columns_beneath_what_analysts_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as conn:
        conn.execute(text("CREATE VIEW their_stages AS SELECT name FROM report_model WHERE kind = 'stage'"))
    started_by(database, monkeypatch, MORE)
    assert columns_of(database.address, "report_model") == [*NAMES, "more"]
    assert columns_of(database.address, "their_stages") == ["name"]


def test_an_older_release_leaves_what_a_newer_one_added(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    started_by(database, monkeypatch, MORE)
    database.migrate()
    assert columns_of(database.address, "report_model") == [*NAMES, "more"]


def test_a_view_of_somebody_else_is_not_replaced(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as conn:
        conn.execute(text("CREATE VIEW report_ours AS SELECT 1 AS theirs"))
    with pytest.raises(DatabaseMisconfigured, match=r"did not make \(report_ours\)"):
        started_by(database, monkeypatch, *VIEWS, replace(MODEL, name="report_ours"))
    assert asked(database.address, "SELECT theirs FROM report_ours") == [(1,)]


@pytest.mark.parametrize("release", RELEASES)
def test_every_view_is_read_right_after_an_upgrade(database_url: str, release: str) -> None:
    load_release(database_url, release)
    with closing(open_database(database_url)) as opened:
        opened.migrate()
    for view in VIEWS:
        asked(database_url, f"SELECT * FROM {view.name}")
    assert asked(database_url, "SELECT count(*) FROM report_leads") == asked(database_url, "SELECT count(*) FROM leads")


# ---- PostgreSQL --------------------------------------------------------------------------------------------------


def test_views_and_columns_bear_their_descriptions(postgres: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    started_by(postgres, monkeypatch, *VIEWS[:-1], MORE)
    described = (
        "SELECT relname::text, attname::text, description FROM pg_description JOIN pg_class c ON c.oid = objoid"
        " LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND attnum > 0"
        " WHERE classoid = 'pg_class'::regclass AND relkind = 'v'"
    )
    wanted = {(view.name, None): view.about for view in (*VIEWS[:-1], MORE)}
    wanted |= {(view.name, column.name): column.about for view in (*VIEWS[:-1], MORE) for column in view.columns}
    assert {(view, column): about for view, column, about in asked(postgres.address, described)} == wanted


@pytest.fixture
def analyst(postgres: Database) -> Iterator[str]:
    """The URL of the role that the reference page makes."""
    with read_only_role(postgres.address) as url:
        yield url


def test_the_read_only_role_reads_every_view_and_no_table(analyst: str) -> None:
    for view in VIEWS:
        asked(analyst, f"SELECT * FROM {view.name}")
    for table in metadata.tables:
        with pytest.raises(InsufficientPrivilege):
            asked(analyst, f"SELECT 1 FROM {table}")
    for statement in ("DELETE FROM report_model", "CREATE TABLE mine (a int)", "DROP VIEW report_model"):
        with pytest.raises(psycopg2.Error):
            asked(analyst, statement)


def test_grants_outlive_a_new_release(postgres: Database, analyst: str, monkeypatch: pytest.MonkeyPatch) -> None:
    started_by(postgres, monkeypatch, MORE)
    asked(analyst, "SELECT more FROM report_model")
