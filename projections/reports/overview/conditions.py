"""What holds of the rows that are counted, and of the leads behind a number."""

from sqlalchemy import ColumnElement, exists

from projections.queries.view import View


def entered_first(view: View) -> ColumnElement[bool]:
    """Of a row of `stage_history`: its lead was never in that stage before."""
    entered, before = view.tables.stage_history.c, view.tables.stage_history.alias("before").c
    return ~exists().where(before.lead == entered.lead, before.stage == entered.stage, before.n < entered.n)
