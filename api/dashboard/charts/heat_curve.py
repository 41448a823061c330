"""The heat of a lead over time, drawn by the fold's own formula."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from markupsafe import Markup, escape

from api.dashboard.charts.frame import Size, label
from api.dashboard.charts.scale import Scale, levels
from api.dashboard.charts.time_axis import Tick, ticks
from domain.fold.score import HeatState, decayed
from domain.touchpoints.touchpoint import Instant

_LEFT: Final = 46
_RIGHT: Final = 10
_TOP: Final = 14
_BOTTOM: Final = 24
_NEAR: Final = 7.0
"""Units within which dots become one."""
_LINE: Final = 14.0
"""Units that a line of text needs."""
_EDGE: Final = 0.2
"""The part of the width in which a name of a threshold stands."""
_SAMPLE: Final = 4.0
"""Units between the points of a decaying line."""
_NAMED: Final = 6
"""Most awards that the title of a dot names."""


class Change(NamedTuple):
    """What changed the heat, in the order of the fold: an award, or a reset (`points` None). `said`: who reads it."""

    at: int
    points: float | None
    said: str = ""


@dataclass(frozen=True, slots=True)
class HeatStory:
    """What the curve of one lead is made of; instants and durations in microseconds.

    `hot` are the episodes by the rules, the last with its cooling where it goes on; a threshold that is None has no
    line.
    """

    changes: Sequence[Change]
    half_life: int
    clock: int
    hot_at: float | None = None
    rearm_at: float | None = None
    hot: Sequence[tuple[int, int]] = ()
    cools_at: int | None = None


@dataclass(frozen=True, slots=True)
class CurveWords:
    """The words of the picture in the reader's language. `tick`: what the axis says of an instant."""

    title: str
    description: str
    hot_at: str
    rearm_at: str
    now: str
    cools: str
    tick: Callable[[Tick], str]
    number: Callable[[float], str]
    more: Callable[[int], str]


WIDE: Final = Size(960, 300, 8)
NARROW: Final = Size(340, 230, 4)


@dataclass(frozen=True, slots=True)
class _Spell:
    """From an instant on the heat is `value`, decaying, until the next one."""

    at: int
    value: float
    change: Change | None = None


class Curve:
    """The heat at every instant, as it is shown: never below 0."""

    def __init__(self, story: HeatStory) -> None:
        self._half_life = story.half_life
        heat, spells = HeatState(), [_Spell(-(2**62), 0.0)]
        for change in story.changes:
            if change.points is None:
                heat.reset(Instant(change.at))
            else:
                heat.add(change.points, Instant(change.at), story.half_life)
            spells.append(_Spell(change.at, heat.value, change))
        self.spells: Sequence[_Spell] = spells

    def after(self, spell: _Spell, at: int) -> float:
        """What is left of a spell's heat at a later instant."""
        return max(0.0, decayed(spell.value, spell.at, self._half_life, at)) if spell.value else 0.0

    def at(self, instant: int) -> float:
        """The heat shown at an instant."""
        return self.after(next(each for each in reversed(self.spells) if each.at <= instant), instant)

    def between(self, start: int, end: int) -> Iterator[tuple[_Spell, int, int]]:
        """The spells of a time, each with where it begins and ends in it."""
        ends = [after.at for _, after in pairwise(self.spells)] + [end]
        for spell, until in zip(self.spells, ends, strict=True):
            if until >= start and spell.at <= end:
                yield spell, max(start, spell.at), min(end, until)


