"""The derived tables: saved state and read models. They may be there twice, while a rebuild fills a second set.

Instants are BIGINT microseconds since 1970 UTC. `Text` columns hold JSON where they say so.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)

from store.database.funnel_tables import funnel_tables
from store.database.layout import BY_KEY, HOT_FILL, index_where

BY_BYTES: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared by its bytes on both databases: SQLite knows no other way, PostgreSQL has locales."""

PARTITIONED_BY: Final = "at"
"""The column by whose month PostgreSQL keeps `touches` apart (store/database/partitions.py); a build beside is one."""


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived tables of one build: the live ones, or a build beside them (`prefix`)."""

    prefix: str
    metadata: MetaData
    projector: Table
    identities: Table
    sightings: Table
    clusters: Table
    lead_states: Table
    leads: Table
    sort_keys: Table
    lead_terms: Table
    scores: Table
    stage_history: Table
    segment_members: Table
    segment_sizes: Table
    segment_spells: Table
    funnel_leads: Table
    funnel_sizes: Table
    funnel_days: Table
    funnel_steps: Table
    funnel_times: Table
    lead_sources: Table
    hot_episodes: Table
    touches: Table
    touch_days: Table
    awards: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """Every derived table: what a rebuild builds anew and switches."""
        return tuple(table for field in fields(self) if isinstance(table := getattr(self, field.name), Table))


def derived(prefix: str = "", into: MetaData | None = None) -> Derived:
    """The derived tables under a name prefix."""
    meta = MetaData() if into is None else into
    by_month: dict[str, Any] = {} if prefix else {"postgresql_partition_by": f"RANGE ({PARTITIONED_BY})"}
    return Derived(
        prefix,
        meta,
        projector=Table(
            prefix + "projector",
            meta,
            Column("name", Text, primary_key=True),  # "projector"
            Column("position", BigInteger, nullable=False),
            Column("clock", BigInteger, nullable=False),
            Column("model", Text, nullable=False),  # hash of the model that these rows were folded with
            Column("build", BigInteger, nullable=False),  # counts the rebuilds that were switched to
            Column("format", Integer, nullable=False),  # of the saved state
        ),
        identities=Table(
            prefix + "identities",
            meta,
            Column("id", Uuid, primary_key=True),  # H(identity), and every lead id
            Column("cluster", BigInteger),  # none while nothing that it binds was seen
            Column("seen", Text),  # JSON {kind: {H(higher identity): first instant}}, of each kind the limit + 1 least
            Column("claimed", Text),  # the same of whom claims named it with, by value: findings say it
            Index(prefix + "identities_cluster", "cluster"),
            **HOT_FILL,
        ),
        sightings=Table(  # what was learnt of identities, and by which event: so it can be known as of any of them
            prefix + "sightings",
            meta,
            Column("low", Uuid, primary_key=True),  # H(identity)
            Column("position", BigInteger, primary_key=True, autoincrement=False),
            Column("high", Uuid, primary_key=True),  # H of a higher one that it was named with
            Column("kind", Text, nullable=False),  # of that one
            Column("value", Text),  # of that one, where a claim says it; null: a sighting
            Column("instant", BigInteger, nullable=False),
            Index(prefix + "sightings_high", "high"),
        ),
        clusters=Table(
            prefix + "clusters",
            meta,
            Column("cluster", BigInteger, primary_key=True, autoincrement=False),
            Column("state", LargeBinary, nullable=False),
            Column("due", BigInteger),  # when it must be looked at though nothing happens
            Column("aside", Text),  # why it was put aside; folded again after the mend
            Column("activation", Integer),  # of a model: compare the ledger for it (< 0: and announce); null: none
            Index(prefix + "clusters_due", "due", postgresql_where=Column("due").is_not(None)),
            Index(prefix + "clusters_aside", "cluster", postgresql_where=Column("aside").is_not(None)),
            **HOT_FILL,
        ),
        lead_states=Table(
            prefix + "lead_states",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("cluster", BigInteger, nullable=False),
            Column("last", BigInteger, nullable=False),  # instant of the last touchpoint it took, also of a machine
            Column("fingerprint", BigInteger),  # of the history it was folded of; null: the only one of its cluster
            Column("due", BigInteger),  # when time alone next changes something of it
            Column("state", LargeBinary, nullable=False),
            Index(prefix + "lead_states_cluster", "cluster"),
            Index(prefix + "lead_states_due", "due", postgresql_where=Column("due").is_not(None)),
            **HOT_FILL,
        ),
        leads=Table(
            prefix + "leads",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("stage", Text, nullable=False),
            Column("stage_since", BigInteger, nullable=False),
            Column("identified", Boolean, nullable=False),
            Column("first_touch", BigInteger, nullable=False),
            Column("last_touch", BigInteger, nullable=False),
            Column("touches", Integer, nullable=False),
            Column("identities", Text, nullable=False),  # JSON [[kind, value], ...], at most the first twenty
            Column("profile", Text, nullable=False),  # JSON object
            Column("findings", Text, nullable=False),  # JSON list of data-quality findings
            Column("identity_count", Integer, nullable=False),  # of all
            Column("first_channel", Text, nullable=False),  # of its sources; "direct" where there is none
            Column("last_channel", Text, nullable=False),
            Column("last_seen", BigInteger),  # the person's own last act; null: none
            Column("changed_at", BigInteger, nullable=False),  # when something of it last changed, by time alone too
            Column("owner", Text),  # who takes care of it; null: nobody
            Column("owner_since", BigInteger),
            Column("owner_due", BigInteger),  # until when they must have accepted; null: nobody said
            Column("accepted_at", BigInteger),
            Column("identified_at", BigInteger),  # when something first said who they are; null: nothing did
            Column("won_at", BigInteger),  # when it first entered a stage that is won
            Index(prefix + "leads_last_seen", "last_seen", "lead"),
            index_where("owner IS NOT NULL", prefix + "leads_owner", "owner", "lead"),
            **HOT_FILL,
        ),
        sort_keys=Table(  # beside `leads`, whose rows are written so often that each index on them is dear
            prefix + "sort_keys",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("stage_since", BigInteger),  # null: the lead never entered one
            Column("name", BY_BYTES),  # what the person is called, NFKC and casefolded; null: nobody knows
            Column("first_touch", BigInteger),  # as of `leads`; null: only machines' are known
            Column("identified_at", BigInteger),  # likewise
            Column("qualified_at", BigInteger),  # first in the stage of `promote_to`, else the second; null: never
            Column("hot", Boolean),  # ever was
            Column("won_at", BigInteger),  # first in a stage that is won
            Column("first_channel", Text),  # as of `leads`
            Index(prefix + "sort_keys_stage_since", "stage_since", "lead"),
            Index(prefix + "sort_keys_name", "name", "lead"),
            Index(prefix + "sort_keys_first_touch", "first_touch", "lead"),
            Index(prefix + "sort_keys_identified_at", "identified_at", "lead"),
            index_where("won_at IS NOT NULL", prefix + "sort_keys_won_at", "won_at"),
            **HOT_FILL,
        ),
        lead_terms=Table(
            prefix + "lead_terms",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("term", BY_BYTES, primary_key=True),  # what `q` asks for is a beginning of it
            Index(prefix + "lead_terms_term", "term", "lead"),
        ),
        scores=Table(
            prefix + "scores",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("heat", Double, nullable=False),  # the pair (heat, heat_at), saved as it is
            Column("heat_at", BigInteger, nullable=False),
            Column("z", Double),  # instant (microseconds) at which heat is 1; null when heat <= 0
            Column("hot", Boolean, nullable=False),
            Column("hot_since", BigInteger),
            Column("cools_at", BigInteger),
            Column("grade", Text, nullable=False),
            Column("fit", Double, nullable=False),
            Column("not_a_lead", Text),  # the reason, if excluded
            Column(
                "reasons", Text, nullable=False
            ),  # JSON: [rule, how often, last, points left at heat_at], the top five
            Column("stage", Text),  # as of `leads`: those of a rare stage are read off an index in the order of heat
            Index(prefix + "scores_z", "z", "lead"),
            Index(prefix + "scores_stage", "stage", "z", "lead"),
            **HOT_FILL,
        ),
        stage_history=Table(
            prefix + "stage_history",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("n", Integer, primary_key=True, autoincrement=False),
            Column("stage", Text, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("source", Text, nullable=False),  # source kind that reported it, "" for the first
            Index(prefix + "stage_history_at", "at", "stage"),
        ),
        segment_members=Table(
            prefix + "segment_members",
            meta,
            Column("segment", Text, primary_key=True),
            Column("lead", Uuid, primary_key=True),
            Column("entered_at", BigInteger, nullable=False),
            Index(prefix + "segment_members_lead", "lead"),
        ),
        segment_sizes=Table(  # how many rows of segment_members there are: to count a million takes a second
            prefix + "segment_sizes",
            meta,
            Column("segment", Text, primary_key=True),
            Column("size", BigInteger, nullable=False),
        ),
        segment_spells=Table(
            prefix + "segment_spells",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("segment", Text, primary_key=True),
            Column("entered_at", BigInteger, primary_key=True, autoincrement=False),
            Column("left_at", BigInteger),  # null: it goes on
            Index(prefix + "segment_spells_entered", "segment", "entered_at"),
            **BY_KEY,
        ),
        **funnel_tables(prefix, meta),
        lead_sources=Table(
            prefix + "lead_sources",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("which", Text, primary_key=True),  # first, last, identified, stage
            Column("stage", Text, primary_key=True),  # which one, where `which` is stage; else empty
            Column("since", BigInteger, nullable=False),
            Column("channel", Text, nullable=False),
            Column("source", Text),  # these where somebody said them
            Column("medium", Text),
            Column("campaign", Text),
            Column("content", Text),
            Column("term", Text),
            **HOT_FILL,
        ),
        hot_episodes=Table(
            prefix + "hot_episodes",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("began_at", BigInteger, primary_key=True, autoincrement=False),
            Column("ended_at", BigInteger),  # null: it goes on
            Column("peak", Double, nullable=False),  # the most heat in it
            Column("stage", Text, nullable=False),  # with which it began, and so the grade
            Column("grade", Text, nullable=False),
            Column("reasons", Text, nullable=False),  # JSON: [rule, how often, last, points left at began_at], five
            Index(prefix + "hot_episodes_began", "began_at"),
            **HOT_FILL,
        ),
        touches=Table(
            prefix + "touches",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("at", BigInteger, primary_key=True, autoincrement=False),
            Column("n", Integer, primary_key=True, autoincrement=False),  # of the lead's touchpoints of that instant
            Column("day", Integer, nullable=False),  # since 1970, in the model's zone
            Column("touchpoint", Text, nullable=False),  # the id that its source gave
            Column("type", Text, nullable=False),
            Column("source_kind", Text, nullable=False),
            Column("source", Text, nullable=False),  # who reports
            Column("channel", Text),  # the origin that this very touchpoint bears; null: it bears none
            Column("came_from", Text),
            Column("medium", Text),
            Column("campaign", Text),
            Column("variant", Text),
            Column("path", Text),
            Column("form", Text),
            Column("value", Double),
            Column("revenue", BigInteger),  # millionths of the currency's unit; null: it is none
            Column("currency", Text),
            Column("properties", Text, nullable=False),  # JSON object, without what names the person
            Column("machine", Text),  # why it is a machine's; null: it is a person's
            Column("withheld", Text),  # JSON list of what it did not get (domain/fold/withheld.py); null: nothing
            Index(prefix + "touches_type", "type", "day"),
            index_where(  # alone it says what a lead brought, and when
                "revenue IS NOT NULL AND machine IS NULL",
                prefix + "touches_revenue",
                *("lead", "at", "n", "day", "currency", "revenue"),
            ),
            **by_month,
        ),
        touch_days=Table(  # how many rows of touches there are: to count those of a busy month takes a second
            prefix + "touch_days",
            meta,
            Column("day", Integer, primary_key=True, autoincrement=False),
            Column("type", Text, primary_key=True),
            Column("touchpoints", BigInteger, nullable=False),  # no machine's
            Column("by_machines", BigInteger, nullable=False),
            **BY_KEY,
        ),
        awards=Table(
            prefix + "awards",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("at", BigInteger, primary_key=True, autoincrement=False),
            Column("n", Integer, primary_key=True, autoincrement=False),  # of the lead's awards of that instant
            Column("touchpoint", Text, nullable=False),  # the id that its source gave
            Column("type", Text, nullable=False),
            Column("rule", Text, nullable=False),
            Column("points", Double, nullable=False),
            Column("day", Integer, nullable=False),  # since 1970, in the model's zone
            Column("about", Text),  # the touchpoint's most telling property, a space, its value; null: it has none
            Index(prefix + "awards_day", "day", "rule"),
            sqlite_with_rowid=False,
        ),
    )
