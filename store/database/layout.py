"""How tables and indexes lie on disk, where one kind of database asks for something of its own."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Index, text

HOT_FILL: Final[Mapping[str, Any]] = {"postgresql_with": {"fillfactor": 50}}
"""Room for a new version of a row beside the old one: no index need be told of it."""
BY_KEY: Final[Mapping[str, Any]] = {**HOT_FILL, "sqlite_with_rowid": False}
"""Of long keys: one tree, where SQLite would have two."""


def index_where(condition: str, name: str, *columns: str) -> Index:
    """An index of some of the rows."""
    rows = text(condition)
    return Index(name, *columns, postgresql_where=rows, sqlite_where=rows)
