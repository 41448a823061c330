"""Bulk writes and look-ups over every table that there is, with any value that may be stored."""

import math
import struct
from collections.abc import Iterator
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest
from eventsourcing.persistence import DataError, IntegrityError
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, LargeBinary, Table, Text, Uuid, select

from store.database import bulk
from store.database.database import Database, open_database
from store.database.derived import derived
from store.database.tables import api_tokens, events, installation, ledger, live, metadata, past_views
from tests.domain.histories import law
from tests.store.given_rows import SCORE, member, score, undone

LIVE = sorted(metadata.tables)

FEW = st.sampled_from([0, bulk.FEW])
"""Rows that are merged as arrays: none, or all of them."""


@pytest.fixture(scope="module")
def laws_database(url_of_module: str) -> Iterator[Database]:
    """Of all laws, each of which undoes what it did: with a partition of `touches` for whatever instant."""
    database = open_database(url_of_module, b"an id key for tests, not secret!")
    if database.dialect == "postgresql":
        with database.transaction() as conn:
            conn.exec_driver_sql("CREATE TABLE touches_of_any_month PARTITION OF touches DEFAULT")
    yield database
    database.close()


def values(column: Column[Any]) -> st.SearchStrategy[Any]:
    """Any value that the column may hold."""
    match column.type:
        case Boolean():
            found: st.SearchStrategy[Any] = st.booleans()
        case BigInteger():
            found = st.integers(1, 2**63 - 1) if column.name == "position" else st.integers(-(2**63), 2**63 - 1)
        case Integer():
            found = st.integers(-(2**31), 2**31 - 1)
        case Double():
            found = st.floats(allow_nan=False)
        case Text():
            found = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
        case Uuid():
            found = st.uuids()
        case LargeBinary():
            found = st.binary(max_size=60)
        case other:
            raise AssertionError(other)
    return st.none() | found if column.nullable else found


def rows_of(table: Table) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    """Rows with keys that may repeat; other unique columns follow the key."""
    rows = st.lists(st.tuples(*map(values, table.columns)), max_size=8)
    if table is ledger:
        return rows.map(lambda found: [(row[0], str(row[0]), *row[2:]) for row in found])
    if table is api_tokens:
        return rows.map(lambda found: [(row[0], row[0], *row[2:]) for row in found])
    if table is past_views:
        return rows.map(lambda found: [(row[0], crc32(row[0].encode()), *row[2:]) for row in found])
    if table is events:
        return rows.map(lambda found: [(*row[:2], row[0], *row[3:-1], struct.pack("!q", row[0])) for row in found])
    return rows


