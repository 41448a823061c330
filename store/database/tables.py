"""The tables: event store, positions, rejected input, saved state, read models, signal ledger.

Instants are BIGINT microseconds since 1970 UTC. `_text` columns hold JSON where they say so.
"""

from dataclasses import dataclass, fields
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata: Final = MetaData()

# ---- recorded ----------------------------------------------------------------------------------------------------

events: Final = Table(
    "events",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("trail", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    # The clear part; null for events that are not touchpoints (applications of the eventsourcing library).
    Column("type", Text),
    Column("instant", BigInteger),
    Column("seq", Integer),
    Column("received", BigInteger),
    Column("recorded", BigInteger),
    Column("source", Text),
    Column("dedupe", LargeBinary),
    UniqueConstraint("trail", "version", name="events_trail_version"),
    UniqueConstraint("dedupe", name="events_dedupe"),
)

snapshots: Final = Table(
    "snapshots",
    metadata,
    Column("trail", Uuid, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

tracking: Final = Table(
    "tracking",
    metadata,
    Column("name", Text, primary_key=True),  # "consumer:upstream", or a source's cluster/topic/partition
    Column("position", BigInteger, nullable=False),
)

rejected: Final = Table(
    "rejected",
    metadata,
    Column("id", Text, primary_key=True),  # a hash of where it came from and its bytes: keeping it twice is once
    Column("at", BigInteger, nullable=False),
    Column("door", Text, nullable=False),  # which door refused it: "v1/track", "form/contact-us", "import", "log", ...
    Column("reason", Text, nullable=False),
    Column("source", Text),
    Column("raw", LargeBinary, nullable=False),
    Column("meta", Text, nullable=False),  # JSON: what a replay needs (path, query, headers, received_at, ...)
    Column("replayed_at", BigInteger),
)

installation: Final = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),  # "id_key", "log"
    Column("value", LargeBinary, nullable=False),
)

models: Final = Table(
    "models",
    metadata,
    Column("activation", Integer, primary_key=True, autoincrement=False),  # 1, 2, ...: the greatest is active
    Column("hash", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("activated_at", BigInteger, nullable=False),
)

# ---- derived: saved state and read models ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Derived:
    """The derived tables of one build: the live ones, or a build beside them (`prefix`)."""

    prefix: str
    metadata: MetaData
    projector: Table
    identities: Table
    clusters: Table
    lead_states: Table
    leads: Table
    scores: Table
    stage_history: Table
    segment_members: Table
    funnel_leads: Table
    lead_sources: Table

    @property
    def all(self) -> tuple[Table, ...]:
        """Every derived table: what a rebuild builds anew and switches."""
        return tuple(table for field in fields(self) if isinstance(table := getattr(self, field.name), Table))


def derived(prefix: str = "", into: MetaData | None = None) -> Derived:
    """The derived tables under a name prefix."""
    meta = MetaData() if into is None else into
    hot_fill: dict[str, Any] = {"postgresql_with": {"fillfactor": 50}}
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
        ),
        identities=Table(
            prefix + "identities",
            meta,
            Column("id", Uuid, primary_key=True),  # H(identity), and every lead id
            Column("cluster", BigInteger),  # none while nothing that it binds was seen
            Column("seen", Text),  # JSON {kind: {H(higher identity): first instant}}, of each kind the limit + 1 least
            Column("claimed", Text),  # the same of whom claims named it with, by value: findings say it
            Index(prefix + "identities_cluster", "cluster"),
            **hot_fill,
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
            **hot_fill,
        ),
        lead_states=Table(
            prefix + "lead_states",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("cluster", BigInteger, nullable=False),
            Column("last", BigInteger, nullable=False),  # instant of its last touchpoint
            Column("fingerprint", BigInteger),  # of the history it was folded of; null: the only one of its cluster
            Column("due", BigInteger),  # when time alone next changes something of it
            Column("state", LargeBinary, nullable=False),
            Index(prefix + "lead_states_cluster", "cluster"),
            Index(prefix + "lead_states_due", "due", postgresql_where=Column("due").is_not(None)),
            **hot_fill,
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
            **hot_fill,
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
            Index(prefix + "scores_z", "z", "lead"),
            **hot_fill,
        ),
        stage_history=Table(
            prefix + "stage_history",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("n", Integer, primary_key=True, autoincrement=False),
            Column("stage", Text, nullable=False),
            Column("at", BigInteger, nullable=False),
            Column("source", Text, nullable=False),  # source kind that reported it, "" for the first
        ),
        segment_members=Table(
            prefix + "segment_members",
            meta,
            Column("segment", Text, primary_key=True),
            Column("lead", Uuid, primary_key=True),
            Column("entered_at", BigInteger, nullable=False),
            Index(prefix + "segment_members_lead", "lead"),
        ),
        funnel_leads=Table(
            prefix + "funnel_leads",
            meta,
            Column("lead", Uuid, primary_key=True),
            Column("funnel", Text, primary_key=True),
            Column("step", Integer, nullable=False),  # furthest step reached, from 1
            Column("started_at", BigInteger, nullable=False),  # first step of the earliest furthest attempt
            Column("reached_at", BigInteger, nullable=False),  # when that attempt reached `step`
            Column("open_until", BigInteger),  # last instant for the next step; null after the last step
            Index(prefix + "funnel_leads_started", "funnel", "started_at"),
            **hot_fill,
        ),
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
            **hot_fill,
        ),
    )


