"""Reports over many leads: segments and their members, funnels, and the signals that were announced."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, Row, case, func, select

from domain.conditions.words import in_words
from domain.errors import NotFound
from domain.files.durations import show_duration
from domain.model.definition import Funnel
from projections.queries.cursors import BadCursor, give, take
from projections.queries.leads import View, card_fields, cards, known_segment
from projections.queries.shapes import FunnelShape, MemberShape, Page, SegmentShape, SignalShape, StepShape
from store.database.tables import ledger


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


def funnel(view: View, name: str, started_from: int | None = None, started_to: int | None = None) -> FunnelShape:
    """How many leads reached each step, of those whose first step lies in [from, to). Raises NotFound."""
    plan = _known_funnel(view, name)
    rows = view.tables.funnel_leads
    waiting = func.sum(case((rows.c.open_until >= view.clock, 1), else_=0))
    query = select(rows.c.step, func.count(), waiting).where(rows.c.funnel == name).group_by(rows.c.step)
    if started_from is not None:
        query = query.where(rows.c.started_at >= started_from)
    if started_to is not None:
        query = query.where(rows.c.started_at < started_to)
    at_step = {row[0]: (int(row[1]), int(row[2])) for row in view.conn.execute(query)}
    steps = []
    for number, step in enumerate(plan.steps, 1):
        reached = sum(count for furthest, (count, _) in at_step.items() if furthest >= number)
        where = None if step.where is None else in_words(step.where)
        steps.append(StepShape(on=step.on, where=where, leads=reached, pending=at_step.get(number, (0, 0))[1]))
    return FunnelShape(
        funnel=name,
        label=plan.label,
        order=plan.order,
        window=show_duration(plan.window),
        from_=started_from,
        to=started_to,
        steps=steps,
    )


def _known_funnel(view: View, name: str) -> Funnel:
    for plan in view.model.funnels:
        if plan.name == name:
            return plan
    names = ", ".join(plan.name for plan in view.model.funnels)
    raise NotFound(f"no funnel {name!r}: the model has {names or 'none'}")


def ledger_end(conn: Connection) -> int:
    """The newest position of the ledger, 0 if it is empty."""
    return int(conn.execute(select(func.coalesce(func.max(ledger.c.position), 0))).scalar_one())


def ledger_place(conn: Connection, after: str) -> int:
    """The ledger position of a cursor: a position, or a signal's id. Raises BadCursor."""
    if after.isdecimal() and len(after) < 19:
        return int(after)
    found = conn.execute(select(ledger.c.position).where(ledger.c.id == after)).scalar()
    if found is None:
        raise BadCursor(f"{after[:80]!r} is neither a ledger position nor the id of a signal")
    return int(found)


def signals(conn: Connection, after: int, *, kinds: Sequence[str] = (), limit: int = 100) -> Page[SignalShape]:
    """Announced signals after a ledger position, oldest first."""
    query = select(ledger).where(ledger.c.position > after).order_by(ledger.c.position)
    if kinds:
        query = query.where(ledger.c.kind.in_(kinds))
    rows = list(conn.execute(query.limit(limit + 1)))
    following = str(rows[limit - 1].position) if len(rows) > limit else None
    return Page[SignalShape](items=[_signal(row) for row in rows[:limit]], next=following)


def _signal(row: Row[Any]) -> SignalShape:
    fixed = {
        "id": row.id,
        "kind": row.kind,
        "lead": str(row.lead),
        "lead_now": str(row.lead_now),
        "at": row.at,
        "subject": row.subject,
        "closes": row.closes,
        "position": row.position,
    }
    return SignalShape(**{**orjson.loads(row.data), **fixed})
