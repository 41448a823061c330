"""Refused input is kept once, listed in order, and marked when it was replayed."""

from store import rejected
from store.database.database import Database
from store.log.rejection import rejection_id
from store.rejected import Rejected
from tests.store.touchpoints import NOW


def row(n: int, **changed: object) -> Rejected:
    raw = b"\x00\xff not JSON %d" % n
    id = rejection_id(b"v1/track", b"bad JSON", b"", b"%d" % n, raw)
    fields = {"id": id, "at": NOW + n // 2, "door": "v1/track", "reason": "bad JSON",
              "source": None, "raw": raw, "meta": "{}"}  # fmt: skip
    return Rejected(**{**fields, **changed})  # type: ignore[arg-type]


def test_kept_once(database: Database) -> None:
    with database.transaction() as conn:
        assert rejected.keep(conn, [row(1), row(2), row(1)]) == 2
    with database.transaction() as conn:
        assert rejected.keep(conn, [row(2, reason="another day"), row(3)]) == 1
        assert rejected.keep(conn, []) == 0
    with database.snapshot() as conn:
        assert {kept.reason for kept in rejected.listed(conn, 10)} == {"bad JSON"}


def test_where_it_came_from_is_part_of_the_id() -> None:
    one, other = (b"log", b"why", b"", b"1"), (b"log", b"why", b"", b"2")
    assert rejection_id(*one, b"x") != rejection_id(*other, b"x") != rejection_id(*other, b"y")


def test_listed_page_by_page_and_marked(database: Database) -> None:
    rows = sorted((row(n) for n in range(9)), key=lambda kept: (kept.at, kept.id))
    with database.transaction() as conn:
        rejected.keep(conn, rows)
        rejected.mark_replayed(conn, [rows[0].id, rows[4].id], NOW + 100)
    with database.snapshot() as conn:
        first = rejected.listed(conn, 4)
        assert [kept.raw for kept in first] == [kept.raw for kept in rows[:4]]
        rest = rejected.listed(conn, 99, (first[-1].at, first[-1].id))
        assert [kept.id for kept in first + rest] == [kept.id for kept in rows]
        assert [kept.id for kept in rejected.every(conn, size=2)] == [kept.id for kept in rows]
        done = list(rejected.every(conn, replayed=True))
        assert [(kept.id, kept.replayed_at) for kept in done] == [(rows[n].id, NOW + 100) for n in (0, 4)]
        assert len(list(rejected.every(conn, replayed=False, size=3))) == 7


def test_text_from_outside_never_stops_it(database: Database) -> None:
    with database.transaction() as conn:
        rejected.keep(conn, [row(1, door="form/\x00", reason="found '\x00'", source="a\x00b", meta="\x00")])
    with database.snapshot() as conn:
        [kept] = rejected.listed(conn, 9)
    assert (kept.door, kept.source, kept.raw) == ("form/\ufffd", "a\ufffdb", row(1).raw)
