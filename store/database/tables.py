"""The tables: event store, positions, rejected input, saved state, read models, signal ledger.

Instants are BIGINT microseconds since 1970 UTC. `_text` columns hold JSON where they say so.
"""

from typing import Final

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

from store.database.derived import BY_BYTES, derived

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

costs: Final = Table(
    "costs",
    metadata,
    Column("channel", BY_BYTES, primary_key=True),
    Column("campaign", BY_BYTES, primary_key=True),  # "" of none
    Column("day", Integer, primary_key=True, autoincrement=False),  # since 1970
    Column("currency", Text, primary_key=True),
    Column("imported_at", BigInteger, primary_key=True, autoincrement=False),
    Column("amount", BigInteger, nullable=False),  # millionths of the currency's unit
    Column("replaced_at", BigInteger),  # by another amount; null: it holds
    Index("costs_day", "day"),
)

api_tokens: Final = Table(
    "api_tokens",
    metadata,
    Column("hash", Text, primary_key=True),  # SHA-256 of the secret, which is kept nowhere
    Column("name", Text, nullable=False),  # whose it is
    Column("role", Text, nullable=False),  # "reader", "sales", "admin"
    Column("owner", Text),  # the owner in the model's [sales] that they are
    Column("made_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("withdrawn_at", BigInteger),
    Column("used_at", BigInteger),  # about: the last use
    Index(
        "api_tokens_name", "name", unique=True, postgresql_where=text("withdrawn_at IS NULL"),
        sqlite_where=text("withdrawn_at IS NULL"),
    ),
)  # fmt: skip

audit: Final = Table(  # who took personal data out, who may ask for it, who activated models
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),  # "export", "token made", "token withdrawn", "model activated"
    Column("what", Text, nullable=False),
    Column("rows", BigInteger),  # how many it was; null of what is not counted
    Index("audit_at", "at", "id"),
)

model_parts: Final = Table(  # what SQL needs of the active model; store/model_parts.py says what each kind holds
    "model_parts",
    metadata,
    Column("kind", Text, primary_key=True),  # "stage", "rule", "setting", ...
    Column("name", Text, primary_key=True),
    Column("place", Integer, nullable=False),  # among those of its kind, from 0
    Column("label", Text),  # JSON: a text, or an object of texts by language
    Column("number", Double),
    Column("says", Text),
)

zone_offsets: Final = Table(  # of the active model's time zone: SQLite knows no zones
    "zone_offsets",
    metadata,
    Column("since", BigInteger, primary_key=True, autoincrement=False),  # the first holds for all before it too
    Column("seconds", Integer, nullable=False),  # that its clocks are ahead of UTC
)

view_definitions: Final = Table(  # of each view for analysts: PostgreSQL does not keep the text that made it
    "view_definitions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("hash", Text, nullable=False),
)

# ---- derived -----------------------------------------------------------------------------------------------------

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
    Column("identity", Text),  # JSON [kind, value] of the lead's highest kind, where it is hot or handed over; private
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
    Index(
        "open_signals_owned", "value", postgresql_where=text("kind = 'lead.assigned'"),
        sqlite_where=text("kind = 'lead.assigned'"),
    ),
    Index("open_signals_to_tell", "holder", postgresql_where=text("earned = -1"), sqlite_where=text("earned = -1")),
)  # fmt: skip

hot_told: Final = Table(  # what open_signals said of hot leads at every instant
    "hot_told",
    metadata,
    Column("lead", Uuid, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("signal", Text),  # the `lead.hot` that the lead held from then on; null: none that anybody was told
)

owner_turns: Final = Table(
    "owner_turns",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("credit", BigInteger, nullable=False),  # of the turns (domain/signals/turns.py): who has most is next
)

deadlines: Final = Table(
    "deadlines",
    metadata,
    Column("kind", Text, primary_key=True),  # "accept", "work", "answer", "follow_up"
    Column("cause", Text, primary_key=True),  # what asks: a signal's id, or a touchpoint's source and id
    Column("lead", Uuid, nullable=False),  # whom it is about now
    Column("owner", Text),  # who is asked; null: the lead had nobody
    Column("signal", Text),  # the `lead.hot` that led to it
    Column("asked", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # "open", "kept", "missed", "dropped"
    Column("settled", BigInteger),  # when it was kept; of a missed one when it was done at last
    Column("by", Text),  # who did it
    Column("note", Text),  # of a follow-up
    Index("deadlines_lead", "lead"),
    Index("deadlines_asked", "asked"),
    Index("deadlines_due", "due", postgresql_where=text("state = 'open'"), sqlite_where=text("state = 'open'")),
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

# ---- past views: derived tables at other pairs, kept for a while -----------------------------------------------------

past_views: Final = Table(
    "past_views",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # its tables are past_<number>_leads, ...
    Column("position", BigInteger, nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("knowing", Text, nullable=False),  # "then": the position is the clock's; "now": that of the building
    Column("model", Text, nullable=False),  # hash of the one that was active at the clock
    Column("format", Integer, nullable=False),  # of the saved state: another release's is as good as none
    Column("built_at", BigInteger),  # null: it is being built
    Column("used_at", BigInteger, nullable=False),  # about: the least recently used goes first
    Column("size", BigInteger),  # rows in its tables
)

# ---- what verifications saw ------------------------------------------------------------------------------------------

verifications: Final = Table(
    "verifications",
    metadata,
    Column("at", BigInteger, primary_key=True, autoincrement=False),  # when it ended
    Column("position", BigInteger, nullable=False),
    Column("clock", BigInteger, nullable=False),
    Column("touchpoints", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("differing", BigInteger, nullable=False),
    Column("aside", BigInteger, nullable=False),  # clusters
)

# ---- work over the whole history that was asked for over HTTP ------------------------------------------------------

jobs: Final = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),  # "verify", ...
    Column("state", Text, nullable=False),  # "running", "done", "failed", "cancelled", "lost"
    Column("began_at", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False),  # when its process last wrote how far it is
    Column("ended_at", BigInteger),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),  # 0: not known yet
    Column("cancelled", Boolean, nullable=False),  # somebody asked for that
    Column("result", Text),  # JSON, of one that is done
    Column("error", Text),  # why it is none
)
