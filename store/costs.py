"""What channels cost, as it was imported: amounts by channel, campaign, day and currency. They are no touchpoints."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select, tuple_

from store.database import bulk
from store.database.database import Database
from store.database.errors import translated
from store.database.tables import costs

_KEY: Final = (costs.c.day, costs.c.channel, costs.c.campaign, costs.c.currency)


class CostKey(NamedTuple):
    """What a cost is of. `day` is since 1970, in the zone of whoever billed it; `campaign` "": of none."""

    day: int
    channel: str
    campaign: str
    currency: str


class Cost(NamedTuple):
    """What was spent, in millionths of a unit of its currency."""

    key: CostKey
    amount: int


class ImportedCosts(NamedTuple):
    """How many costs were new, how many replaced another amount, and how many were there already."""

    new: int
    changed: int
    same: int


def import_costs(database: Database, given: Sequence[Cost]) -> ImportedCosts:
    """Take these costs, of which each key stands there once, over those of the same keys: all of them or none.

    What is replaced is kept, with the instant until which it held.
    """
    with database.transaction() as conn:
        database.lock(conn, "costs")
        known = _known(conn, given)
        same = sum(cost.key in known and known[cost.key].amount == cost.amount for cost in given)
        fresh = [cost for cost in given if cost.key not in known or known[cost.key].amount != cost.amount]
        replaced = [known[cost.key] for cost in fresh if cost.key in known]
        now = max(database.now(conn), *(each.imported_at + 1 for each in replaced), 0)  # whatever the clock says
        bulk.upsert(conn, costs, [_row(Cost(each.key, each.amount), each.imported_at, now) for each in replaced])
        bulk.insert(conn, costs, [_row(cost, now, None) for cost in fresh])
    return ImportedCosts(len(fresh) - len(replaced), len(replaced), same)


def _row(cost: Cost, imported_at: int, replaced_at: int | None) -> tuple[object, ...]:
    key = cost.key
    return key.channel, key.campaign, key.day, key.currency, imported_at, cost.amount, replaced_at


class _Known(NamedTuple):
    key: CostKey
    amount: int
    imported_at: int


def _known(conn: Connection, given: Sequence[Cost]) -> dict[CostKey, _Known]:
    """The costs that hold on the days of these."""
    if not given:
        return {}
    days = [cost.key.day for cost in given]
    query = select(*_KEY, costs.c.amount, costs.c.imported_at).where(held(), costs.c.day.between(min(days), max(days)))
    with translated():
        rows = [_Known(CostKey(*key), amount, at) for *key, amount, at in conn.execute(query)]
    return {each.key: each for each in rows}


def held(at: int | None = None) -> ColumnElement[bool]:
    """That a cost holds; with an instant, that it was imported by then and not replaced yet."""
    replaced_at = costs.c.replaced_at
    if at is None:
        return replaced_at.is_(None)
    return and_(costs.c.imported_at <= at, or_(replaced_at.is_(None), replaced_at > at))


def listed_costs(
    conn: Connection,
    limit: int,
    after: CostKey | None = None,
    *,
    first: int | None = None,
    end: int | None = None,
    channel: str | None = None,
) -> list[Cost]:
    """The next costs by their keys after such a one: of the days from `first` to before `end`, of a channel."""
    query = select(*_KEY, costs.c.amount).where(held()).order_by(*_KEY).limit(limit)
    if after is not None:
        query = query.where(tuple_(*_KEY) > after)
    if first is not None:
        query = query.where(costs.c.day >= first)
    if end is not None:
        query = query.where(costs.c.day < end)
    if channel is not None:
        query = query.where(costs.c.channel == channel)
    with translated():
        return [Cost(CostKey(*key), amount) for *key, amount in conn.execute(query)]
