"""The active model: a row of the database that all processes use, whatever their model file says."""

from sqlalchemy import Connection, func, insert, select

from domain.model.definition import Model, parse_model
from store.database.tables import models


def active_model(conn: Connection) -> Model | None:
    """The model activated last (None: none yet)."""
    row = conn.execute(select(models.c.text).order_by(models.c.activation.desc()).limit(1)).scalar_one_or_none()
    return None if row is None else parse_model(row)


def record_activation(conn: Connection, model: Model, at: int) -> int:
    """Write that a model is active from an instant (microseconds) on; which activation that is."""
    number = int(conn.execute(select(func.max(models.c.activation))).scalar_one() or 0) + 1
    row = {"activation": number, "hash": model.hash, "text": model.text, "activated_at": at}
    conn.execute(insert(models).values(row))
    return number
