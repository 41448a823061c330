"""The schema of release 0.2: every table, and the installation's id key. Frozen: what changed since is in 0003."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table, and draw the key of all ids: part of every backup, never shown."""
    _recorded()
    _derived()
    _decided()
    _topics()
    installation = sa.table("installation", sa.column("name", sa.Text), sa.column("value", sa.LargeBinary))
    op.bulk_insert(installation, [{"name": "id_key", "value": secrets.token_bytes(32)}])


def _recorded() -> None:
    op.create_table(
        "events",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trail", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("instant", sa.BigInteger(), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("received", sa.BigInteger(), nullable=True),
        sa.Column("recorded", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("dedupe", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("dedupe", name="events_dedupe"),
        sa.UniqueConstraint("trail", "version", name="events_trail_version"),
    )
    op.create_table(
        "snapshots",
        sa.Column("trail", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("trail", "version"),
    )
    op.create_table(
        "tracking",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "rejected",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("meta", sa.Text(), nullable=False),
        sa.Column("replayed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "models",
        sa.Column("activation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("activated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("activation"),
    )


def _derived() -> None:
    op.create_table(
        "projector",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("build", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=True),
        sa.Column("seen", sa.Text(), nullable=True),
        sa.Column("claimed", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("identities_cluster", "identities", ["cluster"], unique=False)
    op.create_table(
        "clusters",
        sa.Column("cluster", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("aside", sa.Text(), nullable=True),
        sa.Column("activation", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("cluster"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index(
        "clusters_aside", "clusters", ["cluster"], unique=False, postgresql_where=sa.text("aside IS NOT NULL")
    )
    op.create_index("clusters_due", "clusters", ["due"], unique=False, postgresql_where=sa.text("due IS NOT NULL"))
    op.create_table(
        "lead_states",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("fingerprint", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("lead"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("lead_states_cluster", "lead_states", ["cluster"], unique=False)
    op.create_index(
        "lead_states_due", "lead_states", ["due"], unique=False, postgresql_where=sa.text("due IS NOT NULL")
    )
    op.create_table(
        "leads",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.BigInteger(), nullable=False),
        sa.Column("identified", sa.Boolean(), nullable=False),
        sa.Column("first_touch", sa.BigInteger(), nullable=False),
        sa.Column("last_touch", sa.BigInteger(), nullable=False),
        sa.Column("touches", sa.Integer(), nullable=False),
        sa.Column("identities", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("identity_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lead"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_table(
        "scores",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("heat", sa.Double(), nullable=False),
        sa.Column("heat_at", sa.BigInteger(), nullable=False),
        sa.Column("z", sa.Double(), nullable=True),
        sa.Column("hot", sa.Boolean(), nullable=False),
        sa.Column("hot_since", sa.BigInteger(), nullable=True),
        sa.Column("cools_at", sa.BigInteger(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("fit", sa.Double(), nullable=False),
        sa.Column("not_a_lead", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("lead"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("scores_z", "scores", ["z", "lead"], unique=False)
    op.create_table(
        "stage_history",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead", "n"),
    )
    op.create_table(
        "segment_members",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment", "lead"),
    )
    op.create_index("segment_members_lead", "segment_members", ["lead"], unique=False)
    op.create_table(
        "funnel_leads",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("funnel", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.BigInteger(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "funnel"),
        postgresql_with={"fillfactor": 50},
    )
    op.create_index("funnel_leads_started", "funnel_leads", ["funnel", "started_at"], unique=False)


def _decided() -> None:
    op.create_table(
        "ledger",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("lead_now", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("closes", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("asks", sa.Text(), nullable=True),
        sa.CheckConstraint("position > 0", name="ledger_position"),
        sa.PrimaryKeyConstraint("position"),
        sa.UniqueConstraint("id"),
    )
    op.create_index("ledger_lead", "ledger", ["lead"])
    op.create_table(
        "open_signals",
        sa.Column("holder", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=True),
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=True),
        sa.Column("waits", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "kind", "subject"),
    )
    to_tell = sa.text("earned = -1")
    op.create_index("open_signals_to_tell", "open_signals", ["holder"], postgresql_where=to_tell, sqlite_where=to_tell)


def _topics() -> None:
    """The topics out as views of the ledger: the same messages, in the same order, where there is no Kafka."""
    for view, kinds in (
        ("hot_leads", "'lead.hot', 'lead.hot.retracted', 'lead.cooled', 'lead.promotable'"),
        ("segment_changes", "'segment.entered', 'segment.left'"),
        ("stage_changes", "'stage.changed'"),
    ):
        op.execute(
            f"CREATE VIEW {view} AS SELECT position, id, kind, lead, lead_now, subject, at, closes, data"
            f" FROM ledger WHERE kind IN ({kinds})"
        )
