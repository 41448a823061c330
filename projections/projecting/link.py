"""Linking: which cluster a touchpoint belongs to. Identities on one touchpoint make their clusters one.

A cluster may be too large, never too small. It is made of identities, not of trails: in the trail of a shared cookie
lie touchpoints of many clusters.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy import Connection, update

from domain.people.constraints import looks_back, other_side
from domain.people.links import LIMITS, links, sightings
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from store.database import bulk
from store.database.tables import Derived
from store.events.ids import Ids

_LIMIT = 200_000
"""Identities remembered before the memory is dropped (some 60 MB)."""


@dataclass(slots=True)
class Known:
    """What is known of an identity: its cluster, and with which higher identities it was seen, and since when."""

    cluster: int | None = None
    seen: dict[str, int] = field(default_factory=dict)

    def shared_from(self, limit: int) -> int | None:
        """The instant from which the identity is shared: that of the one higher identity too many."""
        return sorted(self.seen.values())[limit] if len(self.seen) > limit else None

    def see(self, higher: str, instant: int, limit: int) -> bool:
        """Take note of a sighting; only the earliest, one more than the limit, are kept. Whether anything changed."""
        known = self.seen.get(higher)
        if known is not None:
            if instant >= known:
                return False
        elif len(self.seen) > limit:
            latest = max(self.seen, key=lambda each: (self.seen[each], each))
            if (instant, higher) >= (self.seen[latest], latest):
                return False
            del self.seen[latest]
        self.seen[higher] = instant
        return True


@dataclass(slots=True)
class Linked:
    """What linking a batch gave."""

    members: dict[int, list[Touchpoint]] = field(default_factory=dict)
    """The batch's touchpoints by cluster; also, with none, clusters that must be looked at again."""
    absorbed: dict[int, list[int]] = field(default_factory=dict)
    """Clusters that became part of another."""
    shared: dict[int, dict[Identity, int]] = field(default_factory=dict)
    """By cluster, the identities that are shared, and from which instant, as far as this batch knows."""


