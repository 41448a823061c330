"""What happened day by day: a row a day, also where nothing did; or a row a day and type, source, channel, campaign."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Integer, func, select, values
from sqlalchemy import column as sql_column

from domain.fold.days import ZoneDays
from domain.phrases import phrase
from projections.queries.counting import counted_touchpoints
from projections.queries.days import MOST_BUCKETS, DayRange, bounds_of, starts_at
from projections.queries.told_apart import OTHER, grouping, told_by_column
from projections.queries.view import View
from projections.reports.answer import BadReport, ColumnKind, Report, ReportQuestion, ReportRows, column

RECENT: Final = 30
"""Days."""
_DAY: Final = "day"
_TYPE: Final = "type"
_PEOPLE: Final = "people"
_UNCOUNTED: Final = "people are not counted: people=yes does, and reads every touchpoint of the period"

Cell = tuple[int, str]
"""A day, and the text that tells apart; an empty one where nothing does, or where it is not known."""


def _rows(view: View, question: ReportQuestion) -> ReportRows:
    days, today = _period(view, question.days), _today(view)
    by, with_people = question.by or _DAY, _asks_for_people(question.options)
    touched, machines = _kept(view, days, by) if by in (_DAY, _TYPE) else _scanned(view, days, by)
    people = _people(view, days, by) if with_people else None
    notes = () if with_people else (_UNCOUNTED,)
    if by == _DAY:
        of_leads = _of_leads(view, days)
        return ReportRows([
            (day, None, *_counted([(day, "")], touched, machines, people), *(each.get(day, 0) for each in of_leads),
             day == today)
            for day in range(days.first, days.end)
        ], notes)  # fmt: skip
    groups = _groups(by, touched + machines)
    return ReportRows([
        (day, group, *_counted([(day, text) for text in texts], touched, machines, people), *_NOBODY, day == today)
        for day in range(days.first, days.end)
        for group, texts in groups.items()
    ], notes)  # fmt: skip


DAILY: Final = Report(
    "daily",
    "What happened day by day, also where nothing did: touchpoints, people, leads; told apart, of touchpoints alone",
    (
        column("day", ColumnKind.DAY, "in the model's time zone"),
        column("group", ColumnKind.GROUP, "as `by` tells touchpoints apart; null by day"),
        column("touchpoints", ColumnKind.COUNT, "that happened; machines' are not among them"),
        column("by_machines", ColumnKind.COUNT, "touchpoints of machines"),
        column("people", ColumnKind.COUNT, "leads and visitors with one of these touchpoints; null where not counted"),
        column("new_visitors", ColumnKind.COUNT, "people whose first touchpoint it was, whoever they are now"),
        column("new_leads", ColumnKind.COUNT, "that something first said who they are"),
        column("became_hot", ColumnKind.COUNT, "times that one became hot by the rules, announced or not"),
        column("stage_moves", ColumnKind.COUNT, "times that one entered a stage, the first one too"),
        column("won", ColumnKind.COUNT, "leads that entered a stage which is won, for the first time"),
        column("unfinished", ColumnKind.FLAG, "whether the day goes on at the clock"),
    ),
    _rows,
    by=(_DAY, _TYPE, "source", "channel", "campaign"),
    options={_PEOPLE: "yes: count the people of each day, too"},
    recent=RECENT,
)
_NOBODY: Final = (None,) * 5


# ---- what is asked -----------------------------------------------------------------------------------------------


class _Days(DayRange):
    """A period with both bounds."""

    first: int
    end: int


def _today(view: View) -> int:
    return ZoneDays(view.model.timezone).of(view.clock)


def _period(view: View, days: DayRange) -> _Days:
    """Its days up to the clock's. Raises BadReport."""
    if days.first is None:
        raise BadReport(phrase("from: found none, allowed is a day: there is a row for each from it on"))
    end = _today(view) + 1 if days.end is None else min(days.end, _today(view) + 1)
    if end - days.first > MOST_BUCKETS:
        raise BadReport(
            phrase("from, to: found {days} days, allowed are {most}", days=end - days.first, most=MOST_BUCKETS)
        )
    return _Days(days.first, max(days.first, end))


def _asks_for_people(options: Mapping[str, str]) -> bool:
    asked = options.get(_PEOPLE, "no")
    if asked not in ("yes", "no"):
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name=_PEOPLE,
                found=asked[:80],
                allowed="yes, no",
            )
        )
    return asked == "yes"


