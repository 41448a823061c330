"""The laws of the ledger over random histories, models, activations, merges, unmerges, rebuilds and restarts.

Announced minus withdrawn is what holds and was told. Its companions: looking again at the same clock writes nothing;
of who is told and hot before and after an activation nothing is said. The first alone is kept by wrong ways too: in a
merge the older stays, or a told episode is withdrawn and told again.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

import orjson
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Row, select

from domain.judging.backtest import Numbers, TrackRecord
from domain.model.definition import Model
from domain.model.variant import Variant
from domain.signals.kinds import HOT, MODEL, PROMOTABLE, RETRACTED, SignalKind, opens
from projections.projecting.projector import read_progress
from projections.upkeep.activation import activate
from projections.upkeep.comparing import diff
from projections.upkeep.rebuild import rebuild
from projections.upkeep.track_record import track_record
from store.database.tables import ledger, live, open_signals
from tests.domain.histories import BY_HAND, TYPES, histories, law
from tests.domain.stories import SECOND, us
from tests.projections.given_models import MODELS
from tests.projections.shelf import Shelf
from tests.projections.world import World


@dataclass(frozen=True)
class Step:
    """What happens next. `later`: seconds by which the clock is advanced before."""

    what: Literal["deliver", "activate", "announce", "rebuild", "restart"]
    count: int
    """Touchpoints to deliver, or which model to activate."""
    later: int


_STEPS = st.builds(
    Step,
    st.sampled_from(["deliver", "deliver", "deliver", "activate", "activate", "announce", "rebuild", "restart"]),
    st.integers(0, 5),
    st.sampled_from([0, 0, 3, 3_600, 40_000]),
)


@contextmanager
def place(shelf: Shelf) -> Iterator[World]:
    with shelf.place(MODELS[0]) as folder:
        world = World.on_sqlite(folder, MODELS[0], us(0), ready=True)
        yield world
        world.close()


@law(60)
@given(st.data())
def test_announced_minus_withdrawn_is_what_holds_and_was_told(shelf: Shelf, data: st.DataObject) -> None:
    waiting = data.draw(histories(most=14, types=TYPES + BY_HAND, least=3))
    with place(shelf) as world:
        for step in data.draw(st.lists(_STEPS, min_size=3, max_size=9)):
            world.clock += step.later * SECOND
            take(world, step, waiting)
            check(world)
        if data.draw(st.booleans()):
            switch(world, MODELS[-1], announce=False)
        world.deliver(waiting)
        world.clock = us(200_000)
        world.project()
        check(world)
        verified = world.verify()
        assert (verified.differing, verified.aside) == (0, ()), verified.differences[:3]


def take(world: World, step: Step, waiting: list[Any]) -> None:
    match step.what:
        case "deliver":
            batch, waiting[:] = waiting[: step.count + 1], waiting[step.count + 1 :]
            world.deliver(batch)
        case "restart":
            world.restart()
        case "rebuild":
            before = rows(world)
            rebuild(world.database, world.ids, world.model)
            assert rows(world) == before, "a rebuild never touches the ledger"
        case "activate" | "announce":
            switch(world, MODELS[step.count], announce=step.what == "announce")
    world.project()


def switch(world: World, model: Model, *, announce: bool) -> None:
    """Activate, and see that of who is told and hot before and after nothing is said, and nobody is newly told.

    What moves is what was said before it; and how the rules did is the same by the tables as by folding everything.
    """
    world.project()
    before, told = rows(world), told_hot(world)
    found = diff(world.database, Variant(model.text))
    assert activate(world.database, world.ids, model, announce=announce).moved == found.moved()
    with world.database.snapshot() as conn:
        assert counted(track_record(conn, model, found.period)) == counted(found.records[1])
    said = rows(world)[len(before) :]
    hot = {row.lead for row in world.rows("scores") if row.hot}
    for row in said:
        assert row.kind == PROMOTABLE or orjson.loads(row.data)["reason"] == MODEL
        assert row.kind != HOT and not (row.kind == RETRACTED and row.lead_now in hot)
    assert {holder: signal for holder, signal in told.items() if holder in hot} == told_hot(world)
    world.model = model
    world.restart()


def counted(record: TrackRecord) -> list[tuple[str, Numbers]]:
    """The numbers of each group, days in their order."""
    groups = [("", record.all), *sorted(record.grades.items()), *sorted(record.channels.items())]
    for _, numbers in groups:
        numbers.waits.sort()
    return groups


def check(world: World) -> None:
    """The sum of the ledger, what is open, and what holds; and that another look finds nothing to say."""
    written, unclosed = rows(world), opened(world)
    announced: dict[str, Row[Any]] = {}
    for row in written:
        if row.closes is not None:
            announced.pop(row.closes)  # it is open: nothing is closed twice
        if opens(SignalKind(row.kind), orjson.loads(row.data)):
            announced[row.id] = row
    assert sorted(announced) == sorted(row.signal for row in unclosed if row.signal is not None)
    assert sorted((row.holder, row.kind, row.subject, row.value * (row.kind != HOT)) for row in unclosed) == sorted(
        holding(world)
    )
    promoted = [orjson.loads(row.asks)[0] for row in written if row.asks is not None]
    assert len(promoted) == len(set(promoted)), "asked once an episode"
    look_again(world)
    assert (rows(world), opened(world)) == (written, unclosed)


def look_again(world: World) -> None:
    """Compare every cluster that was not put aside, at the stored pair."""
    with world.database.transaction() as conn:
        progress = read_progress(conn)
        numbers = conn.execute(select(live.clusters.c.cluster)).scalars().all()
        world.projector._batches.compare(conn, numbers, progress.position, progress.clock)
    world.projector._start_anew()


def rows(world: World) -> Sequence[Row[Any]]:
    with world.database.snapshot() as conn:
        return conn.execute(select(ledger).order_by(ledger.c.position)).all()


def opened(world: World) -> Sequence[Row[Any]]:
    with world.database.snapshot() as conn:
        return conn.execute(select(open_signals).order_by(*open_signals.primary_key)).all()


def told_hot(world: World) -> Mapping[UUID, str]:
    return {row.holder: row.signal for row in opened(world) if row.kind == HOT and row.signal is not None}


def holding(world: World) -> list[tuple[Any, ...]]:
    """What holds of the identified leads, as the read models say."""
    stages = {row.lead: row.stage for row in world.rows("leads") if row.identified}
    held = [(id, "stage.changed", "", stage) for id, stage in stages.items()]
    held += [(row.lead, "lead.hot", "", "") for row in world.rows("scores") if row.hot and row.lead in stages]
    members = world.rows("segment_members")
    return held + [(row.lead, "segment.entered", row.segment, "") for row in members if row.lead in stages]
