"""The activations of models: which version was active since when, and its text."""

from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import Column, Connection, Row, Select, select

from domain.errors import NotFound
from projections.queries.cursors import give, take
from projections.queries.shapes import Moment, Page, Shape
from store.database.tables import models
from store.models import last_activation


class ActivationShape(Shape):
    """One activation."""

    activation: Annotated[int, Field(description="its number, from 1")]
    version: Annotated[str, Field(description="hash of what leads are folded by")]
    activated_at: Moment
    refolded: Annotated[
        bool, Field(description="leads were folded anew; not where only labels, destinations or owners differed")
    ]
    active: Annotated[bool, Field(description="it is the active one")]


class ActivatedTextShape(ActivationShape):
    """One activation with the model file's text."""

    text: str


_BEFORE: Final = models.alias("before")


def history(conn: Connection, *, limit: int = 100, cursor: str | None = None) -> Page[ActivationShape]:
    """Activations, the newest first. Raises BadCursor."""
    query = _activations(models.c.activation, models.c.hash, models.c.activated_at)
    if cursor is not None:
        query = query.where(models.c.activation < take("activations", cursor, int)[0])
    newest = last_activation(conn)
    rows = conn.execute(query.order_by(models.c.activation.desc()).limit(limit + 1)).all()
    following = give("activations", rows[limit - 1].activation) if len(rows) > limit else None
    items = [ActivationShape(**_fields(row, newest)) for row in rows[:limit]]
    return Page[ActivationShape](items=items, next=following)


def activated(conn: Connection, activation: int) -> ActivatedTextShape:
    """One activation with its text. Raises NotFound."""
    query, newest = _activations(*models.c).where(models.c.activation == activation), last_activation(conn)
    row = conn.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"no activation {activation}: there are 1 to {newest}")
    return ActivatedTextShape(**_fields(row, newest), text=row.text)


def _activations(*columns: Column[Any]) -> Select[Any]:
    before = _BEFORE.c.activation == models.c.activation - 1
    return select(*columns, _BEFORE.c.hash.label("hash_before")).outerjoin_from(models, _BEFORE, before)


def _fields(row: Row[Any], newest: int) -> dict[str, Any]:
    return {
        "activation": row.activation, "version": row.hash, "activated_at": row.activated_at,
        "refolded": row.hash != row.hash_before, "active": row.activation == newest,
    }  # fmt: skip
