"""Of all segments at once: who came and who left in the last seven days, and how many of those inside are known."""

from typing import Final, NamedTuple

from sqlalchemy import func, select

from domain.fold.days import ZoneDays
from projections.projecting.counts import sizes_of
from projections.projecting.projector import read_progress
from projections.queries.counting import counted_between
from projections.queries.days import DayRange, bounds_of
from projections.queries.view import View

DAYS: Final = 7
"""The last ones, today too."""
TOLD_APART: Final = 20_000
"""Members of all segments of whom people and visitors are told apart; of more that would take long."""


class Lately(NamedTuple):
    """Of one segment. `entered` and `left` count times, as its history does; `people` None: nobody told them apart."""

    size: int
    entered: int
    left: int
    people: int | None


def lately(view: View) -> dict[str, Lately]:
    """By segment of the model. Raises SavedByAnother."""
    read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no stays
    bounds = [bound or 0 for bound in bounds_of(last_days(view), view.model.timezone)]
    stays = view.tables.segment_spells.c
    sizes, names = sizes_of(view.conn, view.tables), [segment.name for segment in view.model.segments]
    entered, left = (
        counted_between(view, instant, bounds, stays.segment, where=[stays.segment.in_(names)])
        for instant in (stays.entered_at, stays.left_at)
    )
    people = _people(view, sum(sizes.get(name, 0) for name in names))
    return {
        name: Lately(
            sizes.get(name, 0), entered[0, name], left[0, name], None if people is None else people.get(name, 0)
        )
        for name in names
    }


def last_days(view: View) -> DayRange:
    """Those days."""
    today = ZoneDays(view.model.timezone).of(view.clock)
    return DayRange(today + 1 - DAYS, today + 1)


def _people(view: View, members: int) -> dict[str, int] | None:
    """How many members are no visitors; None: there are too many to look at each."""
    if members > TOLD_APART:
        return None
    inside, leads = view.tables.segment_members, view.tables.leads
    query = select(inside.c.segment, func.count().label("known")).join(leads, leads.c.lead == inside.c.lead)
    query = query.where(leads.c.identified).group_by(inside.c.segment)
    return {row.segment: row.known for row in view.conn.execute(query)}
