"""What each kind of condition and funnel costs a touchpoint that it is about: histories folded with and without it.

In process and in alternation, CPU time of this thread: the fold alone, without linking, rows and saved state. Every
touchpoint matches, so this is the most that one such segment or funnel costs.
"""

import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint

_WHENS: Final = {
    "a count": '{ did = "order_placed", at_least = 3 }',
    "a count within 7d": '{ did = "order_placed", at_least = 3, within = "7d" }',
    "`sum`": '{ did = "order_placed", sum = "amount", at_least = 5000 }',
    "`sum` within 7d": '{ did = "order_placed", sum = "amount", at_least = 300, within = "7d" }',
    "`sum` within 365d": '{ did = "order_placed", sum = "amount", at_least = 5000, within = "365d" }',
    "`max`": '{ did = "order_placed", max = "amount", at_least = 95 }',
    "`max` within 7d": '{ did = "order_placed", max = "amount", at_least = 95, within = "7d" }',
    "`days` within 7d": '{ did = "order_placed", days = true, at_least = 3, within = "7d" }',
    "`values` within 7d": '{ did = "order_placed", values = "path", at_least = 5, within = "7d" }',
    "`same` within 30d": '{ did = "order_placed", same = "path", at_least = 2, within = "30d" }',
    "`first`": '{ did = "order_placed", first = { within_last = "30d" } }',
    "`last`": '{ did = "order_placed", last = { within_last = "30d" } }',
    "a date": '{ "profile.ends" = { within_next = "30d" } }',
    "`segment`, of a count within 7d": '{ segment = "other" }',
}
"""A name, and the condition of a segment. The last asks for a segment that is there anyway."""

_STEPS: Final = (
    '[{ on = "order_placed" }, { on = "order_placed", where = { path = "/7" }%s }, { on = "order_returned" }]'
)
_FUNNELS: Final = {
    "a funnel, `ordered`": _STEPS % "",
    "a funnel, `ordered`, a step `within`": _STEPS % ', within = "1d"',
    "a funnel, `strict`": _STEPS % "" + '\norder = "strict"',
    "a funnel, `any`": _STEPS % "" + '\norder = "any"',
    "a funnel with `exclude`": _STEPS % "" + '\nexclude = [{ on = "order_placed", where = { path = "/9" } }]',
}
"""A name, and the steps of a funnel of 14 days that each touchpoint starts and one in 23 goes on with."""

MEASURED: Final = (
    {name: f'[[segments]]\nname = "it"\nwhen = {when}\n' for name, when in _WHENS.items()}
    | {name: f'[[funnels]]\nname = "it"\nwindow = "14d"\nsteps = {steps}\n' for name, steps in _FUNNELS.items()}
    | {
        "`[rfm]` with `money` (12 segments)": "[rfm]\nmoney = [5000, 1000, 1]\n",
        "`[engagement]` (4 segments)": "[engagement]\n",
    }
)
"""What is measured: a name, and what a model says more."""

_BASE: Final = """
timezone = "Europe/Berlin"
[[stages]]
name = "lead"
[score]
hot_at = 1000
[[score.rules]]
name = "order"
on = "order_placed"
points = 1
"""
_OTHER: Final = '[[segments]]\nname = "other"\nwhen = { did = "order_placed", at_least = 3, within = "7d" }\n'
_HOURS: Final = (1, 2, 5, 1, 30, 3, 1, 12, 1, 200)
"""Between two touchpoints, in turn: bursts and breaks, so that windows fill and end."""
_HOUR: Final = 3_600_000_000
_BEGINS: Final = 1_760_000_000_000_000


@dataclass(frozen=True)
class Price:
    """Microseconds a touchpoint that one more segment costs, round by round, and those of the fold without it."""

    name: str
    added: Sequence[float]
    without: Sequence[float]

    @property
    def values(self) -> dict[str, float]:
        """The figures by name, for machines."""
        return {
            "added": statistics.median(self.added),
            "least": min(self.added),
            "most": max(self.added),
            "without": statistics.median(self.without),
        }

    def __str__(self) -> str:
        """A line of the table."""
        values = self.values
        return f"| {self.name} | {values['added']:.2f} | {values['least']:.2f} to {values['most']:.2f} |"


def measure(rounds: int = 15, leads: int = 20, each: int = 200) -> Iterator[Price]:
    """The price of each kind, over so many histories of so many touchpoints."""
    histories = [history(number, each) for number in range(leads)]
    for name, more in MEASURED.items():
        base = _BASE + (_OTHER if "segment =" in more else "")
        without = Fold(parse_model(base))
        with_it = Fold(parse_model(base + more))
        pairs = []
        for number in range(rounds + 1):
            folds = (without, with_it) if number % 2 else (with_it, without)
            taken = {fold: _taken(fold, histories) / (leads * each) for fold in folds}
            pairs.append((taken[without], taken[with_it]))
        pairs = pairs[1:]  # what is remembered of a type is there from then on
        yield Price(name, [after - before for before, after in pairs], [before for before, _ in pairs])


def history(number: int, each: int) -> list[Touchpoint]:
    """One lead's orders."""
    at, touchpoints = _BEGINS + number * _HOUR, []
    for place in range(each):
        at += _HOURS[(place + number) % len(_HOURS)] * _HOUR
        instant = Instant(at)
        touchpoints.append(
            Touchpoint(
                id=f"{number}:{place}",
                source=Source("server", "shop"),
                type="order_placed",
                occurred_at=instant,
                received_at=instant,
                identities=(Identity("user_id", str(number)),),
                profile={"ends": "2026-03-01"},
                properties={"amount": 7.25 + place * 37 % 97, "path": f"/{place % 23}"},
            )
        )
    return touchpoints


def _taken(fold: Fold, histories: Sequence[Sequence[Touchpoint]]) -> float:
    """CPU microseconds of this thread to fold them all."""
    before = time.thread_time_ns()
    for touchpoints in histories:
        fold.fold(touchpoints, touchpoints[-1].instant)
    return (time.thread_time_ns() - before) / 1_000
