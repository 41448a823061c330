"""Why a lead has its heat: by what is saved of it, and of the past by its history."""

from uuid import UUID

from sqlalchemy import select

from domain.errors import NotFound
from domain.fold.explain import Explanation, explain_saved
from domain.fold.fold import Fold
from domain.fold.lead import Awarded, Lead, Withheld
from domain.fold.withheld import read_kept
from projections.projecting.saved import load_lead
from projections.queries.view import View


def explanation_of(view: View, fold: Fold, lead: UUID) -> Explanation:
    """Every point of a live lead, at the view's clock. Raises NotFound, SavedByAnother.

    What rules gave and withheld stands in rows: no touchpoint is read, and nothing is folded again.
    """
    if view.folded is not None:
        return view.lookup.explain(view.conn, fold, lead)
    saved, given = saved_lead(view, lead), view.tables.awards.c
    columns = given.rule, given.touchpoint, given.type, given.at, given.points, given.about
    query = select(*columns).where(given.lead == lead).order_by(given.at, given.n)
    awards = [Awarded(*row) for row in view.conn.execute(query)]
    return explain_saved(fold, saved, awards, _withheld(view, lead, saved), view.clock)


def _withheld(view: View, lead: UUID, saved: Lead) -> list[Withheld]:
    touches = view.tables.touches.c
    query = select(touches.withheld, touches.source, touches.touchpoint, touches.at)
    query = query.where(touches.lead == lead, touches.at >= saved.began, touches.withheld.is_not(None))
    rows = view.conn.execute(query.order_by(touches.at, touches.n))
    return [each for row in rows for each in read_kept(*row)]


def saved_lead(view: View, lead: UUID) -> Lead:
    """A live lead's state. Raises NotFound, SavedByAnother."""
    states = view.tables.lead_states.c
    state = view.conn.execute(select(states.state).where(states.lead == lead)).scalar()
    if state is None:
        raise NotFound(f"no lead {lead}")
    return load_lead(lead, bytes(state), None, -1).lead
