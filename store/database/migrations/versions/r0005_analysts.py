"""From the schema of release 0.4: stays in segments, funnels by day of start, touches, costs, looking back, tokens."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rows of 0.4 stay but for those of `funnel_leads`; what they lack comes with the rebuild that is asked for."""
    op.create_table(
        "segment_spells",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "segment", "entered_at"),
        postgresql_with={"fillfactor": 50},
        sqlite_with_rowid=False,
    )
    op.create_index("segment_spells_entered", "segment_spells", ["segment", "entered_at"])
    op.create_table(
        "segment_sizes",
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment"),
    )
    op.execute("INSERT INTO segment_sizes SELECT segment, count(*) FROM segment_members GROUP BY segment")
    op.create_table(
        "funnel_days",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("funnel", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("reached_at", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.Text(), nullable=False),
        sa.Column("open_until", sa.BigInteger(), nullable=True),
        sa.Column("matures_at", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=True),
        sa.Column("prior", sa.Integer(), nullable=False),
        *_origins(),
        sa.PrimaryKeyConstraint("lead", "funnel", "day"),
        postgresql_with={"fillfactor": 50},
        sqlite_with_rowid=False,
    )
    op.create_index("funnel_days_day", "funnel_days", ["funnel", "day", "lead", "before"])
    op.create_index("funnel_days_count", "funnel_days", ["funnel", "day", "before", "prior", "step"])
    _funnel_steps()
    _funnel_leads()
    _funnel_counts()
    op.add_column("leads", sa.Column("identified_at", sa.BigInteger()))
    for column in ("first_touch", "identified_at"):
        op.add_column("sort_keys", sa.Column(column, sa.BigInteger()))
        op.create_index(f"sort_keys_{column}", "sort_keys", [column, "lead"])
    _first_times()
    _stages_of_scores()
    op.create_index("stage_history_at", "stage_history", ["at", "stage"])
    op.create_index("hot_episodes_began", "hot_episodes", ["began_at"])
    op.add_column("leads", sa.Column("won_at", sa.BigInteger()))
    _touches()
    _costs()
    _create_parts()
    _looking_back()
    _access()
    numbers = ("position", "clock", "touchpoints", "rows", "differing", "aside")
    op.create_table(
        "verifications",
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
        sa.PrimaryKeyConstraint("at"),
    )


def _create_parts() -> None:
    op.create_table(
        "model_parts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text()),
        sa.Column("number", sa.Double()),
        sa.Column("says", sa.Text()),
        sa.PrimaryKeyConstraint("kind", "name"),
    )
    op.create_table(
        "zone_offsets",
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("since"),
    )
    op.create_table(
        "view_definitions",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _funnel_leads() -> None:
    """Its rows of 0.4 lack the day by which they would be told: they go, and come anew with the rebuild."""
    op.execute("DELETE FROM funnel_leads")
    op.drop_index("funnel_leads_started", "funnel_leads")
    with op.batch_alter_table("funnel_leads") as table:
        for name in ("started_at", "reached_at", "open_until"):
            table.drop_column(name)
        for column in (sa.Column("day", sa.Integer(), nullable=False), *_origins()):
            table.add_column(column)
    op.create_index("funnel_leads_funnel", "funnel_leads", ["funnel", "lead"])


def _funnel_steps() -> None:
    op.create_table(
        "funnel_steps",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("funnel", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("took", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lead", "funnel", "step", "day"),
        postgresql_with={"fillfactor": 50},
        sqlite_with_rowid=False,
    )
    op.create_index("funnel_steps_day", "funnel_steps", ["funnel", "step", "day", "before", "took", "lead"])
    first = sa.text("before IS NULL")
    op.create_index(
        "funnel_steps_took", "funnel_steps", ["funnel", "step", "took"], sqlite_where=first, postgresql_where=first
    )


def _funnel_counts() -> None:
    further = sa.text("before IS NOT NULL AND step > prior")
    told = ["funnel", "day", "before", "prior", "step"]
    op.create_index("funnel_days_further", "funnel_days", told, sqlite_where=further, postgresql_where=further)
    for name, more in (("funnel_sizes", []), ("funnel_times", ["span"])):
        numbers = [sa.Column(number, sa.Integer(), autoincrement=False, nullable=False) for number in ("step", *more)]
        op.create_table(
            name,
            sa.Column("funnel", sa.Text(), nullable=False),
            *numbers,
            sa.Column("leads", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint("funnel", "step", *more),
            postgresql_with={"fillfactor": 50},
            sqlite_with_rowid=False,
        )


def _looking_back() -> None:
    """What is known of identities and who was told of hot leads, by when: of hot leads from what is open now."""
    op.create_table(
        "sightings",
        sa.Column("low", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("high", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("instant", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("low", "position", "high"),
    )
    op.create_index("sightings_high", "sightings", ["high"])
    op.create_table(
        "hot_told",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signal", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "at"),
    )
    op.create_table(
        "past_views",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=False),
        sa.Column("knowing", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("built_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("number"),
    )
    op.execute("INSERT INTO hot_told SELECT holder, at, signal FROM open_signals WHERE kind = 'lead.hot'")


def _touches() -> None:
    op.create_table(
        "touches",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("touchpoint", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("came_from", sa.Text()),
        sa.Column("medium", sa.Text()),
        sa.Column("campaign", sa.Text()),
        sa.Column("variant", sa.Text()),
        sa.Column("path", sa.Text()),
        sa.Column("form", sa.Text()),
        sa.Column("value", sa.Double()),
        sa.Column("revenue", sa.BigInteger()),
        sa.Column("currency", sa.Text()),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.Column("machine", sa.Text()),
        sa.Column("withheld", sa.Text()),
        sa.PrimaryKeyConstraint("lead", "at", "n"),
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index("touches_type", "touches", ["type", "day"])
    paid = sa.text("revenue IS NOT NULL AND machine IS NULL")
    told = ["lead", "at", "n", "day", "currency", "revenue"]
    op.create_index("touches_revenue", "touches", told, postgresql_where=paid, sqlite_where=paid)
    op.create_table(
        "touch_days",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("touchpoints", sa.BigInteger(), nullable=False),
        sa.Column("by_machines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "type"),
        postgresql_with={"fillfactor": 50},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "awards",
        sa.Column("lead", sa.Uuid(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("touchpoint", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("points", sa.Double(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text()),
        sa.PrimaryKeyConstraint("lead", "at", "n"),
        sqlite_with_rowid=False,
    )
    op.create_index("awards_day", "awards", ["day", "rule"])


def _origins() -> list[sa.Column[Any]]:
    return [
        sa.Column("first_channel", sa.Text()),
        sa.Column("first_source", sa.Text()),
        sa.Column("first_campaign", sa.Text()),
        sa.Column("last_channel", sa.Text()),
        sa.Column("last_source", sa.Text()),
        sa.Column("last_campaign", sa.Text()),
    ]


def _first_times() -> None:
    for column in ("qualified_at", "won_at"):
        op.add_column("sort_keys", sa.Column(column, sa.BigInteger()))
    op.add_column("sort_keys", sa.Column("hot", sa.Boolean()))
    op.add_column("sort_keys", sa.Column("first_channel", sa.Text()))
    won = sa.text("won_at IS NOT NULL")
    op.create_index("sort_keys_won_at", "sort_keys", ["won_at"], postgresql_where=won, sqlite_where=won)


def _stages_of_scores() -> None:
    op.add_column("scores", sa.Column("stage", sa.Text()))
    op.execute("UPDATE scores SET stage = (SELECT stage FROM leads WHERE leads.lead = scores.lead)")
    op.create_index("scores_stage", "scores", ["stage", "z", "lead"])


def _costs() -> None:
    by_bytes = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "costs",
        sa.Column("channel", by_bytes, nullable=False),
        sa.Column("campaign", by_bytes, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "campaign", "day", "currency", "imported_at"),
    )
    op.create_index("costs_day", "costs", ["day"])


def _access() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("hash"),
    )
    holds = sa.text("withdrawn_at IS NULL")
    op.create_index("api_tokens_name", "api_tokens", ["name"], unique=True, postgresql_where=holds, sqlite_where=holds)
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_at", "audit", ["at", "id"])
