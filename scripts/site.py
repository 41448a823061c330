"""`make docs`: the documentation as a site that is read offline, in `build/site/`: pages, navigation, nothing foreign.

Links between pages lead to pages of the site; files of the checkout that pages link to are copied beside them.
"""

import posixpath
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import find_lexer_class_by_name
from pygments.util import ClassNotFound

ROOT: Final = Path(__file__).parents[1]
SITE: Final = ROOT / "build" / "site"
PARTS: Final = Path(__file__).parent / "site_parts"
_AT_THE_TOP: Final = {
    "README.md": "index.html",
    "README.zh.md": "zh/index.html",
    "CHANGELOG.md": "changelog.html",
    "CONTRIBUTING.md": "contributing.html",
    "SECURITY.md": "security.html",
}
"""Pages beside `docs/`, and where they are in the site."""
_SECTIONS: Final = (
    ("Start", ("README.md", "docs/tutorial.md")),
    ("中文", ("README.zh.md", "docs/zh/")),
    ("How to", ("docs/how-to/",)),
    ("Reference", ("docs/reference/",)),
    ("Explanation", ("docs/explanation/",)),
    ("Decisions", ("docs/decisions/",)),
    ("Contribute", ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
)
"""The navigation: files, and folders with all their pages."""
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4"})


class BrokenLink(Exception):
    """A page links to what is not there."""


@dataclass(frozen=True)
class SitePage:
    """A page: its file in the checkout and its address in the site, both with `/` and relative to their tops."""

    source: str
    address: str
    tokens: Sequence[Token]

    @cached_property
    def title(self) -> str:
        """Its first heading."""
        return next(text.content for head, text in pairwise(self.tokens) if head.tag == "h1").replace("`", "")

    @property
    def language(self) -> str:
        """Of its text."""
        return "zh-CN" if self.address.startswith("zh/") else "en"

    def headings(self) -> list[tuple[str, str]]:
        """Its chapters: id and text."""
        return [
            (str(head.attrs["id"]), text.content.replace("`", ""))
            for head, text in pairwise(self.tokens)
            if head.type == "heading_open" and head.tag == "h2"
        ]


def anchor(text: str) -> str:
    """The id of a heading, as GitHub makes it: links are written for both."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).lower())
    return kept.replace(" ", "-")


class DocsSite:
    """All pages of a checkout, with what they link to."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._markdown = MarkdownIt("commonmark", {"html": True, "highlight": _highlighted}).enable("table")
        files = [root / name for name in _AT_THE_TOP if (root / name).exists()]
        files += sorted((root / "docs").rglob("*.md"))
        self.pages = {page.source: page for page in map(self._page, files)}
        self._copied: set[str] = set()

    def write(self, folder: Path) -> int:
        """Write the site anew; how many pages it has. Raises BrokenLink."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        loader = FileSystemLoader(PARTS)
        template = Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")
        for page in self.pages.values():
            self._put(folder / page.address, template.render(self._parts(page)))
        decisions = [page for page in self.pages.values() if page.source.startswith("docs/decisions/")]
        self._put(folder / "decisions" / "index.html", template.render(self._list_of("Decisions", decisions)))
        (folder / "site.css").write_text((PARTS / "site.css").read_text("utf-8") + _colors(), "utf-8")
        for name in sorted(self._copied):
            target = folder / "files" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._root / name, target)
        return len(self.pages)

    def _page(self, file: Path) -> SitePage:
        source = file.relative_to(self._root).as_posix()
        address = _AT_THE_TOP.get(source) or source.removeprefix("docs/").removesuffix(".md") + ".html"
        tokens = self._markdown.parse(file.read_text(encoding="utf-8"))
        taken: dict[str, int] = {}
        for head, text in pairwise(tokens):
            if head.type == "heading_open" and head.tag in _HEADINGS:
                name = anchor(text.content)
                taken[name] = taken.get(name, -1) + 1
                head.attrSet("id", name if not taken[name] else f"{name}-{taken[name]}")
        return SitePage(source, address, tokens)

    def _put(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    # ---- parts of a page -----------------------------------------------------------------------------------------

    def _parts(self, page: SitePage) -> Mapping[str, Any]:
        for token in _all(page.tokens):
            for name in ("href", "src"):
                if name in token.attrs:
                    token.attrSet(name, self._target(page, str(token.attrs[name])))
        body = self._markdown.renderer.render(page.tokens, self._markdown.options, {})
        body = re.sub(r"(<table>.*?</table>)", r'<div class="wide" tabindex="0">\1</div>', body, flags=re.S)
        return self._around(page.address, page.title, page.language, body, page.headings())

    def _list_of(self, title: str, pages: Iterable[SitePage]) -> Mapping[str, Any]:
        items = "".join(f'<li><a href="{Path(page.address).name}">{page.title}</a></li>\n' for page in pages)
        return self._around("decisions/index.html", title, "en", f"<h1>{title}</h1>\n<ul>\n{items}</ul>\n", [])

    def _around(
        self, address: str, title: str, language: str, body: str, headings: Sequence[tuple[str, str]]
    ) -> Mapping[str, Any]:
        here = posixpath.dirname(address)
        sections = []
        for name, sources in _SECTIONS:
            of_section = [page for source in sources for page in self._of(source)]
            links = [
                (page.title, posixpath.relpath(page.address, here or "."), page.address == address)
                for page in of_section
            ]
            sections.append((name, links, any(current for *_, current in links)))
        return {
            "title": title,
            "language": language,
            "body": body,
            "headings": headings if len(headings) > 2 else [],
            "sections": sections,
            "top": posixpath.relpath(".", here or "."),
        }

    def _of(self, source: str) -> list[SitePage]:
        """A page, or all of a folder, by their titles (decisions by their numbers)."""
        if not source.endswith("/"):
            return [self.pages[source]] if source in self.pages else []
        inside = [page for page in self.pages.values() if page.source.startswith(source)]
        return inside if source == "docs/decisions/" else sorted(inside, key=lambda page: page.title)

    # ---- links ---------------------------------------------------------------------------------------------------

    def _target(self, page: SitePage, link: str) -> str:
        """What a link of the page leads to in the site. Raises BrokenLink."""
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path:
            return link
        source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(parts.path)))
        here, behind = posixpath.dirname(page.address) or ".", f"#{parts.fragment}" if parts.fragment else ""
        if source in self.pages:
            return posixpath.relpath(self.pages[source].address, here) + behind
        if source == "docs/decisions":
            return posixpath.relpath("decisions/index.html", here)
        if not (self._root / source).is_file():
            raise BrokenLink(f"{page.source}: {link}")
        self._copied.add(source)
        return posixpath.relpath(f"files/{source}", here)


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from _all(token.children or ())


# ---- code --------------------------------------------------------------------------------------------------------


def _highlighted(code: str, language: str, _: str) -> str:
    """A block of code in colors; "": as it is, escaped."""
    try:
        lexer = find_lexer_class_by_name(language)() if language else None
    except ClassNotFound:
        lexer = None
    return "" if lexer is None else str(highlight(code, lexer, HtmlFormatter(nowrap=True)))


def _colors() -> str:
    """Those of code, for light and for dark screens."""
    light = HtmlFormatter(style="friendly").get_style_defs("pre")
    dark = HtmlFormatter(style="github-dark").get_style_defs("pre")
    kept = [
        "\n".join(line for line in rules.splitlines() if line.startswith("pre .") and "linenos" not in line)
        for rules in (light, dark)
    ]
    return f"\n{kept[0]}\n@media (prefers-color-scheme: dark) {{\n{kept[1]}\n}}\n"


def main() -> None:
    """Write the site."""
    count = DocsSite().write(SITE)
    print(f"wrote {count} pages: open {SITE.relative_to(ROOT)}/index.html")


if __name__ == "__main__":
    main()
