"""Stored bytes are sealed and opened in one place: whatever that place does with them, everything goes on."""

import ast
from collections.abc import Iterator
from hashlib import sha256
from itertools import cycle
from pathlib import Path

import pytest
from sqlalchemy import select

from projections.queries.lookup import saved_lookup
from projections.upkeep.rebuild import rebuild
from store.database.tables import events
from store.events import sealing
from tests.domain.stories import at, identity
from tests.projections.world import World

ROOMS = ("domain", "store", "producers", "consumers", "projections", "web", "api", "runtime")
ROOT = Path(__file__).parents[2]
OPENS = {"domain/touchpoints/event.py", "store/events/sealing.py", "producers/reading/arrival.py"}
"""Who decodes envelopes: the opened event, the one place, and a door what it has just encoded itself."""
SEALS = {"producers/reading/arrival.py", "producers/imports/importer.py", "consumers/promote/promoter.py"}
"""Who encodes envelopes: whoever puts touchpoints on the log. The log's bytes are the log's."""


def mixed(trail: bytes, data: bytes) -> bytes:
    """As good as encrypted with a key of the trail: other bytes, and of no use with another trail."""
    return bytes(one ^ two for one, two in zip(data, cycle(sha256(trail).digest()), strict=False))


@pytest.fixture
def sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "seal", mixed)
    monkeypatch.setattr(sealing, "unseal", mixed)


@pytest.mark.usefixtures("sealed")
def test_with_other_stored_bytes_all_that_reads_and_writes_goes_on(world: World) -> None:
    world.play([[at(2, "form_submitted", "c:k", "e:a@x.de")], [at(1, "page_viewed", "c:k")]], restart=True)
    with world.database.snapshot() as conn:
        states = [bytes(state) for state in conn.execute(select(events.c.state)).scalars()]
        timeline = saved_lookup(world.events, world.ids).history(conn, world.ids.of(identity("e:a@x.de")))
        assert world.events.is_under(conn, world.ids)
    assert not any(b"page_viewed" in state or b"a@x.de" in state for state in states)
    assert [touchpoint.type for touchpoint in timeline] == ["page_viewed", "form_submitted"]
    rebuild(world.database, world.ids, world.model)
    assert world.verify().differing == 0


def imported(path: Path) -> Iterator[str]:
    """What a module imports of the envelope: names, or the whole module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module="domain.touchpoints.envelope", names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module="domain.touchpoints", names=names):
                yield from (alias.name for alias in names if alias.name == "envelope")
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name == "domain.touchpoints.envelope")


def test_no_other_module_decodes_or_encodes_envelopes() -> None:
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for name in imported(path):
                found.setdefault(name, set()).add(path.relative_to(ROOT).as_posix())
    assert found["decode"] == OPENS
    assert found["encode"] | found["validated"] == SEALS
    assert not {name for name in found if name.endswith("envelope")}, "import its names, so that they can be found"
