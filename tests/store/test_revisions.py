"""The revisions of the schema: what each makes, that a released one means the same for ever, and what upgrades keep."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from store.database.database import Database, open_database
from store.database.migrate import REVISIONS, SCRIPTS
from store.database.partitions import Partitions
from store.database.tables import live, metadata
from store.database.views.registry import VIEWS
from tests.given_releases import RELEASES, load_release


@pytest.fixture
def config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    return config


@pytest.fixture(params=[None, *RELEASES], ids=lambda release: f"from {release}")
def migrated(request: pytest.FixtureRequest, database_url: str) -> Iterator[Database]:
    """A database at this tree's schema: one that began empty, and those that releases wrote."""
    if request.param is not None:
        load_release(database_url, request.param)
    with closing(open_database(database_url)) as opened:
        opened.migrate()
        yield opened


def test_the_migrated_schema_equals_the_tables(migrated: Database) -> None:
    with migrated.transaction() as conn:
        Partitions(live.touches).cover(conn, [(None, 0), (None, 1_700_000_000_000_000)])  # as the projector makes them
        partitions = partitions_of(conn)
        opts = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _: kind != "table" or name not in partitions,
        }
        context = MigrationContext.configure(conn, opts=opts)
        assert compare_metadata(context, metadata) == []
        assert set(inspect(conn).get_table_names()) - partitions == {*metadata.tables, "alembic_version"}


def test_indexes_and_keys_equal_those_of_the_tables(migrated: Database) -> None:
    """What the comparison above does not see: the rows that an index is of, primary keys, no default left behind."""
    with migrated.transaction() as conn:
        there = tables_of(conn)
        for view in inspect(conn).get_view_names():
            conn.execute(text(f"DROP VIEW {view}"))
        metadata.drop_all(conn)
        metadata.create_all(conn)
        assert there == tables_of(conn)


def test_the_topics_out_are_views_of_the_ledger(migrated: Database) -> None:
    with migrated.snapshot() as conn:
        topics = {"hot_leads", "segment_changes", "stage_changes", "hand_overs"}
        assert set(inspect(conn).get_view_names()) == topics | {view.name for view in VIEWS}
        shown = [
            (row.position, row.kind)
            for view in ("hot_leads", "segment_changes", "stage_changes", "hand_overs")
            for row in conn.execute(text(f"SELECT position, kind, lead, at, data FROM {view}"))
        ]
        assert sorted(shown) == conn.execute(text("SELECT position, kind FROM ledger ORDER BY position")).all()


def test_storage_options_are_migrated_too(postgres: Database) -> None:
    with postgres.snapshot() as conn:
        rows = conn.execute(
            text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL AND relkind = 'r'")
        )
        found = {name: dict(option.split("=") for option in options) for name, options in rows}
    wanted = {
        table.name: {key: str(value) for key, value in table.dialect_options["postgresql"]["with"].items()}
        for table in metadata.sorted_tables
        if table.dialect_options["postgresql"]["with"]
    }
    assert found == wanted


def test_every_revision_is_listed(config: Config) -> None:
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()][::-1] == list(REVISIONS)
    assert scripts.get_heads() == [REVISIONS[-1]]


@pytest.mark.parametrize(("release", "revision"), RELEASES.items())
def test_a_released_revision_makes_what_its_release_made(
    database_url: str, config: Config, release: str, revision: str
) -> None:
    """Whoever edits it makes a schema that no upgrade begins with."""
    load_release(database_url, release)
    with closing(open_database(database_url)) as opened, opened.transaction() as conn:
        released = {**tables_of(conn), **views_of(conn)}
        for name in inspect(conn).get_view_names():
            conn.execute(text(f"DROP VIEW {name}"))
        for name in inspect(conn).get_table_names():
            conn.execute(text(f"DROP TABLE {name}"))
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        assert {**tables_of(conn), **views_of(conn)} == released


@pytest.mark.parametrize("release", RELEASES)
def test_an_upgrade_keeps_every_row_and_the_views_that_analysts_made(database_url: str, release: str) -> None:
    load_release(database_url, release)
    with closing(open_database(database_url)) as opened:
        with opened.transaction() as conn:
            conn.execute(text("CREATE VIEW their_leads AS SELECT stage, identity_count FROM leads"))
            conn.execute(text("CREATE VIEW their_states AS SELECT lead, fingerprint FROM lead_states"))
            before = rows_of(conn)
            shown = conn.execute(text("SELECT * FROM their_leads ORDER BY 1, 2")).all()
        opened.migrate()
        with opened.transaction() as conn:
            after = rows_of(conn)
            assert conn.execute(text("SELECT * FROM their_leads ORDER BY 1, 2")).all() == shown
            assert len(conn.execute(text("SELECT * FROM their_states")).all()) == len(before["lead_states"])
            assert conn.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == REVISIONS[-1]
            if conn.dialect.name == "sqlite":
                assert conn.execute(text("PRAGMA legacy_alter_table")).scalar_one() == 0
    del before["alembic_version"]
    assert not after["funnel_leads"]  # they lacked the day that tells them apart: they come anew with the rebuild
    del before["funnel_leads"]
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]] if rows else after[table]
        assert kept == rows, table


# ---- what a database has -----------------------------------------------------------------------------------------


def partitions_of(conn: Connection) -> set[str]:
    """Tables that are months of others: a projector makes them, no revision."""
    if conn.dialect.name != "postgresql":
        return set()
    return set(conn.execute(text("SELECT relname FROM pg_class WHERE relispartition")).scalars())


def tables_of(conn: Connection) -> Mapping[str, Any]:
    """Columns, keys and indexes of each table, in no order."""
    inspector = inspect(conn)
    return {
        name: {
            "columns": sorted(
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(name)
            ),
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted(each["column_names"] for each in inspector.get_unique_constraints(name)),
            "checks": [each["sqltext"].replace('"', "") for each in inspector.get_check_constraints(name)],
            "indexes": sorted(
                (
                    str(each["name"]),
                    each["column_names"],
                    sorted(f"{key}: {option}" for key, option in each.get("dialect_options", {}).items()),
                )
                for each in inspector.get_indexes(name)
            ),
        }
        for name in inspector.get_table_names()
        if name != "alembic_version"
    }


def views_of(conn: Connection) -> Mapping[str, str]:
    inspector = inspect(conn)
    return {name: str(inspector.get_view_definition(name)) for name in inspector.get_view_names()}


def rows_of(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, by column."""
    rows = {
        name: [
            {column: bytes(value) if isinstance(value, memoryview) else value for column, value in row.items()}
            for row in conn.execute(text(f"SELECT * FROM {name}")).mappings()
        ]
        for name in inspect(conn).get_table_names()
    }
    return {name: sorted(each, key=lambda row: str(list(row.values()))) for name, each in rows.items()}
