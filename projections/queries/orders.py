"""In which orders leads are listed, and the pages of each: every order walks one index, ties by the lead's id."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, literal, null, select, tuple_

from projections.queries.cursors import give, take
from projections.queries.searching import Search
from store.database.derived import Derived

OrderName = Literal["heat", "last_seen", "stage_since", "name"]


@dataclass(frozen=True, slots=True)
class Order:
    """By which column leads are ordered; those that have none in it come last."""

    key: Callable[[Derived], Column[Any]]
    kind: type
    """Of the key in a cursor."""
    greatest_first: bool = True


ORDERS: Final[Mapping[OrderName, Order]] = {
    "heat": Order(lambda tables: tables.scores.c.z, float),
    "last_seen": Order(lambda tables: tables.leads.c.last_seen, int),
    "stage_since": Order(lambda tables: tables.sort_keys.c.stage_since, int),
    "name": Order(lambda tables: tables.sort_keys.c.name, str, greatest_first=False),
}


def page(
    conn: Connection,
    query: Select[Any],
    tables: Derived,
    name: OrderName,
    limit: int,
    cursor: str | None,
    search: Search | None = None,
    *,
    walks: bool = True,
) -> tuple[list[Row[Any]], str | None]:
    """One page of a query over `leads` with `scores`, and the cursor of the next. Raises BadCursor.

    Two ranges, of those with a key and of those without: NULLS LAST would sort everything. `walks`: whether a search
    may begin with the first of the order.
    """
    order = ORDERS[name]
    after = None if cursor is None else take(f"{tables.prefix}leads by {name}", cursor, order.kind | None, UUID)
    key = order.key(tables)
    beside = key.table is tables.sort_keys
    rows: list[Row[Any]] = []
    if after is None or after[0] is not None:
        if search is not None:
            keys = _with_key(select(key.table.c.lead), order, key, after)
            rows = list(search.rows(conn, query, keys, partial(_by_key, order), limit + 1, walks=walks))
        else:
            with_key = query.join(key.table, key.table.c.lead == tables.leads.c.lead) if beside else query
            rows = list(conn.execute(_with_key(with_key, order, key, after).limit(limit + 1)))
        after = None
    if len(rows) <= limit:
        known = select(key).where(key.table.c.lead == tables.leads.c.lead, key.is_not(None))
        lacks = ~known.exists() if beside else key.is_(None)
        lead = tables.leads.c.lead if beside else key.table.c.lead
        left = limit + 1 - len(rows)
        if search is not None:
            keys = _without_key(select(lead).where(lacks), order, lead, after)
            rows += search.rows(conn, query, keys, partial(_by_lead, order), left, walks=False)
        else:
            rows += conn.execute(_without_key(query.where(lacks), order, lead, after).limit(left))
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], give(f"{tables.prefix}leads by {name}", last.sort_key, last.lead)


def _with_key(query: Select[Any], order: Order, key: Column[Any], after: list[Any] | None) -> Select[Any]:
    lead = key.table.c.lead
    query = query.add_columns(key.label("sort_key")).where(key.is_not(None))
    if after is not None:
        place = tuple_(literal(after[0], key.type), literal(after[1], lead.type))
        query = query.where(tuple_(key, lead) < place if order.greatest_first else tuple_(key, lead) > place)
    return query.order_by(_directed(key, order), _directed(lead, order))


def _without_key(query: Select[Any], order: Order, lead: Column[Any], after: list[Any] | None) -> Select[Any]:
    if after is not None:
        query = query.where(lead < after[1] if order.greatest_first else lead > after[1])
    return query.add_columns(null().label("sort_key")).order_by(_directed(lead, order))


def _by_key(order: Order, rows: Any) -> list[ColumnElement[Any]]:
    """What rows (lead, sort_key) are ordered by."""
    return [_directed(rows.sort_key, order), _directed(rows.lead, order)]


def _by_lead(order: Order, rows: Any) -> list[ColumnElement[Any]]:
    """What those without a key are ordered by."""
    return [_directed(rows.lead, order)]


def _directed(column: Column[Any], order: Order) -> ColumnElement[Any]:
    return column.desc() if order.greatest_first else column.asc()
