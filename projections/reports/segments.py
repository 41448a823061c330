"""Segments with their sizes, and the leads in one."""

from uuid import UUID

from sqlalchemy import func, select

from projections.queries.cursors import give, take
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import MemberShape, Page, SegmentShape
from projections.queries.view import View, known_segment


def segments(view: View) -> Page[SegmentShape]:
    """Every segment of the model with its size, in the model's order."""
    members = view.tables.segment_members
    counted = view.conn.execute(select(members.c.segment, func.count()).group_by(members.c.segment))
    sizes = {row[0]: row[1] for row in counted}
    return Page[SegmentShape](
        items=[
            SegmentShape(name=segment.name, label=segment.label, size=sizes.get(segment.name, 0))
            for segment in view.model.segments
        ]
    )


def members_of(view: View, segment: str, *, limit: int = 100, cursor: str | None = None) -> Page[MemberShape]:
    """The leads in a segment, in the order of their ids. Raises NotFound."""
    members = view.tables.segment_members
    query = (
        cards(view.tables)
        .add_columns(members.c.entered_at)
        .join(members, members.c.lead == view.tables.leads.c.lead)
        .where(members.c.segment == known_segment(view, segment))
        .order_by(members.c.lead)
        .limit(limit + 1)
    )
    if cursor is not None:
        query = query.where(members.c.lead > take("members", cursor, UUID)[0])
    rows = list(view.conn.execute(query))
    following = give("members", rows[limit - 1].lead) if len(rows) > limit else None
    items = [MemberShape(**card_fields(view, row), entered_at=row.entered_at) for row in rows[:limit]]
    return Page[MemberShape](items=items, next=following)
