"""Alembic's entry: runs the revisions on the connection, and in the transaction, that the migration hands over."""

from alembic import context

from store.database.tables import metadata


def run() -> None:
    """Run the revisions that the database lacks."""
    connection = context.config.attributes["connection"]
    # SQLite's schema changes are transactional too: our engine begins transactions by itself.
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


run()
