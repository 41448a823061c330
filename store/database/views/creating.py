"""Has the views for analysts in the database as this release says them.

PostgreSQL replaces a view where it is: grants, and views that analysts made over ours, stay. It lets columns be added
at the end only, and so do we, on both. SQLite's are made anew: it has no grants, and finds what a view reads by name.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache

from sqlalchemy import Connection, delete, insert, inspect, make_url, select
from sqlalchemy.schema import CreateView

from store.database.errors import DatabaseMisconfigured
from store.database.tables import view_definitions
from store.database.views.registry import VIEWS
from store.database.views.view import ReportView


def are_current(conn: Connection) -> bool:
    """Whether all views are there, as this release makes them."""
    made, there = _made(conn), _there(conn)
    return all(view.name in there and made.get(view.name) == _hash(conn.dialect.name, view) for view in VIEWS)


def create(conn: Connection) -> None:
    """Create or replace those that differ, in the caller's transaction, which holds the lock of migrations.

    Columns that a newer release has added stay. Raises DatabaseMisconfigured where a view of such a name is not ours.
    """
    made, there = dict(_made(conn)), _there(conn)
    others = [view.name for view in VIEWS if view.name in there and view.name not in made]
    if others:
        raise DatabaseMisconfigured(
            f"the database has views that Leadline did not make ({', '.join(others)}): rename them (ALTER VIEW ..."
            " RENAME TO ...), the names that begin with report_ are Leadline's"
        )
    for view in VIEWS:
        hash = _hash(conn.dialect.name, view)
        if view.name in there and made[view.name] == hash:
            continue
        for statement in _statements(conn, view, view.name in there):
            conn.exec_driver_sql(statement)
        made[view.name] = hash
    conn.execute(delete(view_definitions))
    conn.execute(insert(view_definitions), [{"name": name, "hash": hash} for name, hash in made.items()])


def _made(conn: Connection) -> Mapping[str, str]:
    """The hash of each view that was made, by any release."""
    return dict(map(tuple, conn.execute(select(view_definitions))))


def _there(conn: Connection) -> frozenset[str]:
    return frozenset(inspect(conn).get_view_names())


@cache
def _hash(dialect: str, view: ReportView) -> str:
    """Of all that it is made with."""
    text = "\n".join([_definition(dialect, view), *_comments(dialect, view)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _statements(conn: Connection, view: ReportView, there: bool) -> Iterator[str]:
    """What makes it, in place of the one that is there."""
    dialect = conn.dialect.name
    columns = [column.name for column in view.columns]
    before = [column["name"] for column in inspect(conn).get_columns(view.name)] if there else []
    if len(before) > len(columns) and before[: len(columns)] == columns:
        return  # a newer release's
    if there and (dialect == "sqlite" or before != columns[: len(before)]):
        yield f"DROP VIEW {view.name}"
    yield _definition(dialect, view)
    yield from _comments(dialect, view)


def _definition(dialect: str, view: ReportView) -> str:
    postgres = dialect == "postgresql"
    create = CreateView(view.select(), view.name, or_replace=postgres)
    text = str(create.compile(dialect=make_url(f"{dialect}://").get_dialect()()))
    # SQLite puts a view into the query that reads it, and then joins two by their lead, which is an expression, row by
    # row with row. With a limit it works out the view by itself, and makes an index for the join.
    return text if postgres else f"{text}\n LIMIT -1"


def _comments(dialect: str, view: ReportView) -> Iterator[str]:
    """On PostgreSQL each view and column bears its description."""
    if dialect == "postgresql":
        yield f"COMMENT ON VIEW {view.name} IS {_quoted(view.about)}"
        for column in view.columns:
            yield f'COMMENT ON COLUMN {view.name}."{column.name}" IS {_quoted(column.about)}'


def _quoted(text: str) -> str:
    """As a literal in a statement of the driver, to which a single percent sign means a parameter."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