def heat_curve(story: HeatStory, words: CurveWords, zone: str, start: int, end: int, size: Size = WIDE) -> Markup:
    """The picture of `start` to `end`; after the story's clock it is dashed: what comes if nothing more happens."""
    curve, clock = Curve(story), min(max(story.clock, start), end)
    across = Scale(start, end, _LEFT, size.width - _RIGHT)
    most = max([1.0, story.hot_at or 0.0, story.rearm_at or 0.0, *_peaks(curve, start, clock)])
    level_list = levels(most * 1.08, 4)
    up = Scale(0.0, max(most * 1.08, level_list[-1]), size.height - _BOTTOM, _TOP)
    past, future = _line(curve, across, up, start, clock), _line(curve, across, up, clock, end)
    first, last = (_xy(across.of(edge), up.of(0)) for edge in (start, clock))
    marks = [
        *_episodes(story, across, size),
        *_grid(level_list, up, words, size),
        *_axis(ticks(start, end, zone, size.ticks), across, words, size),
        *_thresholds(story, up, size),
        f'<path class="heat-area" d="M{first}L{past} {last}Z"/>',
        f'<path class="heat-line" d="M{past}"/>',
        f'<path class="heat-future" d="M{future}"/>',
        *_threshold_names(story, across, up, words, size),
        *_now(story, across, words, size),
        *_cooling(story, across, up, words, start, end),
        *_dots(curve, across, up, words, start, clock),
    ]
    return Markup(
        f'<svg class="chart heat" role="img" viewBox="0 0 {size.width} {size.height}">'
        f"<title>{escape(words.title)}</title><desc>{escape(words.description)}</desc>{''.join(marks)}</svg>"
    )


def _peaks(curve: Curve, start: int, clock: int) -> Iterator[float]:
    return (curve.after(spell, begins) for spell, begins, _ in curve.between(start, clock))