# ---- touchpoints -------------------------------------------------------------------------------------------------


def _kept(view: View, days: _Days, by: str) -> tuple[Counter[Cell], Counter[Cell]]:
    """How many touchpoints, machines' left out, and how many of machines, as they are kept."""
    people, machines = counted_touchpoints(view, days.first, days.end)
    return (people, machines) if by == _TYPE else (_of_days(people), _of_days(machines))


def _of_days(counted: Counter[Cell]) -> Counter[Cell]:
    days = Counter[Cell]()
    for (day, _), count in counted.items():
        days[day, ""] += count
    return days


def _scanned(view: View, days: _Days, by: str) -> tuple[Counter[Cell], Counter[Cell]]:
    """The same of what no index has."""
    touches = view.tables.touches.c
    machines = func.count(touches.machine)
    told = [touches.day, _text(view, by).label("text")]
    query = select(*told, (func.count() - machines).label("touchpoints"), machines.label("by_machines"))
    rows = view.conn.execute(query.where(*_inside(view, days)).group_by(*told)).all()
    touched = Counter({(row.day, row.text): row.touchpoints for row in rows})
    return touched, Counter({(row.day, row.text): row.by_machines for row in rows})


def _people(view: View, days: _Days, by: str) -> Counter[Cell]:
    """How many have a touchpoint that is no machine's."""
    touches = view.tables.touches.c
    each = (
        select(touches.day, _text(view, by).label("text"), touches.lead)
        .where(*_inside(view, days), touches.machine.is_(None))
        .distinct()
        .subquery()
    )
    query = select(each.c.day, each.c.text, func.count()).group_by(each.c.day, each.c.text)
    return Counter({(day, text): count for day, text, count in view.conn.execute(query)})


def _inside(view: View, days: _Days) -> list[ColumnElement[bool]]:
    """By instants: PostgreSQL keeps their months apart."""
    start, end = bounds_of(days, view.model.timezone)
    return [view.tables.touches.c.at >= start, view.tables.touches.c.at < end]


def _text(view: View, by: str) -> ColumnElement[str]:
    return func.coalesce(sql_column("''", is_literal=True) if by == _DAY else view.tables.touches.c[by], "")


def _groups(by: str, touched: Counter[Cell]) -> dict[str, list[str]]:
    """The texts of each group, the largest group first."""
    sizes: Counter[str] = Counter()
    for (_, text), count in touched.items():
        sizes[text] += count
    texts: dict[str, list[str]] = {}
    for text, group in sorted(grouping(told_by_column(by), sizes).items(), key=lambda each: (-sizes[each[0]], each[0])):
        texts.setdefault(group, []).append(text)
    return dict(sorted(texts.items(), key=lambda each: each[0] == OTHER))


def _counted(
    cells: Sequence[Cell], touched: Counter[Cell], machines: Counter[Cell], people: Counter[Cell] | None
) -> tuple[int, int, int | None]:
    """Of a group: how many touchpoints, of machines, people; of several texts nobody knows who is in more than one."""
    known = people is not None and len(cells) == 1
    return (
        sum(touched[cell] for cell in cells),
        sum(machines[cell] for cell in cells),
        people[cells[0]] if people is not None and known else None,
    )


# ---- leads -------------------------------------------------------------------------------------------------------


def _of_leads(view: View, days: _Days) -> list[dict[int, int]]:
    """By day: new visitors, new leads, who became hot, moves, won."""
    people = view.tables.sort_keys.c
    instants = (
        people.first_touch,
        people.identified_at,
        view.tables.hot_episodes.c.began_at,
        view.tables.stage_history.c.at,
        people.won_at,
    )
    return [_by_day(view, days, instant) for instant in instants]


def _by_day(view: View, days: _Days, instant: ColumnElement[Any]) -> dict[int, int]:
    """How many rows have the instant on each day."""
    zone = view.model.timezone
    bounds = [(day, starts_at(day, zone), starts_at(day + 1, zone)) for day in range(days.first, days.end)]
    if not bounds:
        return {}
    named = (sql_column("day", Integer), sql_column("starts", BigInteger), sql_column("ends", BigInteger))
    day = values(*named, name="days").data(bounds).cte("days").c
    inside = select(func.count()).where(instant >= day.starts, instant < day.ends)
    return {number: count for number, count in view.conn.execute(select(day.day, inside.scalar_subquery()))}  # noqa: C416
