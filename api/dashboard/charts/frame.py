"""What charts have in common: their sizes, words, texts, the lines behind, the hatching, and what the table holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

from markupsafe import Markup, escape

from api.dashboard.charts.scale import Scale
from api.dashboard.charts.time_axis import Tick

LEFT: Final = 46
RIGHT: Final = 10
TOP: Final = 14
BOTTOM: Final = 24
LEVELS: Final = 4
"""Most lines above the one of 0."""
HEADROOM: Final = 1.06
"""So much of the greatest value has room."""
HATCH: Final = 5.0
"""Units between the lines of what is hatched."""
SERIES: Final = 8
"""Colours that the style sheet has for series: `series-1` to `series-8`, and `series-rest`."""


class Size(NamedTuple):
    """Of a picture, in its own units; `ticks`: most labels of the axis of time, none: a small one without axes."""

    width: int
    height: int
    ticks: int

    @property
    def left(self) -> int:
        """Where the values begin."""
        return LEFT if self.ticks else 0

    @property
    def right(self) -> int:
        """Where the values end."""
        return self.width - RIGHT if self.ticks else self.width

    @property
    def top(self) -> int:
        """Where the greatest value may be."""
        return TOP if self.ticks else 2

    @property
    def bottom(self) -> int:
        """Where the least value may be."""
        return self.height - (BOTTOM if self.ticks else 1)


WIDE: Final = Size(960, 240, 12)
NARROW: Final = Size(340, 210, 5)
SMALL: Final = Size(280, 56, 0)


@dataclass(frozen=True, slots=True)
class ChartWords:
    """The words of a picture in the reader's language. `tick`: what the axis says of an instant."""

    title: str
    description: str
    unfinished: str
    """Of what goes on: "so far"."""
    tick: Callable[[Tick], str]
    number: Callable[[float], str]

    def named(self, name: str, unfinished: bool) -> str:
        """The name of a part; of one that goes on it says so."""
        return f"{name} ({self.unfinished})" if unfinished else name


class Coloured(Protocol):
    """What is drawn in a colour of its own. `kind`: the class of its colour, "": the next one."""

    @property
    def kind(self) -> str: ...


Drawn = TypeVar("Drawn", bound=Coloured)


class LegendEntry(NamedTuple):
    """What a colour means. `kind`: the class of the colour."""

    kind: str
    name: str


class TableRow(NamedTuple):
    """A row beside a picture: what it is of, its numbers as they are read, and what is said of it."""

    name: str
    numbers: Sequence[str]
    note: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture for wide and for narrow screens, what its colours mean, and its numbers as a table.

    `empty`: there is nothing to draw; then there is no picture.
    """

    title: str
    wide: Markup
    narrow: Markup
    legend: Sequence[LegendEntry]
    head: Sequence[str]
    rows: Sequence[TableRow]
    empty: bool = False


def series_kind(number: int) -> str:
    """The class of the colour of a series, numbered from 0; those beyond all colours are of the rest."""
    return f"series-{number + 1}" if number < SERIES else "series-rest"


def with_kinds(drawn: Sequence[Drawn]) -> list[tuple[str, Drawn]]:
    """Each series with the class of its colour."""
    return [(each.kind or series_kind(number), each) for number, each in enumerate(drawn)]


def svg(kind: str, size: Size, words: ChartWords, marks: Iterator[str]) -> Markup:
    """The whole picture, which has a name and a description."""
    return Markup(
        f'<svg class="chart {kind}" role="img" aria-label="{escape(words.title)}. {escape(words.description)}"'
        f' viewBox="0 0 {size.width} {size.height}">{"".join(marks)}</svg>'
    )


def label(kind: str, x: float, y: float, said: str) -> str:
    """A text."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(said)}</text>'


def title(said: str) -> str:
    """What is shown of a mark that is pointed at."""
    return f"<title>{escape(said)}</title>"


def grid(shown: Sequence[float], up: Scale, words: ChartWords, size: Size) -> Iterator[str]:
    """A line and a number for each level, below 0 how far below; a small picture has the line of 0 alone."""
    for level in shown:
        if size.ticks or level == 0:
            y = up.of(level)
            kind = "grid zero" if level == 0 else "grid"
            yield f'<line class="{kind}" x1="{size.left}" x2="{size.right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        if size.ticks:
            yield label("axis-y", size.left - 6, up.of(level) + 4, words.number(abs(level)))


def hatched(x: float, y: float, width: float, height: float) -> str:
    """The path of slanting lines within a rectangle: what is not decided yet."""
    lines, reach = [], HATCH
    while reach < width + height:
        right, below = min(reach, width), min(reach, height)
        lines.append(f"M{x + right:.1f},{y + reach - right:.1f}L{x + reach - below:.1f},{y + below:.1f}")
        reach += HATCH
    return "".join(lines)
