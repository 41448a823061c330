"""The models that were active: rows of the database, of which all processes use the last, whatever their file says."""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select

from domain.model.definition import Model, parse_model
from store.database.tables import models
from store.deliveries import begin
from store.model_parts import write_parts


def active_model(conn: Connection) -> Model | None:
    """The model activated last (None: none yet), parsed once a process: ask in every transaction, it is cheap.

    It is active since the first of the activations of its hash in a row: they differ in what the fold does not read.
    """
    return _model(conn, _LAST)


def model_at(conn: Connection, instant: int) -> Model:
    """The model that was active at an instant, before the first activation the first. There must be one.

    Raises ModelError where this release cannot read it.
    """
    earlier = select(func.max(models.c.activation)).where(models.c.activated_at <= instant)
    model = _model(conn, _activated(earlier)) or _model(conn, _activated(select(func.min(models.c.activation))))
    assert model is not None, "there is one"
    return model


def _activated(number: Select[Any]) -> Select[Any]:
    """The text of the activation of that number, and since when what the fold reads of it is active: one round trip."""
    active, same, earlier = models.alias("active"), models.alias("same").c, models.alias("earlier").c
    other = select(func.coalesce(func.max(earlier.activation), 0))
    other = other.where(earlier.hash != active.c.hash, earlier.activation < active.c.activation)
    since = select(func.min(same.activated_at)).where(same.activation <= active.c.activation)
    since = since.where(same.activation > other.correlate(active).scalar_subquery()).correlate(active)
    return select(active.c.text, since.scalar_subquery()).where(active.c.activation == number.scalar_subquery())


_LAST: Final = _activated(select(func.max(models.c.activation)))


def _model(conn: Connection, activation: Select[Any]) -> Model | None:
    row = conn.execute(activation).one_or_none()
    return None if row is None else _parsed(row[0], int(row[1]))


def last_activation(conn: Connection) -> int:
    """The number of the last activation, of whatever it was; 0: there was none."""
    return int(conn.execute(select(func.coalesce(func.max(models.c.activation), 0))).scalar_one())


def record_activation(conn: Connection, model: Model, at: int) -> int:
    """Write that a model is active from an instant (microseconds) on; which activation that is.

    Destinations that the model before had not hear of what is announced from now on.
    """
    before = active_model(conn)
    known = {destination.name for destination in before.destinations} if before else set()
    begin(conn, [destination.name for destination in model.destinations if destination.name not in known])
    number = int(conn.execute(select(func.max(models.c.activation))).scalar_one() or 0) + 1
    row = {"activation": number, "hash": model.hash, "text": model.text, "activated_at": at}
    conn.execute(insert(models).values(row))
    write_parts(conn, model)
    return number


@lru_cache(maxsize=4)
def _parsed(text: str, since: int) -> Model:
    """A model is frozen: whoever asks may have the same one."""
    return parse_model(text).active_since(since)
