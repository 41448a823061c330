"""Response times: what was asked of owners, by when, and how soon it was done; and what is waited for now."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles
from types import SimpleNamespace
from typing import Annotated, Any, Final

from pydantic import Field
from sqlalchemy import Row, Select, literal, select, tuple_

from domain.errors import Refused
from domain.model.sales import Sales
from domain.phrases import phrase
from domain.signals.deadlines import DeadlineKind, DeadlineState
from projections.queries.cursors import give, take
from projections.queries.days import bounds_of
from projections.queries.shapes import Moment, Page, Shape
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
    columns_of,
)
from store.database.tables import deadlines

_ORDER: Final = tuple(DeadlineKind)


_COUNTS: Final = ("asked", "open", "kept", "missed", "dropped")


class BadDeadlines(Refused):
    """A list of deadlines that there is not."""


class ResponseShape(Shape):
    """What was asked of somebody in the period, of one kind. Seconds are those that passed, days off included."""

    who: Annotated[str | None, Field(description="the owner or team, as `report_by` says; null: nobody, or no team")]
    deadline: Annotated[str, Field(description="accept, work, answer")]
    asked: Annotated[int, Field(description="how often")]
    open: Annotated[int, Field(description="still waited for")]
    kept: Annotated[int, Field(description="done in time")]
    missed: Annotated[int, Field(description="not done in time, or never")]
    dropped: Annotated[int, Field(description="nobody waited for it any more")]
    median: Annotated[float | None, Field(description="seconds from asking to doing; null: nothing was done")]
    ninth_decile: Annotated[float | None, Field(description="nine of ten were not slower, in seconds")]


class ResponsesShape(Shape):
    """The report of a period."""

    by: Annotated[str, Field(description="owner, team or none: `report_by` of the model")]
    from_: Annotated[Moment | None, Field(serialization_alias="from")] = None
    to: Moment | None = None
    items: list[ResponseShape]


class DeadlineShape(Shape):
    """Something that is, or was, to be done about a lead."""

    deadline: Annotated[str, Field(description="accept, work, answer, follow_up")]
    lead: str
    owner: Annotated[str | None, Field(description="who is to do it; null: nobody has the lead")]
    asked: Moment
    due: Moment
    state: Annotated[str, Field(description="open, kept, missed, dropped")]
    settled: Annotated[Moment | None, Field(description="when it was done, also if that was late")]
    by: str | None
    note: str | None


@dataclass(slots=True)
class _Counted:
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: list[float] = field(default_factory=list)


def responses(view: View, start: int | None, end: int | None, *, together: bool = False) -> ResponsesShape:
    """What was asked from `start` to before `end`, told apart as `report_by` of the model says, or all `together`."""
    sales = view.model.sales
    counted: dict[tuple[str, str], _Counted] = defaultdict(_Counted)
    for row in map(_as_seen_by(view), view.conn.execute(_asked(view, start, end))):
        each = counted["" if together else _who(sales, row.owner) or "", row.kind]
        each.states[row.state] += 1
        if row.settled is not None and row.state != DeadlineState.DROPPED:
            each.seconds.append((row.settled - row.asked) / 1_000_000)
    ordered = sorted(counted.items(), key=lambda each: (each[0][0], _ORDER.index(DeadlineKind(each[0][1]))))
    items = [_response(who or None, kind, each) for (who, kind), each in ordered]
    return ResponsesShape(by="none" if together else sales.report_by, from_=start, to=end, items=items)


def _rows(view: View, question: ReportQuestion) -> ReportRows:
    report = responses(view, *bounds_of(question.days, view.model.timezone), together=question.by == "kind")
    rows = [[getattr(each, column.name) for column in RESPONSE_TIMES.columns] for each in report.items]
    notes = {
        "team": "who: their teams, as report_by of the model says",
        "none": "who: nobody, as report_by of the model says",
    }
    note = notes.get(report.by) if question.by == "owner" else None
    return ReportRows(rows, [] if note is None else [note])


def _people(view: View, question: ReportQuestion, cell: ReportCell) -> CellLeads:
    """The leads about which something was asked, each as often as it was: without a kind of every one. Raises
    BadReport."""
    kinds = tuple(kind.value for kind in DeadlineKind if kind is not DeadlineKind.FOLLOW_UP)
    kind, who, together = cell.row.get("deadline"), cell.row.get("who"), question.by == "kind"
    if kind is not None and kind not in kinds:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}", name="deadline", found=kind[:80], allowed=kinds
            )
        )
    table, leads, seen = deadlines.c, view.tables.leads, _as_seen_by(view)
    again = table.kind + literal(":") + table.cause
    query = _asked(view, *bounds_of(question.days, view.model.timezone)).add_columns(
        table.lead, table.asked.label("at"), again.label("again")
    )
    query = query.join(leads, leads.c.lead == table.lead)
    if kind is not None:
        query = query.where(table.kind == kind)
    if cell.number != "asked" and view.past is None:
        query = query.where(table.state == cell.number)

    def counts(row: Row[Any]) -> bool:
        theirs = together or (_who(view.model.sales, row.owner) or None) == (who or None)
        return theirs and cell.number in ("asked", seen(row).state)

    return CellLeads(query, again=str, counts=counts, without=() if tells_owners(view, cell.number) else ("owner",))


def tells_owners(view: View, number: str) -> bool:
    """Whether the list behind a number may say who has each lead now: what single people did is told only where the
    model says so."""
    return number == "open" or view.model.sales.report_by == "owner"


RESPONSE_TIMES: Final = Report(
    "response_times",
    "How soon owners did what was asked of them, a row an owner (or team) and kind of deadline; days off included",
    (
        *columns_of(ResponseShape, ColumnKind.TEXT, "who", "deadline"),
        *columns_of(ResponseShape, ColumnKind.COUNT, *_COUNTS),
        *columns_of(ResponseShape, ColumnKind.SECONDS, "median", "ninth_decile"),
    ),
    _rows,
    by=("owner", "kind"),
    people=ReportPeople(
        ("asked", "open", "kept", "missed", "dropped"), ("who", "deadline"), "when it was asked", _people
    ),
)


def _asked(view: View, start: int | None, end: int | None) -> Select[Any]:
    table = deadlines.c
    query = select(table.kind, table.owner, table.asked, table.state, table.settled, table.due)
    query = query.where(table.kind != DeadlineKind.FOLLOW_UP.value)
    if view.past is not None:
        query = query.where(table.asked <= view.clock)
    if start is not None:
        query = query.where(table.asked >= start)
    if end is not None:
        query = query.where(table.asked < end)
    return query


def _as_seen_by(view: View) -> Callable[[Any], Any]:
    """What became of a deadline by the view's clock: of a past one, what was settled or missed later was open."""

    def seen(row: Any) -> Any:
        if row.state == DeadlineState.DROPPED or (row.settled is not None and row.settled <= view.clock):
            return row
        state = DeadlineState.MISSED if row.due <= view.clock else DeadlineState.OPEN
        return SimpleNamespace(kind=row.kind, owner=row.owner, asked=row.asked, state=state, settled=None)

    return (lambda row: row) if view.past is None else seen


