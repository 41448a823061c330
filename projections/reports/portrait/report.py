"""Portrait: who the customers are and who is none: what they are like, beside those who were lost and all leads.

Profiles are read in a stream: kept are at most `MOST_VALUES` values of a field, each cut to `_LONGEST` characters.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Row, Select, case, false, func, select

from domain.fold.names import names_somebody
from domain.judging.backtest import FEW, Portion
from domain.phrases import phrase
from projections.queries.days import DayRange, bounds_of
from projections.queries.told_apart import ORIGINS, BadGroups, ToldBy, told_by, value_of
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
from projections.reports.portrait.values import FieldValues, WonAndLost

MOST_FIELDS: Final = 20
_COMMON: Final = 0.2
"""A field is looked at by itself where so large a share of the won leads has it."""
_ALL_FIELDS: Final = "profile"
_PROFILE: Final = "profile."
_LONGEST: Final = 200
_FETCHED: Final = 5_000
"""Rows that are read at once."""
_WON, _LOST, _OPEN = range(3)
"""What became of a lead, and its place in `WonAndLost`."""


def run(view: View, question: ReportQuestion) -> ReportRows:
    """A row for each value of each field. Raises BadReport, BadGroups, NotFound."""
    by = question.by or _ALL_FIELDS
    fields, notes, whole = _read(view, by, question.days)
    refused = sorted(f"{each.name} ({each.refused})" for each in fields if each.refused is not None)
    if refused and by != _ALL_FIELDS:
        raise BadReport(
            phrase(
                "by: found {found}, which is not shown; allowed are other fields, and bands of numbers",
                found=refused[0],
            )
        )
    if refused:
        notes.append(f"Not shown: {', '.join(refused)}.")
    notes += [
        f"{each.name}: bands of about as many leads each; by=profile.{each.name}:5000,10000 says others."
        for each in fields
        if each.banded
    ]
    rows = [_row(whole, each.name, value, outcomes) for each in fields for value, outcomes in each.groups().items()]
    if 0 < whole.won < FEW:
        notes.insert(0, f"Only {whole.won} were won: of fewer than {FEW} too little can be told.")
    return ReportRows(sorted(rows, key=_place), [_in_words(whole), *notes])


def _read(view: View, by: str, days: DayRange) -> tuple[list[FieldValues], list[str], WonAndLost]:
    """The fields as they were counted, what is left out, and all leads. Raises BadReport, BadGroups, NotFound."""
    if by == _ALL_FIELDS:
        fields, notes = _common_fields(view, days)
    elif by.startswith(_PROFILE):
        fields, notes = [_named_field(view, by)], []
    else:
        fields, notes = [FieldValues(by, told_by(view, by))], []
    if by == _ALL_FIELDS or by.startswith(_PROFILE):
        return fields, notes, _read_profiles(view, days, fields)
    return fields, notes, _read_groups(view, days, fields[0])


def _place(row: Sequence[Any]) -> tuple[Any, ...]:
    """Those of enough leads first, then those that are most frequent among the won as against all."""
    field, value, *_, lift, _, _, _, few = row
    return few, -(lift or 0), field, value


def _row(whole: WonAndLost, field: str, value: str, part: WonAndLost) -> Sequence[Any]:
    rate = Portion(part.won, part.leads)
    low, high = rate.between or (None, None)
    of_won, of_lost, of_all = (
        Portion(*each).share for each in ((part.won, whole.won), (part.lost, whole.lost), (part.leads, whole.leads))
    )
    lift = of_won / of_all if of_won is not None and of_all else None
    return (
        field, value, part.won, of_won, part.lost, of_lost, part.leads, of_all,
        None if lift is None else round(lift, 2), rate.share, low, high, rate.too_few,
    )  # fmt: skip


def _in_words(whole: WonAndLost) -> str:
    if not whole.leads:
        return "Nobody became known in the period."
    return f"{whole.leads} leads became known: {whole.won} won, {whole.lost} lost, {whole.open} neither so far."


# ---- reading -----------------------------------------------------------------------------------------------------


def _outcome(view: View) -> ColumnElement[int]:
    leads = view.tables.leads.c
    detours = [stage.name for stage in view.model.stages if stage.detour]
    lost = leads.stage.in_(detours) if detours else false()
    return case((leads.won_at.is_not(None), _WON), (lost, _LOST), else_=_OPEN)


def _became_known(view: View, days: DayRange) -> list[ColumnElement[bool]]:
    """The lead is known, since a day of the period."""
    since = view.tables.leads.c.identified_at
    first, end = bounds_of(days, view.model.timezone)
    within = [*([] if first is None else [since >= first]), *([] if end is None else [since < end])]
    return [view.tables.leads.c.identified, *within]


def _profiles(view: View, query: Select[Any]) -> Iterator[tuple[dict[str, Any], int]]:
    for profile, outcome in view.conn.execute(query.execution_options(yield_per=_FETCHED)):
        yield orjson.loads(profile), outcome


def _read_profiles(view: View, days: DayRange, fields: Sequence[FieldValues]) -> WonAndLost:
    """Count every lead in each of the fields, and of all."""
    whole = [0, 0, 0]
    query = select(view.tables.leads.c.profile, _outcome(view).label("outcome")).where(*_became_known(view, days))
    for profile, outcome in _profiles(view, query):
        whole[outcome] += 1
        for field in fields:
            field.add(_text(profile.get(field.name)), outcome)
    for field in fields:
        field.settle()
    return WonAndLost(*whole)


def _read_groups(view: View, days: DayRange, field: FieldValues) -> WonAndLost:
    """The same of what is no field of the profile."""
    told = _told(view, days, field).subquery().c
    whole = [0, 0, 0]
    query = select(told.text, told.outcome, func.count()).group_by(told.text, told.outcome)
    for text, outcome, count in view.conn.execute(query.execution_options(yield_per=_FETCHED)):
        whole[outcome] += count
        field.add(text, outcome, count)
    return WonAndLost(*whole)


def _told(view: View, days: DayRange, field: FieldValues) -> Select[Any]:
    """Rows (lead, at, outcome, text) of what is no field of the profile."""
    leads = view.tables.leads.c
    known_at = leads.identified_at.label("at")
    rows = select(leads.lead, known_at, _outcome(view).label("outcome")).where(*_became_known(view, days)).subquery()
    columns = rows.c.lead, rows.c.at, rows.c.outcome
    return select(*columns, value_of(field.by, rows).label("text")).select_from(field.by.joined(rows))


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """The leads that have a value, each with when it became known. Raises BadReport, BadGroups, NotFound."""
    by, days = question.by or _ALL_FIELDS, question.days
    fields, _, _ = _read(view, by, days)
    named = {each.name: each for each in fields if each.refused is None}
    field = named.get(cell.row.get("field", ""))
    if field is None:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="field",
                found=cell.row.get("field", "")[:80],
                allowed=tuple(named) or phrase("none"),
            )
        )
    group_of, value = field.group_of(), cell.row.get("value", "")
    of_profile = by == _ALL_FIELDS or by.startswith(_PROFILE)
    if of_profile:
        leads = view.tables.leads.c
        columns = leads.lead, leads.identified_at.label("at"), leads.profile, _outcome(view).label("outcome")
        query = select(*columns).where(*_became_known(view, days))
    else:
        query = _told(view, days, field)
    wanted = {"won": (_WON,), "lost": (_LOST,), "leads": (_WON, _LOST, _OPEN)}[cell.number]

    def counts(row: Row[Any]) -> bool:
        text = _text(orjson.loads(row.profile).get(field.name)) if of_profile else row.text
        return row.outcome in wanted and group_of(text) == value

    return CellLeads(query, counts=counts)


def _text(value: Any) -> str:
    """JSON of a value, which is cut; empty of none."""
    match value:
        case None | "" | []:
            return ""
        case str():
            return orjson.dumps(value[:_LONGEST]).decode()
        case _:
            text = orjson.dumps(value).decode()
            return text if len(text) <= _LONGEST else orjson.dumps(text[:_LONGEST]).decode()


# ---- fields ------------------------------------------------------------------------------------------------------


def _named_field(view: View, by: str) -> FieldValues:
    """The field that is asked for. Raises BadReport, BadGroups."""
    told = told_by(view, by)
    name = by.removeprefix(_PROFILE).partition(":")[0]
    if names_somebody(name):
        raise BadReport(
            phrase("by: found {found!r}, which says who somebody is; allowed is any other field", found=by[:80])
        )
    return FieldValues(name, told)


def _common_fields(view: View, days: DayRange) -> tuple[list[FieldValues], list[str]]:
    """Those that many of the won leads have, the most common first; and what is left out, in words."""
    leads = view.tables.leads.c
    query = select(leads.profile, _outcome(view).label("outcome")).where(*_became_known(view, days))
    won, having = 0, Counter[str]()
    for profile, _ in _profiles(view, query.where(leads.won_at.is_not(None))):
        won += 1
        having.update(name for name, value in profile.items() if _text(value))
    common = sorted((-count, name) for name, count in having.items() if count >= _COMMON * won)
    persons = [name for _, name in common if names_somebody(name)]
    fields = [FieldValues(name, told) for _, name in common if (told := _told_by_field(view, name)) is not None]
    notes = [] if won else ["Nobody was won of those who became known in the period: name a field (by=profile.FIELD)."]
    if persons:
        notes.append(f"Left out, since they say who somebody is: {', '.join(persons)}.")
    if rest := [field.name for field in fields[MOST_FIELDS:]]:
        notes.append(f"Left out, since fewer have them: {', '.join(rest)}.")
    return fields[:MOST_FIELDS], notes


def _told_by_field(view: View, name: str) -> ToldBy | None:
    if names_somebody(name) or ":" in name:
        return None
    try:
        return told_by(view, _PROFILE + name)
    except BadGroups:  # a name that cannot be asked for
        return None


PORTRAIT: Final = Report(
    "portrait",
    "Who the customers are, and who is none: how frequent each value is among the won, the lost and all leads",
    (
        column("field", ColumnKind.TEXT, "of the profile, or what by says"),
        column("value", ColumnKind.GROUP, "none: it is not known; other: all beyond the 49 largest"),
        column("won", ColumnKind.COUNT, "leads that have it and were ever won"),
        column("won_share", ColumnKind.SHARE, "of all that were won"),
        column("lost", ColumnKind.COUNT, "leads that have it, were never won and are in a stage that is a detour"),
        column("lost_share", ColumnKind.SHARE, "of all that were lost"),
        column("leads", ColumnKind.COUNT, "all that have it and are known, however it went"),
        column("leads_share", ColumnKind.SHARE, "of all leads"),
        column(
            "lift", ColumnKind.NUMBER, "won_share by leads_share: 2 is twice as frequent among the won as among all"
        ),
        column("win_rate", ColumnKind.SHARE, "won of leads"),
        column("win_rate_low", ColumnKind.SHARE, "with 95% confidence it is not lower (Wilson's interval)"),
        column("win_rate_high", ColumnKind.SHARE, "nor higher"),
        column("few", ColumnKind.FLAG, f"fewer than {FEW} leads have it: too few to tell; they come last"),
    ),
    run,
    by=(_ALL_FIELDS, _PROFILE, "stage", "grade", "segment:", *ORIGINS),
    people=ReportPeople(("won", "lost", "leads"), ("field", "value"), "when they became known", _people),
)
