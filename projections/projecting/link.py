"""Linking: which cluster a touchpoint belongs to. Identities on one touchpoint make their clusters one.

A cluster may be too large, never too small. It is made of identities, not of trails: in the trail of a shared cookie
lie touchpoints of many clusters.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, update

from domain.people.constraints import NAMES_OTHERS, other_side
from domain.people.facts import Disputes, Facts, Links
from domain.people.person import machines_visitor
from domain.people.sharing import LIMITS, Limits, claimings, sightings
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Position, Touchpoint
from projections.projecting.known import Known, facts_of
from store.database import bulk
from store.database.derived import Derived
from store.events.ids import Ids
from store.events.store import Recorded

_LIMIT = 200_000
"""Identities remembered before the memory is dropped (some 60 MB)."""

ReadRecorded = Callable[[Mapping[int, int]], Iterable[Touchpoint]]
"""The touchpoints, recorded before this batch, of the trails of some clusters that have any from an instant on."""


@dataclass(slots=True)
class Linked:
    """What linking a batch gave."""

    members: dict[int, list[Touchpoint]] = field(default_factory=dict)
    """The batch's touchpoints by cluster; also, with none, clusters that must be looked at again."""
    absorbed: dict[int, list[int]] = field(default_factory=dict)
    """Clusters that became part of another."""
    facts: dict[int, Facts] = field(default_factory=dict)
    """By cluster, what is known of its identities, as far as it concerns this batch."""
    stale: set[int] = field(default_factory=set)
    """Clusters to or from which touchpoints of before this batch moved, or in which they bind otherwise."""
    trails: dict[int, set[UUID]] = field(default_factory=dict)
    """By cluster, where such touchpoints are recorded."""


@dataclass(slots=True)
class _Before:
    """What was known of an identity before a batch that says otherwise."""

    shared: int | None
    overclaimed: int | None
    links: Links
    disputes: Disputes
    highs: set[Identity] = field(default_factory=set)
    """Who was seen or claimed with it in the batch."""


