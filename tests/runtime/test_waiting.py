"""Waiting for a projection: what is waited for is fixed at the beginning, whatever comes meanwhile."""

import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest

from runtime.waiting import Progressed, wait_until_projected
from store.database.database import Database, open_database
from store.log.port import Partition


def test_live_traffic_does_not_keep_anybody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The projector follows ten events behind a stream that never ends."""
    looks = itertools.count()

    def look(database: Database, ends: Mapping[Partition, int | None]) -> Progressed:
        number = next(looks)
        assert number < 20, "it chases the newest event"
        return Progressed(left=max(0, 3 - number), recorded=100 + 10 * number, projected=90 + 10 * number)

    monkeypatch.setattr("runtime.waiting.look", look)
    monkeypatch.setattr("runtime.waiting.GLANCE", 0.0)
    assert wait_until_projected(open_database(f"sqlite:///{tmp_path}/leadline.db"), {})
    assert next(looks) >= 4, "the ends of the log were waited for"
