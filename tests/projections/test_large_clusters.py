"""People whom shared cookies chain together are one cluster: a touchpoint of one of them loads and writes that one."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Table

from domain.fold.lead import Lead
from domain.touchpoints.touchpoint import Touchpoint
from store.database import bulk
from tests.domain.stories import at, identity
from tests.projections.world import World

PEOPLE = 30
ONE = {"lead_states": 1, "leads": 1, "scores": 1}
COUNTED = {*ONE, "clusters"}
"""Of the other tables it depends on the model what is written."""


class Traffic:
    """Counts the rows that are written of each table, and the saved leads that are loaded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: Counter[str] = Counter()
        self.loaded = 0
        upsert_each, select_in = bulk.upsert_each, bulk.select_in

        def counted(conn: Connection, writes: Iterable[tuple[Table, Sequence[Any]]], *additions: Any) -> None:
            each = list(writes)
            for table, rows in each:
                self.written[table.name] += len(rows)
            upsert_each(conn, each, *additions)

        def looked_up(conn: Connection, table: Table, column_names: Sequence[str], *keys: Any) -> list[tuple[Any, ...]]:
            rows = select_in(conn, table, column_names, *keys)
            self.loaded += len(rows) if table.name == "lead_states" and "state" in column_names else 0
            return rows

        monkeypatch.setattr(bulk, "upsert_each", counted)
        monkeypatch.setattr(bulk, "select_in", looked_up)

    def of(self, world: World, second: float, *names: str) -> dict[str, int]:
        """Rows written by one page view of a person."""
        self.written.clear()
        self.loaded = 0
        world.play([[at(second, "page_viewed", *names)]])
        return {name: count for name, count in self.written.items() if count and name in COUNTED}


@pytest.fixture
def chained(world: World) -> World:
    """Each is seen with a cookie of their own and with the next one's."""
    for n in range(PEOPLE):
        world.deliver(
            [at(2 * n, "page_viewed", f"u:{n}", f"c:{n}"), at(2 * n + 1, "page_viewed", f"u:{n}", f"c:{n + 1}")]
        )
    world.project()
    assert len(world.rows("clusters")) == 1
    assert len(world.rows("leads")) == PEOPLE
    return world


@pytest.mark.parametrize("cold", [False, True])
def test_a_step_loads_and_writes_one_lead_and_no_walk(
    chained: World, cold: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    traffic = Traffic(monkeypatch)
    if cold:
        chained.restart()
    assert traffic.of(chained, 100, "u:3", "c:3") == ONE
    assert traffic.loaded == int(cold)


def test_a_late_touchpoint_folds_and_writes_one_lead(chained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fold, folded = chained.projector._fold, list[UUID]()
    whole = fold.fold

    def counted(history: Sequence[Touchpoint], until: int) -> Lead:
        folded.append(chained.ids.of(history[0].identities[0]))
        return whole(history, until)

    monkeypatch.setattr(fold, "fold", counted)
    traffic = Traffic(monkeypatch)
    assert traffic.of(chained, 0.5, "u:3") == ONE | {"clusters": 1}
    assert (folded, traffic.loaded) == ([chained.ids.of(identity("u:3"))], 1)


def test_a_new_cookie_writes_the_walk_and_one_lead(chained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Traffic(monkeypatch).of(chained, 100, "u:3", "c:new") == ONE | {"clusters": 1}


def test_an_identity_that_moves_writes_both(chained: World, monkeypatch: pytest.MonkeyPatch) -> None:
    both = dict.fromkeys(ONE, 2) | {"scores": 1}  # who loses it earns nothing
    assert Traffic(monkeypatch).of(chained, 100, "u:3", "c:9") == both | {"clusters": 1}
