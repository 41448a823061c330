"""What a browser is served names no foreign host: pages work in a closed network, and tell nobody who looks."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("api/dashboard/templates", "api/dashboard/static", "api/dashboard/charts", "producers/collector")
SERVED = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".html", ".css", ".js", ".py", ".svg")
]
VOCABULARY = "http://www.w3.org/"
"""Names of XML: nothing is loaded from there."""
LOADS = re.compile(r"""(?:src|href|action|srcset)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import""")


def test_every_folder_is_looked_at() -> None:
    for folder in FOLDERS:
        assert [path for path in SERVED if path.is_relative_to(ROOT / folder)], f"{folder} has none: say where they are"


@pytest.mark.parametrize("path", SERVED, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_loaded_from_another_host(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace(VOCABULARY, "")
    assert LOADS.findall(text) == []
    if path.suffix != ".py":  # where docstrings give examples
        assert re.findall(r"https?://\S+", text) == []
