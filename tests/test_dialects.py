"""Who knows which database it is: what import contracts cannot see of that (they keep the drivers in their room)."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = ("domain", "store", "producers", "consumers", "projections", "web", "api", "runtime")
KNOW = {"store/events/store.py", "store/events/reading.py", "store/events/positions.py"}
"""Outside the database's room: the hot statements of the event store, one text each."""


def knows(tree: ast.AST) -> bool:
    """Whether a module imports a dialect, or asks a connection or database for its own."""
    return any(
        (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy.dialects"))
        or (isinstance(node, ast.Import) and any(name.name.startswith("sqlalchemy.dialects") for name in node.names))
        or (isinstance(node, ast.Attribute) and node.attr == "dialect")
        for node in ast.walk(tree)
    )


def test_dialects_are_known_to_the_databases_room_and_the_event_store_alone() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    telling = {str(file.relative_to(ROOT)) for file in files if knows(ast.parse(file.read_text(encoding="utf-8")))}
    assert {file for file in telling if not file.startswith("store/database/")} == KNOW
