"""Segments with their sizes, and the leads in one: now, or at a past instant by what is known now."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, or_

from domain.fold.names import full_name
from domain.touchpoints.touchpoint import rfc3339
from projections.projecting.counts import sizes_of
from projections.projecting.projector import read_progress
from projections.queries.cursors import give, take
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import MemberShape, Page
from projections.queries.view import View, known_segment
from projections.reports.answer import BadReport
from projections.reports.segments.lately import lately
from projections.reports.segments.shapes import SegmentShape

EXPORTED: Final = 50_000
"""Most members of one CSV."""
CSV_COLUMNS: Final = (
    "lead", "name", "company", "email", "phone", "stage", "grade", "heat", "owner", "entered_at", "left_at"
)  # fmt: skip
_LIST: Final = "members"
_AT_ONCE: Final = 1_000


def segments(view: View, *, with_lately: bool = False) -> Page[SegmentShape]:
    """Every segment of the model with its size, in the model's order; with who came and left lately, if asked.

    Raises SavedByAnother.
    """
    told = lately(view) if with_lately else {}
    sizes = {} if with_lately else sizes_of(view.conn, view.tables)
    items = []
    for segment in view.model.segments:
        numbers = told[segment.name]._asdict() if with_lately else {"size": sizes.get(segment.name, 0)}
        items.append(SegmentShape(name=segment.name, label=segment.label, **numbers))
    return Page[SegmentShape](items=items)


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


def all_members(view: View, segment: str, at: int | None = None) -> list[MemberShape]:
    """All leads in a segment, as `members_of`. Raises BadReport where they are too many."""
    items: list[MemberShape] = []
    cursor = None
    while True:
        page = members_of(view, segment, at=at, limit=_AT_ONCE, cursor=cursor)
        items, cursor = [*items, *page.items], page.next
        if cursor is None:
            return items
        if len(items) >= EXPORTED:
            raise BadReport(
                f"format: found more than {EXPORTED:,} leads, allowed are as many: `leadline export` has no limit"
            )


def member_rows(items: Iterable[MemberShape]) -> Iterator[Sequence[object]]:
    """The rows of a CSV with CSV_COLUMNS."""
    for each in items:
        reached = {identity.kind: identity.value for identity in reversed(each.identities)}
        yield (
            each.id, full_name(each.profile), _text(each.profile.get("company")), reached.get("email"),
            reached.get("phone"), each.stage, each.grade, each.heat, each.owner.name if each.owner else None,
            rfc3339(each.entered_at), None if each.left_at is None else rfc3339(each.left_at),
        )  # fmt: skip


def _text(value: object) -> str | None:
    return None if value is None else str(value)
