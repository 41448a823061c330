"""Segments with their sizes, and the leads in one: now, or at a past instant by what is known now."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, or_

from projections.projecting.projector import read_progress
from projections.projecting.sizes import sizes_of
from projections.queries.cursors import give, take
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import MemberShape, Page, SegmentShape
from projections.queries.view import View, known_segment

_LIST: Final = "members"


def segments(view: View) -> Page[SegmentShape]:
    """Every segment of the model with its size, in the model's order."""
    sizes = sizes_of(view.conn, view.tables)
    return Page[SegmentShape](
        items=[
            SegmentShape(name=segment.name, label=segment.label, size=sizes.get(segment.name, 0))
            for segment in view.model.segments
        ]
    )


def members_of(
    view: View, segment: str, *, at: int | None = None, limit: int = 100, cursor: str | None = None
) -> Page[MemberShape]:
    """The leads in a segment, in the order of their ids; `at`: those that were in it then.

    Raises NotFound, SavedByAnother.
    """
    name = known_segment(view, segment)
    if at is not None:
        read_progress(view.conn, view.tables).check_format()  # before a rebuild there are no stays
    stays = view.tables.segment_members if at is None else view.tables.segment_spells
    query = (
        cards(view)
        .add_columns(stays.c.entered_at)
        .join(stays, stays.c.lead == view.tables.leads.c.lead)
        .where(stays.c.segment == name)
        .order_by(stays.c.lead)
        .limit(limit + 1)
    )
    if at is not None:
        query = query.add_columns(stays.c.left_at).where(_inside(stays, at))
    if cursor is not None:
        query = query.where(stays.c.lead > take(view.tables.prefix + _LIST, cursor, UUID)[0])
    rows = list(view.conn.execute(query))
    following = give(view.tables.prefix + _LIST, rows[limit - 1].lead) if len(rows) > limit else None
    items = [
        card_fields(view, row) | {"entered_at": row.entered_at, "left_at": None if at is None else row.left_at}
        for row in rows[:limit]
    ]
    return Page[MemberShape].model_validate({"items": items, "next": following})


def _inside(stays: Table, at: int) -> ColumnElement[bool]:
    return and_(stays.c.entered_at <= at, or_(stays.c.left_at.is_(None), stays.c.left_at > at))
