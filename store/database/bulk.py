"""Set-based writes and look-ups over any of our tables: binary COPY on PostgreSQL, executemany on SQLite.

Rows are tuples in the table's column order (or dicts by column name). Everything happens in the caller's transaction.
What values are allowed: store/database/columns.py. Errors are the store's.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, CursorResult, Table

from store.database.columns import array, array_type, arrays, copy_stream, key_parameters, parameters, reader
from store.database.errors import translated

Row = Sequence[Any] | Mapping[str, Any]

FEW: Final = 50
"""Rows that PostgreSQL merges as arrays, by a prepared statement. More are copied into a temporary table first, which
costs a trip; its emptying costs as much as fifty rows."""
_CHUNK: Final = 500
"""Look-up values a statement on SQLite."""
_BLOCK: Final = 1 << 18
"""Bytes that the driver takes at a time from a COPY stream; its default (8 KB) costs a call each."""
_STAGED: Final = "leadline_staged"
"""Of a connection: its transactions (whole and nested), which temporary tables exist, and which may hold rows."""
_PREPARED: Final = "leadline_prepared"
"""Of a connection: the name of each of its prepared statements, which outlive what is rolled back."""
_EXISTING: Final = "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()"


_REPLACE: Final = "{name} = excluded.{name}"
_ADD: Final = "{name} = {table}.{name} + excluded.{name}"
"""What a merge does with a column of a row that is there."""
_ANYWHERE: Final[Mapping[Table, str]] = {}
_WHOLE: Final = {"stream_results": False, "yield_per": None}
"""Options of our statements, whatever the connection's are: all rows are taken from the driver's cursor."""


def insert(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows. Raises IntegrityError (or its kinds) where a key is taken; then the transaction is lost."""
    if not rows:
        return
    with translated():
        tuples = _tuples(table, rows)
        if conn.dialect.name == "postgresql":
            _copy_in(conn, _name(table), table, tuples)
        else:
            _execute(conn, _insert_into(table), parameters(table, tuples))


