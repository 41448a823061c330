"""Medians, ranges and ratios of the slices: printed, and written to build/bench.json."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Steps = dict[str, dict[str, float]]
"""Of one side: step, name (`per_second`, or a part's CPU microseconds a touchpoint), figure."""

Slice = Mapping[str, Steps]
"""All sides over the same part of the play, one just after the other."""

DOCUMENTED = "documented"
"""The side that is no checkout."""

WALL = "per_second"
PACE = "pace"
"""Microseconds of a fixed piece of Python meanwhile: how far CPU figures of different days can be compared."""

BASELINES = {
    "record": "save", "project": "project", "end_to_end": "save", "embedded": "save",
}  # fmt: skip
"""What each step is compared with, round by round: a machine that is slow for a minute is slow for both."""


class Row(NamedTuple):
    """One figure over all slices. `ratio` is new / old: the median of the slices' ratios, and their range."""

    step: str
    name: str
    median: float
    least: float
    most: float
    old: float | None = None
    ratio: tuple[float, float, float] | None = None


def rows(slices: Sequence[Slice], side: str, other: str | None = None) -> Iterator[Row]:
    """The figures of a side, beside those of another."""
    for step, names in slices[0].get(side, {}).items() if slices else ():
        for name in names:
            values = _values(slices, side, step, name)
            old = _values(slices, other, step, name) if other else []
            ratios = [new / before for new, before in zip(values, old, strict=False) if before > 0]
            yield Row(
                step,
                name,
                statistics.median(values),
                min(values),
                max(values),
                statistics.median(old) if old else None,
                (statistics.median(ratios), min(ratios), max(ratios)) if ratios else None,
            )


def _values(slices: Sequence[Slice], side: str | None, step: str, name: str) -> list[float]:
    return [each[side][step][name] for each in slices if side and name in each.get(side, {}).get(step, {})]


def times_documented(slices: Sequence[Slice], side: str) -> dict[str, float]:
    """How many times as many touchpoints a second as the documented way: median of the slices' ratios."""
    found = {}
    for step, way in BASELINES.items():
        ours, theirs = _values(slices, side, step, WALL), _values(slices, DOCUMENTED, way, WALL)
        if ours and theirs:
            found[step] = statistics.median(one / two for one, two in zip(ours, theirs, strict=True))
    return found


def show(slices: Sequence[Slice], revs: Mapping[str, str]) -> None:
    """Print everything."""
    sides = list(revs)
    other = sides[1] if len(sides) > 1 else None
    found = _all(slices, sides[0], other)
    _table("CPU microseconds a touchpoint", [row for row in found if row.name not in (WALL, PACE)], ",.1f")
    _table("CPU microseconds of the same piece of Python meanwhile", [row for row in found if row.name == PACE], ",.0f")
    _table("touchpoints a second, wall time", [row for row in found if row.name == WALL], ",.0f")
    for side in sides:
        ratios = ", ".join(f"{step} x{ratio:.2f}" for step, ratio in times_documented(slices, side).items())
        if ratios:
            print(f"wall time against the documented way, {side} ({revs[side]}): {ratios}")


def _all(slices: Sequence[Slice], side: str, other: str | None) -> list[Row]:
    documented = [row._replace(step=f"{DOCUMENTED} {row.step}") for row in rows(slices, DOCUMENTED)]
    return documented + list(rows(slices, side, other))


def _table(title: str, found: Sequence[Row], form: str) -> None:
    if not found:
        return
    print(f"\n{title}: median (range)" + ("; old; new/old (range)" if any(row.ratio for row in found) else ""))
    for row in found:
        label = row.step if row.name in (WALL, PACE) else f"{row.step}, {row.name}"
        line = f"  {label:34} {row.median:>10{form}}  ({row.least:{form}} to {row.most:{form}})"
        if row.ratio is not None and row.old is not None:
            line += f"  {row.old:>10{form}}  x{row.ratio[0]:.3f} ({row.ratio[1]:.3f} to {row.ratio[2]:.3f})"
        print(line)


def write(path: Path, slices: Sequence[Slice], revs: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """Everything, for machines."""
    sides = list(revs)
    other = sides[1] if len(sides) > 1 else None
    ratios = {
        f"{row.step}.{row.name}": dict(zip(("median", "least", "most"), row.ratio, strict=True))
        for row in rows(slices, sides[0], other)
        if row.ratio is not None
    }
    found = {
        **about,
        "revs": dict(revs),
        "medians": {side: _medians(slices, side) for side in (DOCUMENTED, *sides)},
        "new_over_old": ratios,
        "times_documented": {side: times_documented(slices, side) for side in sides},
        "slices": list(slices),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _medians(slices: Sequence[Slice], side: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows(slices, side):
        found.setdefault(row.step, {})[row.name] = row.median
    return found
