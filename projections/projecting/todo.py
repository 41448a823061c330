"""What a batch asks to be done to a cluster's leads. Whom nothing touches is neither loaded nor written."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from domain.fold.fold import Fold
from domain.people.facts import Facts
from domain.people.findings import findings, parted_at
from domain.people.order import WalkKey
from domain.people.person import Person
from domain.people.walk import Walk
from domain.signals.handing_over import REMINDER
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import NEVER, Touchpoint
from projections.projecting.cluster import Cluster, Member, Step
from projections.projecting.fingerprint import fingerprint
from projections.read_models.changes import NOTHING
from store.events.ids import Ids


@dataclass(slots=True)
class Todo:
    """People are told by their number in the walk."""

    cluster: Cluster
    touched: dict[int, UUID | None] = field(default_factory=dict)
    """Who is to be shown, and under which id they are saved, None: they are not; once carried out, of which id now."""
    steps: list[Step] = field(default_factory=list)
    refolds: dict[int, list[Touchpoint]] = field(default_factory=dict)
    """The whole history of those who are folded anew."""
    renamed: set[int] = field(default_factory=set)
    """Whose identities may be others than before."""
    ceased: AbstractSet[UUID] = frozenset()
    """Ids of leads that are saved and are no more."""
    since: int = NEVER
    """Once carried out: nothing older was shown of leads that are folded anew, ceased, or have another id now."""

    @property
    def loaded(self) -> Iterable[UUID | None]:
        """Which of those who are saved must be in memory."""
        return (*self.touched.values(), *self.ceased) if self.ceased else self.touched.values()

    def carry_out(self, ids: Ids, fold: Fold, clock: int) -> None:
        """Fold; those touched must be in memory. After an error those in memory are spoilt."""
        members, people = self.cluster.members, self.cluster.walk.people
        renamed = self.renamed
        if not renamed and not self.refolds:  # nearly always: nobody's name changes
            by_number = {number: members[id] for number, id in self.touched.items() if id is not None}
            for number, instant, group in self.steps:
                member = by_number[number]
                fold.step(member.lead, group, instant)
                member.taken += group
                member.last = instant
                if member.fingerprint is not None:
                    member.fingerprint = fingerprint(ids, group, member.fingerprint)
            return
        several = len(people) > 1
        folded = {
            number: Member(fingerprint=0 if several else None) if id is None else members.pop(id)
            for number, id in self.touched.items()
        }
        for id in self.ceased & members.keys():
            self.since = min(self.since, members.pop(id).lead.began)
        for number, instant, group in self.steps:
            member = folded[number]
            fold.step(member.lead, group, instant)
            member.taken += group
            member.last = instant
            if member.fingerprint is not None:
                member.fingerprint = fingerprint(ids, group, member.fingerprint)
        for number, history in self.refolds.items():
            self.since = min(self.since, folded[number].lead.began)
            folded[number].lead, folded[number].taken = fold.fold(history, clock), history
            folded[number].last = history[-1].instant
            folded[number].fingerprint = fingerprint(ids, history) if several else None
        for number in renamed:
            if number in folded:
                folded[number].owned = None
        for number, member in folded.items():
            id = ids.of(people[number].name())
            if self.touched[number] != id:
                member.shown, member.former = NOTHING, self.touched[number]  # under this id nothing
                self.since = min(self.since, member.lead.began)
            members[id] = member
            self.touched[number] = id


def news_of(todos: Iterable[Todo], types: AbstractSet[str], since: int) -> dict[UUID, list[Touchpoint]]:
    """Touchpoints of some types later than an instant, by the lead whose they are, of what was carried out.

    Of a lead that was folded anew also those that it had before. A reminder bears its instant itself: however old.
    """
    news: dict[UUID, list[Touchpoint]] = {}
    for todo in todos:
        asking = [
            (number, touchpoint) for number, _, group in todo.steps for touchpoint in group if touchpoint.type in types
        ]
        if todo.refolds:
            refolded = todo.refolds.items()
            asking += [(number, each) for number, history in refolded for each in history if each.type in types]
        for number, touchpoint in asking:  # nearly never any
            id = todo.touched.get(number)
            if id is not None and (touchpoint.instant > since or touchpoint.type == REMINDER):
                news.setdefault(id, []).append(touchpoint)
    return news


def onward(
    cluster: Cluster, ids: Ids, touchpoints: Sequence[Touchpoint], clock: int, due: Collection[UUID] = ()
) -> Todo | None:
    """Walk on with new touchpoints, and look at leads that are due; None: the cluster must be walked again."""
    last, walk = cluster.last, cluster.walk
    steps = cluster.take(touchpoints, clock)
    if steps is None:
        return None
    if not walk.changed and not due and (cluster.due is None or cluster.due > clock):  # nearly always
        people = walk.people
        same: dict[int, UUID | None] = {number: ids.of(people[number].name()) for number, _, _ in steps}
        return Todo(cluster, same, steps, {}, walk.changed)
    if last < 0 and len(walk.people) == 1 and not due:  # somebody comes for the first time
        return Todo(cluster, dict.fromkeys(walk.people), steps, {}, walk.changed)
    todo = Todo(cluster, steps=steps, renamed=walk.changed)
    numbers = {number for number, _, _ in steps}
    numbers |= {number for number in walk.changed if number in walk.people and walk.people[number].heads}
    if cluster.due is not None and cluster.due <= clock:
        numbers |= _owners_of_shared(walk)
    if due:
        named = {ids.of(person.name()): person.number for person in walk.people.values() if person.heads}
        if not named.keys() >= set(due):
            return None
        numbers |= {named[id] for id in due}
    for number in numbers:
        person = walk.people[number]
        id = ids.of(person.name())
        if number not in walk.changed:
            todo.touched[number] = id
            continue
        before = person.name_at(last)
        former = todo.touched[number] = None if before is None else ids.of(before)
        if former is not None and former != id:
            todo.ceased |= {former}
    _touch_successors(todo, ids)
    return todo


def again(
    cluster: Cluster,
    ids: Ids,
    history: Iterable[Touchpoint],
    facts: Facts,
    clock: int,
    saved: Mapping[UUID, int | None],
) -> Todo:
    """Walk the whole history; only whose touchpoints changed are folded anew. `saved`: the fingerprints, by lead id.

    The cluster's walk must be the one that is saved, or none.
    """
    anew, before = cluster.anew, _cards([cluster.walk, *cluster.absorbed])
    histories = cluster.walk_again(history, facts, clock)
    todo, walk, live = Todo(cluster), cluster.walk, set()
    shares = _owners_of_shared(walk)
    for number, mine in histories.items():
        person = walk.people[number]
        name = person.name()
        id = ids.of(name)
        live.add(id)
        if anew or len(histories) == 1 or saved.get(id) != fingerprint(ids, mine):
            todo.refolds[number] = mine
        elif number not in shares and before.get(name) == _card(walk, person):
            continue
        todo.touched[number] = id if id in saved else None
    todo.renamed.update(todo.touched)
    todo.ceased = saved.keys() - live
    _touch_successors(todo, ids)
    return todo


def _touch_successors(todo: Todo, ids: Ids) -> None:
    """Touch those to whom leads that ceased resolve: what was announced of these is theirs now."""
    if not todo.ceased:
        return
    successors: dict[UUID, tuple[WalkKey, Person]] = {}
    for person in todo.cluster.walk.people.values():
        for head, key in person.heads.items():
            id = ids.of(head)
            if id in todo.ceased and (id not in successors or key < successors[id][0]):
                successors[id] = key, person
    for _, person in successors.values():
        todo.touched.setdefault(person.number, ids.of(person.name()))


_Card = tuple[frozenset[Identity], list[Any], int]


def _cards(walks: Iterable[Walk]) -> dict[Identity, _Card]:
    """What walks say of each person beside their history: identities, findings, when they were unmerged, by name."""
    return {person.name(): _card(walk, person) for walk in walks for person in walk.people.values() if person.heads}


def _card(walk: Walk, person: Person) -> _Card:
    return frozenset(person.owned), findings(walk, person), parted_at(walk, person)


def _owners_of_shared(walk: Walk) -> set[int]:
    """Who owns an identity that is, or will be, shared: it counts as theirs until an instant."""
    return {walk.owner[identity].number for identity in walk.facts.shared if identity in walk.owner}
