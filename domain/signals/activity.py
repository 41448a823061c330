"""Activity: a hot or owned lead does what its owner asked to hear of. Told, and never withdrawn. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from domain.conditions.compile import value_at
from domain.fold.about import about
from domain.model.sales import Activity
from domain.signals.kinds import ACTIVE
from domain.signals.look import OWNER
from domain.signals.rules import SalesRules
from domain.signals.signal import Decision, Holding, Opened
from domain.touchpoints.touchpoint import Touchpoint

Told = tuple[str, int, str]
"""Of a `lead.active` that was told of the lead: the activity, when it happened, and the touchpoint's id."""


def asks(rules: SalesRules, touchpoint: Touchpoint, holding: Holding, opened: Opened) -> bool:
    """Whether a touchpoint may be what an activity asks for: only then its lead's history is read.

    Of visitors nobody is told, however hot they are.
    """
    if not holding.lead.identified or (holding.now.hot_since is None and OWNER not in opened):
        return False
    return any(True for _ in rules.activities(touchpoint, holding.lead))


def active(
    rules: SalesRules,
    holding: Holding,
    opened: Opened,
    news: Iterable[Touchpoint],
    history: Sequence[Touchpoint],
    told: Sequence[Told],
) -> Iterator[Decision]:
    """What is to be told of a lead because of `news`, touchpoints of its `history`."""
    known = list(told)
    owned = opened.get(OWNER)
    for touchpoint in news:
        for activity in rules.activities(touchpoint, holding.lead):
            if not _allowed(activity, touchpoint, known):
                continue
            near = [each for each in history if _is_near(activity, touchpoint, each)]
            count = sum(activity in rules.activities(each, holding.lead) for each in near)
            if count < activity.at_least:
                continue
            known.append((activity.called, touchpoint.instant, touchpoint.id))
            data: dict[str, Any] = {
                "activity": activity.called, "owner": owned.value if owned is not None else None,
                "happened": touchpoint.instant, "count": count, "touchpoint": touchpoint.id,
            }  # fmt: skip
            if activity.label is not None:
                data["label"] = activity.label
            if (subject := about(touchpoint.type, touchpoint.properties)) is not None:
                data["about"] = subject.value
            under = holding.id if owned is None else owned.lead
            yield Decision(ACTIVE, under, holding.id, activity.called, None, data)


def _allowed(activity: Activity, touchpoint: Touchpoint, told: Sequence[Told]) -> bool:
    """Whether the limit lets it be told; the same touchpoint is told once."""
    mine = [(at, id) for name, at, id in told if name == activity.called]
    if any(id == touchpoint.id for _, id in mine):
        return False
    limit = activity.limit
    within = [at for at, _ in mine if limit.within is None or abs(touchpoint.instant - at) < limit.within]
    return len(within) < limit.count


def _is_near(activity: Activity, touchpoint: Touchpoint, each: Touchpoint) -> bool:
    """Whether another touchpoint may count beside this one: within so long before, and of the same value."""
    if each.type != touchpoint.type or not touchpoint.instant - activity.within < each.instant <= touchpoint.instant:
        return False
    if activity.same:
        value = value_at(activity.same, touchpoint.properties)
        return value not in (None, "", []) and value_at(activity.same, each.properties) == value
    return True
