"""What channels cost, as it was imported: amounts by channel, campaign, day and currency. They are no touchpoints."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, tuple_

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
    """Take these costs, of which each key stands there once, over those of the same keys: all of them or none."""
    with database.transaction() as conn:
        database.lock(conn, "costs")
        known = _known(conn, given)
        fresh = [cost for cost in given if known.get(cost.key) != cost.amount]
        now = database.now(conn)
        rows = [(key.channel, key.campaign, key.day, key.currency, amount, now) for key, amount in fresh]
        bulk.upsert(conn, costs, rows)
    new = sum(cost.key not in known for cost in fresh)
    return ImportedCosts(new, len(fresh) - new, len(given) - len(fresh))


def _known(conn: Connection, given: Sequence[Cost]) -> dict[CostKey, int]:
    """The amounts that are there on the days of these."""
    if not given:
        return {}
    days = [cost.key.day for cost in given]
    query = select(*_KEY, costs.c.amount).where(costs.c.day.between(min(days), max(days)))
    with translated():
        return {CostKey(*key): amount for *key, amount in conn.execute(query)}


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
    query = select(*_KEY, costs.c.amount).order_by(*_KEY).limit(limit)
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
