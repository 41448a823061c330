"""Which touchpoints belong together, found the slow way for `verify`: all links at once, by union-find.

Two passes: tasks look at ranges of positions and say who was named with whom; when all of that is known, it says which
identities bind, and so which touchpoints are one cluster's. In memory is an entry for each identity, the rest on disk.
"""

import pickle
import sqlite3
from array import array
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from domain.people.constraints import NAMES_OTHERS, other_side
from domain.people.facts import Disputes, Facts, Links
from domain.people.sharing import Limits
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Touchpoint
from projections.upkeep.evidence import Evidence, First, sighted
from store.database.exported import TaskSource
from store.events.ids import Ids
from store.events.library.notifications import notified


@dataclass(slots=True)
class Alike:
    """Touchpoints that link the same: what links of the first, and each one's position and instant."""

    example: Touchpoint
    positions: "array[int]" = field(default_factory=lambda: array("q"))
    instants: "array[int]" = field(default_factory=lambda: array("q"))


@dataclass(slots=True)
class Looked:
    """What a task saw in a range of positions."""

    touchpoints: int = 0
    seen: First = field(default_factory=dict)
    claimed: First = field(default_factory=dict)
    alone: "dict[Identity, array[int]]" = field(default_factory=dict)
    """Positions of touchpoints with one identity: that one is their home, whatever is known of it."""
    together: list[Alike] = field(default_factory=list)


def look(source: TaskSource, after: int, until: int) -> Looked:
    """The task of the first pass, over the positions behind `after` and up to `until`."""
    looked, alike = Looked(), dict[tuple[Any, ...], Alike]()
    with source.attached() as (database, _):
        for position, event in notified(database, until, after):
            touchpoint = event.touchpoint
            looked.touchpoints += 1
            sighted(touchpoint, looked.seen, looked.claimed)
            if touchpoint.type in NAMES_OTHERS:
                _add(looked, alike, touchpoint, position, (position,))
            elif len(touchpoint.identities) > 1:
                key = (touchpoint.identities, touchpoint.claims, touchpoint.by_machine)
                _add(looked, alike, touchpoint, position, key)
            else:
                looked.alone.setdefault(touchpoint.identities[0], array("q")).append(position)
    return looked


Known = tuple[dict[Identity, int], dict[Identity, Links], dict[Identity, int], dict[Identity, Disputes]]
"""Of some identities: which are shared, trusted, overclaimed and disputed."""


class GroupedCluster(NamedTuple):
    """What belongs together: the positions of its touchpoints, and what is known of its identities."""

    positions: "array[int]"
    known: Known


class ClusterGrouping:
    """Takes what tasks saw, and gives clusters."""

    def __init__(self, path: Path, ids: Ids, limits: Limits) -> None:
        self.touchpoints = 0
        self._evidence = Evidence(ids, limits)
        self._numbers: dict[Identity, int] = {}
        self._identities: list[Identity] = []
        self._parents = array("q")
        self._file = sqlite3.connect(path)
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("CREATE TABLE together (alike BLOB)")
        self._file.execute("CREATE TABLE homes (home INTEGER, positions BLOB, named BLOB)")

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, looked: Looked) -> None:
        """Take what one task saw; the order of tasks does not matter."""
        self.touchpoints += looked.touchpoints
        self._evidence.add_all(looked.seen, looked.claimed)
        self._file.executemany("INSERT INTO together VALUES (?)", [(pickle.dumps(each),) for each in looked.together])
        homes = [(self._number(home), positions.tobytes(), b"") for home, positions in looked.alone.items()]
        self._file.executemany("INSERT INTO homes VALUES (?, ?, ?)", homes)

    def clusters(self) -> Iterator[GroupedCluster]:
        """Each cluster, when everything was taken."""
        facts = self._evidence.facts()
        with closing(self._file.cursor()) as reading:
            for (dumped,) in reading.execute("SELECT alike FROM together"):
                self._file.executemany("INSERT INTO homes VALUES (?, ?, ?)", self._linked(pickle.loads(dumped), facts))
        self._file.execute("CREATE TABLE roots (home INTEGER PRIMARY KEY, root INTEGER)")
        self._file.executemany(
            "INSERT INTO roots VALUES (?, ?)", ((number, self._root(number)) for number in range(len(self._parents)))
        )
        query = "SELECT root, home, positions, named FROM homes JOIN roots USING (home) ORDER BY root"
        for _, rows in groupby(self._file.execute(query), key=lambda row: int(row[0])):
            positions, names = array("q"), set[int]()
            for _, home, some, named in rows:
                positions.frombytes(some)
                names.add(home)
                names.update(array("q", named))
            yield GroupedCluster(positions, facts.of(self._identities[number] for number in sorted(names)).saved())

    def _linked(self, alike: Alike, facts: Facts) -> Iterator[tuple[int, bytes, bytes]]:
        """Make one of what touchpoints link; the rows of their homes."""
        example = alike.example
        named = array("q", [self._number(identity) for identity in example.identities]).tobytes()
        names = (*example.identities, *other_side(example))
        if not any(identity in facts.shared or identity in facts.overclaimed for identity in names):
            yield self._unite(facts.links(example)), alike.positions.tobytes(), named
            return
        for position, each in zip(alike.positions, alike.instants, strict=True):  # who binds depends on the instant
            instant = Instant(each)
            linked = facts.links(example._replace(occurred_at=instant, received_at=instant))
            yield self._unite(linked), array("q", [position]).tobytes(), named

    def _number(self, identity: Identity) -> int:
        number = self._numbers.get(identity)
        if number is None:
            number = self._numbers[identity] = len(self._identities)
            self._identities.append(identity)
            self._parents.append(number)
        return number

    def _root(self, number: int) -> int:
        parents = self._parents
        while (parent := parents[number]) != number:
            parents[number] = parents[parent]
            number = parents[number]
        return number

    def _unite(self, linked: tuple[Identity, ...]) -> int:
        """Make one of the clusters of these identities; the number of the first."""
        home = self._number(linked[0])
        for identity in linked[1:]:
            first, second = sorted((self._root(home), self._root(self._number(identity))))
            self._parents[second] = first
        return home


def _add(
    looked: Looked, alike: dict[tuple[Any, ...], Alike], touchpoint: Touchpoint, position: int, key: tuple[Any, ...]
) -> None:
    same = alike.get(key)
    if same is None:
        same = alike[key] = Alike(_what_links(touchpoint))
        looked.together.append(same)
    same.positions.append(position)
    same.instants.append(touchpoint.instant)


def _what_links(touchpoint: Touchpoint) -> Touchpoint:
    """The touchpoint without what says nothing about whom it links."""
    context = {"machine": touchpoint.context["machine"]} if "machine" in touchpoint.context else {}
    properties = dict(touchpoint.properties) if touchpoint.type in NAMES_OTHERS else {}
    return touchpoint._replace(profile={}, properties=properties, context=context)
