"""Deliveries on both databases: what is due, and that looking for it reads what waits, not what ever was delivered."""

from uuid import UUID

from sqlalchemy import Select

from domain.touchpoints.touchpoint import Instant
from store import deliveries
from store.database import bulk
from store.database.database import Database
from store.database.tables import deliveries as table
from store.database.tables import ledger
from store.deliveries import Delivery, Tally

NOW = Instant(1_790_000_000_000_000)


def delivery(position: int, lead: int = 0, state: deliveries.State = "waiting", due: int = 0) -> Delivery:
    lead_id = UUID(int=lead or position)
    at = Instant(NOW + due)
    return Delivery("berlin", f"s{position}", position, lead_id, state, 0, at, False, "", at)


def put(database: Database, *rows: Delivery) -> None:
    with database.transaction() as conn:
        bulk.insert(conn, table, rows)


def due(database: Database, limit: int = 10) -> list[str]:
    with database.snapshot() as conn:
        return [each.signal for each in deliveries.due(conn, "berlin", NOW, limit)]


def test_what_is_due_comes_in_order_and_never_before_what_waits_of_its_lead(database: Database) -> None:
    put(
        database, delivery(1, lead=7, due=5), delivery(2, lead=7), delivery(3, lead=8), delivery(4, state="delivered"),
        delivery(5, lead=8, due=5), delivery(6, lead=8), delivery(7, lead=9, due=1),
    )  # fmt: skip
    assert due(database) == ["s3"], "s2 waits for s1 and s6 for s5; s7 is of later"


def test_the_state_goes_on_where_it_waits_only(database: Database) -> None:
    put(database, delivery(1), delivery(2, state="canceled"))
    with database.transaction() as conn:
        deliveries.delivered(conn, "berlin", ["s1", "s2"], "200", NOW)
        deliveries.dead(conn, "berlin", ["s1", "s2"], "400", NOW)
        assert [each.state for each in deliveries.of_signals(conn, "berlin", ["s1", "s2"]).values()] in (
            ["delivered", "canceled"], ["canceled", "delivered"],
        )  # fmt: skip


def test_what_was_given_up_is_counted_listed_and_replayed_once(database: Database) -> None:
    put(database, *(delivery(position, state="dead") for position in (1, 2, 3)), delivery(4))
    with database.transaction() as conn:
        deliveries.begin(conn, ["berlin"])
        assert deliveries.tallies(conn) == [Tally("berlin", 0, 3, None)], "what waited before it began is canceled"
        assert len(deliveries.dead_letters(conn, 2)) == 2
        assert deliveries.replay(conn, NOW, "bonn") == (0, 0)
        assert deliveries.replay(conn, NOW, "berlin", "s1") == (1, 0)
        assert deliveries.replay(conn, NOW) == (2, 0)
        assert deliveries.replay(conn, NOW) == (0, 0)
    assert due(database) == ["s1", "s2", "s3"]


def test_what_was_given_up_and_ended_since_is_not_told_after_its_end(database: Database) -> None:
    """A list that follows a segment keeps nobody who left; of stages only what is newer than the told one is told."""
    lead = UUID(int=7)
    rows = [(n, f"s{n}", kind, lead, lead, "", NOW, closes, "{}", None, None) for n, kind, closes in (
        (1, "segment.entered", None), (2, "segment.left", "s1"),
        (3, "segment.entered", None), (4, "segment.left", "s3"),
        (5, "stage.changed", None), (6, "stage.changed", "s5"), (7, "stage.changed", "s6"), (8, "stage.changed", "s7"),
    )]  # fmt: skip
    with database.transaction() as conn:
        bulk.insert(conn, ledger, rows)
    dead, told = (1, 3, 4, 5, 6, 8), (2, 7)
    put(database, *(delivery(n, lead=7, state="dead") for n in dead), *(delivery(n, 7, "delivered") for n in told))
    put(database, Delivery("bonn", "s1", 1, lead, "dead", 0, NOW, False, "", NOW))
    with database.transaction() as conn:
        assert deliveries.replay(conn, NOW) == (4, 3)
        states = {
            id: each.state for id, each in deliveries.of_signals(conn, "berlin", [f"s{n}" for n in range(9)]).items()
        }
        assert [id for id, state in sorted(states.items()) if state == "canceled"] == ["s1", "s5", "s6"]
        assert [id for id, state in sorted(states.items()) if state == "waiting"] == ["s3", "s4", "s8"]
        assert deliveries.of_signals(conn, "bonn", ["s1"])["s1"].state == "waiting", "who was told of no end"


def plan(database: Database, query: Select[object]) -> str:
    """What the database would do, in its words."""
    explain = "EXPLAIN QUERY PLAN " if database.dialect == "sqlite" else "EXPLAIN "
    with database.engine.connect() as conn:
        compiled = query.compile(dialect=conn.dialect)
        parameters = (
            compiled.params
            if compiled.positiontup is None
            else tuple(compiled.params[name] for name in compiled.positiontup)
        )
        return "\n".join(str(row) for row in conn.exec_driver_sql(explain + str(compiled), parameters))


def test_looking_for_what_is_due_reads_the_index_of_what_waits(database: Database) -> None:
    put(database, *(delivery(position, state="delivered") for position in range(1, 3_000)), delivery(3_000))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.exec_driver_sql("ANALYZE")
    said = plan(database, deliveries.due_query("berlin", NOW, 1))
    assert "deliveries_waiting" in said or "deliveries_order" in said, said
    assert "Seq Scan" not in said and "sqlite_autoindex" not in said, said
