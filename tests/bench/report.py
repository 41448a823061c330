"""Medians, ranges and ratios of the rounds: printed, and written to build/bench.json."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Round = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Of one round: side, step, name (`per_second`, or a part's CPU microseconds a touchpoint), figure."""

DOCUMENTED = "documented"
"""The side that is no checkout."""

WALL = "per_second"

BASELINES = {
    "record": "save", "project": "project", "end_to_end": "save", "embedded": "save",
}  # fmt: skip
"""What each step is compared with, round by round: a machine that is slow for a minute is slow for both."""


class Row(NamedTuple):
    """One figure over all rounds. `ratio` is new / old: the median of the rounds' ratios, and their range."""

    step: str
    name: str
    median: float
    least: float
    most: float
    old: float | None = None
    ratio: tuple[float, float, float] | None = None


def rows(rounds: Sequence[Round], side: str, other: str | None = None) -> Iterator[Row]:
    """The figures of a side, beside those of another."""
    for step, names in rounds[0].get(side, {}).items():
        for name in names:
            values = _values(rounds, side, step, name)
            old = _values(rounds, other, step, name) if other else []
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


def _values(rounds: Sequence[Round], side: str | None, step: str, name: str) -> list[float]:
    return [each[side][step][name] for each in rounds if side and name in each.get(side, {}).get(step, {})]


def times_documented(rounds: Sequence[Round], side: str) -> dict[str, float]:
    """How many times as many touchpoints a second as the documented way: median of the rounds' ratios."""
    found = {}
    for step, way in BASELINES.items():
        ours, theirs = _values(rounds, side, step, WALL), _values(rounds, DOCUMENTED, way, WALL)
        if ours and theirs:
            found[step] = statistics.median(one / two for one, two in zip(ours, theirs, strict=True))
    return found


def show(rounds: Sequence[Round], revs: Mapping[str, str]) -> None:
    """Print everything."""
    sides = list(revs)
    other = sides[1] if len(sides) > 1 else None
    found = _all(rounds, sides[0], other)
    _table("CPU microseconds a touchpoint", [row for row in found if row.name != WALL], ",.1f")
    _table("touchpoints a second, wall time", [row for row in found if row.name == WALL], ",.0f")
    for side in sides:
        ratios = ", ".join(f"{step} x{ratio:.2f}" for step, ratio in times_documented(rounds, side).items())
        if ratios:
            print(f"wall time against the documented way, {side} ({revs[side]}): {ratios}")


def _all(rounds: Sequence[Round], side: str, other: str | None) -> list[Row]:
    documented = [row._replace(step=f"{DOCUMENTED} {row.step}") for row in rows(rounds, DOCUMENTED)]
    return documented + list(rows(rounds, side, other))


def _table(title: str, found: Sequence[Row], form: str) -> None:
    if not found:
        return
    print(f"\n{title}: median (range)" + ("; old; new/old (range)" if any(row.ratio for row in found) else ""))
    for row in found:
        label = row.step if row.name == WALL else f"{row.step}, {row.name}"
        line = f"  {label:34} {row.median:>10{form}}  ({row.least:{form}} to {row.most:{form}})"
        if row.ratio is not None and row.old is not None:
            line += f"  {row.old:>10{form}}  x{row.ratio[0]:.3f} ({row.ratio[1]:.3f} to {row.ratio[2]:.3f})"
        print(line)


def write(path: Path, rounds: Sequence[Round], revs: Mapping[str, str], about: Mapping[str, Any]) -> None:
    """Everything, for machines."""
    sides = list(revs)
    other = sides[1] if len(sides) > 1 else None
    ratios = {
        f"{row.step}.{row.name}": dict(zip(("median", "least", "most"), row.ratio, strict=True))
        for row in rows(rounds, sides[0], other)
        if row.ratio is not None
    }
    found = {
        **about,
        "revs": dict(revs),
        "medians": {side: _medians(rounds, side) for side in (DOCUMENTED, *sides)},
        "new_over_old": ratios,
        "times_documented": {side: times_documented(rounds, side) for side in sides},
        "rounds": rounds,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _medians(rounds: Sequence[Round], side: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in rows(rounds, side):
        found.setdefault(row.step, {})[row.name] = row.median
    return found
