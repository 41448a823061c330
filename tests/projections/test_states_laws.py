"""The laws of saved state: a step loads and writes whom it touches, and gives the bytes of a whole walk."""

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.fold import Fold
from domain.people.facts import Facts
from domain.people.walk import Walk
from domain.touchpoints.touchpoint import Touchpoint
from projections.projecting.cluster import Cluster
from projections.projecting.saved import dump_cluster, dump_lead, load_cluster, load_lead
from projections.projecting.todo import again, onward
from store.events.ids import Ids
from tests.domain.histories import FEW, TYPES, facts_of, histories, in_order, law
from tests.domain.stories import us
from tests.projections.paths import model

END = us(200_000)
LIMITS = FEW[1]
IDS = Ids(b"a fixed id key for the tests ...")


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(model())


class Saved:
    """One cluster in place of tables: takes batches, saves after each what must be saved, and counts it."""

    def __init__(self, fold: Fold, *, reload: bool) -> None:
        self._fold = fold
        self._reload = reload
        self._cluster = Cluster(1, Walk(Facts(str)))
        self.state = b""
        self.leads: dict[UUID, tuple[bytes, int | None, int]] = {}
        """Saved bytes, fingerprint, last touch."""
        self.written: set[UUID] = set()
        """By the last batch."""

    def take(self, batch: Sequence[Touchpoint], taken: Sequence[Touchpoint]) -> None:
        cluster, facts = self._load(), facts_of(taken, LIMITS)
        before = facts_of([each for each in taken if each not in batch], LIMITS)
        cluster.learn(facts)
        cluster.stale |= any(before.links(each) != facts.links(each) for each in taken if each not in batch)
        todo = onward(cluster, IDS, batch, END)
        if todo is None:
            if cluster.walk.changed:
                cluster.walk = load_cluster(1, self.state, str).walk if self.state else Walk(Facts(str))
            fingerprints = {id: fingerprint for id, (_, fingerprint, _) in self.leads.items()}
            todo = again(cluster, IDS, taken, facts, END, fingerprints)
        for id in todo.touched.values():
            if id is not None and id not in cluster.members:
                state, fingerprint, last = self.leads[id]
                cluster.members[id] = load_lead(id, state, fingerprint, last)
        todo.carry_out(IDS, self._fold, END)
        for id in todo.ceased:
            del self.leads[id]
        self.written = {IDS.of(cluster.walk.people[number].name()) for number in todo.touched}
        for id in self.written:
            member = cluster.members[id]
            self.leads[id] = dump_lead(member), member.fingerprint, member.last
        if cluster.unsaved:
            self.state = dump_cluster(cluster)
            cluster.saved()

    def agrees(self, other: "Saved") -> bool:
        """Whether all that is saved of leads is the same; a fingerprint that only one of both keeps says nothing."""
        return self.leads.keys() == other.leads.keys() and all(
            one[::2] == two[::2] and (None in (one[1], two[1]) or one[1] == two[1])
            for one, two in ((lead, other.leads[id]) for id, lead in self.leads.items())
        )

    def _load(self) -> Cluster:
        if self._reload and self.state:
            self._cluster = load_cluster(1, self.state, str)
            self._cluster.last = max((last for *_, last in self.leads.values()), default=-1)
        return self._cluster


@law(120)
@given(st.data())
def test_steps_of_a_saved_cluster_give_the_bytes_of_a_walk_of_the_whole_history(
    fold: Fold, data: st.DataObject
) -> None:
    history = data.draw(histories(types=TYPES))
    arrival = data.draw(st.permutations(history)) if data.draw(st.booleans()) else in_order(history)
    stepped, kept = Saved(fold, reload=True), Saved(fold, reload=False)
    taken = list[Touchpoint]()
    while len(taken) < len(arrival):
        batch = arrival[len(taken) : len(taken) + data.draw(st.integers(1, 4))]
        taken += batch
        for each in (stepped, kept):
            each.take(batch, list(taken))
    whole = Saved(fold, reload=False)
    whole.take(history, history)
    assert stepped.agrees(whole)
    assert kept.agrees(whole)
    assert stepped.agrees(kept)
    assert stepped.state == kept.state


@law(120)
@given(st.data())
def test_only_whose_touchpoints_or_identities_changed_is_written(fold: Fold, data: st.DataObject) -> None:
    history = data.draw(histories(types=TYPES))
    cut = data.draw(st.integers(1, len(history)))
    before, after = history[:cut], data.draw(st.permutations(history[cut:]))
    world = Saved(fold, reload=data.draw(st.booleans()))
    world.take(before, before)
    for number, touchpoint in enumerate(after, 1):
        known = dict(world.leads)
        taken = [*before, *after[:number]]
        world.take([touchpoint], taken)
        whole = Saved(fold, reload=False)
        whole.take(taken, taken)
        differing = {id for id, lead in world.leads.items() if known.get(id) != lead}
        assert differing <= world.written
        assert world.agrees(whole)
