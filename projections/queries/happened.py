"""A part of a lead's history with what each touchpoint did: by rows, and where these do not tell it by the fold."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.fold.lead import Awarded, Lead
from domain.fold.trace import Effect
from domain.fold.withheld import read_kept
from domain.model.definition import VISITOR
from domain.touchpoints.text import REPLACED, storable
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.explained import saved_lead
from projections.queries.folds import fold_of
from projections.queries.view import View

Place = tuple[int, int, str, str]
"""Of a touchpoint in the order of the fold: `Touchpoint.order`."""
Happened = tuple[Touchpoint, Effect]


def page_of(
    view: View, lead: UUID, after: Place | None, limit: int, *, types: Collection[str] = (), newest: bool = False
) -> list[Happened]:
    """At most so many touchpoints (of some types, or all) of a live lead behind a place (None: from the beginning).

    They are in the order of the fold, or with `newest` the other way round. Raises NotFound, SavedByAnother.
    """
    page = None if types or view.folded is not None else _by_rows(view, lead, after, limit, newest=newest)
    if page is not None:
        return page
    history = view.lookup.journal(view.conn, fold_of(view.model), lead)
    if types:
        history = [each for each in history if each[0].type in types]
    if newest:
        history.reverse()
    behind = [each for each in history if after is None or (each[0].order < after if newest else each[0].order > after)]
    return behind[:limit]


def _by_rows(view: View, lead: UUID, after: Place | None, limit: int, *, newest: bool) -> list[Happened] | None:
    """The page without the rest of the history; None: rows do not tell it to the letter.

    They do not where a page begins or ends within an instant, where two touchpoints of an instant have one id, or where
    an id cannot be stored as it is.
    """
    saved, touches = saved_lead(view, lead), view.tables.touches.c
    columns = touches.at, touches.n, touches.touchpoint, touches.source, touches.withheld
    query = select(*columns).where(touches.lead == lead, touches.at >= saved.began)
    if after is not None:
        query = query.where(touches.at <= after[0] if newest else touches.at >= after[0])
    order = [each.desc() if newest else each for each in (touches.at, touches.n)]
    rows = view.conn.execute(query.order_by(*order).limit(limit + 2)).all()
    if after is not None:
        if not rows or (rows[0].at, rows[0].source) != (after[0], after[3]) or rows[0].touchpoint != storable(after[2]):
            return None
        rows = rows[1:]
        if rows and rows[0].at == after[0]:
            return None
    page, following = rows[:limit], rows[limit : limit + 1]
    if not _is_plain(page, following):
        return None
    return _told(view, lead, saved, page)


def _is_plain(page: Sequence[Any], following: Sequence[Any]) -> bool:
    if page and following and page[-1].at == following[0].at:
        return False
    names = {(row.at, row.touchpoint) for row in page}
    return len(names) == len(page) and not any(REPLACED in row.touchpoint for row in page)


def _told(view: View, lead: UUID, saved: Lead, page: Sequence[Any]) -> list[Happened] | None:
    if not page:
        return []
    keys = [view.ids.dedupe(row.source, row.touchpoint) for row in page]
    reported = {each.key: each for each in view.lookup.recorded(view.conn, keys, view.position)}
    effects = {(row.at, row.touchpoint): Effect() for row in page}
    for award in _awards(view, lead, page):
        if (award.at, award.touchpoint) in effects:
            effects[award.at, award.touchpoint].awards.append(award)
    for before, entry in zip([None, *saved.stages], saved.stages, strict=False):
        effect = effects.get((entry.at, entry.touchpoint))
        if effect is not None:
            began = effect.stage[0] if effect.stage else VISITOR if before is None else before.stage
            effect.stage = began, entry.stage
    told: list[Happened] = []
    for row in page:
        touchpoint, effect = reported.get((row.source, row.touchpoint)), effects[row.at, row.touchpoint]
        if touchpoint is None:
            return None
        for each in read_kept(row.withheld, row.source, row.touchpoint, row.at) if row.withheld else ():
            effect.withhold(each)
        if effect.stage is not None and effect.stage[0] == effect.stage[1]:
            effect.stage = None
        told.append((touchpoint, effect))
    return told


def _awards(view: View, lead: UUID, page: Sequence[Any]) -> list[Awarded]:
    given = view.tables.awards.c
    first, last = sorted((page[0].at, page[-1].at))
    columns = given.rule, given.touchpoint, given.type, given.at, given.points, given.about
    query = select(*columns).where(given.lead == lead, given.at >= first, given.at <= last)
    return [Awarded(*row) for row in view.conn.execute(query.order_by(given.at, given.n))]
