"""From the schema of release 0.3: who takes care of a lead, what is to be done by when, all hot episodes, jobs.

Released with 0.4.0, and never edited since.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows of 0.3 stay, and are readable; what they lack comes with the rebuild that the projector asks for."""
    for name, kind in (
        ("owner", sa.Text()),
        ("owner_since", sa.BigInteger()),
        ("owner_due", sa.BigInteger()),
        ("accepted_at", sa.BigInteger()),
    ):
        op.add_column("leads", sa.Column(name, kind))
    owned = sa.text("owner IS NOT NULL")
    op.create_index("leads_owner", "leads", ["owner", "lead"], postgresql_where=owned, sqlite_where=owned)
    op.add_column("ledger", sa.Column("identity", sa.Text()))
    _derived()
    _decided()
    _jobs()


def _derived() -> None:
    op.create_table(
        "hot_episodes",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("peak", sa.Double(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead", "began_at"),
        postgresql_with={"fillfactor": 50},
    )


def _decided() -> None:
    op.create_table(
        "owner_turns",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("credit", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner"),
    )
    op.create_table(
        "deadlines",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("signal", sa.Text(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("kind", "cause"),
    )
    op.create_index("deadlines_lead", "deadlines", ["lead"], unique=False)
    op.create_index("deadlines_asked", "deadlines", ["asked"], unique=False)
    waiting = sa.text("state = 'open'")
    owner = sa.text("kind = 'lead.assigned'")
    op.create_index("open_signals_owned", "open_signals", ["value"], postgresql_where=owner, sqlite_where=owner)
    op.execute(
        "CREATE VIEW hand_overs AS SELECT position, id, kind, lead, lead_now, subject, at, closes, data FROM ledger"
        " WHERE kind IN ('lead.assigned', 'sla.missed', 'follow_up.due', 'lead.active')"
    )
    op.create_index("deadlines_due", "deadlines", ["due"], postgresql_where=waiting, sqlite_where=waiting)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
