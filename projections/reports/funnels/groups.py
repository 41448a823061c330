"""What the leads of a funnel are told apart by: their source at the start, or what they are as of the report."""

from projections.queries.told_apart import ORIGINS, ToldBy, told_by, told_by_column
from projections.queries.view import View
from projections.reports.funnels.shapes import AsOf


def read_by(view: View, text: str) -> ToldBy:
    """What a reader names. Raises BadGroups, NotFound."""
    return told_by_column(text) if as_of(text) == "start" else told_by(view, text)


def as_of(text: str) -> AsOf:
    """When the groups by this hold."""
    return "start" if text in ORIGINS else "report"
