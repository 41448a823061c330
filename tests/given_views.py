"""The views for analysts as analysts read them: with a connection of a driver alone, and nothing of ours on it."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg2
from sqlalchemy import URL, make_url

from domain.touchpoints.touchpoint import microseconds, rfc3339
from scripts.views import role_statements
from store.database.shown import ShownAs
from store.database.views.view import ReportView


@contextmanager
def plain(url: str) -> Iterator[Any]:
    """A cursor of a driver."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(f"file:{parsed.database}?mode=ro", uri=True)) as file, closing(file.cursor()) as c:
            yield c
    else:
        with closing(_connected(parsed)) as server, server, server.cursor() as cursor:
            yield cursor


def _connected(url: URL) -> Any:
    return psycopg2.connect(**url.translate_connect_args(username="user", database="dbname"))


def asked(url: str, query: str) -> list[tuple[Any, ...]]:
    """What a query answers, as the driver gives it."""
    with plain(url) as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


@contextmanager
def read_only_role(url: str) -> Iterator[str]:
    """The URL of the role that the reference page makes, on that PostgreSQL database of which `url` is the owner's."""
    with closing(_connected(make_url(url))) as server, server, server.cursor() as cursor:
        cursor.execute(role_statements())
    try:
        analyst = make_url(url).set(username="analyst", password="choose one")
        yield analyst.render_as_string(hide_password=False)
    finally:
        with closing(_connected(make_url(url))) as server, server, server.cursor() as cursor:
            cursor.execute("DROP OWNED BY analyst; DROP ROLE analyst")


def columns_of(url: str, name: str) -> list[str]:
    with plain(url) as cursor:
        cursor.execute(f"SELECT * FROM {name} WHERE 1 = 0")
        return [column[0] for column in cursor.description]


def rows_of(url: str, view: ReportView) -> list[dict[str, Any]]:
    """The rows of a view, as both databases must show them, in an order of their own."""
    names = columns_of(url, view.name)
    rows = [dict(zip(names, row, strict=True)) for row in asked(url, f"SELECT * FROM {view.name}")]
    same = [{each.name: _same(each.kind, row[each.name]) for each in view.columns} for row in rows]
    return sorted(same, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def _same(kind: ShownAs, value: Any) -> Any:
    """A value as SQLite shows it, JSON parsed. Fails where it is of another type than the kind says."""
    if value is None:
        return None
    match kind, value:
        case ShownAs.JSON, str():
            return json.loads(value)
        case ShownAs.JSON, _:
            return value
        case ShownAs.MOMENT, datetime():
            return rfc3339(microseconds(value))
        case ShownAs.DAY, date():
            return value.isoformat()
        case ShownAs.MONEY, Decimal():
            return float(value)
        case ShownAs.FLAG, bool():
            return int(value)
    types: dict[ShownAs, type] = {
        ShownAs.COUNT: int, ShownAs.FLAG: int, ShownAs.NUMBER: float, ShownAs.SECONDS: float, ShownAs.MONEY: float,
    }  # fmt: skip
    assert isinstance(value, types.get(kind, str)), (kind, value)
    return value


def one_row(rows: Sequence[dict[str, Any]], **wanted: Any) -> dict[str, Any]:
    """The only row with these values."""
    [row] = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return row
