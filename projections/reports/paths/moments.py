"""When each lead was won, was lost, came to a stage or began: the moments that paths end or begin at."""

from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, exists, func, or_, select

from domain.files.values import is_type
from domain.phrases import phrase
from domain.touchpoints.acts import DONE_TO_THEM
from projections.queries.days import DayRange, bounds_of
from projections.queries.view import View, known
from projections.reports.answer import BadReport
from store.database.acts import is_their_own_act

VIEWED: Final = "page_viewed"

Bounds = tuple[int | None, int | None]
"""From the first to before the second; None: not bounded on that side."""


def within(instant: ColumnElement[int], bounds: Bounds) -> list[ColumnElement[bool]]:
    """Whether an instant lies in them."""
    first, end = bounds
    return [*([] if first is None else [instant >= first]), *([] if end is None else [instant < end])]


def detours(view: View) -> list[str]:
    """The stages in which leads are lost."""
    return [stage.name for stage in view.model.stages if stage.detour]


def ends(view: View, before: str, bounds: Bounds) -> Select[Any]:
    """When each lead was first won, lost, or came to a stage, in the period. Raises BadReport, NotFound."""
    leads, entered = view.tables.leads.c, view.tables.stage_history.c
    kind, _, name = before.partition(":")
    if before == "won":
        return select(leads.lead, leads.won_at.label("at")).where(
            leads.won_at.is_not(None), *within(leads.won_at, bounds)
        )
    if before == "lost":
        stages = detours(view)
        if not stages:
            raise BadReport(
                phrase("before: found 'lost', but the model has no stage with detour = true; allowed is stage:NAME")
            )
    elif kind == "stage" and name:
        stages = [known("stage", name, [stage.name for stage in view.model.stages])]
    else:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="before",
                found=before[:80],
                allowed="won, lost, stage:NAME",
            )
        )
    return _firsts(entered.lead, entered.at, entered.stage.in_(stages), bounds)


def starts(view: View, start: str, own: bool, days: DayRange) -> Select[Any]:
    """When each lead first did this in the period. Raises BadReport of what nobody does."""
    if not (start.startswith("/") or is_type(start)) or (own and start in DONE_TO_THEM):
        said = phrase(
            "start: found {found!r}, allowed is what people do themselves, such as form_submitted or /pricing; with"
            " acts=all also what is done to them", found=start[:80],
        )  # fmt: skip
        raise BadReport(said)
    touches = view.tables.touches.c
    theirs = select(touches.lead, func.min(touches.at).label("at")).where(
        _is_start(touches, start), counts(touches, own)
    )
    months = within(touches.at, bounds_of(days, view.model.timezone))  # as the days say: PostgreSQL reads these alone
    return theirs.where(*within(touches.day, (days.first, days.end)), *months).group_by(touches.lead)


def _is_start(touches: Any, start: str) -> ColumnElement[bool]:
    viewed = and_(touches.type == VIEWED, touches.path == start)
    return viewed if start.startswith("/") else touches.type == start


def _firsts(
    lead: ColumnElement[Any], at: ColumnElement[int], which: ColumnElement[bool], bounds: Bounds
) -> Select[Any]:
    """The first instant of each lead, where it lies in the period."""
    first = select(lead.label("lead"), func.min(at).label("at")).where(which).group_by(lead).subquery()
    return select(first.c.lead, first.c.at).where(*within(first.c.at, bounds))


def since(touches: FromClause, moment: ColumnElement[int], start: str, own: bool) -> ColumnElement[bool]:
    """From the start on: what shares its instant may stand before it."""
    each, first = touches.c, touches.alias("first").c
    begun = exists().where(
        first.lead == each.lead, first.at == each.at, first.n < each.n, _is_start(first, start), counts(first, own)
    )
    return and_(each.at >= moment, or_(each.at > moment, and_(_is_start(each, start), counts(each, own)), begun))


def counts(touches: Any, own: bool) -> ColumnElement[bool]:
    """Whether it may be a step; of the columns of `touches`. `own`: only what the person did."""
    return is_their_own_act(touches) if own else touches.machine.is_(None)