def insert_new(conn: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert the rows whose keys are not taken, leave the others; how many were new. Of several the first wins."""
    if not rows:
        return 0
    with translated():
        return _execute(conn, *_merge(conn, table, rows, None)).rowcount


def upsert(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows, or replace the ones with their keys. Of several with one key the last wins."""
    upsert_each(conn, [(table, rows)])


def upsert_each(
    conn: Connection,
    writes: Iterable[tuple[Table, Sequence[Row]]],
    additions: Iterable[tuple[Table, Sequence[Row]]] = (),
) -> None:
    """`upsert` of several tables, each given once. On PostgreSQL it is one round trip beside those of many rows.

    `additions`: of these, what is beside the key are numbers, which are added to those that are there.
    """
    with translated():
        merges = [_merge(conn, table, rows, _REPLACE) for table, rows in writes if rows]
        merges += [_merge(conn, table, rows, _ADD) for table, rows in additions if rows]
        if conn.dialect.name == "postgresql" and merges:
            given = chain.from_iterable(given or () for _, given in merges)
            _execute(conn, "; ".join(statement for statement, _ in merges), tuple(given) or None)
        else:
            for statement, tuples in merges:
                _execute(conn, statement, tuples)


def _merge(conn: Connection, table: Table, rows: Sequence[Row], change: str | None) -> tuple[str, Any]:
    """The statement that merges the rows, and its parameters; on PostgreSQL many are staged for it, and it has none.

    `change`: what becomes of each column beside the key of a row that is there; None: the row stays as it is.
    """
    tuples = _one_of_each(table, _tuples(table, rows), last=change is not None)
    conflict = _on_conflict(table, change)
    if conn.dialect.name != "postgresql":
        return f"{_insert_into(table)} {conflict}", parameters(table, tuples)
    if len(tuples) <= FEW:
        columns = arrays(table, tuples)
        return f"EXECUTE {_prepared(conn, table, conflict)} ({', '.join(['%s'] * len(columns))})", tuple(columns)
    staged = _staged(conn, table)
    _copy_in(conn, staged, table, tuples)
    names = _columns(table)
    return f"INSERT INTO {_name(table)} ({names}) SELECT {names} FROM {staged} {conflict}", None


def delete(conn: Connection, table: Table, column_name: str, values: Sequence[Any]) -> None:
    """Delete every row whose column has one of the values."""
    delete_each(conn, [(table, column_name, values)])


def delete_each(
    conn: Connection, deletions: Iterable[tuple[Table, str, Sequence[Any]]], within: Mapping[Table, str] = _ANYWHERE
) -> None:
    """`delete` from several tables: (table, column, values). On PostgreSQL it is one round trip.

    `within`: of a table what holds of all rows that are meant, in SQL: so that PostgreSQL leaves partitions out.
    """
    statements, arrays = [], []
    with translated():
        for table, column_name, values in deletions:
            if not values:
                continue
            column, more = table.columns[column_name], _and(within, table)
            if conn.dialect.name == "postgresql":
                expression, parameter = array(column, values)
                statements.append(f'DELETE FROM {_name(table)} WHERE "{column.name}" = ANY({expression}){more}')
                arrays.append(parameter)
            else:
                keys = [(value,) for value in key_parameters(column, values)]
                _execute(conn, f'DELETE FROM {_name(table)} WHERE "{column.name}" = ?{more}', keys)
        if statements:
            _execute(conn, "; ".join(statements), tuple(arrays))


def delete_keys(conn: Connection, table: Table, keys: Sequence[Sequence[Any]]) -> None:
    """Delete the rows of these primary keys."""
    if not keys:
        return
    columns = list(table.primary_key.columns)
    by_column = [[*values] for values in zip(*keys, strict=True)]
    with translated():
        if conn.dialect.name == "postgresql":
            arrays = [array(column, values) for column, values in zip(columns, by_column, strict=True)]
            names = [f"key_{place}" for place in range(len(columns))]
            same = [
                f"{_name(table)}.{_quoted(column.name)} = gone.{name}"
                for column, name in zip(columns, names, strict=True)
            ]
            expressions = ", ".join(expression for expression, _ in arrays)
            gone = f"unnest({expressions}) AS gone({', '.join(names)})"
            statement = f"DELETE FROM {_name(table)} USING {gone} WHERE {' AND '.join(same)}"
            _execute(conn, statement, tuple(parameter for _, parameter in arrays))
        else:
            marks = " AND ".join(f"{_quoted(column.name)} = ?" for column in columns)
            values = [key_parameters(column, given) for column, given in zip(columns, by_column, strict=True)]
            _execute(conn, f"DELETE FROM {_name(table)} WHERE {marks}", [*zip(*values, strict=True)])


def rename_each(
    conn: Connection, renames: Iterable[tuple[Table, str, Mapping[Any, Any]]], within: Mapping[Table, str] = _ANYWHERE
) -> None:
    """Give every row whose column has a key of a mapping its value: (table, column, mapping). On PostgreSQL it is one
    round trip. No new value may be a former one. `within`: as of `delete_each`."""
    statements, arrays = [], []
    with translated():
        for table, column_name, mapping in renames:
            if not mapping:
                continue
            column, name, more = table.columns[column_name], _quoted(column_name), _and(within, table)
            if conn.dialect.name == "postgresql":
                (before, former), (after, later) = array(column, [*mapping]), array(column, [*mapping.values()])
                statements.append(
                    f"UPDATE {_name(table)} SET {name} = renamed.after"
                    f" FROM unnest({before}, {after}) AS renamed(before, after) WHERE {name} = renamed.before{more}"
                )
                arrays += [former, later]
            else:
                former, later = key_parameters(column, [*mapping]), key_parameters(column, [*mapping.values()])
                pairs = [*zip(later, former, strict=True)]
                _execute(conn, f"UPDATE {_name(table)} SET {name} = ? WHERE {name} = ?{more}", pairs)
        if statements:
            _execute(conn, "; ".join(statements), tuple(arrays))


def select_in(
    conn: Connection,
    table: Table,
    column_names: Sequence[str],
    key_column: str,
    values: Sequence[Any],
    condition: str = "",
) -> list[tuple[Any, ...]]:
    """The named columns of every row whose key column has one of the values, in no order; each row once.

    `condition` is SQL that both databases read, and holds of the rows too.
    """
    columns = [table.columns[name] for name in column_names]
    key = table.columns[key_column]
    distinct = list(dict.fromkeys(values))
    if not distinct:
        return []
    read = reader(columns, conn.dialect.name)
    select = f"SELECT {', '.join(_quoted(column.name) for column in columns)} FROM {_name(table)} WHERE "
    select += f'({condition}) AND "{key.name}"' if condition else f'"{key.name}"'
    with translated():
        if conn.dialect.name == "postgresql":
            expression, parameter = array(key, distinct)
            return read(_execute(conn, f"{select} = ANY({expression})", (parameter,)).cursor.fetchall())
        rows: list[tuple[Any, ...]] = []
        for chunk in _chunks(key_parameters(key, distinct)):
            marks = ",".join("?" * len(chunk))
            rows += read(_execute(conn, f"{select} IN ({marks})", chunk).cursor.fetchall())
        return rows


def _execute(conn: Connection, statement: str, given: Any = None) -> CursorResult[Any]:
    return conn.exec_driver_sql(statement, given, execution_options=_WHOLE)


# ---- PostgreSQL --------------------------------------------------------------------------------------------------


def _copy_in(conn: Connection, target: str, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    # On the connection of the transaction, past SQLAlchemy: COPY has no place in its API.
    stream = copy_stream(table, rows)
    cursor = conn.connection.cursor()
    try:
        cursor.copy_expert(f"COPY {target} ({_columns(table)}) FROM STDIN (FORMAT BINARY)", stream, _BLOCK)
    finally:
        cursor.close()


def copy_out(conn: Connection, query: str) -> bytes:
    """The rows of a query (without parameters) in PostgreSQL's binary COPY format."""
    stream = BytesIO()
    cursor = conn.connection.cursor()
    try:
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", stream, _BLOCK)
    finally:
        cursor.close()
    return stream.getvalue()


def _prepared(conn: Connection, table: Table, conflict: str) -> str:
    """The name of the prepared statement of this connection that merges arrays, one a column: it is planned once."""
    given = ", ".join(f"${n}" for n, _ in enumerate(table.columns, 1))
    insert = f"INSERT INTO {_name(table)} ({_columns(table)}) SELECT * FROM unnest({given}) {conflict}"
    prepared: dict[str, str] = conn.info.setdefault(_PREPARED, {})
    name = prepared.get(insert)
    if name is None:
        name = f"merge_{len(prepared)}"
        types = ", ".join(array_type(column) for column in table.columns)
        _execute(conn, f"PREPARE {name} ({types}) AS {insert}")
        prepared[insert] = name
    return name


def _staged(conn: Connection, table: Table) -> str:
    """An empty temporary table like this one. It lives as long as the connection and is emptied by each commit."""
    name = f"staged_{table.name}"
    now = conn.get_transaction(), conn.get_nested_transaction()
    before, existing, used = conn.info.get(_STAGED, ((None, None), set(), set()))
    if before != now:  # what was created before may have been rolled back since
        existing = set(_execute(conn, _EXISTING).scalars())
        used = set(existing) if before[0] is now[0] else set()
        conn.info[_STAGED] = now, existing, used
    if name not in existing:
        _execute(conn, f"CREATE TEMPORARY TABLE {_quoted(name)} (LIKE {_name(table)}) ON COMMIT DELETE ROWS")
        existing.add(name)
    if name in used:
        _execute(conn, f"TRUNCATE {_quoted(name)}")
    used.add(name)
    return _quoted(name)


# ---- SQL text ----------------------------------------------------------------------------------------------------


def _quoted(name: str) -> str:
    return f'"{name}"'


def _name(table: Table) -> str:
    return _quoted(table.name)


def _columns(table: Table) -> str:
    return ", ".join(_quoted(column.name) for column in table.columns)


def _insert_into(table: Table) -> str:
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {_name(table)} ({_columns(table)}) VALUES ({marks})"


def _and(within: Mapping[Table, str], table: Table) -> str:
    return f" AND {within[table]}" if table in within else ""


def _on_conflict(table: Table, change: str | None) -> str:
    keys = [column.name for column in table.primary_key.columns]
    others = [column.name for column in table.columns if column.name not in keys]
    target = ", ".join(map(_quoted, keys))
    if change is None or not others:
        return f"ON CONFLICT ({target}) DO NOTHING"
    changes = ", ".join(change.format(table=_name(table), name=_quoted(name)) for name in others)
    return f"ON CONFLICT ({target}) DO UPDATE SET {changes}"


# ---- rows --------------------------------------------------------------------------------------------------------


def _tuples(table: Table, rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
    if not isinstance(rows[0], Mapping):
        return rows  # type: ignore[return-value]
    names = [column.name for column in table.columns]
    return [tuple([row.get(name) for name in names]) for row in rows if isinstance(row, Mapping)]


def _one_of_each(table: Table, rows: Sequence[Sequence[Any]], last: bool) -> Sequence[Sequence[Any]]:
    """The rows with each key once: the last of several, or the first."""
    places = [index for index, column in enumerate(table.columns) if column.primary_key]
    ordered = rows if last else reversed(rows)
    if len(places) == 1:
        place = places[0]
        kept = {row[place]: row for row in ordered}
    else:
        kept = {tuple([row[place] for place in places]): row for row in ordered}
    return rows if len(kept) == len(rows) else list(kept.values())


def _chunks(values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(values), _CHUNK):
        yield tuple(values[start : start + _CHUNK])


def key_by_bytes(conn: Connection, table: Table) -> list[ColumnElement[Any]]:
    """What orders a table by its key the same on both databases: texts by their bytes, whatever the locale."""
    return [
        column.collate("C") if conn.dialect.name == "postgresql" and column.type.python_type is str else column
        for column in table.primary_key
    ]
