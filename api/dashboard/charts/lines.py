"""One or a few lines over time: a value at each of some instants; what goes on at the last one is dashed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import Markup

from api.dashboard.charts.frame import (
    HEADROOM,
    LEVELS,
    NARROW,
    WIDE,
    Chart,
    ChartWords,
    LegendEntry,
    Size,
    TableRow,
    grid,
    label,
    svg,
    title,
    with_kinds,
)
from api.dashboard.charts.scale import Scale, levels
from api.dashboard.charts.time_axis import ticks

_DOTTED: Final = 62
"""Most points of a line that each has a dot."""
_EDGE: Final = 14.0
"""Units from the ends in which no label of the axis has room."""


class LinePoint(NamedTuple):
    """An instant (microseconds), what people call it, and a value for each line; None: nobody knows.

    `unfinished`: the values are not what they will be; `address`: what the numbers are of.
    """

    at: int
    name: str
    values: Sequence[float | None]
    unfinished: bool = False
    address: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """What is drawn. `kind`: the class of its colour, "": the next one."""

    name: str
    kind: str = ""


class _Place(NamedTuple):
    """Where a value is drawn."""

    point: LinePoint
    x: float
    y: float
    value: float


def lines(points: Sequence[LinePoint], drawn: Sequence[Line], words: ChartWords, zone: str) -> Chart:
    """The chart of lines through points in the order of time; its table has the last one first."""
    kinds = with_kinds(drawn)
    return Chart(
        title=words.title,
        wide=line_picture(points, drawn, words, zone),
        narrow=line_picture(points, drawn, words, zone, NARROW),
        legend=[LegendEntry(kind, each.name) for kind, each in kinds] if len(kinds) > 1 else [],
        head=[each.name for each in drawn],
        rows=[_row(point, words) for point in reversed(points)],
        empty=not any(value for point in points for value in point.values),
    )


def line_picture(
    points: Sequence[LinePoint], drawn: Sequence[Line], words: ChartWords, zone: str, size: Size = WIDE
) -> Markup:
    """The picture alone; without points an empty one."""
    if not points:
        return Markup("")
    known = [value for point in points for value in point.values if value is not None]
    most = max([*known, 0.0]) or 1.0
    whole = all(float(value).is_integer() for value in known)
    level_list = levels(most * HEADROOM, LEVELS, whole)
    up = Scale(0.0, most * HEADROOM, size.bottom, size.top)
    inset = 0 if size.ticks else 3
    across = Scale(points[0].at, points[-1].at, size.left + inset, size.right - inset)
    return svg("lines", size, words, _marks(points, with_kinds(drawn), words, zone, (across, up, size), level_list))


def _marks(
    points: Sequence[LinePoint],
    kinds: Sequence[tuple[str, Line]],
    words: ChartWords,
    zone: str,
    pane: tuple[Scale, Scale, Size],
    level_list: Sequence[float],
) -> Iterator[str]:
    across, up, size = pane
    yield from grid(level_list, up, words, size)
    if size.ticks:
        for tick in ticks(points[0].at, points[-1].at, zone, size.ticks):
            x = across.of(tick.at)
            yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{size.bottom}" y2="{size.bottom + 4}"/>'
            if size.left + _EDGE <= x <= size.right - _EDGE:
                yield label("axis-x", x, size.height - 6, words.tick(tick))
    for number, (kind, line) in enumerate(kinds):
        places = [_place(point, point.values[number], across, up) for point in points]
        yield f'<g class="{kind}">{title(line.name)}{"".join(_line(places, line, words))}</g>'


def _place(point: LinePoint, value: float | None, across: Scale, up: Scale) -> _Place | None:
    return None if value is None else _Place(point, across.of(point.at), up.of(value), value)


def _line(places: Sequence[_Place | None], line: Line, words: ChartWords) -> Iterator[str]:
    """One line; to and from a point of which nobody knows the value there is none."""
    steps: dict[bool, list[str]] = {False: [], True: []}
    for before, after in pairwise(places):
        if before is not None and after is not None:
            path = steps[after.point.unfinished]
            end = f"L{after.x:.1f},{after.y:.1f}"
            goes_on = bool(path) and path[-1].endswith(f"L{before.x:.1f},{before.y:.1f}")
            path.append(end if goes_on else f"M{before.x:.1f},{before.y:.1f}{end}")
    for unfinished, path in steps.items():
        if path:
            yield f'<path class="line{" unfinished" if unfinished else ""}" d="{"".join(path)}"/>'
    for place in places if len(places) <= _DOTTED else ():
        if place is not None:
            kind = "dot unfinished" if place.point.unfinished else "dot"
            said = f"{words.named(place.point.name, place.point.unfinished)}: {words.number(place.value)} · {line.name}"
            yield f'<circle class="{kind}" cx="{place.x:.1f}" cy="{place.y:.1f}" r="3">{title(said)}</circle>'


def _row(point: LinePoint, words: ChartWords) -> TableRow:
    numbers = ["" if value is None else words.number(value) for value in point.values]
    return TableRow(point.name, numbers, words.unfinished if point.unfinished else "", point.address)
