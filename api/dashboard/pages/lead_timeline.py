"""What happened to a lead, newest first, and what each of it did: as its page says it."""

from collections.abc import Mapping, Sequence, Set
from itertools import groupby
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from api.dashboard.pages.lead_heat import why_nothing
from api.dashboard.words.lead_texts import NO_EFFECT, NOT_MOVED
from api.dashboard.words.lead_wording import LeadWording
from api.dashboard.words.well_known import N_
from domain.files.times import span_of
from domain.fold.about import about
from domain.touchpoints.touchpoint import EARLIEST
from projections.queries.shapes import EffectShape, TouchpointShape

_LONGEST: Final = 300
"""Characters of a value that are shown; what is longer is in the API."""
_NAMES: Final[Mapping[str, str]] = {
    "participants": N_("with"),
    "outcome": N_("outcome"),
    "reason": N_("reason"),
    "tags": N_("tags"),
    "set": N_("put on"),
    "unset": N_("taken away"),
    "by": N_("by"),
    "owner": N_("owner"),
    "at": N_("at"),
    "due": N_("due"),
}
"""What people call properties that an item says in a line."""
_TOLD: Final = frozenset({*_NAMES, "note", "to", "with"})


class TimelineEffect(NamedTuple):
    """One thing that a touchpoint did, or did not: `kind` is how it looks."""

    kind: str
    text: str


class Item(NamedTuple):
    """One touchpoint. `said` and `rest` are names and values: what people said of it, and all else that it bears."""

    id: str
    at: Markup
    time: str
    type: str
    title: str
    about: str
    source: str
    did: Sequence[TimelineEffect]
    note: str
    said: Sequence[tuple[str, str]]
    rest: Sequence[tuple[str, str]]


class TimelineDay(NamedTuple):
    """The items of one day of the company."""

    heading: str
    items: Sequence[Item]


def days(touchpoints: Sequence[TouchpointShape], wording: LeadWording) -> list[TimelineDay]:
    """By day, in the order that they come in."""
    by_day = groupby(touchpoints, key=lambda each: wording.heading(_instant(each)))
    return [TimelineDay(heading, [_item(each, wording) for each in of_day]) for heading, of_day in by_day]


def _instant(touchpoint: TouchpointShape) -> int:
    return min(touchpoint.occurred_at, touchpoint.received_at)


def _item(touchpoint: TouchpointShape, wording: LeadWording) -> Item:
    at, subject = _instant(touchpoint), about(touchpoint.type, touchpoint.properties)
    trusted = touchpoint.source["kind"] != "browser"  # a visitor could write what reads like a colleague's words
    if touchpoint.type == "stage_changed":
        shown = wording.stage(subject.value) if subject else ""
    else:
        shown = subject.value if subject else ""
    return Item(
        id=touchpoint.id,
        at=wording.when(at),
        time=wording.clock(at),
        type=touchpoint.type,
        title=wording.touchpoint(touchpoint.type),
        about=shown,
        source=f"{touchpoint.source['name']} · {wording.source(touchpoint.source['kind'])}",
        did=_did(touchpoint.effect, wording),
        note=str(touchpoint.properties.get("note") or "") if trusted else "",
        said=_said(touchpoint, wording) if trusted else [],
        rest=_rest(touchpoint, {subject.property if subject else "", *(_TOLD if trusted else ())}, wording),
    )


def _did(effect: EffectShape, wording: LeadWording) -> list[TimelineEffect]:
    did = [TimelineEffect("points", f"{wording.signed(each.points)} {wording.rule(each.rule)}") for each in effect.gave]
    if effect.moved is not None:
        did.append(TimelineEffect("moved", f"{wording.stage(effect.moved.from_)} → {wording.stage(effect.moved.to)}"))
    if effect.not_moved is not None:
        why = wording.known(NOT_MOVED, effect.not_moved)
        did.append(TimelineEffect("nothing", wording.text(N_("asked, no effect: {why}"), why=why)))
    if effect.no_effect is not None:
        why = wording.known(NO_EFFECT, effect.no_effect)
        did.append(TimelineEffect("nothing", wording.text(N_("asked, no effect: {why}"), why=why)))
    for each in effect.gave_nothing:
        why, rule = why_nothing(each.why, wording), wording.rule(each.rule)
        did.append(TimelineEffect("nothing", wording.text(N_("no points by “{rule}”: {why}"), rule=rule, why=why)))
    if effect.machine is not None:
        did.append(
            TimelineEffect(
                "machine", wording.text(N_("a machine did it, it counts nowhere: {how}"), how=effect.machine)
            )
        )
    return did


def _said(touchpoint: TouchpointShape, wording: LeadWording) -> list[tuple[str, str]]:
    """What people said of it beside a note: who, why, with whom."""
    viewer = touchpoint.context.get("viewer") if touchpoint.source["kind"] == "api" else None
    properties = {**({"by": viewer} if isinstance(viewer, str) else {}), **touchpoint.properties}
    return [
        (wording.text(text), _value(name, properties[name], wording))
        for name, text in _NAMES.items()
        if properties.get(name)
    ]


def _value(name: str, value: Any, wording: LeadWording) -> str:
    if name == "reason" and isinstance(value, str):
        return wording.rejection(value)
    if name in ("tags", "set", "unset") and isinstance(value, list):
        return ", ".join(wording.tag(str(each)) for each in value)
    if name in ("at", "due") and isinstance(value, str):
        time = span_of(value, wording.zone)
        if time is not None and time.first >= EARLIEST:  # of a stranger's year 1 no other zone has a day
            return wording.plain(time.first)
    return wording.value(value)[:_LONGEST]


def _rest(touchpoint: TouchpointShape, told: Set[str], wording: LeadWording) -> list[tuple[str, str]]:
    """Properties that are not told yet, what it says of the person, and under which identities it came."""
    properties = [(name, value) for name, value in touchpoint.properties.items() if name not in told]
    rest = [(name, wording.value(value)[:_LONGEST]) for name, value in properties]
    rest += [(wording.field(name), wording.value(value)[:_LONGEST]) for name, value in touchpoint.profile.items()]
    rest += [(wording.kind(each.kind), each.value) for each in touchpoint.identities]
    for name in ("url", "page", "referrer"):
        value = touchpoint.context.get(name)
        if isinstance(value, str):
            rest.append((name, value[:_LONGEST]))
    return rest
