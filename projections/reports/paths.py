"""Paths: the most frequent sequences of what people did, before they were won or lost, or from a start on.

What they did is streamed lead by lead. Kept are at most `KEPT` different paths, and 8 bytes a lead; of more paths those
of the fewest leads are dropped, and what is listed is counted again (lossy counting, Manku and Motwani 2002).
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from statistics import median
from typing import Any, Final, Literal, NamedTuple, cast, get_args

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from domain.files.durations import ALLOWED, SECOND, parse_duration
from projections.queries.acts import is_their_own_act
from projections.queries.days import DayRange, bounds_of
from projections.queries.view import View, known
from projections.reports.answer import BadReport, ColumnKind, Report, ReportQuestion, ReportRows, column

KEPT: Final = 50_000
"""Different paths that are kept in memory."""
LONGEST: Final = 10
"""Most steps of a path."""
MOST_LISTED: Final = 100
NOTHING: Final = "nothing"
"""The path of those who did nothing."""
_STEP: Final = 80
"""Characters of a step: the rest is cut."""
_APART: Final = "\0"
"""Between steps: no text that is stored has one."""
_FETCHED: Final = 10_000
"""Rows that are read at once."""
_VIEWED: Final = "page_viewed"

Step = Literal["type", "page", "channel"]
Bounds = tuple[int | None, int | None]
"""From the first to before the second; None: not bounded on that side."""


class _PathQuestion(NamedTuple):
    """What is asked, as it was understood."""

    bounds: Bounds
    """The period."""
    moments: Select[Any]
    """Rows (lead, at): when each lead was won, was lost, or began in it."""
    onwards: bool
    """Whether the paths begin there; else they end there."""
    what: str
    """What happened to the leads then, as a sentence goes on."""
    step: Step
    own: bool
    length: int
    window: int
    listed: int


class TrodPath(NamedTuple):
    """A lead's path: its steps, and how long it took (microseconds)."""

    steps: str
    took: int
    unfinished: bool
    """Whether its window is not over."""


def run(view: View, question: ReportQuestion) -> ReportRows:
    """The most frequent paths, a row each. Raises BadReport, NotFound."""
    asked = _question(view, question)
    counted = PathCounts(KEPT)
    unfinished = 0
    for path in _paths(view, asked):
        counted.add(path)
        unfinished += path.unfinished
    listed = counted.most_frequent(asked.listed, lambda: _paths(view, asked))
    rows = [
        (rank, _shown(steps), len(took), len(took) / counted.leads, median(took) / SECOND if steps else None)
        for rank, (steps, took) in enumerate(listed, 1)
    ]
    return ReportRows(rows, _notes(asked.what, counted, unfinished, len(listed[-1][1]) if listed else 0))


def _shown(steps: str) -> str:
    return steps.replace(_APART, " > ") or NOTHING


def _notes(what: str, counted: "PathCounts", unfinished: int, fewest: int) -> list[str]:
    """`fewest`: leads of the last path that is listed."""
    notes = [f"{counted.leads} leads {what} for the first time in the period."]
    if unfinished:
        notes.append(f"Of {unfinished} of them the window is not over: their paths may still go on.")
    if counted.missed:
        exact = f"There are more than {KEPT} different paths; what is listed is counted exactly"
        others = f", but others of up to {counted.missed} leads may be missing: ask for fewer steps"
        notes.append(exact + (others if counted.missed > fewest else "") + ".")
    return notes


# ---- what is asked -----------------------------------------------------------------------------------------------


def _question(view: View, question: ReportQuestion) -> _PathQuestion:
    said = question.options
    if "start" in said and "before" in said:
        raise BadReport("start: found it beside before, allowed is one of them")
    step = said.get("step", "type")
    if step not in get_args(Step):
        raise BadReport(f"step: found {step[:80]!r}, allowed are {', '.join(get_args(Step))}")
    acts = said.get("acts", "own")
    if acts not in ("own", "all"):
        raise BadReport(f"acts: found {acts[:80]!r}, allowed are own, all")
    own = acts == "own"
    bounds = bounds_of(question.days, view.model.timezone)
    start = said.get("start")
    return _PathQuestion(
        bounds,
        _ends(view, said.get("before", "won"), bounds) if start is None else _starts(view, start, own, question.days),
        start is not None,
        _what(view, said.get("before", "won")) if start is None else f"began with {start}",
        cast(Step, step),
        own,
        _number("length", said.get("length", "5"), LONGEST),
        _window(said.get("window", "30d")),
        _number("top", said.get("top", "20"), MOST_LISTED),
    )


