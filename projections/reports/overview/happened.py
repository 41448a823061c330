"""The leads behind a number of the overview, each with when it was counted, the newest first."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, tuple_

from domain.phrases import phrase
from projections.projecting.projector import read_progress
from projections.queries.cursors import give, take
from projections.queries.days import EVER, DayRange, bounds_of
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import Page
from projections.queries.view import View, known
from projections.reports.answer import BadReport, HappenedShape
from projections.reports.overview.conditions import entered_first
from projections.reports.overview.shapes import CountOf

LISTED: Final = (
    CountOf.NEW_VISITORS,
    CountOf.NEW_LEADS,
    CountOf.BECAME_HOT,
    CountOf.WON,
    CountOf.CHANNEL,
    CountOf.STAGE,
)
"""What has leads behind it; the other numbers are those of reports."""
_LIST: Final = "happened"


def happened(
    view: View, of: str, name: str | None = None, days: DayRange = EVER, *, limit: int = 100, cursor: str | None = None
) -> Page[HappenedShape]:
    """Who was counted in a period. `name`: of `stage` and `channel` which one.

    Raises BadReport, NotFound, BadCursor, SavedByAnother.
    """
    read_progress(view.conn, view.tables).check_format()
    table, instant, where = _counted(view, of, name)
    start, end = bounds_of(days, view.model.timezone)
    where += [] if start is None else [instant >= start]
    where += [] if end is None else [instant < end]
    query = cards(view).add_columns(instant.label("counted_at")).where(instant.is_not(None), *where)
    query = query.join(table, table.c.lead == view.tables.leads.c.lead)
    if cursor is not None:
        query = query.where(
            tuple_(instant, table.c.lead) < tuple_(*take(view.tables.prefix + _LIST, cursor, int, UUID))
        )
    rows = list(view.conn.execute(query.order_by(instant.desc(), table.c.lead.desc()).limit(limit + 1)))
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = give(view.tables.prefix + _LIST, last.counted_at, last.lead)
    items = [HappenedShape(**card_fields(view, row), at=row.counted_at) for row in rows[:limit]]
    return Page[HappenedShape](items=items, next=following)


def _counted(view: View, of: str, name: str | None) -> tuple[Table, ColumnElement[Any], list[ColumnElement[bool]]]:
    """The rows that are counted, the instant that they are counted by, and what else holds of them."""
    tables = view.tables
    told_apart = of in (CountOf.CHANNEL, CountOf.STAGE)
    if told_apart != (name is not None):
        raise BadReport(
            phrase(
                "name: of {of} found {found!r}, allowed is {allowed}",
                of=of,
                found=name,
                allowed=phrase("a name") if told_apart else phrase("none"),
            )
        )
    match of:
        case CountOf.NEW_VISITORS:
            return tables.sort_keys, tables.sort_keys.c.first_touch, []
        case CountOf.CHANNEL:
            return tables.sort_keys, tables.sort_keys.c.first_touch, [tables.sort_keys.c.first_channel == name]
        case CountOf.NEW_LEADS:
            return tables.sort_keys, tables.sort_keys.c.identified_at, []
        case CountOf.BECAME_HOT:
            return tables.hot_episodes, tables.hot_episodes.c.began_at, []
        case CountOf.WON:
            return tables.sort_keys, tables.sort_keys.c.won_at, []
        case CountOf.STAGE:
            stage = known("stage", name or "", [stage.name for stage in view.model.stages])
            entered = tables.stage_history
            return entered, entered.c.at, [entered.c.stage == stage, entered_first(view)]
        case _:
            raise BadReport(
                phrase(
                    "{name:input}: found {found!r}, allowed are {allowed}",
                    name="of",
                    found=of[:80],
                    allowed=tuple(LISTED),
                )
            )
