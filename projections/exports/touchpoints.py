"""Touchpoints as rows of an export: what was reported, by position; who it is about is a keyed hash."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection

from domain.people.constraints import NAMES_OTHERS, other_side
from domain.touchpoints.identity import Identity
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import Touchpoint
from projections.exports.columns import CellType, ExportColumn, Rows
from projections.exports.growing import Growing
from projections.exports.unnamed import Unnamed
from store.database.tables import events
from store.events.ids import Ids
from store.events.store import EventStore

CHUNK: Final = 1_000
"""Touchpoints in memory at a time: one may have some ten thousand bytes."""

CONTEXT: Final = (
    "campaign", "page", "referrer", "locale", "timezone", "userAgent", "os", "screen", "library", "app", "machine",
    "own_referrer", "said_at",
)  # fmt: skip
"""What is exported of a context: the others say which device it was, or nothing."""
COLUMNS: Final = (
    ExportColumn("position", CellType.INTEGER, "its place among all touchpoints, from 1, in the order of recording"),
    ExportColumn("id", CellType.TEXT, "the id that its source gave; what names the person in it is hashed"),
    ExportColumn("source", CellType.TEXT, "who reports: the name, which scopes ids"),
    ExportColumn("source_kind", CellType.TEXT, "browser, server, provider, import, api or policy"),
    ExportColumn("type", CellType.TEXT, "what happened"),
    ExportColumn("happened_at", CellType.MOMENT, "when it happened, as far as is believed: never after its receipt"),
    ExportColumn("occurred_at", CellType.MOMENT, "when it happened, as the source says"),
    ExportColumn("received_at", CellType.MOMENT, "when it was received"),
    ExportColumn("sent_at", CellType.MOMENT, "when the source sent it, as it says"),
    ExportColumn("recorded_at", CellType.MOMENT, "when it was recorded"),
    ExportColumn("seq", CellType.INTEGER, "its place in its request"),
    ExportColumn("identity", CellType.ID, "the keyed hash of its highest identity, by which `leads` is joined"),
    ExportColumn("identity_kind", CellType.TEXT, "user_id, email, phone or anonymous_id"),
    ExportColumn("trail", CellType.ID, "the keyed hash of the identity nearest to the device"),
    ExportColumn("identities", CellType.JSON, "every identity, highest first: a list of {kind, id}, the id a hash"),
    ExportColumn("machine", CellType.TEXT, "why it is no person's; null where it is one's"),
    ExportColumn("properties", CellType.JSON, "what its source says of it"),
    ExportColumn("context", CellType.JSON, f"of its context: {', '.join(CONTEXT)}"),
)
PERSONAL: Final = (
    *COLUMNS[:-1],
    ExportColumn("context", CellType.JSON, "its context"),
    ExportColumn("values", CellType.JSON, "every identity in the clear: a list of {kind, value}"),
    ExportColumn("profile", CellType.JSON, "what it says of the person"),
)


def touchpoints(events_store: EventStore, ids: Ids, *, personal: bool = False) -> Growing:
    """Touchpoints by position. `personal`: with identities and profile in the clear."""

    def rows(conn: Connection, after: int, until: int) -> Iterator[Rows]:
        for recorded in events_store.scan_range(conn, after, until, CHUNK):
            instants = events_store.recorded_at(conn, recorded[0][0] - 1, recorded[-1][0])
            yield [_row(position, touchpoint, instants[position], ids, personal) for position, touchpoint in recorded]

    return Growing(
        name="touchpoints",
        columns=PERSONAL if personal else COLUMNS,
        position=events.c.position,
        recorded=events.c.recorded,
        rows=rows,
    )


def _row(position: int, touchpoint: Touchpoint, recorded: int, ids: Ids, personal: bool) -> Sequence[Any]:
    identities, context = touchpoint.identities, touchpoint.context
    hashes = [(identity.kind, str(ids.of(identity))) for identity in identities]
    unnamed = None if personal else Unnamed(_who(touchpoint), touchpoint.profile, ids)
    row: tuple[Any, ...] = (
        position,
        storable(touchpoint.id if unnamed is None else unnamed.text(touchpoint.id)),
        touchpoint.source.name,
        touchpoint.source.kind,
        touchpoint.type,
        touchpoint.instant,
        touchpoint.occurred_at,
        touchpoint.received_at,
        touchpoint.sent_at,
        recorded,
        touchpoint.seq,
        hashes[0][1],
        hashes[0][0],
        str(ids.of(touchpoint.trail)),
        _json([{"kind": kind, "id": hash} for kind, hash in hashes]),
        storable(str(context["machine"])) if touchpoint.by_machine else None,
    )
    if unnamed is None:
        values = [{"kind": identity.kind, "value": identity.value} for identity in identities]
        return *row, _json(touchpoint.properties), _json(context), _json(values), _json(touchpoint.profile)
    kept = {name: context[name] for name in CONTEXT if name in context}
    return *row, unnamed.json(touchpoint.properties), unnamed.json(kept)


def _who(touchpoint: Touchpoint) -> Sequence[Identity]:
    """Whom it names: its own identities, and those of the other side of what is said by hand, whoever says it."""
    if touchpoint.type not in NAMES_OTHERS:
        return touchpoint.identities
    return *touchpoint.identities, *other_side(touchpoint._replace(context={}))


def _json(value: Mapping[str, Any] | Sequence[Any]) -> str:
    return orjson.dumps(value).decode()
