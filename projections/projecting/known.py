"""What the projector knows of identities: of one its cluster, with whom it was seen, and with whom claims named it."""

from collections.abc import Collection, Iterable, Mapping
from operator import itemgetter

import orjson
from sqlalchemy import Connection

from domain.people.facts import Disputes, Facts, Hashed, Links
from domain.people.sharing import Limits, Seen
from domain.touchpoints.identity import Identity
from store.database import bulk
from store.database.derived import Derived
from store.events.ids import Ids


class Known(Seen):
    """What is known of an identity: of whom it was seen with, and besides."""

    __slots__ = ("_disputes", "_links", "claimed", "cluster")

    def __init__(
        self,
        cluster: int | None = None,
        seen: dict[str, dict[str, int]] | None = None,
        claimed: dict[str, dict[str, int]] | None = None,
    ) -> None:
        super().__init__(seen)
        self.cluster = cluster
        self.claimed = None if claimed is None else Seen(claimed)
        """Of an e-mail or phone: with which higher identities claims named it, by value."""
        self._links: Links | None = None
        self._disputes: Disputes | None = None

    @classmethod
    def read(cls, cluster: int | None, seen: str | None, claimed: str | None) -> "Known":
        """As the row says."""
        return cls(cluster, orjson.loads(seen) if seen else None, orjson.loads(claimed) if claimed else None)

    def row(self) -> tuple[str | None, str | None]:
        """The columns `seen` and `claimed`."""
        return _json(self.kinds), _json(self.claimed.kinds) if self.claimed else None

    def see(self, kind: str, higher: str, instant: int, limit: int) -> bool:
        """Take note of a sighting; whether anything changed."""
        changed = super().see(kind, higher, instant, limit)
        if changed:
            self._links = self._disputes = None
        return changed

    def claim(self, kind: str, higher: str, instant: int, limit: int) -> bool:
        """Take note of whom a claim named it with; whether anything changed."""
        if self.claimed is None:
            self.claimed = Seen()
        self._disputes = None
        return self.claimed.see(kind, higher, instant, limit)

    def disputes(self, hashed: Hashed) -> Disputes:
        """With whom claims named it though its trusted links of that kind are others. Not to be changed."""
        if self._disputes is None:
            links = self.links()
            self._disputes = sorted(
                (instant, name)
                for kind, claimed in (self.claimed.kinds.items() if self.claimed and links else ())
                if kind in links
                for value, instant in claimed.items()
                if hashed(name := Identity(kind, value)) not in links[kind]
            )
        return self._disputes

    def crowded(self, limit: int) -> bool:
        """Whether it was seen with more of a kind than the limit: from some instant it is shared."""
        for seen in self.kinds.values():  # noqa: SIM110  for every touchpoint: a generator costs three times as much
            if len(seen) > limit:
                return True
        return False

    def overclaimed_from(self, limit: int) -> int | None:
        """The instant from which too many have claimed it."""
        return None if self.claimed is None else self.claimed.crowded_from(limit)

    def links(self) -> Links:
        """The hashes of whom it was seen with. Not to be changed."""
        if self._links is None:
            self._links = super().links()
        return self._links

    def may_turn(self, before: Links, after: Links, limit: int, hashed: Hashed) -> bool:
        """Whether with other trusted links some claim may carry it that did not, or no longer."""
        for kind, claimed in self.claimed.kinds.items() if self.claimed else ():
            old, new = before.get(kind, []), after.get(kind, [])
            if old == new:
                continue
            if len(claimed) > limit:
                return True  # not all who claimed it are known
            names = [hashed(Identity(kind, value)) for value in claimed]
            if any((bool(old) and each not in old) != (bool(new) and each not in new) for each in names):
                return True
        return False


def known_at(
    conn: Connection, tables: Derived, ids: Ids, identities: Collection[Identity], position: int, limits: Limits
) -> dict[Identity, Known]:
    """What was known of identities by what was recorded up to a position; their clusters are not."""
    known = {identity: Known() for identity in identities}
    by_id = {ids.of(identity): (each, limits.get(identity.kind, 0)) for identity, each in known.items()}
    columns = ["position", "low", "high", "kind", "value", "instant"]
    rows = bulk.select_in(conn, tables.sightings, columns, "low", list(by_id), f"position <= {int(position)}")
    for _, low, high, kind, value, instant in sorted(rows, key=itemgetter(0)):
        each, limit = by_id[low]
        if value is None:
            each.see(kind, high.hex, instant, limit)
        else:
            each.claim(kind, value, instant, limit)
    return known


def facts_of(
    known: Mapping[Identity, Known], identities: Iterable[Identity], limits: Limits, hashed: Hashed
) -> Facts | None:
    """What is known of the identities: since when they are shared, and their trusted links; None: nothing."""
    shared: dict[Identity, int] = {}
    trusted: dict[Identity, Links] = {}
    overclaimed: dict[Identity, int] = {}
    disputed: dict[Identity, Disputes] = {}
    for identity in identities:
        limit = limits.get(identity.kind)
        if limit is None:
            continue
        each = known[identity]
        if each.kinds:
            since = each.crowded_from(limit)
            if since is not None:
                shared[identity] = since
            if identity.kind != "anonymous_id":
                trusted[identity] = each.links()
        if each.claimed is not None and (since := each.overclaimed_from(limit)) is not None:
            overclaimed[identity] = since
        if each.claimed is not None and each.kinds:
            disputed[identity] = each.disputes(hashed)  # empty too: what was may be no more
    if shared or trusted or overclaimed:
        return Facts(hashed, shared, trusted, overclaimed, disputed)
    return None


def _json(value: dict[str, dict[str, int]]) -> str | None:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if value else None
