"""Generated loan applications in the columns of the BPI Challenge 2012 file, with a funnel known beforehand."""

import csv
import io
from dataclasses import dataclass
from random import Random
from typing import Final

from domain.touchpoints.touchpoint import rfc3339

COLUMNS: Final = (
    "event_id", "log_order", "case_id", "activity", "lifecycle", "timestamp", "resource", "amount_requested",
    "registered_at",
)  # fmt: skip

FUNNEL: Final = ("A_SUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED", "A_APPROVED")
_GOES_ON: Final = (0.563, 0.694, 0.981, 0.448)
"""Of those at a step of the funnel, the share that reaches the next: as in the real file."""

_START: Final = 1_317_420_000_000_000
"""2011-09-30T22:00:00Z."""

_MILLISECOND: Final = 1_000
_SECOND: Final = 1_000_000
_HOUR: Final = 3_600 * _SECOND


@dataclass(frozen=True, slots=True)
class LoanFile:
    """A CSV file, and what an import of its COMPLETE rows must give."""

    text: str
    rows: int
    complete: int
    funnel: tuple[int, ...]
    """Cases at each step of `FUNNEL`."""
    cases: int


@dataclass(frozen=True, slots=True)
class _Happening:
    at: int
    activity: str
    lifecycle: str = "COMPLETE"


def loan_file(seed: int, cases: int = 200) -> LoanFile:
    """The file for a seed. Rows stand in the order of time; many of a case share their millisecond."""
    chance = Random(f"loans {seed}")
    rows: list[tuple[int, int, tuple[object, ...]]] = []
    reached = [0] * len(FUNNEL)
    order = complete = 0
    for case in range(cases):
        depth = 1
        while depth < len(FUNNEL) and chance.random() < _GOES_ON[depth - 1]:
            depth += 1
        for step in range(depth):
            reached[step] += 1
        begin = _START + chance.randrange(150 * 24 * 3_600_000) * _MILLISECOND
        amount = chance.randint(2, 100) * 500
        for happening in _case(begin, depth, chance):
            fixed = (173_688 + 3 * case, happening.activity, happening.lifecycle, _shown(happening.at))
            rows.append((happening.at, order, (order, *fixed, chance.randint(1, 112), amount, _shown(begin))))
            complete += happening.lifecycle == "COMPLETE"
            order += 1
    rows.sort(key=lambda row: row[:2])
    return LoanFile(_csv([row for _, _, row in rows]), len(rows), complete, tuple(reached), cases)


def _csv(rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((f"generated-{number:06d}", *row) for number, row in enumerate(rows, start=1))
    return out.getvalue()


def _shown(instant: int) -> str:
    return rfc3339(instant)[:23] + "Z"


def _case(begin: int, depth: int, chance: Random) -> list[_Happening]:
    """One application, as far as `depth` steps of the funnel."""
    now = begin
    found = [_Happening(now, "A_SUBMITTED")]
    now += chance.choice((0, 300)) * _MILLISECOND
    found.append(_Happening(now, "A_PARTLYSUBMITTED"))
    if depth >= 2:
        now += chance.randint(0, 120) * _SECOND
        found += [_Happening(now, "A_PREACCEPTED"), _Happening(now, "W_Completeren aanvraag", "SCHEDULE")]
        now = _worked(found, now, "W_Completeren aanvraag", chance)
    if depth >= 3:
        found.append(_Happening(now, "A_ACCEPTED"))
    if depth >= 4:  # the real file has these in one millisecond, too
        now += chance.choice((0, 40)) * _SECOND
        found += [_Happening(now, name) for name in ("A_FINALIZED", "O_SELECTED", "O_CREATED", "O_SENT")]
        now = _worked(found, now, "W_Nabellen offertes", chance)
    if depth == 5:
        now += chance.randint(1, 700) * _HOUR
        found.append(_Happening(now, "O_SENT_BACK"))
        now = _worked(found, now, "W_Valideren aanvraag", chance)
        last = ["A_APPROVED", "A_REGISTERED", "A_ACTIVATED", "O_ACCEPTED"]
        chance.shuffle(last)
        return found + [_Happening(now, name) for name in last]
    now += chance.randint(1, 200) * _HOUR
    return [*found, _Happening(now, chance.choice(("A_DECLINED", "A_CANCELLED")))]


def _worked(found: list[_Happening], now: int, activity: str, chance: Random) -> int:
    """Staff work on the case, once or twice; the instant at which they are done."""
    for _ in range(chance.randint(1, 2)):
        now += chance.randint(1, 30) * _HOUR
        found.append(_Happening(now, activity, "START"))
        now += chance.randint(30, 900) * _SECOND
        found.append(_Happening(now, activity))
    return now