class Linker:
    """Keeps what is known of identities in memory, for one projector. After any error: a new Linker."""

    def __init__(self, ids: Ids, tables: Derived, limits: Limits = LIMITS) -> None:
        self._ids = ids
        self._tables = tables
        self._limits = limits
        self._known: dict[UUID, Known] = {}
        self._met: dict[Identity, Known] = {}
        self._forward: dict[int, int] = {}
        self._changed: set[UUID] = set()
        self._named: dict[UUID, int] = {}
        self._learnt: list[tuple[UUID, Position, UUID, str, str | None, int]] = []
        self._nothing = Facts(ids.hex)

    def link(self, conn: Connection, batch: Sequence[Recorded], recorded: ReadRecorded) -> Linked:
        """Link a batch of (position, touchpoint); the caller commits what `write` writes."""
        if len(self._known) > _LIMIT:
            self._known.clear()
            self._met.clear()
            self._forward.clear()
        self.load(conn, mentioned(touchpoint for _, touchpoint in batch))
        linked = Linked()
        before = self._see(batch)
        again = self._in_doubt(before) if before else {}
        for position, touchpoint in batch:
            cluster = self._known_home(touchpoint)
            if cluster is None:
                facts = self._facts_of(touchpoint)
                cluster = self._cluster(facts.links(touchpoint), touchpoint.identities[0], position, linked)
                self._tell(linked, cluster, facts)
            linked.members.setdefault(cluster, []).append(touchpoint)
            if "machine" in touchpoint.context:  # whoever looks back asks by this id, also where it is nobody's now
                self.name(self._ids.of(machines_visitor(touchpoint.identities[0])), cluster)
        if again:
            self._relink(conn, before, recorded(again), linked)
        for identity in before:
            home = self.cluster_of(identity)
            if home is not None:
                linked.members.setdefault(home, [])
                self._tell(linked, home, self.facts([identity]))
        self._follow(linked)
        return linked

    def load(self, conn: Connection, identities: Iterable[Identity]) -> None:
        """Bring what the database knows of the identities into memory, with one look-up."""
        of, met = self._ids.of, self._met
        new = {identity: of(identity) for identity in identities if identity not in met}
        self._load(conn, new.values())
        for identity, id in new.items():
            met[identity] = self._known[id]

    def _load(self, conn: Connection, ids: Iterable[UUID]) -> None:
        known = self._known
        cold = [id for id in ids if id not in known]
        if not cold:
            return
        for id in cold:
            known[id] = Known()
        rows = bulk.select_in(conn, self._tables.identities, ["id", "cluster", "seen", "claimed"], "id", cold)
        for id, cluster, seen, claimed in rows:
            known[id] = Known.read(cluster, seen, claimed)

    def facts(self, identities: Iterable[Identity]) -> Facts:
        """What is known of the (loaded) identities: since when they are shared, and their trusted links."""
        facts = facts_of(self._met, identities, self._limits, self._ids.hex)
        return self._nothing if facts is None else facts

    def cluster_of(self, identity: Identity) -> int | None:
        """The cluster of a loaded identity."""
        cluster = self._met[identity].cluster
        return None if cluster is None else self._find(cluster)

    def sort_home(
        self, conn: Connection, touchpoints: Sequence[Touchpoint], clusters: Iterable[int]
    ) -> dict[int, list[Touchpoint]]:
        """Those of some recorded touchpoints that belong to the clusters, by cluster."""
        homes: dict[int, list[Touchpoint]] = {cluster: [] for cluster in clusters}
        self.load(conn, mentioned(touchpoints))
        for touchpoint in touchpoints:
            home = self.cluster_of(self._facts_of(touchpoint).links(touchpoint)[0])
            if home is not None and home in homes:
                homes[home].append(touchpoint)
        return homes

    def name(self, id: UUID, cluster: int) -> None:
        """Let a lead's id lead to its cluster, where it is not an identity's hash anyway."""
        known = self._known.get(id)
        if known is None or known.cluster != cluster:
            self._named[id] = cluster

    def write(self, conn: Connection, linked: Linked) -> None:
        """Write what changed of identities."""
        table = self._tables.identities
        for into, lost in linked.absorbed.items():
            for number in lost:
                conn.execute(update(table).where(table.c.cluster == number).values(cluster=self._find(into)))
        self._load(conn, self._named)
        for id, cluster in self._named.items():
            if self._known[id].cluster != cluster:
                self._known[id].cluster = cluster
                self._changed.add(id)
        rows = []
        for id in self._changed:
            known = self._known[id]
            cluster_now = None if known.cluster is None else self._find(known.cluster)
            rows.append((id, cluster_now, *known.row()))
        bulk.upsert(conn, table, rows)
        bulk.insert(conn, self._tables.sightings, self._learnt)
        self._changed.clear()
        self._named.clear()
        self._learnt.clear()

    # ---- one batch ----

    def _see(self, batch: Sequence[Recorded]) -> dict[Identity, _Before]:
        """Note who was seen and claimed with whom; of the identities that are known otherwise now, what was before."""
        before: dict[Identity, _Before] = {}
        for position, touchpoint in batch:
            if len(touchpoint.identities) > 1:
                for low, high in sightings(touchpoint):
                    self._note(position, low, high, touchpoint.instant, before)
                for low, high in claimings(touchpoint):
                    self._note(position, low, high, touchpoint.instant, before, claimed=True)
        return before

    def _note(
        self,
        position: Position,
        low: Identity,
        high: Identity,
        instant: int,
        before: dict[Identity, _Before],
        *,
        claimed: bool = False,
    ) -> None:
        known, limit = self._met[low], self._limits[low.kind]
        name = high.value if claimed else self._ids.hex(high)
        notes = known.claimed if claimed else known
        if notes is not None and notes.knows(high.kind, name, instant):
            return
        was = self._state(low)
        if (known.claim if claimed else known.see)(high.kind, name, instant, limit):
            id = self._ids.of(low)
            self._changed.add(id)
            value = high.value if claimed else None
            self._learnt.append((id, position, self._ids.of(high), high.kind, value, instant))
            if self._state(low) != was:
                before.setdefault(low, was).highs.add(high)

    def _state(self, identity: Identity) -> _Before:
        """What is known now."""
        known, limit = self._met[identity], self._limits[identity.kind]
        links = {} if identity.kind == "anonymous_id" else known.links()
        disputes = known.disputes(self._ids.hex) if known.claimed else []
        return _Before(known.crowded_from(limit), known.overclaimed_from(limit), links, disputes)

    def _in_doubt(self, before: Mapping[Identity, _Before]) -> dict[int, int]:
        """Clusters in which touchpoints of before the batch may bind otherwise now, and from which instant on."""
        doubtful: dict[int, int] = {}
        for identity, was in before.items():
            now = self._state(identity)
            moved = [
                since
                for since, earlier in ((now.shared, was.shared), (now.overclaimed, was.overclaimed))
                if since is not None and since != earlier
            ]
            places = {identity: min(moved)} if moved else {}
            if self._met[identity].may_turn(was.links, now.links, self._limits[identity.kind], self._ids.hex):
                places = dict.fromkeys([identity, *was.highs], -1)
            for place, instant in places.items():
                cluster = self.cluster_of(place)
                if cluster is not None:
                    doubtful[cluster] = min(instant, doubtful.get(cluster, instant))
        return doubtful

    def _known_home(self, touchpoint: Touchpoint) -> int | None:
        """The cluster of a touchpoint that links nothing, as nearly all: its one identity is known and not shared."""
        if len(touchpoint.identities) > 1 or touchpoint.type in NAMES_OTHERS:
            return None
        [identity] = touchpoint.identities
        known = self._met[identity]
        if known.cluster is None or (known.kinds and known.crowded(self._limits[identity.kind])):
            return None
        return self._find(known.cluster)

    def _facts_of(self, touchpoint: Touchpoint) -> Facts:
        if touchpoint.type in NAMES_OTHERS:
            return self.facts((*touchpoint.identities, *other_side(touchpoint)))
        return self.facts(touchpoint.identities)

    def _tell(self, linked: Linked, cluster: int, facts: Facts) -> None:
        if facts is not self._nothing:
            linked.facts.setdefault(cluster, Facts(self._ids.hex)).add(facts)

    def _cluster(self, linking: tuple[Identity, ...], highest: Identity, number: int, linked: Linked) -> int:
        """The one cluster of all that a touchpoint links, made so where it is not; a new one gets the number given.

        What it would lie with if nothing bound, its highest identity, has a cluster from then on too.
        """
        clusters = {cluster for identity in linking if (cluster := self.cluster_of(identity)) is not None}
        into = min(clusters) if clusters else number
        for lost in clusters - {into}:
            self._forward[lost] = into
            absorbed = linked.absorbed.pop(lost, [])
            linked.absorbed.setdefault(into, []).extend([lost, *absorbed])
        for identity in (*linking, highest):
            known = self._met[identity]
            if known.cluster is None:
                known.cluster = into
                self._changed.add(self._ids.of(identity))
        return into

    # ---- touchpoints of before the batch ----

    def _relink(
        self, conn: Connection, before: Mapping[Identity, _Before], touchpoints: Iterable[Touchpoint], linked: Linked
    ) -> None:
        """Link again touchpoints of before the batch that bind otherwise by what is known now."""
        concerned = [each for each in touchpoints if any(name in before for name in mentioned([each]))]
        self.load(conn, mentioned(concerned))
        for touchpoint in concerned:
            facts = self._facts_of(touchpoint)
            linking, was = facts.links(touchpoint), _as_before(facts, before).links(touchpoint)
            if linking == was:
                continue
            left = self.cluster_of(was[0])
            assert left is not None, "the home of what was linked has a cluster"
            cluster = self._cluster(linking, touchpoint.identities[0], left, linked)
            for number in (left, cluster):
                linked.members.setdefault(number, [])
                linked.stale.add(number)
            linked.trails.setdefault(cluster, set()).add(self._ids.of(touchpoint.trail))

    def _follow(self, linked: Linked) -> None:
        """Put what is said of clusters that were absorbed under those that absorbed them."""
        for lost in [number for number in linked.members if number in self._forward]:
            into = self._find(lost)
            linked.members.setdefault(into, []).extend(linked.members.pop(lost))
            if lost in linked.facts:
                self._tell(linked, into, linked.facts.pop(lost))
            if lost in linked.trails:
                linked.trails.setdefault(into, set()).update(linked.trails.pop(lost))
            if lost in linked.stale:
                linked.stale.remove(lost)
                linked.stale.add(into)

    def _find(self, cluster: int) -> int:
        while (into := self._forward.get(cluster)) is not None:
            cluster = into
        return cluster


def _as_before(facts: Facts, before: Mapping[Identity, _Before]) -> Facts:
    """What was known of the same identities before the batch."""
    was = facts.copy()
    for identity, known in before.items():
        was.shared.pop(identity, None)
        was.trusted.pop(identity, None)
        was.overclaimed.pop(identity, None)
        if known.shared is not None:
            was.shared[identity] = known.shared
        if known.links and identity.kind != "anonymous_id":
            was.trusted[identity] = known.links
        if known.overclaimed is not None:
            was.overclaimed[identity] = known.overclaimed
    return was


def mentioned(touchpoints: Iterable[Touchpoint]) -> Collection[Identity]:
    """Every identity that the touchpoints name, each once."""
    names: dict[Identity, None] = {}
    for touchpoint in touchpoints:
        for identity in touchpoint.identities:
            names[identity] = None
        if touchpoint.type in NAMES_OTHERS:
            names.update(dict.fromkeys(other_side(touchpoint)))
    return names.keys()
