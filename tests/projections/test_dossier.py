"""What stands behind a card: who said each identity first, orders, what is waited for, when it was hot, which types."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from domain.model.definition import parse_model
from projections.queries.dossier import DossierShape, dossier
from projections.queries.view import Reader
from store.database import bulk
from store.database.tables import deadlines
from tests.domain.stories import at, us
from tests.projections.world import World

ADA = "e:ada@x.de"
MODEL = """
[[stages]]
name = "lead"
[money]
currency = "EUR"
revenue = [{ on = "order_placed" }, { on = "refunded", returns = true }]
[score]
half_life = "1m"
hot_at = 30
rearm_at = 15
[[score.rules]]
name = "asked for a demo"
on = "demo_requested"
points = 40
"""


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    """On each database in turn."""
    world = World(migrated_url, parse_model(MODEL), us(1_000))
    yield world
    assert world.verify().differing == 0
    world.close()


def _dossier(world: World, as_of: str | None = None) -> DossierShape:
    with Reader(world.database, world.events, world.ids).leads(as_of, None if as_of is None else "now") as view:
        return dossier(view, _lead(world))


def _lead(world: World) -> UUID:
    [row] = world.rows("leads")
    return UUID(str(row.lead))


def test_each_identity_with_the_first_touchpoint_that_bears_it(world: World) -> None:
    world.play([[
        at(1, "page_viewed", "c:laptop", source="browser", source_name="site"),
        at(2, "form_submitted", ADA, "c:laptop", source="browser", source_name="site"),
        at(3, "page_viewed", ADA, "c:laptop", source="browser", source_name="site"),
        at(4, "identified", "u:7", ADA, source_name="crm", received=us(9)),
    ]])  # fmt: skip
    learnt = {
        each.kind: (each.type, each.source, each.learnt_at, each.received_at) for each in _dossier(world).identities
    }
    site = {"kind": "browser", "name": "site"}
    assert learnt == {
        "user_id": ("identified", {"kind": "server", "name": "crm"}, us(4), us(9)),
        "email": ("form_submitted", site, us(2), us(2)),
        "anonymous_id": ("page_viewed", site, us(1), us(1)),
    }


def test_a_machine_taught_nothing(world: World) -> None:
    world.play([[
        at(1, "form_submitted", ADA),
        at(2, "email_clicked", ADA, "c:phone", context={"machine": "scanner"}),
        at(3, "page_viewed", ADA, "c:phone"),
    ]])  # fmt: skip
    assert [(each.kind, each.learnt_at) for each in _dossier(world).identities] == [
        ("email", us(1)), ("anonymous_id", us(3)),
    ]  # fmt: skip


def test_orders_by_currency_with_what_was_paid_back(world: World) -> None:
    world.play([[
        at(1, "order_placed", ADA, total=100.0),
        at(2, "order_placed", ADA, total=50.5),
        at(3, "refunded", ADA, amount=20.0),
        at(4, "order_placed", ADA, total=7, currency="USD"),
        at(5, "order_placed", ADA, total=9, context={"machine": "test"}),
    ]])  # fmt: skip
    assert [(each.currency, each.count, each.sum, each.last, each.last_at) for each in _dossier(world).orders] == [
        ("USD", 1, 7.0, 7.0, us(4)),
        ("EUR", 2, 130.5, 50.5, us(2)),
    ]


def test_what_is_waited_for_and_what_was_then(world: World) -> None:
    world.play([[at(1, "page_viewed", ADA)]])
    lead = _lead(world)

    def deadline(kind: str, cause: str, asked: float, due: float, state: str, settled: int | None = None) -> Any:
        return (kind, cause, lead, "ana", None, us(asked), us(due), state, settled, None, None)

    with world.database.transaction() as conn:
        rows = [
            deadline("answer", "site/1", 5, 2_000, "open"),
            deadline("follow_up", "api/1", 6, 1_500, "open"),
            deadline("work", "s-2", 5, 50, "kept", us(40)),
        ]
        bulk.upsert(conn, deadlines, rows)
    assert [each.deadline for each in _dossier(world).waiting] == ["follow_up", "answer"]
    assert [each.deadline for each in _dossier(world, "2023-11-14T22:13:50Z").waiting] == [
        "work",
        "follow_up",
        "answer",
    ]


def test_hot_times_and_types(world: World) -> None:
    world.play([[
        at(10, "demo_requested", ADA), at(11, "page_viewed", ADA), at(500, "demo_requested", ADA),
    ]])  # fmt: skip
    told = _dossier(world)
    assert [(each.began_at, each.peak) for each in told.hot_times] == [(us(10), 40.0), (us(500), 40.14)]
    assert told.types == {"demo_requested": 2, "page_viewed": 1}


def test_notes_are_listed_the_newest_first_with_who_wrote_them_and_when(world: World) -> None:
    world.play([[
        at(1, "identified", ADA),
        *(at(n, "noted", ADA, source="api", note=f"note {n}", by="ana") for n in range(2, 23)),
        at(30, "noted", ADA, source="api", note="tea", context={"viewer": "phone"}),
        at(31, "noted", ADA, source="api"), at(32, "call_logged", ADA, source="api", note="called"),
    ]])  # fmt: skip
    newest, *others = _dossier(world).notes
    assert (newest.at, newest.note, newest.by, newest.viewer) == (us(30), "tea", None, "phone")
    assert [(each.note, each.by) for each in others] == [(f"note {n}", "ana") for n in range(22, 3, -1)]
