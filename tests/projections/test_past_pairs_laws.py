"""A lead at any pair is the fold of what was recorded up to its position and happened up to its instant, by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.fold.fold import Fold
from domain.people.sharing import LIMITS, Limits
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.history.clusters import people_of
from projections.queries.folded import FoldedRows
from projections.queries.lookup import Lookup
from projections.queries.then import ClustersThen
from projections.read_models.family import Row
from projections.read_models.registry import FAMILIES
from projections.upkeep.evidence import Evidence, First, sighted
from projections.upkeep.rebuild import rebuild
from store.database.tables import live
from tests.domain.histories import FEW, histories, law
from tests.domain.stories import us
from tests.projections.given_models import MODELS
from tests.projections.shelf import Shelf
from tests.projections.world import World

UNTIL = [us(second) for second in (0, 1, 2, 5, 3_600, 90_000, 200_000)]


@law(60)
@given(st.data(), st.sampled_from(FEW))
def test_a_past_pair_is_what_was_recorded_and_happened_by_then(
    shelf: Shelf, data: st.DataObject, limits: Limits
) -> None:
    history, rebuilt = data.draw(histories(most=12, least=2)), data.draw(st.booleans())
    assert isinstance(LIMITS, dict)
    with patch.dict(LIMITS, limits), played(shelf, history, data.draw(st.integers(1, 4))) as world:
        if rebuilt:
            rebuild(world.database, world.ids, world.model)
        for position in {len(history), *data.draw(st.sets(st.integers(1, len(history)), max_size=3))}:
            clock = data.draw(st.sampled_from(UNTIL))
            expected = folded(world, history[:position], clock, limits)
            assert read(world, expected, Position(position), clock, limits) == expected


@contextmanager
def played(shelf: Shelf, history: list[Touchpoint], size: int) -> Iterator[World]:
    """A world to which it was delivered so many at a time, which are seen together."""
    with shelf.place(MODELS[0]) as folder:
        world = World.on_sqlite(folder, MODELS[0], us(200_000), ready=True)
        world.play([history[begin : begin + size] for begin in range(0, len(history), size)])
        yield world
        world.close()


Rows = dict[UUID, dict[str, list[Row]]]
"""By a lead's id and the name of a table."""


def folded(world: World, recorded: list[Touchpoint], clock: int, limits: Limits) -> Rows:
    """The rows of every lead, all walked together, with what they say themselves of identities."""
    evidence = Evidence(world.ids, limits)
    seen: First = {}
    claimed: First = {}
    for touchpoint in recorded:
        sighted(touchpoint, seen, claimed)
    evidence.add_all(seen, claimed)
    people = people_of(*assign([each for each in recorded if each.instant <= clock], evidence.facts()))
    fold = Fold(world.model)
    subjects = [person.subject(fold, world.ids, clock) for person in people]
    return {
        subject.id: {family.table(live).name: sorted(family.rows(fold, subject), key=repr) for family in FAMILIES}
        for subject in subjects
    }


def read(world: World, leads: Rows, position: Position, clock: int, limits: Limits) -> Rows:
    """The same rows as a reader has them who asks for each of these leads alone."""
    rows: Rows = {}
    with world.database.snapshot() as conn:
        for id in leads:
            clusters = ClustersThen(world.events, world.ids, live, limits, position, clock)
            lead = Lookup(world.ids, clusters).resolve(conn, id)
            assert lead == id
            of = FoldedRows(world.ids, clusters, Fold(world.model)).of
            rows[id] = {
                family.table(live).name: sorted((tuple(vars(row).values()) for row in of(conn, family, id)), key=repr)
                for family in FAMILIES
            }
    return rows
