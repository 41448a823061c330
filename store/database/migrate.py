"""Schema migrations, run by the program itself from any folder; a schema that is up to date costs one look-up."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from store.database.errors import NewerDatabase

REVISIONS: Final = ("0001",)
"""Every revision in store/migrations/versions, oldest first. Listed here, so that the look-up loads no Alembic."""

SCRIPTS: Final = Path(__file__).parent / "migrations"


def is_current(conn: Connection) -> bool:
    """Whether the schema is this release's. Raises NewerDatabase."""
    return _revision(conn) == REVISIONS[-1]


def upgrade(conn: Connection) -> None:
    """Run the missing revisions in the caller's transaction, which holds the lock of migrations."""
    if is_current(conn):
        return  # another process was faster
    # Loading Alembic takes longer than all the rest: only where there is work.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    command.upgrade(config, "head")


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    found = conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
    if found is not None and found not in REVISIONS:
        raise NewerDatabase(
            f"the database has schema {found}, this release knows up to {REVISIONS[-1]}: a newer release has migrated"
            " it. Run that release, or restore a backup made before"
        )
    return None if found is None else str(found)
