"""The oracle's funnels: from every start, every way of giving touchpoints to steps."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.domain.oracle_conditions import fits
from tests.domain.oracle_dates import microseconds


@dataclass(frozen=True)
class Way:
    """One attempt: the instants of the steps that it reached, and whether it may go on within its window."""

    reached: tuple[int, ...]
    goes_on: bool

    @property
    def start(self) -> int:
        return self.reached[0]


@dataclass(frozen=True)
class ExpectedRow:
    """The attempt that counts; until when a better one may come (None: it is over), and the end of the last window."""

    reached: tuple[int, ...]
    open_until: int | None
    matures_at: int


@dataclass(frozen=True)
class ExpectedFunnel:
    """The row of a lead, and those of its days of start."""

    day: int
    row: ExpectedRow
    days: Mapping[int, ExpectedRow]


class FunnelOracle:
    """One funnel over the touchpoints of one lead."""

    def __init__(self, funnel: Mapping[str, Any], events: Sequence[Any], until: int, zone: str) -> None:
        self.steps = funnel["steps"]
        self.window = microseconds(funnel["window"])
        self.order = funnel.get("order", "ordered")
        self.until, self.zone = until, ZoneInfo(zone)
        meets = [([n for n, step in enumerate(self.steps) if _meets(event, step)], event) for event in events]
        excluded = funnel.get("exclude", [])
        self.ends = sorted(event.at for event in events if any(_meets(event, each) for each in excluded))
        self.met = [(steps, event) for steps, event in meets if steps]
        if self.order == "strict":
            self.met.sort(key=lambda pair: (pair[1].at, pair[0][0]))

    def expected(self) -> ExpectedFunnel | None:
        """None: nobody began it."""
        ways = [self._best(n) for n, (steps, _) in enumerate(self.met) if 0 in steps or self.order == "any"]
        by_day: dict[int, list[Way]] = {}
        for way in ways:
            by_day.setdefault(self._day(way.start), []).append(way)
        if not ways:
            return None
        days = {day: self._row(several) for day, several in by_day.items()}
        furthest = max(len(row.reached) for row in days.values())
        day = min(day for day, row in days.items() if len(row.reached) == furthest)
        if furthest == len(self.steps):
            return ExpectedFunnel(day, days[day], days)
        row = ExpectedRow(days[day].reached, self._open(ways), max(way.start for way in ways) + self.window)
        return ExpectedFunnel(day, row, days)

    def _row(self, ways: Sequence[Way]) -> ExpectedRow:
        best = max(ways, key=lambda way: (len(way.reached), way.start, [-instant for instant in way.reached]))
        through = len(best.reached) == len(self.steps)
        open_until = None if through else self._open(ways)
        return ExpectedRow(best.reached, open_until, max(way.start for way in ways) + self.window)

    def _open(self, ways: Sequence[Way]) -> int | None:
        ends = [way.start + self.window for way in ways if way.goes_on and way.start + self.window >= self.until]
        return max(ends, default=None)

    def _day(self, instant: int) -> int:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
        return (at.astimezone(self.zone).date() - date(1970, 1, 1)).days

    # ---- the attempts from one start ----

    def _best(self, n: int) -> Way:
        """The furthest from a touchpoint on, of several the one that was there first."""
        start = self.met[n][1].at
        over = [at for at in self.ends if start <= at <= start + self.window]
        last = over[0] if over else start + self.window
        if self.order == "strict":
            reached, ended = self._strictly(n, last)
        else:
            ways = self._on([n], n, last) if self.order == "ordered" else self._of_any(n, last)
            reached = max(ways, key=lambda way: (len(way), tuple(-instant for instant in way)))
            ended = False
        return Way(tuple(reached), not (over or ended) and len(reached) < len(self.steps))

    def _on(self, used: list[int], latest: int, last: int) -> Iterator[list[int]]:
        """Every way on, one step after the other."""
        yield [self.met[each][1].at for each in used]
        step = len(used)
        if step == len(self.steps):
            return
        for n, (steps, event) in enumerate(self.met):
            after = self.met[latest][1].at <= event.at <= last
            if n not in used and after and step in steps and self._in_time(n, step):
                yield from self._on([*used, n], n, last)

    def _in_time(self, n: int, step: int) -> bool:
        within = self.steps[step].get("within")
        if within is None:
            return True
        at = self.met[n][1].at
        others = self.met[:n] if self.order == "strict" else [*self.met[:n], *self.met[n + 1 :]]
        before = [event.at for steps, event in others if step - 1 in steps and event.at <= at]
        return max(before) + microseconds(within) >= at

    def _of_any(self, n: int, last: int) -> Iterator[list[int]]:
        for step in self.met[n][0]:
            yield from self._further([self.met[n][1].at], {step}, n, last)

    def _further(self, reached: list[int], seen: set[int], after: int, last: int) -> Iterator[list[int]]:
        yield reached
        for n in range(after + 1, len(self.met)):
            steps, event = self.met[n]
            for step in steps:
                if step not in seen and event.at <= last:
                    yield from self._further([*reached, event.at], seen | {step}, n, last)

    def _strictly(self, n: int, last: int) -> tuple[list[int], bool]:
        reached = [self.met[n][1].at]
        for place in range(n + 1, len(self.met)):
            steps, event = self.met[place]
            if len(reached) == len(self.steps) or event.at > last:
                break
            if len(reached) in steps and self._in_time(place, len(reached)):
                reached.append(event.at)
            elif event.own:
                return reached, True
        return reached, False


def _meets(event: Any, step: Mapping[str, Any]) -> bool:
    return event.type == step["on"] and fits(step.get("where"), event.properties, event.profile, event.source)
