"""From the schema of release 0.2: where leads come from, lists and search, what became of each signal where it went.

Released with 0.3.0, and never edited since.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Column = tuple[str, sa.types.TypeEngine[Any], str | None]

BY_BYTES: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "projector": (("format", sa.Integer(), "6"),),
    "leads": (
        ("first_channel", sa.Text(), "''"),
        ("last_channel", sa.Text(), "''"),
        ("last_seen", sa.BigInteger(), None),
        ("changed_at", sa.BigInteger(), "0"),
    ),
    "scores": (("reasons", sa.Text(), "'[]'"),),
}
"""New columns of derived tables: name, type, and what stands in rows of 0.2 (SQL) until the rebuild; None: NULL may."""


def upgrade() -> None:
    """Rows of 0.2 stay, and are readable; what they lack comes with the rebuild that the projector asks for."""
    with _views_stay():
        for table, columns in COLUMNS.items():
            _add(table, columns)
        with op.batch_alter_table("lead_states") as lead_states:
            lead_states.alter_column("fingerprint", existing_type=sa.BigInteger(), nullable=True)
    _derived()
    _lists()
    _delivered()


@contextmanager
def _views_stay() -> Iterator[None]:
    """SQLite alters a table by making it anew, and renames nothing onto a name that an analyst's view speaks of."""
    if op.get_context().dialect.name != "sqlite":
        yield
        return
    op.execute("PRAGMA legacy_alter_table = ON")
    try:
        yield
    finally:
        op.execute("PRAGMA legacy_alter_table = OFF")


def _add(table: str, columns: tuple[Column, ...]) -> None:
    """Add columns, filled from a default that the schema does not keep: a row without a value is a fault."""
    for name, kind, filled in columns:
        default = None if filled is None else sa.text(filled)
        op.add_column(table, sa.Column(name, kind, nullable=filled is None, server_default=default))
    with op.batch_alter_table(table) as altered:
        for name, kind, filled in columns:
            if filled is not None:
                altered.alter_column(name, existing_type=kind, server_default=None)


def _derived() -> None:
    op.create_table(
        "lead_sources",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("which", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("medium", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("term", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "which", "stage"),
        postgresql_with={"fillfactor": 50},
    )


def _lists() -> None:
    op.create_index("leads_last_seen", "leads", ["last_seen", "lead"], unique=False)
    op.create_table(
        "sort_keys",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("stage_since", sa.BigInteger(), nullable=True),
        sa.Column("name", BY_BYTES, nullable=True),
        sa.PrimaryKeyConstraint("lead"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("sort_keys_stage_since", "sort_keys", ["stage_since", "lead"], unique=False)
    op.create_index("sort_keys_name", "sort_keys", ["name", "lead"], unique=False)
    op.create_table(
        "lead_terms",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("term", BY_BYTES, nullable=False),
        sa.PrimaryKeyConstraint("lead", "term"),
    )
    op.create_index("lead_terms_term", "lead_terms", ["term", "lead"], unique=False)


def _delivered() -> None:
    op.create_table(
        "destinations",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("ready", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_success", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "deliveries",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("in_doubt", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "signal"),
    )
    waiting, dead = sa.text("state = 'waiting'"), sa.text("state = 'dead'")
    for name, columns, where in (
        ("deliveries_waiting", ["destination", "position"], waiting),
        ("deliveries_order", ["destination", "lead", "position"], waiting),
        ("deliveries_dead", ["at"], dead),
    ):
        op.create_index(name, "deliveries", columns, postgresql_where=where, sqlite_where=where)
