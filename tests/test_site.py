"""The site of the documentation: every link leads somewhere, nothing foreign is loaded, and every page is found."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from scripts.site import BrokenLink, DocsSite

ROOT = Path(__file__).parents[1]
_LOADS = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src", "video": "src"}


@dataclass
class Read(HTMLParser):
    """A page, as a browser reads it: what it links to, what it loads, the ids in it."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    language: str = ""

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if "id" in said:
            self.ids.add(said["id"])
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        if tag in _LOADS and _LOADS[tag] in said:
            self.loads.append(said[_LOADS[tag]])
        if tag == "html":
            self.language = said["lang"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert DocsSite().write(folder) > 90
    return folder


@pytest.fixture(scope="module")
def read(folder: Path) -> dict[Path, Read]:
    pages: dict[Path, Read] = {}
    for file in folder.rglob("*.html"):
        pages[file.resolve()] = page = Read()
        page.feed(file.read_text(encoding="utf-8"))
    return pages


def _inside(file: Path, links: list[str]) -> Iterator[tuple[Path, str]]:
    """Files and fragments of what is within the site."""
    for link in links:
        parts = urlsplit(link)
        if not parts.scheme and not parts.netloc:
            target = file.parent / unquote(parts.path) if parts.path else file
            yield target.resolve(), unquote(parts.fragment)


def test_no_link_within_it_is_broken(read: dict[Path, Read]) -> None:
    broken = [
        (file.name, target, fragment)
        for file, page in read.items()
        for target, fragment in _inside(file, page.links + page.loads)
        if not target.is_file() or (fragment and target in read and fragment not in read[target].ids)
    ]
    assert broken == []


def test_it_loads_nothing_from_elsewhere(folder: Path, read: dict[Path, Read]) -> None:
    loaded = [each for page in read.values() for each in page.loads]
    assert len(loaded) > len(read) and not any(urlsplit(each).netloc for each in loaded)
    style = (folder / "site.css").read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style


def test_every_page_is_found_from_every_other(read: dict[Path, Read]) -> None:
    everywhere = {file for file in read if file.parent.name != "decisions" or file.name != "index.html"}
    for file, page in read.items():
        assert everywhere <= {target for target, _ in _inside(file, page.links)}, file


def test_both_languages_are_there(folder: Path, read: dict[Path, Read]) -> None:
    for name, language in (("tutorial.html", "en"), ("zh/tutorial.html", "zh-CN"), ("zh/index.html", "zh-CN")):
        assert read[(folder / name).resolve()].language == language


def test_a_link_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Title\n\n[gone](docs/gone.md)\n")
    with pytest.raises(BrokenLink, match=r"README\.md: docs/gone\.md"):
        DocsSite(tmp_path).write(tmp_path / "site")
