"""Cohorts: of those who became known in one week or month, how many came how far by its end, and in the next ones."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, SelectBase, case, func, literal, select

from domain.fold.days import ZoneDays
from domain.phrases import phrase
from projections.queries.days import DayRange, buckets_between, day_named, starts_at
from projections.queries.view import View, known
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
from store.database.acts import is_their_own_act

MOST_COHORTS: Final = 120
MOST_PERIODS: Final = 60
"""Periods after its own that are told of a cohort."""
_PERIODS: Final = 12
_LONGEST: Final = 31
"""Days of a period."""
_REACHED: Final = "stage:NAME, hot, won, revenue, back"

Every = Literal["week", "month"]
Counts = Mapping[int, Mapping[int | None, int]]
"""Leads by cohort and by the period in which they came so far, both by their place in `begins`; None: they did not."""


class _Periods(NamedTuple):
    """Weeks or months that follow each other, of which the first ones are the cohorts."""

    firsts: Sequence[int]
    """The first day of each that has begun."""
    begins: Sequence[int]
    """The instant at which each begins, and at last that at which the last one ends."""
    cohorts: int


class _Asked(NamedTuple):
    """What is asked, read. `periods`: None where nobody became known; `instants`: None where they are to come back."""

    every: Every
    after: int
    reached: str
    instants: Select[Any] | None
    periods: _Periods | None


def _read(view: View, question: ReportQuestion) -> _Asked:
    every = _every(question.options.get("every", "week"))
    after = _number(question.options.get("periods", str(_PERIODS)))
    reached = question.options.get("reached", "won")
    instants = None if reached == "back" else _instants(view, reached)
    return _Asked(every, after, reached, instants, _periods(view, question.days, every, after))


def run(view: View, question: ReportQuestion) -> ReportRows:
    """A row for each cohort and period. Raises BadReport, NotFound."""
    every, after, reached, instants, periods = _read(view, question)
    if periods is None:
        return ReportRows([])
    leads = _counted(view, _by_instant(view, periods, instants))
    sizes = {cohort: sum(by_period.values()) for cohort, by_period in leads.items()}
    notes = [
        f"reached: {_in_words(reached, every)}. Period 0 is the {every} in which they became known.",
        *_widened(view, question.days, periods),
    ]
    if instants is None:
        return ReportRows(_rows(view, periods, after, sizes, _counted(view, _came_back(view, periods))), notes)
    return ReportRows(_rows(view, periods, after, sizes, leads, until=True), notes)


def _widened(view: View, days: DayRange, periods: _Periods) -> list[str]:
    """That people outside the period are counted too, where it begins or ends within a cohort."""
    zone = ZoneDays(view.model.timezone)
    first, end = periods.firsts[0], zone.of(periods.begins[periods.cohorts])
    today = zone.of(view.clock)
    inside = (days.first is None or days.first <= first) and (days.end is None or days.end >= min(end, today + 1))
    return [] if inside else [f"cohorts are whole: who became known from {day_named(first)} to before {day_named(end)}"]


def _in_words(reached: str, every: Every) -> str:
    if reached == "back":
        return f"came back in that {every} and did something themselves"
    came = {"won": "were won", "hot": "became hot", "revenue": "paid something"}
    stage = reached.partition(":")[2]
    return f"{came.get(reached, f'came to stage {stage}')} by the end of that {every}"


def _every(text: str) -> Every:
    if text in ("week", "month"):
        return "week" if text == "week" else "month"
    raise BadReport(
        phrase(
            "{name:input}: found {found!r}, allowed are {allowed}", name="every", found=text[:80], allowed="week, month"
        )
    )


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= MOST_PERIODS:
        return int(text)
    raise BadReport(
        phrase(
            "{name:input}: found {found!r}, allowed is a whole number up to {most}",
            name="periods",
            found=text[:80],
            most=MOST_PERIODS,
        )
    )


def _periods(view: View, days: DayRange, every: Every, after: int) -> _Periods | None:
    """Each week or month of the cohorts whole, and those after them; None: nobody became known in one."""
    zone = ZoneDays(view.model.timezone)
    today = zone.of(view.clock)
    known_at = view.tables.sort_keys.c.identified_at
    bounds = [select(least_or_most(known_at)).scalar_subquery() for least_or_most in (func.min, func.max)]
    earliest, latest = view.conn.execute(select(*bounds)).one()
    if earliest is None:
        return None
    first, end = zone.of(earliest), zone.of(latest) + 1
    first = first if days.first is None else max(days.first, first)
    end = end if days.end is None else min(days.end, end)
    cohorts = [begin for begin, _ in islice(buckets_between(first, end, every), MOST_COHORTS + 1)]
    if not cohorts:
        return None
    if len(cohorts) > MOST_COHORTS:
        longer = ", or every=month" if every == "week" else ""
        raise BadReport(f"from: found more than {MOST_COHORTS} {every}s, allowed are so many: a shorter period{longer}")
    count = len(cohorts) + after + 1
    following = buckets_between(cohorts[0], cohorts[0] + count * _LONGEST, every)
    begins = [begin for begin, _ in islice(following, count)]
    begun = sum(begin <= today for begin in begins[:-1])
    instants = [starts_at(day, view.model.timezone) for day in begins[: begun + 1]]
    return _Periods(begins[:begun], instants, len(cohorts))


# ---- what is reached, and when -----------------------------------------------------------------------------------


def _instants(view: View, reached: str) -> Select[Any]:
    """Rows (lead, at): when a lead first came so far. Raises BadReport, NotFound."""
    tables, (kind, _, name) = view.tables, reached.partition(":")
    entered, hot, touches = tables.stage_history.c, tables.hot_episodes.c, tables.touches.c
    if kind == "stage" and name:
        known("stage", name, [stage.name for stage in view.model.stages])
        first = select(entered.lead, func.min(entered.at).label("at")).where(entered.stage == name)
        return first.group_by(entered.lead)
    match reached:
        case "won":
            return select(tables.leads.c.lead, tables.leads.c.won_at.label("at")).where(tables.leads.c.won_at > 0)
        case "hot":
            return select(hot.lead, func.min(hot.began_at).label("at")).group_by(hot.lead)
        case "revenue":
            paid = select(touches.lead, func.min(touches.at).label("at"))
            return paid.where(touches.revenue > 0, touches.machine.is_(None)).group_by(touches.lead)
    raise BadReport(f"reached: found {reached[:80]!r}, allowed are {_REACHED}")


def _by_instant(view: View, periods: _Periods, instants: Select[Any] | None) -> Select[Any]:
    """Rows (lead, known_at, cohort, period): each lead with the period in which it came so far; without instants all
    with their own."""
    leads = view.tables.sort_keys
    known_at = leads.c.identified_at
    cohort = _place(known_at, periods.begins)
    told = select(leads.c.lead, known_at.label("known_at"), cohort.label("cohort"))
    if instants is None:
        told = told.add_columns(cohort.label("period"))
    else:
        came = instants.subquery()
        told = told.add_columns(_place(came.c.at, periods.begins).label("period"))
        told = told.select_from(leads.outerjoin(came, came.c.lead == leads.c.lead))
    return told.where(*_of_cohorts(view, periods))


def _came_back(view: View, periods: _Periods) -> Select[Any]:
    """The same, a row for each period in which a lead did something after it became known."""
    leads, touches = view.tables.sort_keys.c, view.tables.touches.c
    return (
        select(
            touches.lead,
            leads.identified_at.label("known_at"),
            _place(leads.identified_at, periods.begins).label("cohort"),
            _place(touches.at, periods.begins).label("period"),
        )
        .distinct()
        .where(
            *_of_cohorts(view, periods),
            touches.lead == leads.lead,
            touches.at > leads.identified_at,
            touches.at >= periods.begins[0],  # as that one says too: PostgreSQL leaves out the months before
            is_their_own_act(touches),
        )
    )


def _of_cohorts(view: View, periods: _Periods) -> list[ColumnElement[bool]]:
    known_at = view.tables.sort_keys.c.identified_at
    return [known_at >= periods.begins[0], known_at < periods.begins[periods.cohorts]]


def _counted(view: View, query: SelectBase) -> Counts:
    told = query.subquery().c
    counts: dict[int, dict[int | None, int]] = defaultdict(dict)
    for cohort, period, leads in view.conn.execute(
        select(told.cohort, told.period, func.count()).group_by(told.cohort, told.period)
    ):
        counts[cohort][period] = leads
    return counts


def _place(instant: ColumnElement[int], begins: Sequence[int]) -> ColumnElement[int | None]:
    """The place of the period that an instant lies in, 0 also before it; by halves, so that it takes few comparisons.
    Null where the instant is."""
    return case((instant.is_(None), None), else_=_among(instant, begins, 0, len(begins) - 1))


def _among(instant: ColumnElement[int], begins: Sequence[int], low: int, high: int) -> ColumnElement[int]:
    if low == high:
        return literal(low)
    middle = (low + high + 1) // 2
    before, behind = _among(instant, begins, low, middle - 1), _among(instant, begins, middle, high)
    return case((instant < begins[middle], before), else_=behind)


# ---- rows --------------------------------------------------------------------------------------------------------


def _rows(
    view: View, periods: _Periods, after: int, sizes: Mapping[int, int], came: Counts, *, until: bool = False
) -> list[Sequence[Any]]:
    """Of each cohort that has leads its periods so far; `until`: with those that came so far before one."""
    rows: list[Sequence[Any]] = []
    for cohort, leads in sorted(sizes.items()):
        by_period = came.get(cohort, {})
        before = sum(count for period, count in by_period.items() if until and period is not None and period < cohort)
        for place in range(cohort, min(cohort + after + 1, len(periods.firsts))):
            reached = before + by_period.get(place, 0)
            before = reached if until else 0
            still_open = view.clock < periods.begins[place + 1]
            rows.append((periods.firsts[cohort], place - cohort, leads, reached, reached / leads, still_open))
    return rows


# ---- the people behind a number ----------------------------------------------------------------------------------


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """Those of a cohort, or of them who came so far by a period. Raises BadReport, NotFound."""
    _, after, _, instants, periods = _read(view, question)
    period = cell.whole("period", 0, after) or 0
    names = [] if periods is None else [day_named(day).isoformat() for day in periods.firsts[: periods.cohorts]]
    cohort = cell.row.get("cohort", "")
    if periods is None or cohort not in names:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="cohort",
                found=cohort[:80],
                allowed=tuple(names) or phrase("none"),
            )
        )
    place = names.index(cohort)
    only = _Periods(periods.firsts[place:], periods.begins[place:], 1)
    if cell.number == "leads":
        rows = _by_instant(view, only, None).subquery("told").c
        return CellLeads(select(rows.lead, rows.known_at.label("at")))
    if instants is None:
        rows = _came_back(view, only).subquery("told").c
        return CellLeads(select(rows.lead, rows.known_at.label("at")).where(rows.period == period))
    rows = _by_instant(view, only, instants).subquery("told").c
    return CellLeads(select(rows.lead, rows.known_at.label("at")).where(rows.period <= period))


COHORTS: Final = Report(
    "cohorts",
    "Of those who became known in one week or month, how many came how far by its end, and by the end of the next"
    " ones; a cohort of which a day is in the period is told whole",
    (
        column("cohort", ColumnKind.DAY, "the first day of the week (Monday) or month in which they became known"),
        column("period", ColumnKind.COUNT, "0: that week or month itself, 1: the next one, ..."),
        column("leads", ColumnKind.COUNT, "of the cohort; one without any has no rows"),
        column(
            "reached",
            ColumnKind.COUNT,
            "of them came so far by the end of that period, in it or before;"
            " with reached=back: did something of their own in that very period, after they became known",
        ),
        column("share", ColumnKind.SHARE, "reached of leads"),
        column("open", ColumnKind.FLAG, "the period is not over, so more may come"),
    ),
    run,
    options={
        "every": "week (the default) or month: what a cohort is, and a period",
        "reached": f"what is counted: {_REACHED}; the default is won. back: came back and did something themselves",
        "periods": f"how many periods after their own are told, up to {MOST_PERIODS}; the default is {_PERIODS}",
    },
    recent=84,
    people=ReportPeople(("leads", "reached"), ("cohort", "period"), "when they became known", _people),
)
