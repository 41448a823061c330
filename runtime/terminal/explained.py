"""Why a lead is hot, or is not, in sentences and tables for people, in their language."""

from collections.abc import Iterator
from typing import Final

from domain.fold.trace import MACHINE
from domain.touchpoints.touchpoint import instant_of
from projections.queries.shapes import (
    AboutShape,
    ComingShape,
    EffectShape,
    OwnerShape,
    ScoreShape,
    TouchpointShape,
)
from runtime.terminal.show import Column, Listing, cell
from runtime.terminal.words import Words

_SHOWN: Final = 3
"""Rules that are named of those that would do."""
_BOT: Final = "known bot "


def score_listing(points: ScoreShape, words: Words) -> Listing:
    """Every point explained."""
    rows = [
        (words.when(each.at), words.rule(each.rule), each.type, _about(each.about), each.points, each.now)
        for each in points.items
    ]
    columns = (Column("when", 3), Column("rule"), Column("touchpoint", 1), Column("about", 2))
    title = words.say("heat_title", heat=cell(points.heat), half_life=points.half_life)
    return Listing(title, (*columns, Column("points", number=True), Column("now", number=True)), rows)


def withheld_listing(points: ScoreShape, words: Words) -> Listing:
    """What held and gave nothing, and why."""
    rows = [
        (
            words.when(each.at),
            words.rule(each.rule),
            each.type,
            _about(each.about),
            each.points,
            _why(each.why, each.until, words),
        )
        for each in points.withheld
    ]
    columns = (Column("when", 3), Column("rule"), Column("touchpoint", 1), Column("about", 2))
    return Listing(words.say("withheld_title"), (*columns, Column("points", 4, number=True), Column("why")), rows)


def _about(about: AboutShape | None) -> str | None:
    return None if about is None else about.value


def _why(reason: str, until: int | None, words: Words) -> str:
    match reason:
        case "limit" if until is not None:
            return words.say("limit_until", at=cell(words.when(until)))
        case "limit" | "reset":
            return words.say(reason)
        case _ if reason.startswith(MACHINE):
            return words.say("machine", how=_how(reason.removeprefix(MACHINE), words))
        case _:
            return reason


def _how(machine: str, words: Words) -> str:
    """How it is known that a machine did it."""
    if machine.startswith(_BOT):
        return words.say("bot", name=machine.removeprefix(_BOT))
    return words.say(machine) if machine in ("honeypot", "reported") else machine


def did_in_words(touchpoint: TouchpointShape, words: Words) -> str:
    """What a touchpoint said of who takes care of the lead, or of what was said, and what it did."""
    handed = _handed(touchpoint, words) if touchpoint.effect.no_effect is None else ""
    return words.say("stop").join(filter(None, [handed, effect_in_words(touchpoint.effect, words)]))


def _handed(touchpoint: TouchpointShape, words: Words) -> str:
    """`for ana, to accept by 09:00`, `accepted by bo`, `given back by bo: Junk`, `reminder for 09:00`."""
    said = touchpoint.properties
    by = said.get("by") or said.get("owner")
    match touchpoint.type:
        case "owner_assigned" if (due := instant_of(said.get("due"))) is not None:
            return words.say("handed.due", owner=said.get("owner"), at=cell(words.when(due)))
        case "owner_assigned":
            return words.say("handed.assigned", owner=said.get("owner"))
        case "owner_accepted":
            return words.say("handed.accepted", by=by)
        case "owner_rejected":
            return words.say("handed.rejected", by=by, reason=words.rejection(str(said.get("reason", ""))))
        case "reminder_set" if (at := instant_of(said.get("at"))) is not None:
            return words.say("handed.reminder", at=cell(words.when(at)))
        case "noted" | "call_logged" | "meeting_held" | "message_sent" | "message_received" if "note" in said:
            return words.say("handed.note", note=" ".join(str(said.get("note", "")).split()))
        case "tagged":
            names = [*said.get("set", ()), *(f"-{name}" for name in said.get("unset", ()))]
            return words.say("comma").join(names)
        case "profile_corrected":
            return words.say("comma").join(f"{name}: {cell(value)}" for name, value in touchpoint.profile.items())
        case _:
            return ""


def owner_in_words(owner: OwnerShape | None, words: Words) -> str:
    """Who takes care of the lead: `ana since 09:00, accepted at 09:20`."""
    if owner is None:
        return words.say("owner.nobody")
    since = words.say("since", what=owner.name, at=cell(words.when(owner.since)))
    if owner.accepted_at is not None:
        return words.say("owner.accepted", owner=since, at=cell(words.when(owner.accepted_at)))
    return since if owner.due is None else words.say("owner.due", owner=since, at=cell(words.when(owner.due)))


def effect_in_words(effect: EffectShape, words: Words) -> str:
    """What a touchpoint did: `+20 Sent a form; New lead > Qualified`."""
    if effect.machine is not None:
        return words.say("by_machine", how=_how(effect.machine, words))
    did = [f"{'+' if each.points > 0 else ''}{cell(each.points)} {words.rule(each.rule)}" for each in effect.gave]
    for each in effect.gave_nothing:
        why = _why(each.why, each.until, words)
        did.append(words.say("rule_withheld", rule=words.rule(each.rule), why=why))
    if effect.moved is not None:
        before, after = words.stage(effect.moved.from_), words.stage(effect.moved.to)
        did.append(words.say("moved", before=before, after=after))
    if effect.not_moved is not None:
        did.append(words.say("not_moved", why=words.say(effect.not_moved)))
    if effect.no_effect is not None:
        did.append(words.say("no_effect", why=words.say(effect.no_effect)))
    return words.say("stop").join(did)


def distance_in_words(points: ScoreShape, stage: str, words: Words) -> str:
    """How far a lead in a stage is from hot: `12.8 below the 50 of grade B; one more would do: sent a form (12)`."""
    left = points.distance
    if left.never is not None:
        reason = words.exclusion(points.not_a_lead or "")
        return words.say(f"never.{left.never}", reason=reason, stage=words.stage(stage), grade=points.grade)
    side = "below" if left.missing else "above"
    name = f"hot_{side}" if points.hot else side
    distance = words.say(name, missing=cell(left.missing), threshold=cell(left.threshold), grade=points.grade)
    enough = [
        words.say("rule_points", rule=words.rule(each.rule), points=cell(each.points)) for each in left.enough[:_SHOWN]
    ]
    if points.hot or not enough:
        return distance
    return words.say("enough", distance=distance, rules=words.say("comma").join(enough))


def coming_in_words(points: ScoreShape, words: Words) -> str:
    """What time alone will do, the next first."""
    return words.say("stop").join(_change(each, words) for each in points.coming)


def _change(coming: ComingShape, words: Words) -> str:
    return words.say(coming.what, at=cell(words.when(coming.at)), segment=words.segment(coming.segment or ""))


def score_listings(points: ScoreShape, words: Words) -> Iterator[Listing]:
    """What the score is made of, and what gave nothing where there is such."""
    yield score_listing(points, words)
    if points.withheld:
        yield withheld_listing(points, words)
