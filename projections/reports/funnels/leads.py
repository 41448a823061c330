"""The leads behind every number of a funnel's report, page by page, and how many they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Row, Select, Subquery, not_, select, true

from domain.model.funnels import Funnel
from domain.phrases import phrase
from projections.queries.cursors import give, take
from projections.queries.days import EVER, DayRange
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import Page
from projections.queries.told_apart import ToldBy, grouping, value_of
from projections.queries.view import View
from projections.reports.funnels.attempts import attempts, known_funnel
from projections.reports.funnels.counting import counted_by_text, in_groups
from projections.reports.funnels.groups import read_by
from projections.reports.funnels.numbers import Counts, FunnelStanding
from projections.reports.funnels.shapes import BadFunnel, FunnelLeadShape, State
from projections.reports.funnels.totals import totals

_LIST: Final = "funnel leads"
_Query = Callable[[UUID | None], Select[Any]]
"""The leads behind this one, all where there is none."""
_FIRST_READ: Final = 1_000
"""Leads that are read first to find those of a group."""
_MORE: Final = 8
"""How many times as many are read next, where too few were in it."""


@dataclass(frozen=True, slots=True)
class FunnelNumber:
    """Which number of the report the list is of."""

    state: State = "reached"
    step: int | None = None
    """Of reached, pending and gone; None: of the whole funnel (entered, pending, dropped)."""
    mature: bool | None = None
    by: str | None = None
    group: str | None = None


def leads_in(
    view: View,
    name: str,
    days: DayRange = EVER,
    number: FunnelNumber = FunnelNumber(),
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[FunnelLeadShape]:
    """The leads that a number counts, in the order of their ids. Raises NotFound, BadFunnel, BadGroups, BadCursor."""
    plan = known_funnel(view, name)
    _check(plan, number)
    after = None if cursor is None else take(view.tables.prefix + _LIST, cursor, UUID)[0]
    by = None if number.by is None else read_by(view, number.by)
    query = partial(_query, view, plan, days, number, by)
    if by is None or number.group is None:
        found = list(view.conn.execute(query(after).limit(limit + 1)))
    else:
        in_group = _in_group(view, plan, days, by, number.group)
        found = _first_of(view, query, in_group, after, limit + 1)
    following = give(view.tables.prefix + _LIST, found[limit - 1].lead) if len(found) > limit else None
    return Page[FunnelLeadShape](items=_shapes(view, found[:limit]), next=following)


def count_in(view: View, name: str, days: DayRange = EVER, number: FunnelNumber = FunnelNumber()) -> int:
    """The number itself: how many leads its list has. Raises NotFound, BadFunnel, BadGroups."""
    plan = known_funnel(view, name)
    _check(plan, number)
    if number.by is None or number.group is None:
        return _counted(totals(view, plan, days).counts, plan, number)
    by = read_by(view, number.by)
    by_group, _ = in_groups(by, counted_by_text(view, plan, days, by))
    if number.group not in by_group:
        raise _no_group(number.group)
    return _counted(by_group[number.group], plan, number)


def _counted(counts: Counts, plan: Funnel, number: FunnelNumber) -> int:
    """How many of these leads a number counts, whatever their group."""

    def counted(standing: FunnelStanding) -> bool:
        here = number.step is None or standing.step == number.step
        unfinished = standing.step < len(plan.steps)
        if number.mature not in (None, standing.mature):
            return False
        match number.state:
            case "reached":
                return standing.step >= (number.step or 1)
            case "converted":
                return not unfinished
            case "pending":
                return here and standing.pending
            case "gone":
                return here and unfinished and not standing.pending

    return sum(leads for standing, leads in counts.items() if counted(standing))


def _check(plan: Funnel, number: FunnelNumber) -> None:
    if number.step is not None and not 1 <= number.step <= len(plan.steps):
        raise BadFunnel(phrase("step: found {found}, allowed is 1 to {most}", found=number.step, most=len(plan.steps)))
    if number.step is not None and number.state == "converted":
        raise BadFunnel(phrase("step: found it with state=converted, allowed is without: that is who took all steps"))
    if (number.by is None) != (number.group is None):
        raise BadFunnel(phrase("group: allowed is together with by: the name of a group of that report"))


def _query(
    view: View, plan: Funnel, days: DayRange, number: FunnelNumber, by: ToldBy | None, after: UUID | None
) -> Select[Any]:
    """The leads that a number counts (of any group), with the text from which their group is read."""
    rows = attempts(view, plan, days, ["reached", *(by.columns if by else ())], after=after)
    query = select(rows.c.lead, rows.c.step, rows.c.reached).order_by(rows.c.lead)
    if by is not None:
        query = query.add_columns(value_of(by, rows).label("text")).select_from(by.joined(rows))
    return query.where(*_standing(rows, plan, number))


def _first_of(
    view: View, query: _Query, in_group: Callable[[str], bool], after: UUID | None, most: int
) -> list[Row[Any]]:
    """So many leads of a group at most. Of all leads ever more are read, until enough of them are in the group."""
    found: list[Row[Any]] = []
    size = max(most, _FIRST_READ)
    while True:
        rows = list(view.conn.execute(query(after).limit(size)))
        found += [row for row in rows if in_group(row.text)]
        if len(found) >= most or len(rows) < size:
            return found[:most]
        after, size = rows[-1].lead, size * _MORE


def _in_group(view: View, plan: Funnel, days: DayRange, by: ToldBy, group: str) -> Callable[[str], bool]:
    """Whether the report reads this group from a text. Raises BadFunnel where it has no such group."""
    if group in by.bands:
        return lambda text: by.group(text) == group
    entered = {text: sum(each.values()) for text, each in counted_by_text(view, plan, days, by).items()}
    texts = {text for text, its_group in grouping(by, entered).items() if its_group == group}
    if not texts:
        raise _no_group(group)
    return texts.__contains__


def _no_group(group: str) -> BadFunnel:
    return BadFunnel(f"group: found {group[:80]!r}, allowed is one of those that the report has")


def _standing(rows: Subquery, plan: Funnel, number: FunnelNumber) -> list[ColumnElement[bool]]:
    step, unfinished = rows.c.step, rows.c.step < len(plan.steps)
    here = step >= 1 if number.step is None else step == number.step
    mature = true() if number.mature is None else rows.c.mature if number.mature else not_(rows.c.mature)
    match number.state:
        case "reached":
            return [mature, step >= (number.step or 1)]
        case "converted":
            return [mature, not_(unfinished)]
        case "pending":
            return [mature, here, rows.c.pending]
        case "gone":
            return [mature, here, unfinished, not_(rows.c.pending)]


def _shapes(view: View, found: Sequence[Row[Any]]) -> list[FunnelLeadShape]:
    """Their cards, in the order of the list."""
    ids = [row.lead for row in found]
    shown = cards(view).where(view.tables.leads.c.lead.in_(ids))
    card = {row.lead: card_fields(view, row) for row in view.conn.execute(shown)}
    instants = [orjson.loads(row.reached) for row in found]
    return [
        FunnelLeadShape(**card[row.lead], step=row.step, started_at=reached[0], reached=reached)
        for row, reached in zip(found, instants, strict=True)
    ]
