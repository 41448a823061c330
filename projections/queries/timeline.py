"""A lead's timeline: what happened, in the order of the fold, and what each of it did."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from domain.fold.trace import Effect
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.cursors import give, take
from projections.queries.happened import page_of
from projections.queries.shapes import (
    EffectShape,
    GaveNothingShape,
    GaveShape,
    IdentityShape,
    MovedShape,
    TimelinePage,
    TouchpointShape,
)
from projections.queries.view import View


def timeline(
    view: View,
    lead: UUID,
    *,
    types: Collection[str] = (),
    limit: int = 100,
    cursor: str | None = None,
    newest: bool = False,
) -> TimelinePage:
    """A lead's touchpoints (of some types, or all) in the order of the fold, or the other way round."""
    name = "timeline-newest" if newest else "timeline"
    after = None if cursor is None else tuple(take(name, cursor, int, int, str, str))
    history = page_of(view, lead, after, limit + 1, types=types, newest=newest)
    following = give(name, *history[limit - 1][0].order) if len(history) > limit else None
    labels = {rule.name: rule.label for rule in view.model.score.rules}
    items = [_touchpoint(touchpoint, effect, labels) for touchpoint, effect in history[:limit]]
    return TimelinePage(items=items, next=following, **view.of_past())


def _touchpoint(touchpoint: Touchpoint, effect: Effect, labels: Mapping[str, Any]) -> TouchpointShape:
    return TouchpointShape(
        id=touchpoint.id,
        type=touchpoint.type,
        source={"kind": touchpoint.source.kind, "name": touchpoint.source.name},
        occurred_at=touchpoint.occurred_at,
        received_at=touchpoint.received_at,
        identities=[IdentityShape(kind=kind, value=value) for kind, value in touchpoint.identities],
        properties=dict(touchpoint.properties),
        profile=dict(touchpoint.profile),
        context=dict(touchpoint.context),
        effect=_effect(touchpoint, effect, labels),
    )


def _effect(touchpoint: Touchpoint, effect: Effect, labels: Mapping[str, Any]) -> EffectShape:
    return EffectShape(
        points=round(sum(award.points for award in effect.awards), 6),
        gave=[GaveShape(rule=award.rule, label=labels.get(award.rule), points=award.points) for award in effect.awards],
        gave_nothing=[
            GaveNothingShape(
                rule=each.rule, label=labels.get(each.rule), points=each.points, why=each.why, until=each.until
            )
            for each in effect.withheld
        ],
        moved=None if effect.stage is None else MovedShape(from_=effect.stage[0], to=effect.stage[1]),
        not_moved=effect.not_moved,
        no_effect=effect.no_effect,
        machine=str(touchpoint.context["machine"]) if touchpoint.by_machine else None,
    )
