"""The active model: a row of the database that all processes use, whatever their model file says."""

from functools import lru_cache

from sqlalchemy import Connection, func, insert, select

from domain.model.definition import Model, parse_model
from store.database.tables import models


def active_model(conn: Connection) -> Model | None:
    """The model activated last (None: none yet), parsed once a process: ask in every transaction, it is cheap."""
    text = conn.execute(select(models.c.text).order_by(models.c.activation.desc()).limit(1)).scalar_one_or_none()
    return None if text is None else _parsed(text)


def record_activation(conn: Connection, model: Model, at: int) -> int:
    """Write that a model is active from an instant (microseconds) on; which activation that is."""
    number = int(conn.execute(select(func.max(models.c.activation))).scalar_one() or 0) + 1
    row = {"activation": number, "hash": model.hash, "text": model.text, "activated_at": at}
    conn.execute(insert(models).values(row))
    return number


@lru_cache(maxsize=4)
def _parsed(text: str) -> Model:
    """A model is frozen: whoever asks may have the same one."""
    return parse_model(text)