def as_stored(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """The row as both databases give it back: negative zero is zero."""
    return tuple(value + 0.0 if isinstance(value, float) else value for value in row)


def key_of(table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(value for column, value in zip(table.columns, row, strict=True) if column.primary_key)


def exact(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows to compare bit by bit, whatever their order."""
    bits = [
        tuple((type(value).__name__, struct.pack("!d", value) if isinstance(value, float) else value) for value in row)
        for row in rows
    ]
    return sorted(bits, key=repr)


@pytest.mark.parametrize("name", LIVE)
@given(data=st.data())
@law(15)
def test_upsert_then_look_up_then_delete(laws_database: Database, name: str, data: st.DataObject) -> None:
    table = metadata.tables[name]
    names = [column.name for column in table.columns]
    key = table.primary_key.columns[0].name
    place = names.index(key)
    with undone(laws_database, data.draw(FEW)) as conn:
        conn.execute(table.delete())
        expected: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for rows in data.draw(st.lists(rows_of(table), min_size=1, max_size=3)):
            bulk.upsert(conn, table, rows)
            expected.update((key_of(table, row), as_stored(row)) for row in rows)
        wanted = list(expected.values())
        keys = [row[place] for row in wanted]
        assert exact(bulk.select_in(conn, table, names, key, [*keys, *keys])) == exact(wanted)
        gone = keys[: len(keys) // 2]
        bulk.delete(conn, table, key, gone)
        assert exact(bulk.select_in(conn, table, names, key, keys)) == exact(
            [row for row in wanted if row[place] not in gone]
        )


@pytest.mark.parametrize("name", LIVE)
@given(data=st.data())
@law(15)
def test_rows_go_by_their_keys(laws_database: Database, name: str, data: st.DataObject) -> None:
    table = metadata.tables[name]
    rows = list({key_of(table, row): row for row in data.draw(rows_of(table))}.values())
    with undone(laws_database) as conn:
        conn.execute(table.delete())
        bulk.insert(conn, table, rows)
        gone = [key_of(table, row) for row in rows[: len(rows) // 2]]
        bulk.delete_keys(conn, table, gone)
        bulk.delete_keys(conn, table, [])
        left = [key_of(table, tuple(row)) for row in conn.execute(table.select())]
        assert exact(left) == exact([key_of(table, as_stored(row)) for row in rows[len(gone) :]])


@pytest.mark.parametrize("name", LIVE)
@given(data=st.data())
@law(15)
def test_insert_and_insert_new_read_back(laws_database: Database, name: str, data: st.DataObject) -> None:
    table = metadata.tables[name]
    rows = list({key_of(table, row): row for row in data.draw(rows_of(table))}.values())
    with undone(laws_database, data.draw(FEW)) as conn:
        conn.execute(table.delete())
        half = rows[: len(rows) // 2]
        bulk.insert(conn, table, half)
        assert bulk.insert_new(conn, table, rows) == len(rows) - len(half)
        assert bulk.insert_new(conn, table, rows) == 0
        names = [column.name for column in table.columns]
        key = table.primary_key.columns[0].name
        keys = [row[names.index(key)] for row in rows]
        assert exact(bulk.select_in(conn, table, names, key, keys)) == exact([as_stored(row) for row in rows])
        # What our own writes store, SQLAlchemy reads.
        assert exact([tuple(row) for row in conn.execute(select(table))]) == exact([as_stored(row) for row in rows])


def test_rows_may_be_dicts_and_the_last_of_a_key_wins(database: Database) -> None:
    table = live.segment_members
    with database.transaction() as conn:
        bulk.upsert(conn, table, [{"lead": UUID(int=1), "segment": "returners", "entered_at": 5}])
        bulk.upsert(conn, table, [member(2, 1), member(2, 2), member(1, 6)])
        assert bulk.insert_new(conn, table, [member(3, 1), member(3, 2), member(1, 9)]) == 1
        found = bulk.select_in(conn, table, ["lead", "entered_at"], "segment", ["returners"])
    assert sorted(found, key=lambda pair: pair[0].int) == [(UUID(int=1), 6), (UUID(int=2), 2), (UUID(int=3), 1)]


def test_many_rows_and_look_ups_of_every_key_type(database: Database) -> None:
    table, count = live.segment_members, 3_000
    with database.transaction() as conn:
        bulk.insert(conn, table, [(f"s'{{\"\\,{n % 3}", UUID(int=n), n) for n in range(count)])
        by_lead = bulk.select_in(conn, table, ["entered_at"], "lead", [UUID(int=n) for n in range(0, count, 2)])
        assert sorted(by_lead) == [(n,) for n in range(0, count, 2)]
        assert len(bulk.select_in(conn, table, ["lead"], "entered_at", range(10))) == 10
        assert len(bulk.select_in(conn, table, ["lead"], "segment", ["s'{\"\\,1", "nobody's"])) == count // 3
        bulk.delete(conn, table, "lead", [UUID(int=n) for n in range(1, count)])
        assert bulk.select_in(conn, table, ["entered_at"], "lead", [UUID(int=0), UUID(int=1)]) == [(0,)]
        bulk.insert(conn, installation, [("log", b"\x00\\x\xff")])
        assert bulk.select_in(conn, installation, ["name"], "value", [b"\x00\\x\xff", b""]) == [("log",)]


@pytest.mark.parametrize("whose", ["connection", "query"])
def test_a_connection_that_reads_in_parts_loses_no_rows(database: Database, whose: str) -> None:
    """Of what a connection reads in parts the driver's cursor has only what comes after the part at hand."""
    names = [f"n{n}" for n in range(30)]
    with undone(database) as conn:
        bulk.insert(conn, live.segment_members, [(name, UUID(int=n), n) for n, name in enumerate(names)])
        query = select(live.segment_members.c.segment)
        if whose == "connection":
            parts = conn.execution_options(yield_per=4).execute(query)
        else:
            parts = conn.execute(query.execution_options(yield_per=4))
        first = parts.scalars().fetchmany(2)
        read = bulk.select_in(conn, live.segment_members, ["segment"], "segment", names)
        assert sorted(name for (name,) in read) == sorted(names)
        bulk.upsert(conn, live.segment_members, [("n0", UUID(int=0), 7)])
        bulk.delete(conn, live.segment_members, "segment", ["n1"])
        assert len(first) == 2
        parts.close()
        assert len(bulk.select_in(conn, live.segment_members, ["entered_at"], "segment", names)) == 29


def test_several_tables_are_written_and_emptied_together(database: Database) -> None:
    """Tables without rows or values are left out; the last of a key wins in each."""
    first, second = UUID(int=1), UUID(int=2)
    sort_keys, terms = live.sort_keys, live.lead_terms
    with database.transaction() as conn:
        bulk.upsert(conn, terms, [(second, "zoe")])
        bulk.upsert_each(conn, [
            (live.scores, [score(lead=first, heat=1.0), score(lead=second), score(lead=first, heat=2.0)]),
            (sort_keys, []),
            (terms, [(first, "ada"), (second, "zoe")]),
        ])  # fmt: skip
        heats = dict(bulk.select_in(conn, live.scores, ["lead", "heat"], "lead", [first, second]))
        assert heats == {first: 2.0, second: SCORE[1]}
        assert sorted(conn.execute(select(terms.c.term)).scalars()) == ["ada", "zoe"]
        bulk.delete_each(
            conn, [(live.scores, "lead", [second]), (sort_keys, "lead", []), (terms, "term", ["ada", "x"])]
        )
        assert conn.execute(select(live.scores.c.lead)).scalars().all() == [first]
        assert conn.execute(select(terms.c.term)).scalars().all() == ["zoe"]
        bulk.upsert_each(conn, [(sort_keys, []), (terms, [])])
        bulk.delete_each(conn, [])


@pytest.mark.parametrize("few", [bulk.FEW, 0])
def test_numbers_are_added_to_those_that_are_there(
    database: Database, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the rows are given as arrays or staged."""
    monkeypatch.setattr(bulk, "FEW", few)
    days = live.touch_days
    with database.transaction() as conn:
        bulk.upsert_each(conn, [], [(days, [(1, "a", 2, 0), (1, "b", 1, 1)]), (live.segment_sizes, [])])
        bulk.upsert_each(conn, [(live.segment_sizes, [("s", 5)])], [(days, [(1, "b", 4, -1), (2, "a", 1, 0)])])
        bulk.upsert_each(conn, [(live.segment_sizes, [("s", 3)])], [(days, [(1, "a", -2, 0)])])
        rows = sorted(tuple(row) for row in conn.execute(select(days)))
        assert rows == [(1, "a", 0, 0), (1, "b", 5, 0), (2, "a", 1, 0)]
        assert conn.execute(select(live.segment_sizes.c.size)).scalar_one() == 3


def test_what_holds_of_all_that_is_meant_narrows_deletions_and_renames(database: Database) -> None:
    first, second, third = UUID(int=1), UUID(int=2), UUID(int=3)
    terms, scores, within = live.lead_terms, live.scores, {live.lead_terms: "term >= 'b'"}
    with database.transaction() as conn:
        bulk.upsert_each(conn, [
            (terms, [(first, "a"), (first, "b"), (second, "a"), (second, "b")]), (scores, [score(lead=second)]),
        ])  # fmt: skip
        bulk.rename_each(conn, [(terms, "lead", {first: third}), (scores, "lead", {second: third})], within)
        bulk.delete_each(conn, [(terms, "lead", [second])], within)
        assert sorted(bulk.select_in(conn, terms, ["lead", "term"], "lead", [first, second, third])) == [
            (first, "a"), (second, "a"), (third, "b"),
        ]  # fmt: skip
        assert bulk.select_in(conn, scores, ["lead"], "lead", [second, third]) == [(third,)]


def test_nothing_is_nothing(database: Database) -> None:
    table = live.leads
    with database.transaction() as conn:
        bulk.insert(conn, table, [])
        bulk.upsert(conn, table, [])
        bulk.delete(conn, table, "lead", [])
        assert bulk.insert_new(conn, table, []) == 0
        assert bulk.select_in(conn, table, ["lead"], "lead", []) == []


def test_a_build_beside_the_live_tables(database: Database) -> None:
    beside = derived("next_")
    with database.transaction() as conn:
        beside.metadata.create_all(conn)
        bulk.upsert(conn, beside.segment_members, [member(1)])
        bulk.upsert(conn, live.segment_members, [member(2)])
        bulk.upsert(conn, beside.segment_members, [member(3)])
        leads = bulk.select_in(conn, beside.segment_members, ["lead"], "segment", ["returners"])
        assert sorted(lead.int for (lead,) in leads) == [1, 3]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"grade": "A\x00"}, r"scores\.grade: cannot store this str: text must not contain NUL"),
        ({"grade": "\ud800"}, r"scores\.grade: cannot store this str"),
        ({"heat": math.nan}, r"scores\.heat: cannot store this float: NaN"),
        ({"heat_at": 2**63}, r"scores\.heat_at: cannot store this int"),
        ({"heat_at": -(2**63) - 1}, r"scores\.heat_at: cannot store this int"),
        ({"grade": 7}, r"scores\.grade: cannot store this int"),
        ({"lead": "not a UUID"}, r"scores\.lead: cannot store this str"),
    ],
)
def test_what_one_database_could_not_hold_neither_takes(database: Database, changed: dict[str, Any], says: str) -> None:
    for write in (bulk.insert, bulk.upsert, bulk.insert_new):
        for few in (0, bulk.FEW):
            with pytest.raises(DataError, match=says) as caught, undone(database, few) as conn:
                write(conn, live.scores, [SCORE, score(**{"lead": UUID(int=2), **changed})])
        assert "not a UUID" not in str(caught.value), "values may be personal"


def test_integers_beyond_32_bits_do_not_fit_integer_columns(database: Database) -> None:
    row = (UUID(int=1), 2**31, "lead", 0, "")
    with pytest.raises(DataError, match=r"stage_history\.n"), database.transaction() as conn:
        bulk.upsert(conn, live.stage_history, [row])


def test_rows_of_another_length_are_refused(database: Database) -> None:
    for write in (bulk.insert, bulk.upsert):
        with pytest.raises(DataError, match="11 values, allowed are 12"), database.transaction() as conn:
            write(conn, live.scores, [SCORE, SCORE[1:]])


@pytest.mark.parametrize("few", [0, bulk.FEW])
@pytest.mark.parametrize("value", [0.0, 5e-324, 1.7976931348623157e308, 0.1, 2**53 + 0.0, math.inf, -math.inf, 1 / 3])
def test_floats_keep_every_bit(database: Database, value: float, few: int) -> None:
    with undone(database, few) as conn:
        bulk.upsert(conn, live.scores, [score(heat=value, z=-value)])
        [(heat, z)] = bulk.select_in(conn, live.scores, ["heat", "z"], "lead", [UUID(int=1)])
    assert struct.pack("!dd", heat, z) == struct.pack("!dd", value, -value + 0.0)


def test_a_taken_key_is_an_integrity_error_that_names_no_value(database: Database) -> None:
    with database.transaction() as conn:
        bulk.insert(conn, live.scores, [SCORE])
    with pytest.raises(IntegrityError) as caught, database.transaction() as conn:
        bulk.insert(conn, live.scores, [SCORE])
    assert "00000000" not in str(caught.value)
    with pytest.raises(IntegrityError), database.transaction() as conn:
        bulk.insert(conn, live.scores, [score(lead=UUID(int=2), grade=None)])
