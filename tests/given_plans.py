"""What a database's EXPLAIN says of a query: the indexes it uses, and nothing that reads or sorts everything."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, SelectBase, event

MOST_SORTED = 10_000
"""Rows that a plan may sort, as PostgreSQL estimates them."""

Statement = tuple[str, Any]
"""SQL text and its parameters, as the driver takes them."""


@contextmanager
def statements_of(conn: Connection) -> Iterator[list[Statement]]:
    """What is executed on a connection meanwhile."""
    heard: list[Statement] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        heard.append((statement, parameters))

    event.listen(conn, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(conn, "before_cursor_execute", hear)


def indexes(conn: Connection, query: str, parameters: Any = ()) -> set[str]:
    """The indexes of the query's plan. Fails on any scan of a whole table and on any sort of many rows."""
    return (_of_postgres if conn.dialect.name == "postgresql" else _of_sqlite)(conn, query, parameters)


def indexes_of(conn: Connection, query: SelectBase) -> set[str]:
    return indexes(conn, str(query.compile(conn, compile_kwargs={"literal_binds": True})))


def _of_postgres(conn: Connection, query: str, parameters: Any) -> set[str]:
    [(found,)] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {query}", parameters).all()
    plan = found if isinstance(found, list) else json.loads(found)
    used: set[str] = set()
    nodes = [plan[0]["Plan"]]
    while nodes:
        node = nodes.pop()
        assert node["Node Type"] != "Seq Scan", f"scans {node['Relation Name']}: {query[:200]}"
        assert "Sort" not in node["Node Type"] or node["Plan Rows"] < MOST_SORTED, (
            f"sorts {node['Plan Rows']} rows: {query[:200]}"
        )
        if "Index Name" in node:
            used.add(node["Index Name"])
        nodes += node.get("Plans", ())
    return used


def _of_sqlite(conn: Connection, query: str, parameters: Any) -> set[str]:
    details = [row.detail for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)]
    own = {detail.split()[-1] for detail in details if detail.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    for detail in details:
        scanned = re.match(r"SCAN (\w+)$", detail)
        assert scanned is None or scanned[1] in own, f"scans: {details}: {query[:200]}"
    return {match[1] for detail in details if (match := re.search(r"INDEX (\w+)", detail))}


def sorts(conn: Connection, query: str, parameters: Any = ()) -> bool:
    """Whether the rows of the query are sorted, and not read in their order."""
    if conn.dialect.name == "postgresql":
        [(found,)] = conn.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {query}", parameters).all()
        return "Sort" in json.dumps(found)
    plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters)
    return any("B-TREE FOR" in row.detail for row in plan)
