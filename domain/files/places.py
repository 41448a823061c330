"""Where in a file a problem is: the line, and the name of the rule, stage or segment that it is in."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from domain.files.problems import Mistake, Path, show_path

_HEADER: Final = re.compile(r"\s*(?P<open>\[\[?)\s*(?P<path>[^\[\]]+?)\s*\]\]?\s*(#.*)?\Z")
_KEY: Final = re.compile(r"""\s*(?P<key>"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(\s*\.[^=]*)?\s*=""")
_TEXTS: Final = ('"""', "'''")
NAMES: Final = ("name", "reason")
"""Keys that name an entry of a list."""


def located(mistake: Mistake, text: str) -> str:
    """A problem in words, with its line and the name of the entry that it is in: as its author looks for it."""
    if not mistake.path:
        return mistake.text
    line = line_of(text, mistake.path)
    where = f"line {line}, " if line else ""
    return f"{where}{_named(mistake.path, text)}: {mistake.text}"


def _named(path: Path, text: str) -> str:
    """The path, each place in it followed by the entry's own name: `score.rules[3] "viewed pricing".points`."""
    try:
        raw: Any = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError:
        return show_path(path)
    for end, part in enumerate(path, 1):
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            break
        name = _name(raw) if isinstance(part, int) else None
        if name is not None:
            rest = show_path(path[end:])
            return f'{show_path(path[:end])} "{name}"' + (f" {rest}" if rest else "")
    return show_path(path)


def _name(entry: Any) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    return next((entry[key][:60] for key in NAMES if isinstance(entry.get(key), str) and entry[key]), None)


def line_of(text: str, path: Path) -> int | None:
    """The line (from 1) of a path's key, else that of its table's header; None where neither is to be seen."""
    best: tuple[int, int] | None = None  # how many parts of the path it shows, and the line
    table: Path = ()
    entries: Counter[Path] = Counter()
    for number, content in enumerate(_without_texts(text), 1):
        header, key = _HEADER.match(content), _KEY.match(content)
        if header is not None:
            table = _table(header["path"], len(header["open"]) == 2, entries)
            seen = table
        elif key is not None:
            seen = (*table, key["key"].strip("\"'"))
        else:
            continue
        if path[: len(seen)] == seen and (best is None or len(seen) > best[0]):
            best = (len(seen), number)
    return None if best is None else best[1]


def _table(header: str, is_entry: bool, entries: Counter[Path]) -> Path:
    """The path of a header, with the places of the entries that it is in; an entry of a list is counted."""
    keys = [part.strip().strip("\"'") for part in header.split(".")]
    table: Path = ()
    for end, key in enumerate(keys, 1):
        table = (*table, key)
        last = end == len(keys)
        if last and is_entry:
            entries[table] += 1
        if table in entries:
            table = (*table, entries[table] - 1)
    return table


def _without_texts(text: str) -> list[str]:
    """The lines, those inside of texts of several lines empty."""
    inside, lines = "", []
    for line in text.split("\n"):
        if inside:
            inside = "" if inside in line else inside
            lines.append("")
            continue
        lines.append(line)
        for quotes in _TEXTS:
            if line.count(quotes) % 2:
                inside = quotes
    return lines
