"""Fixtures of the collector's tests."""

from pathlib import Path

import pytest

from tests.producers.collecting import Collecting


@pytest.fixture
def door(tmp_path: Path) -> Collecting:
    """A collector without keys and sites, asked from loopback."""
    return Collecting(tmp_path)
