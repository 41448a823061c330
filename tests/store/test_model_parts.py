"""What SQL is told of the active model: written with each activation, and again only where it differs."""

from sqlalchemy import Row, select

from domain.model.definition import Model, parse_model
from store.database.database import Database
from store.database.tables import model_parts, zone_offsets
from store.model_parts import write_parts
from store.models import record_activation

FIRST = """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
label = { en = "New", zh = "新" }
[[stages]]
name = "customer"
won = true
requires = ["profile.company", 'profile.a"b']
[score]
half_life = "2d"
hot_at = { A = 60, B = 80 }
[[score.rules]]
name = "visit"
on = "page_viewed"
points = 2.5
[[funnels]]
name = "sale"
window = "1d"
steps = [ { on = "page_viewed" }, { on = "order_placed", label = "Buys" } ]
[sales]
report_by = "team"
[[sales.owners]]
name = "north"
members = ["ana"]
[[sales.owners]]
name = "ana"
"""


def activated(database: Database, text: str) -> Model:
    model = parse_model(text)
    with database.transaction() as conn:
        record_activation(conn, model, 1)
    return model


def parts(database: Database, kind: str) -> list[Row[tuple[str, int, str | None, float | None, str | None]]]:
    part = model_parts.c
    columns = (part.name, part.place, part.label, part.number, part.says)
    with database.snapshot() as conn:
        return list(conn.execute(select(*columns).where(part.kind == kind).order_by(part.place)).all())


def test_an_activation_tells_what_sql_needs(database: Database) -> None:
    activated(database, FIRST)
    assert parts(database, "stage") == [
        ("lead", 0, '{"en":"New","zh":"新"}', None, None),
        ("customer", 1, None, None, "won"),
    ]
    assert parts(database, "rule") == [("visit", 0, None, 2.5, "page_viewed")]
    assert parts(database, "hot_at") == [("A", 0, None, 60.0, None), ("B", 1, None, 80.0, None)]
    assert parts(database, "funnel") == [("sale", 0, None, 2.0, "ordered")]
    assert parts(database, "funnel_step")[1] == ("sale 2", 1, '"Buys"', 2.0, "order_placed")
    assert parts(database, "member") == [(name, n, None, None, "north") for n, name in enumerate(["north", "ana"])]
    settings = {name: number if says is None else says for name, _, _, number, says in parts(database, "setting")}
    assert (settings["half_life"], settings["timezone"]) == (2 * 86_400 * 1e6, "Asia/Shanghai")
    with database.snapshot() as conn:
        assert conn.execute(select(zone_offsets).order_by(zone_offsets.c.since)).all()[-1].seconds == 8 * 3600


def test_a_field_that_sql_cannot_look_for_is_left_out(database: Database) -> None:
    activated(database, FIRST)
    assert [row.name for row in parts(database, "required")] == ["company"]


def test_the_next_activation_replaces_it(database: Database) -> None:
    activated(database, FIRST)
    model = activated(database, '[[stages]]\nname = "lead"\n')
    assert [row.name for row in parts(database, "stage")] == ["lead"] and parts(database, "rule") == []
    with database.transaction() as conn:
        assert conn.execute(select(zone_offsets)).all() == [(0, 0)]
        assert not write_parts(conn, model), "nothing differs"
        conn.execute(model_parts.delete().where(model_parts.c.kind == "stage"))
        assert write_parts(conn, model)
    assert [row.name for row in parts(database, "stage")] == ["lead"]
