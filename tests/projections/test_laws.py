"""The laws of the projector, over random histories: however they come, the same bytes, and a ledger that agrees."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.fold.score import HeatState
from domain.signals.kinds import TRAITS, SignalKind, opens
from domain.touchpoints.touchpoint import Instant, Touchpoint
from store.database.tables import ledger, open_signals
from tests.domain.histories import FEW, TYPES, histories, in_order, law
from tests.domain.stories import SECOND, us
from tests.projections.paths import RealPath, model
from tests.projections.shelf import Shelf
from tests.projections.world import World

END = us(200_000)
"""The clock at the end: later than all that happens."""
LIMITS = FEW[1]
"""So that a cookie, e-mail or phone of three people is shared already."""


@dataclass(frozen=True)
class Delivery:
    """Some touchpoints at once, and what happens then."""

    touchpoints: Sequence[Touchpoint]
    recorded: int
    """Entries of the log that are recorded in one transaction."""
    projected: int
    """Touchpoints that are projected in one transaction; 0: not yet."""
    restart: bool
    later: int
    """Seconds by which the clock is advanced before."""


@st.composite
def deliveries(draw: st.DrawFn, history: Sequence[Touchpoint]) -> list[Delivery]:
    """Any order, some twice or more, cut anywhere."""
    again = draw(st.lists(st.sampled_from(history), max_size=6))
    sent = draw(st.permutations([*history, *again]))
    found = []
    while sent:
        cut = draw(st.integers(1, 6))
        found.append(
            Delivery(
                sent[:cut],
                draw(st.sampled_from([5_000, 1, 2])),
                draw(st.sampled_from([5_000, 1, 2, 0])),
                draw(st.booleans()),
                draw(st.sampled_from([0, 3, 3_600, 90_000])),
            )
        )
        sent = sent[cut:]
    return found


@contextmanager
def path(shelf: Shelf, clock: int) -> Iterator[RealPath]:
    with shelf.place(model()) as folder:
        world = RealPath(folder, limits=LIMITS)
        world.clock = clock
        yield world
        world.close()


@law(30)
@given(st.data())
def test_however_touchpoints_are_delivered_the_rows_are_those_of_one_delivery(
    shelf: Shelf, data: st.DataObject
) -> None:
    history = data.draw(histories())
    with path(shelf, END) as world:
        world.play([history])
        expected = world.digest()
        agrees(world)
    with path(shelf, us(data.draw(st.sampled_from([200_000, 0, 4, 90_000])))) as world:
        for each in data.draw(deliveries(history)):
            world.clock = min(world.clock + each.later * SECOND, END - 10 * SECOND)
            world.deliver(each.touchpoints, each.recorded)
            if each.projected:
                world.project(each.projected)
                agrees(world)
            if each.restart:
                world.restart()
        world.clock = END
        world.project()
        agrees(world)
        verified = world.verify()
        assert (verified.differing, verified.aside) == (0, ()), verified.differences[:3]
        assert verified.touchpoints == len(history)
        assert world.digest() == expected


def agrees(world: World) -> None:
    """What was announced and not withdrawn is what is open, and that is what holds of identified leads."""
    with world.database.snapshot() as conn:
        written = conn.execute(select(ledger).order_by(ledger.c.position)).all()
        unclosed = conn.execute(select(open_signals)).all()
    assert [row.position for row in written] == list(range(1, len(written) + 1))
    announced: dict[str, tuple[str, UUID]] = {}
    for row in written:
        data = orjson.loads(row.data)
        if row.closes is not None:
            announced.pop(row.closes)  # it is open: nothing is closed twice
        bears_its_data(SignalKind(row.kind), data)
        if opens(SignalKind(row.kind), data):
            announced[row.id] = (row.kind, row.lead)
    assert sorted(announced) == sorted(row.signal for row in unclosed)
    assert sorted((row.holder, row.kind, row.subject, row.value) for row in unclosed) == sorted(holding(world))


def bears_its_data(kind: SignalKind, data: dict[str, Any]) -> None:
    """What its kind always bears, and nothing that the table of kinds does not know."""
    always = {datum.name for datum in TRAITS[kind].data if datum.always}
    assert always <= data.keys() <= {datum.name for datum in TRAITS[kind].data}, (kind, data)


def holding(world: World) -> list[tuple[Any, ...]]:
    """What holds of the identified leads, as the read models say."""
    stages = {row.lead: row.stage for row in world.rows("leads") if row.identified}
    held = [(id, "stage.changed", "", stage) for id, stage in stages.items()]
    held += [(row.lead, "lead.hot", "", "") for row in world.rows("scores") if row.hot and row.lead in stages]
    members = world.rows("segment_members")
    return held + [(row.lead, "segment.entered", row.segment, "") for row in members if row.lead in stages]


# ---- without a database ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(model())


@law(80)
@given(histories(most=20, types=TYPES), st.integers(0, 100_000))
def test_every_point_is_explained_and_together_they_are_the_heat(
    fold: Fold, history: list[Touchpoint], later: int
) -> None:
    history = in_order(history)
    clock = history[-1].instant + later * SECOND
    explanation = explain(fold, history, clock)
    heat = explanation.lead.heat
    again = Fold(model()).fold(history, clock).heat
    assert (heat.value, heat.at) == (again.value, again.at)
    assert round(sum(point.now * 100 for point in explanation.points)) == round(explanation.heat * 100)


@law(80)
@given(histories(most=20, types=TYPES))
def test_what_was_awarded_since_the_last_reset_is_the_heat_to_the_bit(fold: Fold, history: list[Touchpoint]) -> None:
    history = in_order(history)
    lead = fold.fold(history, END)
    counted = [each for each in history if not each.by_machine]
    place = {each.id: number for number, each in enumerate(counted)}
    reset = max((place[each.id] for each in counted if each.type == "score_reset"), default=-1)
    heat = HeatState()
    for award in lead.awards:
        if place[award.touchpoint] > reset:
            heat.add(award.points, Instant(award.at), fold.half_life)
    assert heat.value == lead.heat.value
    assert reset >= 0 or heat.at == lead.heat.at
