"""Pictures are made of every page that there is: whoever adds a page adds it there."""

import ast
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.pictures import PAGES, Demo

FOLDER = Path(__file__).parents[2] / "api" / "dashboard" / "pages"
LIST = "/health/rejected"
OTHERWISE = {"/model/activations/{job}"}
"""A page that the demo has not: it activates the model of its file alone."""


class Known(Demo):
    """The parts of addresses that only a server knows."""

    def leads(self) -> list[dict[str, Any]]:
        return [{"id": "1"}]

    def refused(self) -> str:
        return "/health/rejected/1"

    def draft(self) -> str:
        return "/model/drafts/1"


def pages() -> set[str]:
    """The paths of all pages: neither what forms are sent to, which leads back, nor files."""
    shown, sent = set(), set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Route"), args=[address, *_], keywords=more):
                    written = ast.unparse(address).strip("f'\"").replace("{_LIST}", LIST).replace("_LIST", LIST)
                    (sent if more else shown).add(re.sub(r"\{+(\w+)[^}]*\}+", r"{\1}", written))
    return {page for page in shown - sent if not page.endswith("/file")}


def test_a_picture_is_made_of_every_page() -> None:
    made = {urlsplit(address(Known("http://127.0.0.1:1"))).path for address in PAGES.values()}
    lacking = {
        page for page in pages() - OTHERWISE
        if not any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", page), path) for path in made)
    }  # fmt: skip
    assert len(pages()) > 20 and lacking == set()
