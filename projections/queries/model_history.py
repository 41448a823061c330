"""The activations of models: which version was active since when, by whom, its text, and what it changed."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, Row, Select, select

from domain.errors import NotFound
from domain.model.changed_keys import changed_keys
from domain.phrases import phrase
from projections.queries.cursors import give, take
from projections.queries.shapes import Moment, Page, Shape
from store.audit import activated_by
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
    by: Annotated[str | None, Field(description="who activated it; null: a start of the server, or nobody kept it")]


class ChangedKeyShape(Shape):
    """A key of the model file that is otherwise, and its value as the file writes it."""

    key: Annotated[str, Field(description='entries of lists by their names: score.rules "viewed pricing" points')]
    before: Annotated[str | None, Field(description="null: it was not there")]
    now: Annotated[str | None, Field(description="null: it is not there")]


class ActivatedTextShape(ActivationShape):
    """One activation with the model file's text, and what that says otherwise than the one before."""

    text: str
    changed: list[ChangedKeyShape]


_BEFORE: Final = models.alias("before")


def history(conn: Connection, *, limit: int = 100, cursor: str | None = None) -> Page[ActivationShape]:
    """Activations, the newest first. Raises BadCursor."""
    query = _activations(models.c.activation, models.c.hash, models.c.activated_at)
    rows, following = _page(conn, query, limit, cursor)
    return Page[ActivationShape](items=[ActivationShape(**row) for row in _fields(conn, rows)], next=following)


def told_history(conn: Connection, *, limit: int = 10, cursor: str | None = None) -> Page[ActivatedTextShape]:
    """The same with the texts, and what each changed. Raises BadCursor."""
    rows, following = _page(conn, _activations(*models.c, _BEFORE.c.text.label("text_before")), limit, cursor)
    return Page[ActivatedTextShape](items=_told(conn, rows), next=following)


def activated(conn: Connection, activation: int) -> ActivatedTextShape:
    """One activation with its text. Raises NotFound."""
    query = _activations(*models.c, _BEFORE.c.text.label("text_before"))
    row = conn.execute(query.where(models.c.activation == activation)).one_or_none()
    if row is None:
        raise NotFound(
            phrase("no activation {number}: there are 1 to {last}", number=activation, last=last_activation(conn))
        )
    return _told(conn, [row])[0]


@lru_cache(64)
def changes(before: str, now: str) -> Sequence[ChangedKeyShape]:
    """What one text says otherwise than another. Raises ModelError: one is no TOML."""
    return tuple(ChangedKeyShape(**each._asdict()) for each in changed_keys(before, now))


def _page(
    conn: Connection, query: Select[Any], limit: int, cursor: str | None
) -> tuple[Sequence[Row[Any]], str | None]:
    """The rows of a page, and the cursor of the next one."""
    if cursor is not None:
        query = query.where(models.c.activation < take("activations", cursor, int)[0])
    rows = conn.execute(query.order_by(models.c.activation.desc()).limit(limit + 1)).all()
    following = give("activations", rows[limit - 1].activation) if len(rows) > limit else None
    return rows[:limit], following


def _activations(*columns: ColumnElement[Any]) -> Select[Any]:
    before = _BEFORE.c.activation == models.c.activation - 1
    return select(*columns, _BEFORE.c.hash.label("hash_before")).outerjoin_from(models, _BEFORE, before)


def _told(conn: Connection, rows: Sequence[Row[Any]]) -> list[ActivatedTextShape]:
    return [
        ActivatedTextShape(
            **said, text=row.text, changed=[] if row.text_before is None else list(changes(row.text_before, row.text))
        )
        for said, row in zip(_fields(conn, rows), rows, strict=True)
    ]


def _fields(conn: Connection, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    newest, known = last_activation(conn), activated_by(conn, [row.activation for row in rows])
    return [
        {
            "activation": row.activation, "version": row.hash, "activated_at": row.activated_at,
            "refolded": row.hash != row.hash_before, "active": row.activation == newest,
            "by": known.get(row.activation),
        }
        for row in rows
    ]  # fmt: skip
