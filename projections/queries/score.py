"""The score of one lead: every point explained, what gave nothing, how far it is from hot, what time will do."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.files.durations import show_duration
from domain.fold.about import read_about
from domain.fold.explain import Explanation, Point
from domain.fold.fold import Fold
from domain.fold.lead import Withheld
from domain.fold.outlook import coming, distance
from domain.model.definition import Model
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import Instant
from projections.queries.cursors import give, take
from projections.queries.explained import explanation_of
from projections.queries.folds import fold_of
from projections.queries.one_lead import card
from projections.queries.shapes import (
    ComingShape,
    DistanceShape,
    EnoughShape,
    FitShape,
    ScoreShape,
)
from projections.queries.view import View

_Entry = tuple[tuple[int, int], Point | Withheld]
"""What a rule did, under its place: the instant, and which of that instant it is."""


def score(view: View, lead: UUID, *, limit: int | None = None, cursor: str | None = None) -> ScoreShape:
    """A live lead's score; of what its rules did `limit` entries after the cursor (None: all). Raises NotFound."""
    fields, model = card(view, lead), view.model
    fold = fold_of(model)
    explanation = explanation_of(view, fold, lead)
    entries = _entries(explanation)
    if cursor is not None:
        after = tuple(take("score", cursor, int, int))
        entries = [entry for entry in entries if entry[0] > after]
    page = entries[:limit]
    labels = {rule.name: rule.label for rule in model.score.rules}
    clock = Instant(view.clock)
    return ScoreShape(
        lead=fields["id"],
        heat=explanation.heat,
        half_life=show_duration(model.score.half_life),
        hot=fields["hot"],
        cools_at=fields["cools_at"],
        grade=fields["grade"],
        fit=fields["fit"],
        fit_items=_fit(model, fields["profile"]),
        not_a_lead=fields["not_a_lead"],
        not_a_lead_label=next((each.label for each in model.not_a_lead if each.reason == fields["not_a_lead"]), None),
        distance=_distance(fold, explanation, clock),
        coming=[ComingShape(**asdict(change)) for change in coming(fold, explanation.lead, clock)],
        clock=view.clock,
        next=give("score", *page[-1][0]) if len(page) < len(entries) else None,
        **_listed(page, labels),
        **view.of_past(),
    )


def _listed(page: Sequence[_Entry], labels: Mapping[str, Any]) -> dict[str, Any]:
    """The two lists, as plain values: many at once are checked in half the time that making each shape takes."""
    return {
        "items": [_award(did, labels) for _, did in page if isinstance(did, Point)],
        "withheld": [_withheld(did, labels) for _, did in page if isinstance(did, Withheld)],
    }


def _entries(explanation: Explanation) -> list[_Entry]:
    """Points and what gave nothing, in the order of their instants: a later page goes on where one ended."""
    did: list[Point | Withheld] = [*explanation.points, *explanation.withheld]
    did.sort(key=_at)
    seen: defaultdict[int, int] = defaultdict(int)
    entries = []
    for each in did:
        entries.append(((_at(each), seen[_at(each)]), each))
        seen[_at(each)] += 1
    return entries


def _at(did: Point | Withheld) -> int:
    return did.award.at if isinstance(did, Point) else did.at


def _fit(model: Model, profile: Mapping[str, Any]) -> list[FitShape]:
    met = [rule for rule in model.fit.enabled_rules if compile_where(rule.where)({}, profile, NO_SOURCE)]
    return [FitShape(rule=rule.name, label=rule.label, points=rule.points) for rule in met]


def _distance(fold: Fold, explanation: Explanation, clock: Instant) -> DistanceShape:
    left = distance(fold, explanation.lead, clock)
    return DistanceShape(
        threshold=left.threshold,
        missing=left.missing,
        never=None if left.never is None else left.never.value,
        enough=[EnoughShape(rule=rule.name, label=rule.label, on=rule.on, points=rule.points) for rule in left.enough],
    )


def _award(point: Point, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an `AwardShape`."""
    award = point.award
    return {
        "rule": award.rule,
        "label": labels.get(award.rule),
        "touchpoint": storable(award.touchpoint),
        "type": award.type,
        "about": _about(award.about),
        "at": award.at,
        "points": award.points,
        "now": point.now,
    }


def _withheld(withheld: Withheld, labels: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a `WithheldShape`."""
    return {
        "rule": withheld.rule,
        "label": labels.get(withheld.rule),
        "touchpoint": storable(withheld.touchpoint),
        "type": withheld.type,
        "about": _about(withheld.about),
        "at": withheld.at,
        "points": withheld.points,
        "why": withheld.why,
        "until": withheld.until,
    }


def _about(text: str | None) -> dict[str, str] | None:
    if text is None:
        return None
    property, value = read_about(text)
    return {"property": property, "value": value}
