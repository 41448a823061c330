"""Bars by day, week or month: several on top of each other, some downwards; what is not over yet is hatched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    hatched,
    label,
    svg,
    title,
    with_kinds,
)
from api.dashboard.charts.scale import Scale, levels
from api.dashboard.charts.time_axis import Tick, Unit, ticks
from domain.files.durations import DAY

_GAP: Final = 0.22
"""Of the room of a bar."""
_WIDEST: Final = 46.0
"""Units of a bar."""
_UNITS: Final = (Unit.TIME, Unit.DAY, Unit.MONTH, Unit.YEAR)
"""The finest first."""


class BarSeries(NamedTuple):
    """What is counted. `down`: below the line; `kind`: the class of its colour, "": the next one."""

    name: str
    down: bool = False
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A day, week or month, from an instant to before another (microseconds), with a value for each series.

    `name` is what people call it. `unfinished`: it goes on; `faded`: it is there for comparison; `address`: what the
    numbers are of.
    """

    start: int
    end: int
    name: str
    values: Sequence[float]
    unfinished: bool = False
    faded: bool = False
    address: str = ""


def bars(
    shown: Sequence[Bar],
    series: Sequence[BarSeries],
    words: ChartWords,
    zone: str,
    sizes: tuple[Size, Size] = (WIDE, NARROW),
) -> Chart:
    """The chart of bars that follow each other; its table has the last one first."""
    wide, narrow = (bar_picture(shown, series, words, zone, size) for size in sizes)
    return Chart(
        title=words.title,
        wide=wide,
        narrow=narrow,
        legend=[LegendEntry(kind, each.name) for kind, each in with_kinds(series)] if len(series) > 1 else [],
        head=[each.name for each in series],
        rows=[_row(bar, words) for bar in reversed(shown)],
        empty=not any(any(bar.values) for bar in shown),
    )


def bar_picture(
    shown: Sequence[Bar], series: Sequence[BarSeries], words: ChartWords, zone: str, size: Size = WIDE
) -> Markup:
    """The picture alone; without bars an empty one."""
    if not shown:
        return Markup("")
    kinds = with_kinds(series)
    most = max((_together(bar, kinds, down=False) for bar in shown), default=0.0)
    least = max((_together(bar, kinds, down=True) for bar in shown), default=0.0)
    most = most if most + least else 1.0
    shown_levels = levels(max(most, least) * HEADROOM, LEVELS, _is_whole(shown))
    level_list = [level for level in shown_levels if level <= most * HEADROOM]
    level_list += [-level for level in shown_levels[1:] if level <= least * HEADROOM]
    up = Scale(-least * HEADROOM, most * HEADROOM, size.bottom, size.top)
    across = Scale(shown[0].start, shown[-1].end, size.left, size.right)
    return svg("bars", size, words, _marks(shown, kinds, words, zone, (across, up, size), level_list))


def _marks(
    shown: Sequence[Bar],
    kinds: Sequence[tuple[str, BarSeries]],
    words: ChartWords,
    zone: str,
    pane: tuple[Scale, Scale, Size],
    level_list: Sequence[float],
) -> Iterator[str]:
    across, up, size = pane
    yield from grid(level_list, up, words, size)
    for bar in shown:
        yield from _bar(bar, kinds, across, up, words)
    if size.ticks:
        for bar, said in _named(shown, words, zone, size.ticks):
            middle = (across.of(bar.start) + across.of(bar.end)) / 2
            yield label("axis-x", middle, size.height - 6, said)


def _bar(
    bar: Bar, kinds: Sequence[tuple[str, BarSeries]], across: Scale, up: Scale, words: ChartWords
) -> Iterator[str]:
    room = across.of(bar.end) - across.of(bar.start)
    width = min(room * (1 - _GAP), _WIDEST)
    x = across.of(bar.start) + (room - width) / 2
    height = {False: 0.0, True: 0.0}
    for (kind, series), value in zip(kinds, bar.values, strict=True):
        if value <= 0:
            continue
        from_level, height[series.down] = height[series.down], height[series.down] + value
        sign = -1 if series.down else 1
        edges = sorted((up.of(sign * from_level), up.of(sign * height[series.down])))
        yield _rect(
            bar, kind, (x, edges[0], width, max(edges[1] - edges[0], 1.0)), _said(bar, series.name, value, words)
        )


def _rect(bar: Bar, kind: str, box: tuple[float, float, float, float], said: str) -> str:
    x, y, width, height = box
    bounds = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    more = " faded" if bar.faded else ""
    if not bar.unfinished:
        return f'<rect class="bar-part {kind}{more}" {bounds}>{title(said)}</rect>'
    lines = f'<path class="hatch" d="{hatched(x, y, width, height)}"/>'
    return f'<g class="{kind} unfinished">{title(said)}<rect class="bar-part" {bounds}/>{lines}</g>'


def _said(bar: Bar, name: str, value: float, words: ChartWords) -> str:
    return f"{words.named(bar.name, bar.unfinished)}: {words.number(value)} · {name}"


def _row(bar: Bar, words: ChartWords) -> TableRow:
    note = words.unfinished if bar.unfinished else ""
    return TableRow(bar.name, [words.number(value) for value in bar.values], note, bar.address)


def _together(bar: Bar, kinds: Sequence[tuple[str, BarSeries]], down: bool) -> float:
    return sum(max(0.0, value) for (_, each), value in zip(kinds, bar.values, strict=True) if each.down is down)


def _is_whole(shown: Sequence[Bar]) -> bool:
    return all(float(value).is_integer() for bar in shown for value in bar.values)


def _named(shown: Sequence[Bar], words: ChartWords, zone: str, most: int) -> Iterator[tuple[Bar, str]]:
    """The bars that the axis names: those that a round instant lies in, each by its own beginning."""
    coarsest = _unit_of(shown)
    remaining, named = list(shown), set()
    for tick in ticks(shown[0].start, shown[-1].end - 1, zone, most):
        while remaining and remaining[0].end <= tick.at:
            remaining.pop(0)
        if not remaining or remaining[0].start in named:
            continue
        named.add(remaining[0].start)
        unit = max(tick.unit, coarsest, key=_UNITS.index)
        yield remaining[0], words.tick(Tick(remaining[0].start if unit is Unit.DAY else tick.at, unit))


def _unit_of(shown: Sequence[Bar]) -> Unit:
    """What a bar is called by: months by the month, days and weeks by the day."""
    longest = max(bar.end - bar.start for bar in shown)
    return Unit.MONTH if longest > 20 * DAY else Unit.DAY
