"""Stored events as they are read: rows of a condition, their bytes opened."""

import struct
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Column, Connection, select

from domain.touchpoints.event import TouchpointRecorded, event_class
from domain.touchpoints.touchpoint import Position, Touchpoint
from store.database import bulk
from store.database.columns import array, key_parameters
from store.database.errors import translated
from store.database.tables import events
from store.events import sealing

Recorded = tuple[Position, Touchpoint]
"""A touchpoint and its position."""
_Stored = tuple[Position, bytes, bytes]
"""A position, its trail (the 16 bytes of its id) and the stored bytes."""

_TOPIC: Final = TouchpointRecorded.TOPIC
_ROW: Final = struct.Struct("!hiqi16si")
"""Of a COPY row (position, trail, state): count of fields, each one's length and value; the state follows."""


def read_in(conn: Connection, column: Column[Any], values: Sequence[Any], bounds: str) -> list[Recorded]:
    """Touchpoints of which a column has one of these values, within bounds, by position. Raises UnknownTopic."""
    distinct = list(dict.fromkeys(values))
    if not distinct:
        return []
    if conn.dialect.name == "postgresql":
        expression, literal = array(column, distinct)  # hexadecimal digits, commas, quotes: nothing to escape
        quoted = f"'{literal}'"
        return read_where(conn, f"{column.name} = ANY({expression.replace('%s', quoted)}) AND {bounds}", (), "")
    recorded: list[Recorded] = []
    keys = key_parameters(column, distinct)
    for start in range(0, len(keys), 500):
        chunk = tuple(keys[start : start + 500])
        recorded += read_where(conn, f"{column.name} IN ({','.join('?' * len(chunk))}) AND {bounds}", chunk, "")
    recorded.sort(key=itemgetter(0))
    return recorded


def read_where(conn: Connection, condition: str, parameters: tuple[Any, ...], limit: str) -> list[Recorded]:
    """Touchpoints for which a condition holds, by position. Raises UnknownTopic."""
    # No state for another topic: seen without sending the topic with every row.
    query = (
        f"SELECT position, trail, CASE WHEN topic = '{_TOPIC}' THEN state END FROM events WHERE {condition}"
        f" ORDER BY position{limit}"
    )
    with translated():
        if conn.dialect.name == "postgresql":
            rows = _parsed(bulk.copy_out(conn, query))
        else:
            hexadecimal = bytes.fromhex
            cursor = conn.connection.cursor().execute(query, parameters)
            rows = [(position, hexadecimal(trail), state) for position, trail, state in cursor]
        _check(conn, rows)
    opened = sealing.opened
    return [(position, opened(trail, state)) for position, trail, state in rows]


def _parsed(data: bytes) -> list[_Stored]:
    rows: list[_Stored] = []
    unpack, size = _ROW.unpack_from, _ROW.size
    offset = 19
    while True:
        if data[offset : offset + 2] == b"\xff\xff":  # the end mark
            return rows
        _, _, position, _, trail, length = unpack(data, offset)
        offset += size
        if length < 0:
            rows.append((position, trail, None))  # type: ignore[arg-type]
            continue
        rows.append((position, trail, data[offset : offset + length]))
        offset += length


def _check(conn: Connection, rows: Sequence[_Stored]) -> None:
    """Raises UnknownTopic where an event is none that this release knows: never skip it."""
    for position, _, state in rows:
        if state is None:
            topic = conn.execute(select(events.c.topic).where(events.c.position == position)).scalar_one()
            event_class(topic)
