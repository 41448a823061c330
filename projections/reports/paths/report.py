"""Paths: the most frequent sequences of what people did, before they were won or lost, or from a start on.

They are put together and counted in the database: no more than the listed ones are ever held here.
"""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, cast, get_args

import orjson
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
)

from domain.files.durations import ALLOWED, SECOND, parse_duration
from domain.phrases import phrase
from projections.queries.days import bounds_of
from projections.queries.path_texts import NOTHING, path_text, steps_of
from projections.queries.view import View
from projections.reports.answer import (
    BadReport,
    CellLeads,
    ColumnKind,
    Report,
    ReportCell,
    ReportPeople,
    ReportQuestion,
    ReportRows,
    column,
)
from projections.reports.paths.moments import VIEWED, Bounds, counts, detours, ends, since, starts, within
from store.database.expressions import by_bytes, quartiles

LONGEST: Final = 10
"""Most steps of a path."""
MOST_LISTED: Final = 100
_STEP: Final = 80
"""Characters of a step: the rest is cut."""
_APART: Final = "\1"
"""Between steps, where paths are sorted."""

Step = Literal["type", "page", "channel"]


class _PathQuestion(NamedTuple):
    """What is asked, as it was understood."""

    bounds: Bounds
    """The period."""
    moments: Select[Any]
    """Rows (lead, at): when each lead was won, was lost, or began in it."""
    start: str | None
    """What the paths begin with; None: they end at the moment."""
    what: str
    """What happened to the leads then, as a sentence goes on."""
    step: Step
    own: bool
    length: int
    window: int
    listed: int

    @property
    def onwards(self) -> bool:
        """Whether the paths begin at the moment."""
        return self.start is not None


def run(view: View, question: ReportQuestion) -> ReportRows:
    """The most frequent paths, a row each. Raises BadReport, NotFound."""
    asked = _question(view, question)
    found = list(view.conn.execute(_query(view, asked)))
    rows = [(rank, *_path_row(asked, row)) for rank, row in enumerate(found, 1)]
    whole, unfinished = (int(found[0].whole), int(found[0].whole_unfinished)) if found else (0, 0)
    notes = [f"{whole} leads {asked.what} for the first time in the period."]
    if unfinished:
        notes.append(f"Of {unfinished} of them the window is not over: their paths may still go on.")
    return ReportRows(rows, notes)


def _path_row(asked: _PathQuestion, row: Row[Any]) -> tuple[str, int, float, float | None]:
    steps = [step for step in row[: asked.length] if step is not None]
    took = orjson.loads(row.took)[1] / SECOND if row.took is not None else None
    return path_text(steps if asked.onwards else steps[::-1]), row.leads, row.leads / int(row.whole), took


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """Those with just this path, each with when it was won, was lost or began. Raises BadReport, NotFound."""
    asked, path = _question(view, question), cell.row.get("path", "")
    try:
        steps = steps_of(path)
    except ValueError:
        raise BadReport(phrase("path: found {found!r}, allowed is a path of the report", found=path[:80])) from None
    leads = _paths(view, asked).c
    if not asked.onwards:
        steps.reverse()
    wanted = dict(enumerate(steps, 1))
    theirs = [leads[f"step_{n}"].is_not_distinct_from(wanted.pop(n, None)) for n in range(1, asked.length + 1)]
    return CellLeads(select(leads.lead, leads.moment.label("at")).where(*theirs, *([false()] if wanted else [])))


# ---- what is asked -----------------------------------------------------------------------------------------------


def _question(view: View, question: ReportQuestion) -> _PathQuestion:
    said = question.options
    if "start" in said and "before" in said:
        raise BadReport(phrase("start: found it beside before, allowed is one of them"))
    step = _one_of("step", said.get("step", "type"), get_args(Step))
    own = _one_of("acts", said.get("acts", "own"), ("own", "all")) == "own"
    bounds = bounds_of(question.days, view.model.timezone)
    start = said.get("start")
    return _PathQuestion(
        bounds,
        ends(view, said.get("before", "won"), bounds) if start is None else starts(view, start, own, question.days),
        start,
        _what(view, said.get("before", "won")) if start is None else f"began with {start}",
        cast(Step, step),
        own,
        _number("length", said.get("length", "5"), LONGEST),
        _window(said.get("window", "30d")),
        _number("top", said.get("top", "20"), MOST_LISTED),
    )


def _one_of(name: str, found: str, allowed: Sequence[str]) -> str:
    """What is said, if it may be. Raises BadReport."""
    if found not in allowed:
        said = {"name": name, "found": found[:80], "allowed": tuple(allowed)}
        raise BadReport(phrase("{name:input}: found {found!r}, allowed are {allowed}", **said))
    return found


def _what(view: View, before: str) -> str:
    if before == "lost":
        return f"were lost (came to {', '.join(detours(view))})"
    return "were won" if before == "won" else f"came to {before.partition(':')[2]}"