live: Final = derived("", metadata)

# ---- decided -----------------------------------------------------------------------------------------------------

ledger: Final = Table(
    "ledger",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),  # "<lead>:<kind>:<counter>"
    Column("kind", Text, nullable=False),
    Column("lead", Uuid, nullable=False),  # under which it was announced
    Column("lead_now", Uuid, nullable=False),
    Column("subject", Text, nullable=False),  # the segment, the stage; "" for hot
    Column("at", BigInteger, nullable=False),  # the decision's instant
    Column("closes", Text),  # id of the signal that this one ends
    Column("data", Text, nullable=False),  # JSON: reasons, from, to, ...
    Column("asks", Text),  # JSON: what is asked of the lead because of it (store/ledger.py), null where nothing is
    CheckConstraint("position > 0", name="ledger_position"),
    Index("ledger_lead", "lead"),
)

open_signals: Final = Table(
    "open_signals",
    metadata,
    Column("holder", Uuid, primary_key=True),  # the lead that holds it now
    Column("kind", Text, primary_key=True),  # of the signal that opened it: "lead.hot", "segment.entered", ...
    Column("subject", Text, primary_key=True),  # the segment; "" for hot and stage
    Column("signal", Text),  # its id; null of what is quiet: it holds since a change of the model, nobody was told
    Column("lead", Uuid, nullable=False),  # under which it was announced
    Column("at", BigInteger, nullable=False),
    Column("value", Text, nullable=False),  # the stage; of hot the one that the lead is asked into; "" otherwise
    Column("since", BigInteger, nullable=False),  # when what it announces began
    Column("earned", BigInteger),  # of what is quiet: when the lead had last earned points; -1: to be announced
    Column("waits", Boolean, nullable=False),  # the promotion of a hot lead waits for what its stage requires
    Index("open_signals_to_tell", "holder", postgresql_where=text("earned = -1"), sqlite_where=text("earned = -1")),
)

# ---- delivered: what became of each signal at each destination ----------------------------------------------------

destinations: Final = Table(
    "destinations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),  # in the ledger: what is behind it was looked at
    Column("ready", BigInteger, nullable=False),  # nothing is sent before: its rate, or a pause after a failure
    Column("failures", Integer, nullable=False),  # in a row
    Column("last_success", BigInteger),
)

deliveries: Final = Table(
    "deliveries",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("signal", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),  # of the signal in the ledger
    Column("lead", Uuid, nullable=False),  # signals of one lead arrive in their order
    Column("state", Text, nullable=False),  # "waiting", "delivered", "canceled", "dead"
    Column("attempts", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),  # when it is tried (again)
    Column("in_doubt", Boolean, nullable=False),  # it was handed over, and no answer is known
    Column("outcome", Text, nullable=False),  # what was answered last
    Column("at", BigInteger, nullable=False),  # of the state
    Index(
        "deliveries_waiting", "destination", "position", postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index(
        "deliveries_order", "destination", "lead", "position", postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
    Index("deliveries_dead", "at", postgresql_where=text("state = 'dead'"), sqlite_where=text("state = 'dead'")),
)  # fmt: skip
