"""Rows to write, and transactions that are rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from uuid import UUID

from sqlalchemy import Connection

from store.database import bulk
from store.database.database import Database
from store.database.tables import live

SCORE = (UUID(int=1), 1.5, 2, None, False, None, None, "A", 0.0, None, "[]", "lead")


def member(n: int, at: int = 0) -> tuple[Any, ...]:
    return "returners", UUID(int=n), at


def score(**changed: Any) -> tuple[Any, ...]:
    names = [column.name for column in live.scores.columns]
    return tuple({**dict(zip(names, SCORE, strict=True)), **changed}.values())


@contextmanager
def undone(database: Database, few: int = bulk.FEW) -> Iterator[Connection]:
    """A transaction that is rolled back, in which up to so many rows are few."""
    with mock.patch.object(bulk, "FEW", few), database.engine.connect() as conn, conn.begin() as transaction:
        yield conn
        transaction.rollback()
