"""A law of previews: what a merge or an unmerge would do to leads, of any history, is what it does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from api.commands.commander import Card
from domain.errors import NotFound
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers import commands
from producers.commands import CommandContext, CommandRefused
from projections.queries.foreseen import ForeseenShape, foreseen
from projections.queries.one_lead import lead_detail, live_lead
from projections.queries.view import Reader, View
from store.database.tables import ledger
from tests.domain.histories import FEW, histories, law
from tests.domain.stories import us
from tests.projections.paths import model
from tests.projections.shelf import Shelf
from tests.projections.world import World

END = us(200_000)
LIMITS = FEW[1]


@contextmanager
def world_of(shelf: Shelf) -> Iterator[World]:
    with shelf.place(model()) as folder:
        world = World.on_sqlite(folder, model(), END, ready=True, limits=LIMITS)
        yield world
        world.close()


def signals(world: World) -> list[tuple[Any, ...]]:
    with world.database.snapshot() as conn:
        rows = conn.execute(select(ledger).order_by(ledger.c.position)).all()
    return [(row.kind, str(row.lead), str(row.lead_now), row.subject, row.closes) for row in rows]


def asked(data: st.DataObject, view: View, ids: list[str]) -> tuple[Touchpoint, list[str]] | None:
    """A merge or an unmerge that is not refused, and the leads that it is about."""
    context = CommandContext(id=f"asked {view.clock}", at=Instant(view.clock + 1))
    first = Card.of(view, data.draw(st.sampled_from(ids)))
    try:
        if len(ids) > 1 and data.draw(st.booleans()):
            other = Card.of(view, data.draw(st.sampled_from(ids)))
            return commands.merge(first, other, context), [first.id, other.id]
        out = data.draw(st.lists(st.sampled_from(first.identities), min_size=1)) if first.identities else []
        return commands.unmerge(first, out, context), [first.id]
    except CommandRefused:
        return None


def card(view: View, lead: str) -> dict[str, Any]:
    return lead_detail(view, live_lead(view, lead)).model_dump(exclude={"due"})


def lead_now(view: View, lead: str) -> str | None:
    """Whom a former id leads to; None: nobody, for it was of machines alone, whose touchpoints are no sighting."""
    try:
        return str(live_lead(view, lead))
    except NotFound:
        return None


@law(25)
@given(st.data())
def test_what_is_foreseen_comes(shelf: Shelf, data: st.DataObject) -> None:
    with world_of(shelf) as world:
        world.play([data.draw(histories())])
        reader = Reader(world.database, world.events, world.ids, world.limits)
        ids = [str(row.lead) for row in world.rows("leads")]
        for _ in range(2):  # what is kept apart is merged again, and the other way round
            with reader.view() as view:
                chosen = asked(data, view, ids)
                foretold = None if chosen is None else foreseen(view, reader.foresight, *chosen)
            if chosen is None or foretold is None:
                return
            ids = came(world, reader, chosen[0], foretold, ids)


def came(world: World, reader: Reader, touchpoint: Touchpoint, foretold: ForeseenShape, ids: list[str]) -> list[str]:
    """It came as it was foretold; the leads that there are now."""
    before = signals(world)
    world.clock = touchpoint.received_at
    world.play([[touchpoint]])
    told = [(each.kind, each.lead, each.lead_now, each.subject, each.closes) for each in foretold.signals]
    assert sorted(told, key=str) == sorted(signals(world)[len(before) :], key=str)
    live = [str(row.lead) for row in world.rows("leads")]
    assert {each.id for each in foretold.ceased} == set(ids) - set(live)
    with reader.view() as view:
        for each in foretold.leads:
            assert each.model_dump(exclude={"due"}) == card(view, each.id)
        for gone in foretold.ceased:
            assert gone.lead_now == lead_now(view, gone.id)
    return live