class Linker:
    """Keeps what is known of identities in memory, for one projector. After any error: a new Linker."""

    def __init__(self, ids: Ids, tables: Derived) -> None:
        self._ids = ids
        self._tables = tables
        self._known: dict[UUID, Known] = {}
        self._met: dict[Identity, Known] = {}
        self._forward: dict[int, int] = {}
        self._changed: set[UUID] = set()
        self._named: dict[UUID, int] = {}

    def link(self, conn: Connection, batch: Sequence[tuple[int, Touchpoint]]) -> Linked:
        """Link a batch of (position, touchpoint); the caller commits what `write` writes."""
        if len(self._known) > _LIMIT:
            self._known.clear()
            self._met.clear()
            self._forward.clear()
        self.load(conn, mentioned(touchpoint for _, touchpoint in batch))
        linked = Linked()
        moved = self._see(batch)
        for position, touchpoint in batch:
            home = self._known_home(touchpoint)
            if home is not None:
                linked.members.setdefault(home, []).append(touchpoint)
                continue
            shared = self.shared(touchpoint.identities)
            cluster = self._cluster(touchpoint, shared, position, linked)
            linked.members.setdefault(cluster, []).append(touchpoint)
            if shared:
                linked.shared.setdefault(cluster, {}).update(shared)
        for identity, since in moved.items():
            home = self.cluster_of(identity)
            if home is not None:
                linked.members.setdefault(home, [])
                linked.shared.setdefault(home, {})[identity] = since
        for lost in [number for number in linked.members if number in self._forward]:
            into = self._find(lost)
            linked.members.setdefault(into, []).extend(linked.members.pop(lost))
            linked.shared.setdefault(into, {}).update(linked.shared.pop(lost, {}))
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
        found = bulk.select_in(conn, self._tables.identities, ["id", "cluster", "seen"], "id", cold)
        for id, cluster, seen in found:
            known[id] = Known(cluster, orjson.loads(seen) if seen else {})

    def shared(self, identities: Iterable[Identity]) -> dict[Identity, int]:
        """Those of the (loaded) identities that are shared, and from which instant."""
        found: dict[Identity, int] = {}
        for identity in identities:
            limit = LIMITS.get(identity.kind)
            if limit is not None:
                known = self._met[identity]
                if len(known.seen) > limit and (since := known.shared_from(limit)) is not None:
                    found[identity] = since
        return found

    def cluster_of(self, identity: Identity) -> int | None:
        """The cluster of a loaded identity."""
        cluster = self._met[identity].cluster
        return None if cluster is None else self._find(cluster)

    def sort_home(
        self, conn: Connection, touchpoints: Sequence[Touchpoint], clusters: Iterable[int]
    ) -> dict[int, list[Touchpoint]]:
        """Those of some recorded touchpoints that belong to the clusters, by cluster."""
        found: dict[int, list[Touchpoint]] = {cluster: [] for cluster in clusters}
        self.load(conn, mentioned(touchpoints))
        for touchpoint in touchpoints:
            home = self._home(touchpoint)
            if home is not None and home in found:
                found[home].append(touchpoint)
        return found

    def _home(self, touchpoint: Touchpoint) -> int | None:
        """The cluster of a recorded touchpoint whose identities are loaded."""
        return self.cluster_of(links(touchpoint, self.shared(touchpoint.identities))[0])

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
            seen = orjson.dumps(known.seen, option=orjson.OPT_SORT_KEYS).decode() if known.seen else None
            rows.append((id, None if known.cluster is None else self._find(known.cluster), seen))
        bulk.upsert(conn, table, rows)
        self._changed.clear()
        self._named.clear()

    # ---- one batch ----

    def _see(self, batch: Sequence[tuple[int, Touchpoint]]) -> dict[Identity, int]:
        """Note who was seen with whom; the identities that became shared by it, or shared from an earlier instant."""
        moved: dict[Identity, int] = {}
        for _, touchpoint in batch:
            if len(touchpoint.identities) < 2:
                continue
            for low, high in sightings(touchpoint):
                known, limit = self._met[low], LIMITS[low.kind]
                before = known.shared_from(limit)
                if known.see(self._ids.of(high).hex, touchpoint.instant, limit):
                    self._changed.add(self._ids.of(low))
                    after = known.shared_from(limit)
                    if after is not None and after != before:
                        moved[low] = after
        return moved

    def _known_home(self, touchpoint: Touchpoint) -> int | None:
        """The cluster of a touchpoint that links nothing, as nearly all: its one identity is known and not shared."""
        if len(touchpoint.identities) > 1 or looks_back(touchpoint):
            return None
        [identity] = touchpoint.identities
        known = self._met[identity]
        if known.cluster is None or len(known.seen) > LIMITS.get(identity.kind, 0):
            return None
        return self._find(known.cluster)

    def _cluster(self, touchpoint: Touchpoint, shared: dict[Identity, int], position: int, linked: Linked) -> int:
        """The one cluster of all that the touchpoint links, made so where it is not."""
        linking = links(touchpoint, shared)
        found = {cluster for identity in linking if (cluster := self.cluster_of(identity)) is not None}
        into = min(found) if found else position
        for lost in found - {into}:
            self._forward[lost] = into
            absorbed = linked.absorbed.pop(lost, [])
            linked.absorbed.setdefault(into, []).extend([lost, *absorbed])
        for identity in linking:
            known = self._met[identity]
            if known.cluster is None:
                known.cluster = into
                self._changed.add(self._ids.of(identity))
        return into

    def _find(self, cluster: int) -> int:
        while (into := self._forward.get(cluster)) is not None:
            cluster = into
        return cluster


def mentioned(touchpoints: Iterable[Touchpoint]) -> Collection[Identity]:
    """Every identity that the touchpoints name, each once."""
    found: dict[Identity, None] = {}
    for touchpoint in touchpoints:
        for identity in touchpoint.identities:
            found[identity] = None
        if looks_back(touchpoint):
            found.update(dict.fromkeys(other_side(touchpoint)))
    return found.keys()