def _number(name: str, text: str, most: int) -> int:
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= most:
        return int(text)
    raise BadReport(
        phrase("{name:input}: found {found!r}, allowed is 1 to {most}", name=name, found=text[:80], most=most)
    )


def _window(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed is {allowed}", name="window", found=text[:80], allowed=ALLOWED
            )
        ) from None


# ---- what they did -----------------------------------------------------------------------------------------------


def _query(view: View, asked: _PathQuestion) -> Select[Any]:
    """The paths of the most leads: their steps (from the moment on, or back from it), leads, and quartiles of how long
    they took; beside each how many leads there are in all (whole), and how many of them may still go on."""
    leads = _paths(view, asked).c
    steps = [leads[f"step_{place}"] for place in range(1, asked.length + 1)]
    counted = (
        select(
            *steps,
            func.count().label("leads"),
            quartiles(leads.took).label("took"),
            func.sum(leads.unfinished).label("unfinished"),
        )
        .group_by(*steps)
        .subquery()
    )
    steps = [counted.c[step.name] for step in steps]
    whole = func.sum(counted.c.leads).over().label("whole")
    whole_unfinished = func.sum(counted.c.unfinished).over().label("whole_unfinished")
    query = select(*steps, counted.c.leads, counted.c.took, whole, whole_unfinished)
    return query.order_by(counted.c.leads.desc(), by_bytes(_as_text(asked, steps))).limit(asked.listed)


def _as_text(asked: _PathQuestion, steps: Sequence[ColumnElement[str]]) -> ColumnElement[str]:
    """What paths of as many leads are sorted by."""
    text: ColumnElement[str] = func.coalesce(steps[0], "")
    for step in steps[1:]:
        following = literal(_APART) + step if asked.onwards else step + literal(_APART)
        text = text + func.coalesce(following, "") if asked.onwards else func.coalesce(following, "") + text
    return text


def _paths(view: View, asked: _PathQuestion) -> Subquery:
    """A row a lead: its steps (null: there are no more), how long they took (null: there are none), and whether its
    window is not over (1 or 0)."""
    runs = _runs(view, asked).c
    steps = [func.max(case((runs.place == place, runs.step))) for place in range(1, asked.length + 1)]
    if asked.onwards:
        took = func.max(runs.at) - runs.moment
        unfinished: ColumnElement[int] = case(
            (and_(runs.moment + asked.window >= view.clock, steps[-1].is_(None)), 1), else_=0
        )
    else:
        took, unfinished = runs.moment - func.min(runs.at), literal(0)
    return (
        select(
            runs.lead,
            runs.moment,
            *(step.label(f"step_{place}") for place, step in enumerate(steps, 1)),
            took.label("took"),
            unfinished.label("unfinished"),
        )
        .where(runs.place <= asked.length)
        .group_by(runs.lead, runs.moment)
        .subquery()
    )


def _runs(view: View, asked: _PathQuestion) -> Subquery:
    """Rows (lead, moment, at, step, place): what was not done just before, numbered from the moment on, or back from
    it; of who did nothing one without step."""
    did = _did(view, asked).c
    ordered = (did.at, did.n) if asked.onwards else (did.at.desc(), did.n.desc())
    anew = or_(did.step.is_(None), did.before.is_(None), did.step != did.before)
    place = func.row_number().over(partition_by=did.lead, order_by=ordered).label("place")
    return select(did.lead, did.moment, did.at, did.step, place).where(anew).subquery()


def _did(view: View, asked: _PathQuestion) -> Subquery:
    """Rows (lead, moment, at, n, step, before): what each lead did in its window, and what just before that."""
    touches, moments = view.tables.touches, asked.moments.subquery()
    at, moment = touches.c.at, moments.c.at
    first, end = asked.bounds
    if asked.start is not None:
        inside = and_(since(touches, moment, asked.start, asked.own), at <= moment + asked.window)
        whole = first, None if end is None else end + asked.window
    else:
        inside = and_(at < moment, at >= moment - asked.window)
        whole = None if first is None else first - asked.window, end
    step = _step(touches.c, asked.step)
    months = within(at, whole)  # as `inside` says: PostgreSQL reads these alone
    theirs = and_(touches.c.lead == moments.c.lead, inside, *months, counts(touches.c, asked.own), step.is_not(None))
    before = func.lag(step).over(partition_by=moments.c.lead, order_by=(at, touches.c.n))
    columns = (moments.c.lead, moment.label("moment"), at, touches.c.n, step.label("step"), before.label("before"))
    return select(*columns).select_from(moments.outerjoin(touches, theirs)).subquery()


def _step(touches: Any, step: Step) -> ColumnElement[Any]:
    match step:
        case "type":
            text = touches.type
        case "page":
            text = case((touches.type == VIEWED, touches.path))
        case "channel":
            text = touches.channel
    return func.substr(text, 1, _STEP)


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
    people=ReportPeople(("leads",), ("path",), "when they were won, were lost or began", _people),
)