def _who(sales: Sales, owner: str | None) -> str | None:
    if owner is None or sales.report_by == "none":
        return None
    if sales.report_by == "owner":
        return owner
    return next((team.name for team in sales.owners if team.members and owner in (team.name, *team.members)), None)


def _response(who: str | None, kind: str, counted: _Counted) -> ResponseShape:
    seconds = sorted(counted.seconds)
    deciles = quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds * 9
    return ResponseShape(
        who=who,
        deadline=kind,
        asked=sum(counted.states.values()),
        open=counted.states[DeadlineState.OPEN],
        kept=counted.states[DeadlineState.KEPT],
        missed=counted.states[DeadlineState.MISSED],
        dropped=counted.states[DeadlineState.DROPPED],
        median=deciles[4] if deciles else None,
        ninth_decile=deciles[8] if deciles else None,
    )


def waited_for(
    view: View, *, owner: str | None = None, state: str = "open", limit: int = 100, cursor: str | None = None
) -> Page[DeadlineShape]:
    """What is to be done, that which is due first first. Raises BadDeadlines, BadCursor."""
    if state not in set(DeadlineState):
        raise BadDeadlines(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="state",
                found=state,
                allowed=tuple(DeadlineState),
            )
        )
    if owner is not None and view.model.sales.report_by != "owner" and state != DeadlineState.OPEN:
        raise BadDeadlines(phrase('owner: what single people did is told only with report_by = "owner" in [sales]'))
    table = deadlines.c
    place = table.due, table.kind, table.cause
    query = select(deadlines).where(table.state == state).order_by(*place).limit(limit + 1)
    if owner is not None:
        query = query.where(table.owner == owner)
    if cursor is not None:
        query = query.where(tuple_(*place) > tuple_(*take("deadlines", cursor, int, str, str)))
    rows = list(view.conn.execute(query))
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = give("deadlines", last.due, last.kind, last.cause)
    told_by = view.model.sales.report_by
    return Page[DeadlineShape](items=[_deadline(row, told_by) for row in rows[:limit]], next=following)


def _deadline(row: Row[Any], told_by: str) -> DeadlineShape:
    tells = told_by == "owner" or row.state == DeadlineState.OPEN
    return DeadlineShape(
        deadline=row.kind, lead=str(row.lead), owner=row.owner if tells else None, asked=row.asked, due=row.due,
        state=row.state, settled=row.settled, by=row.by if tells else None, note=row.note,
    )  # fmt: skip