def _what(view: View, before: str) -> str:
    if before == "lost":
        return f"were lost (came to {', '.join(_detours(view))})"
    return "were won" if before == "won" else f"came to {before.partition(':')[2]}"


def _detours(view: View) -> list[str]:
    return [stage.name for stage in view.model.stages if stage.detour]


def _number(name: str, text: str, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= most:
        return int(text)
    raise BadReport(f"{name}: found {text[:80]!r}, allowed is 1 to {most}")


def _window(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError:
        raise BadReport(f"window: found {text[:80]!r}, allowed is {ALLOWED}") from None


def _within(instant: ColumnElement[int], bounds: Bounds) -> list[ColumnElement[bool]]:
    first, end = bounds
    return [*([] if first is None else [instant >= first]), *([] if end is None else [instant < end])]


def _ends(view: View, before: str, bounds: Bounds) -> Select[Any]:
    """When each lead was first won, lost, or came to a stage, in the period. Raises BadReport, NotFound."""
    leads, entered = view.tables.leads.c, view.tables.stage_history.c
    kind, _, name = before.partition(":")
    if before == "won":
        return select(leads.lead, leads.won_at.label("at")).where(
            leads.won_at.is_not(None), *_within(leads.won_at, bounds)
        )
    if before == "lost":
        stages = _detours(view)
        if not stages:
            raise BadReport(
                "before: found 'lost', but the model has no stage with detour = true; allowed is stage:NAME"
            )
    elif kind == "stage" and name:
        stages = [known("stage", name, [stage.name for stage in view.model.stages])]
    else:
        raise BadReport(f"before: found {before[:80]!r}, allowed are won, lost, stage:NAME")
    return _firsts(entered.lead, entered.at, entered.stage.in_(stages), bounds)


def _starts(view: View, start: str, own: bool, days: DayRange) -> Select[Any]:
    """When each lead first did this in the period."""
    touches = view.tables.touches.c
    this = and_(touches.type == _VIEWED, touches.path == start) if start.startswith("/") else touches.type == start
    theirs = select(touches.lead, func.min(touches.at).label("at")).where(this, _counts(touches, own))
    months = _within(touches.at, bounds_of(days, view.model.timezone))  # as the days say: PostgreSQL reads these alone
    return theirs.where(*_within(touches.day, (days.first, days.end)), *months).group_by(touches.lead)


def _firsts(
    lead: ColumnElement[Any], at: ColumnElement[int], which: ColumnElement[bool], bounds: Bounds
) -> Select[Any]:
    """The first instant of each lead, where it lies in the period."""
    first = select(lead.label("lead"), func.min(at).label("at")).where(which).group_by(lead).subquery()
    return select(first.c.lead, first.c.at).where(*_within(first.c.at, bounds))


def _counts(touches: Any, own: bool) -> ColumnElement[bool]:
    return is_their_own_act(touches) if own else touches.machine.is_(None)


# ---- what they did -----------------------------------------------------------------------------------------------


def _paths(view: View, asked: _PathQuestion) -> Iterator[TrodPath]:
    """Every lead's path."""
    rows = view.conn.execute(_query(view, asked).execution_options(yield_per=_FETCHED))
    for _, theirs in groupby(rows, attrgetter("lead")):
        runs: deque[tuple[str, int]] = deque(maxlen=None if asked.onwards else asked.length)
        moment, before = 0, None
        for row in theirs:
            moment = row.moment
            if row.step is None or row.step == before:
                continue
            before = row.step
            if not asked.onwards or len(runs) < asked.length:
                runs.append((before, row.at))
        steps = _APART.join(step for step, _ in runs)
        took = 0 if not runs else runs[-1][1] - moment if asked.onwards else moment - runs[0][1]
        unfinished = asked.onwards and moment + asked.window >= view.clock
        yield TrodPath(steps, took, unfinished and len(runs) < asked.length)


def _query(view: View, asked: _PathQuestion) -> Select[Any]:
    """Rows (lead, moment, at, step), a lead's in their order; of who did nothing one without step."""
    touches, moments = view.tables.touches, asked.moments.subquery()
    at, moment = touches.c.at, moments.c.at
    first, end = asked.bounds
    if asked.onwards:
        inside = and_(at >= moment, at <= moment + asked.window)
        whole = first, None if end is None else end + asked.window
    else:
        inside = and_(at < moment, at >= moment - asked.window)
        whole = None if first is None else first - asked.window, end
    step = _step(touches.c, asked.step)
    months = _within(at, whole)  # as `inside` says: PostgreSQL reads these alone
    theirs = and_(touches.c.lead == moments.c.lead, inside, *months, _counts(touches.c, asked.own), step.is_not(None))
    return (
        select(moments.c.lead, moment.label("moment"), at, step.label("step"))
        .select_from(moments.outerjoin(touches, theirs))
        .order_by(moments.c.lead, at, touches.c.n)
    )


def _step(touches: Any, step: Step) -> ColumnElement[Any]:
    match step:
        case "type":
            text = touches.type
        case "page":
            text = case((touches.type == _VIEWED, touches.path))
        case "channel":
            text = touches.channel
    return func.substr(text, 1, _STEP)


# ---- how many ----------------------------------------------------------------------------------------------------


class PathCounts:
    """Leads by path, in bounded memory."""

    def __init__(self, kept: int) -> None:
        """`kept`: how many different paths at most."""
        self._kept = kept
        self._took: dict[str, array[int]] = {}
        self.leads = 0
        self.missed = 0
        """Most leads that a path may have which is not kept, or that are not counted of one that is."""

    def add(self, path: TrodPath) -> None:
        """Count a lead."""
        self.leads += 1
        took = self._took.get(path.steps)
        if took is None:
            if len(self._took) >= self._kept:
                self._drop()
            took = self._took[path.steps] = array("q")
        took.append(path.took)

    def most_frequent(self, number: int, again: Callable[[], Iterable[TrodPath]]) -> list[tuple[str, "array[int]"]]:
        """The paths of the most leads with how long each took; `again` gives the same, where some were dropped."""
        listed = _first(self._took, number)
        if not self.missed:
            return listed
        least = len(listed[-1][1]) - self.missed
        counted = {steps: array("q") for steps, took in self._took.items() if len(took) >= least}
        for path in again():
            if path.steps in counted:
                counted[path.steps].append(path.took)
        return _first(counted, number)

    def _drop(self) -> None:
        """Drop the paths of the fewest leads: at least half of them."""
        fewest = sorted(map(len, self._took.values()))[len(self._took) // 2]
        self._took = {steps: took for steps, took in self._took.items() if len(took) > fewest}
        self.missed += fewest


def _first(took: Mapping[str, "array[int]"], number: int) -> list[tuple[str, "array[int]"]]:
    return sorted(took.items(), key=lambda each: (-len(each[1]), each[0]))[:number]


PATHS: Final = Report(
    "paths",
    "The most frequent sequences of what people did themselves, before they were won or lost, or from a start on",
    (
        column("rank", ColumnKind.COUNT, "1: the path of the most leads"),
        column(
            "path",
            ColumnKind.TEXT,
            "the steps in their order; what was repeated at once is one step."
            f" Before a moment the last ones, from a start the first ones; {NOTHING}: they did nothing in the window",
        ),
        column("leads", ColumnKind.COUNT, "with just this path"),
        column("share", ColumnKind.SHARE, "of all that were won, were lost or began in the period"),
        column(
            "took_median",
            ColumnKind.SECONDS,
            "half took no longer: from the first step to the moment, or from the start to the last step",
        ),
    ),
    run,
    options={
        "before": "won (the default), lost (first in a stage that is a detour) or stage:NAME (first in it)",
        "start": "a type such as form_submitted, or a path such as /pricing: paths from the first one in the period on",
        "step": "what a step is: type (the default), page (the path of pages viewed) or channel (where they came from)",
        "acts": "own (the default): what the person did; all: also what was done to them, such as calls and mail sent",
        "length": f"most steps, up to {LONGEST}; the default is 5",
        "window": "how long before the moment, or after the start; the default is 30d",
        "top": f"how many paths are listed, up to {MOST_LISTED}; the default is 20",
    },
    recent=90,
)
