"""Schema migrations, run by the program itself from any folder; a schema that is up to date costs one look-up."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from store.database.errors import DatabaseMisconfigured, NewerDatabase, OlderDatabase
from store.database.tables import metadata

REVISIONS: Final = ("0002", "0003", "0004", "0005")
"""Every revision in migrations/versions, oldest first. Listed here, so that the look-up loads no Alembic."""

REFUSED: Final = {"0001": "0.1"}
"""Revisions that cannot be upgraded, and the release that made each: its identities were spelled otherwise, and what is
recorded is never rewritten."""

SCRIPTS: Final = Path(__file__).parent / "migrations"


def is_current(conn: Connection) -> bool:
    """Whether the schema is this release's. Raises OlderDatabase, NewerDatabase."""
    return _revision(conn) == REVISIONS[-1]


def upgrade(conn: Connection) -> None:
    """Run the missing revisions in the caller's transaction, which holds the lock of migrations.

    Raises OlderDatabase, NewerDatabase, and DatabaseMisconfigured where tables of the same names are not Leadline's.
    """
    revision = _revision(conn)
    if revision == REVISIONS[-1]:
        return  # another process was faster
    if revision is None:
        _check_empty(conn)
    # Loading Alembic takes longer than all the rest: only where there is work.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _check_empty(conn: Connection) -> None:
    taken = sorted(set(inspect(conn).get_table_names()) & set(metadata.tables))
    if taken:
        raise DatabaseMisconfigured(
            f"the database has tables that Leadline did not make ({', '.join(taken)}): name an empty database"
        )


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    revision = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    if revision is None or revision in REVISIONS:
        return revision
    if revision in REFUSED:
        raise OlderDatabase(
            f"the database was recorded by release {REFUSED[revision]}, which spelled identities otherwise: start with"
            " an empty database (another LEADLINE_DATA or LEADLINE_DATABASE) and import anew; keep that release to read"
            " this one"
        )
    raise NewerDatabase(
        f"the database has schema {revision}, this release knows up to {REVISIONS[-1]}: a newer release has migrated"
        " it. Run that release, or restore a backup made before"
    )
