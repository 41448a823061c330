"""What the command line prints: tables that fit the screen, tab-separated text in a pipe, JSON for programs."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from shutil import get_terminal_size
from time import monotonic
from typing import Any, Final, NamedTuple

import orjson
from pydantic import BaseModel
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

_FRAME: Final = 3
"""Columns of the screen that a column of a table needs beside its text."""
_UNBOUNDED: Final = 100
"""Columns of a table for people that no terminal bounds."""
_WRAPS: Final = 24
"""A cell wider than this may be folded before another column is left out."""
_BREAKS: Final = re.compile(r"[\t\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_STEERING: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What moves, colors or turns round what a terminal shows, instead of being seen."""


class Column(NamedTuple):
    """A column. Where the screen is narrow, that with the greatest `rank` is left out first; rank 0 always stays."""

    name: str
    rank: int = 0
    number: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A table to print: one value a column in each row."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]


def print_listings(*listings: Listing) -> None:
    """Print tables: for people at a terminal, else as tab-separated text."""
    if sys.stdout.isatty():
        print_tables(*listings)
    else:
        print_tabbed(*listings)


def print_tables(*listings: Listing) -> None:
    """Print tables for people, as wide as COLUMNS or the terminal allows, wherever they go."""
    width, height = get_terminal_size((_UNBOUNDED, 24))
    screen = Console(highlight=False, width=width, height=height)
    for listing in listings:
        screen.print(table_of(listing, screen.width))


def print_tabbed(*listings: Listing) -> None:
    """Print tab-separated text, the names of the columns first; of several tables each under its title."""
    for number, listing in enumerate(listings):
        if len(listings) > 1:
            print(("\n" if number else "") + f"# {listing.title}")
        print("\t".join(column.name for column in listing.columns))
        for row in listing.rows:
            print("\t".join(_tabbed(value) for value in row))


def table_of(listing: Listing, width: int) -> Table:
    """The table that fits so many columns of the screen."""
    cells = [[cell(value) for value in row] for row in listing.rows]
    places = _fitting(listing.columns, cells, width)
    table = Table(title=listing.title, title_justify="left", title_style="bold", header_style="bold")
    for place in places:
        column = listing.columns[place]
        table.add_column(column.name, justify="right" if column.number else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(row[place]) for place in places))  # a text as it is: brackets are no styles
    return table


def _fitting(columns: Sequence[Column], cells: Sequence[Sequence[str]], width: int) -> list[int]:
    needed = [
        min(_WRAPS, max([cell_len(column.name), *(cell_len(row[place]) for row in cells)])) + _FRAME
        for place, column in enumerate(columns)
    ]
    places = list(range(len(columns)))
    while sum(needed[place] for place in places) + 1 > width:
        droppable = [place for place in places if columns[place].rank]
        if not droppable:
            break
        places.remove(max(droppable, key=lambda place: columns[place].rank))
    return places


def progress_console() -> Console:
    """Standard error: progress and remarks, so that stdout stays clean."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A remark on stderr."""
    print(seen(text), file=sys.stderr, flush=True)


def seen(text: str) -> str:
    """A text that steers no terminal: visitors write names and campaigns, and who operates reads them there."""
    return _STEERING.sub("\N{REPLACEMENT CHARACTER}", text)


def print_json(value: Any) -> None:
    """One JSON document on stdout, in UTF-8 where that is what the terminal or pipe takes, else escaped."""
    text = orjson.dumps(plain(value), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = "".join(each if each.isascii() else _escaped(each) for each in text)
    sys.stdout.write(text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def cell(value: object) -> str:
    """A value in a table for people."""
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:z,.2f}".rstrip("0").rstrip(".")
        case int():
            return f"{value:,}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return seen(str(value))


def _tabbed(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:z.2f}".rstrip("0").rstrip(".")
        case datetime():
            return value.isoformat(timespec="seconds")
        case _:
            return seen(_BREAKS.sub(" ", str(value)))


class _Speed(ProgressColumn):
    """How many are done a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, told (done, total); off a terminal a line for every tenth instead.

    Both say how many are done a second, and how long the rest takes at that.
    """
    screen = progress_console()
    if not screen.is_terminal:
        yield _lines(title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Speed(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(title: str) -> Callable[[int, int], None]:
    last_tenth, began = 0, monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal last_tenth
        tenth = 10 * done // total if total >= 10_000 else 0
        if tenth > last_tenth:
            last_tenth = tenth
            speed = done / max(monotonic() - began, 0.001)
            say(f"{title}: {done:,} of {total:,} ({speed:,.0f}/s, {(total - done) / speed:,.0f} s left)")

    return tell
