"""Reports of a world as readers ask for them: over HTTP without a socket, and at the terminal."""

from typing import Final

import pytest
from typer.testing import CliRunner

from api.app import Readers, create_api
from runtime.cli import create_app
from tests.projections.world import KEY, World
from tests.runtime.asking import Asker
from tests.runtime.serving import environment
from web.private import Private

TOKEN: Final = "sample-token"


def asker(world: World) -> Asker:
    """Asks the API of a world."""
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private(TOKEN)), TOKEN)


def leadline(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> bytes:
    """What `leadline report` prints of a world."""
    for name in environment():
        monkeypatch.delenv(name, raising=False) if name.startswith("LEADLINE_") else None
    monkeypatch.setenv("LEADLINE_ID_KEY", KEY.decode())
    where = ("--data", world.url.removeprefix("sqlite:///").rpartition("/")[0])
    where = where if world.url.startswith("sqlite:") else ("--database", world.url)
    result = CliRunner().invoke(create_app("report"), ["report", *words, *where])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout_bytes
