"""Funnels: how many leads reached each step."""

from sqlalchemy import case, func, select

from domain.conditions.words import in_words
from domain.errors import NotFound
from domain.files.durations import show_duration
from domain.model.definition import Funnel
from projections.queries.shapes import FunnelShape, StepShape
from projections.queries.view import View


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
        pending = at_step.get(number, (0, 0))[1]
        steps.append(StepShape(on=step.on, label=step.label, where=where, leads=reached, pending=pending))
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