def _line(curve: Curve, across: Scale, up: Scale, start: int, end: int) -> str:
    """The points of the curve: each change a step, the decay between them sampled."""
    places: list[tuple[float, float]] = []
    for spell, begins, ends in curve.between(start, end):
        left, right = across.of(begins), across.of(ends)
        samples = int((right - left) / _SAMPLE) if spell.value > 0 else 0
        instants = [begins + (ends - begins) * n // (samples + 1) for n in range(samples + 1)] + [ends]
        places += [(across.of(at), up.of(curve.after(spell, at))) for at in instants]
    return " ".join(_xy(*place) for place in _thinned(places))


def _thinned(places: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Of points in one place across the first, the lowest, the highest and the last, in their order."""
    begin = 0
    for n in range(1, len(places) + 1):
        if n == len(places) or round(places[n][0]) != round(places[begin][0]):
            column = range(begin, n)
            kept = {begin, n - 1, min(column, key=lambda m: places[m][1]), max(column, key=lambda m: places[m][1])}
            yield from (places[m] for m in sorted(kept))
            begin = n


def _xy(x: float, y: float) -> str:
    return f"{x:.1f},{y:.1f}"


def _episodes(story: HeatStory, across: Scale, size: Size) -> Iterator[str]:
    for began, ended in story.hot:
        left, right = across.within(began), across.within(ended)
        if right > left:
            bounds = f'x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" height="{size.height - _TOP - _BOTTOM}"'
            yield f'<rect class="heat-hot" {bounds}/>'


def _grid(level_list: Sequence[float], up: Scale, words: CurveWords, size: Size) -> Iterator[str]:
    for level in level_list:
        y = f"{up.of(level):.1f}"
        yield f'<line class="grid" x1="{_LEFT}" x2="{size.width - _RIGHT}" y1="{y}" y2="{y}"/>'
        yield label("axis-y", _LEFT - 6, up.of(level) + 4, words.number(level))


def _axis(shown: Sequence[Tick], across: Scale, words: CurveWords, size: Size) -> Iterator[str]:
    bottom = size.height - _BOTTOM
    for tick in shown:
        x = across.of(tick.at)
        yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
        if _LEFT + 12 <= x <= size.width - _RIGHT - 12:
            yield label("axis-x", x, size.height - 6, words.tick(tick))


def _thresholds(story: HeatStory, up: Scale, size: Size) -> Iterator[str]:
    for name, level in (("hot-at", story.hot_at), ("rearm-at", story.rearm_at)):
        if level is not None:
            places = f'x1="{_LEFT}" x2="{size.width - _RIGHT}" y1="{up.of(level):.1f}" y2="{up.of(level):.1f}"'
            yield f'<line class="threshold {name}" {places}/>'


def _threshold_names(story: HeatStory, across: Scale, up: Scale, words: CurveWords, size: Size) -> Iterator[str]:
    """At the right where awards stand at the left alone, before the cooling; never on each other or on the axis."""
    left, right, bottom = _LEFT, size.width - _RIGHT, size.height - _BOTTOM
    places = [(across.of(change.at) - left) / (right - left) for change in story.changes if across.holds(change.at)]
    crowded = any(place < _EDGE for place in places) and not any(place > 1 - _EDGE for place in places)
    cooling = right if story.cools_at is None else across.within(story.cools_at)
    hot, rearm = (None if level is None else up.of(level) for level in (story.hot_at, story.rearm_at))
    near = hot is not None and rearm is not None and abs(rearm - hot) < _LINE
    if hot is not None:
        said = f"{words.hot_at} · {words.rearm_at}" if near else words.hot_at
        yield _threshold_name("hot-at", right - 2 if crowded else left + 4, hot - 4, said, ends=crowded)
    if rearm is not None and not near:
        y = rearm + (12 if rearm + _LINE < bottom else -4)
        yield _threshold_name("rearm-at", cooling - 8 if crowded else left + 4, y, words.rearm_at, ends=crowded)


def _threshold_name(kind: str, x: float, y: float, said: str, *, ends: bool) -> str:
    return label(f"threshold-name {kind}{' ends' if ends else ''}", x, y, said)


def _now(story: HeatStory, across: Scale, words: CurveWords, size: Size) -> Iterator[str]:
    if across.holds(story.clock):
        x = across.of(story.clock)
        yield f'<line class="now" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{size.height - _BOTTOM}"/>'
        side = "now-name ends" if x > size.width - 60 else "now-name"
        yield label(side, x + (-4 if x > size.width - 60 else 4), _TOP - 3, words.now)


def _cooling(story: HeatStory, across: Scale, up: Scale, words: CurveWords, start: int, end: int) -> Iterator[str]:
    if story.cools_at is not None and story.rearm_at is not None and start <= story.cools_at <= end:
        x, y = across.of(story.cools_at), up.of(story.rearm_at)
        yield f'<circle class="cools" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(words.cools)}</title></circle>'


def _dots(curve: Curve, across: Scale, up: Scale, words: CurveWords, start: int, clock: int) -> Iterator[str]:
    cluster: list[Change] = []
    first = last = (0.0, 0.0)
    for spell, begins, _ in curve.between(start, clock):
        if spell.change is None or spell.at < start:
            continue
        place = (across.of(begins), up.of(curve.after(spell, begins)))
        if cluster and max(abs(place[0] - first[0]), abs(place[1] - first[1])) > _NEAR:
            yield _dot(cluster, last, words)
            cluster = []
        if not cluster:
            first = place
        cluster.append(spell.change)
        last = place
    if cluster:
        yield _dot(cluster, last, words)


def _dot(cluster: Sequence[Change], place: tuple[float, float], words: CurveWords) -> str:
    lines = [change.said for change in cluster[:_NAMED]]
    if len(cluster) > _NAMED:
        lines.append(words.more(len(cluster) - _NAMED))
    kinds = ["award"]
    if any(change.points is None for change in cluster):
        kinds.append("reset")
    elif all((change.points or 0) < 0 for change in cluster):
        kinds.append("down")
    if len(cluster) > 1:
        kinds.append("several")
    radius = 3.5 if len(cluster) == 1 else 5
    x, y = place
    title = f"<title>{escape(chr(10).join(lines))}</title>"
    return f'<circle class="{" ".join(kinds)}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}">{title}</circle>'
