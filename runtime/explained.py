"""Why a lead is hot, or is not, in sentences and tables for people: labels by language, the sentences in English."""

from collections.abc import Iterator
from typing import Final

from projections.queries.shapes import AboutShape, ComingShape, EffectShape, ScoreShape
from runtime.show import Column, Listing, cell
from runtime.words import Words

_SHOWN: Final = 3
"""Rules that are named of those that would do."""


def score_listing(points: ScoreShape, words: Words) -> Listing:
    """Every point explained."""
    rows = [
        (words.when(each.at), words.rule(each.rule), each.type, _about(each.about), each.points, each.now)
        for each in points.items
    ]
    columns = (Column("when", 3), Column("rule"), Column("touchpoint", 1), Column("about", 2))
    title = f"Heat {cell(points.heat)}, halves every {points.half_life}"
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
    return Listing("What gave nothing", (*columns, Column("points", 4, number=True), Column("why")), rows)


def _about(about: AboutShape | None) -> str | None:
    return None if about is None else about.value


def _why(reason: str, until: int | None, words: Words) -> str:
    match reason:
        case "limit" if until is not None:
            return f"limit reached until {cell(words.when(until))}"
        case "limit":
            return "limit reached"
        case "reset":
            return "before a reset"
        case why:
            return why


def effect_in_words(effect: EffectShape, words: Words) -> str:
    """What a touchpoint did: `+20 Sent a form; New lead > Qualified`."""
    if effect.machine is not None:
        return f"nothing: a machine ({effect.machine})"
    did = [f"{'+' if each.points > 0 else ''}{cell(each.points)} {words.rule(each.rule)}" for each in effect.gave]
    did += [f"{words.rule(each.rule)}: {_why(each.why, each.until, words)}" for each in effect.gave_nothing]
    if effect.moved is not None:
        did.append(f"{words.stage(effect.moved.from_)} > {words.stage(effect.moved.to)}")
    if effect.not_moved is not None:
        did.append(f"no move: {effect.not_moved.replace('_', ' ')}")
    return "; ".join(did)


def distance_in_words(points: ScoreShape, words: Words) -> str:
    """How far a lead is from hot: `12.8 below the 50 of grade B; one more would do: sent a form (12)`."""
    left = points.distance
    match left.never:
        case "model":
            return "never: the model has no hot_at"
        case "excluded":
            return f"never while not a lead: {words.exclusion(points.not_a_lead or '')}"
        case "stage":
            return "never in this stage"
        case "grade":
            return f"never with grade {points.grade}"
        case None:
            threshold = f"the {cell(left.threshold)} of grade {points.grade}"
    if points.hot:
        return f"hot; {cell(left.missing)} below {threshold}" if left.missing else f"hot; at or above {threshold}"
    below = (
        f"{cell(left.missing)} below {threshold}"
        if left.missing
        else f"at or above {threshold}, not hot until points are earned"
    )
    enough = [f"{words.rule(rule.rule)} ({cell(rule.points)})" for rule in left.enough[:_SHOWN]]
    return f"{below}; one more would do: {', '.join(enough)}" if enough else below


def coming_in_words(points: ScoreShape, words: Words) -> str:
    """What time alone will do, the next first."""
    return "; ".join(f"{_change(each, words)} at {cell(words.when(each.at))}" for each in points.coming)


def _change(coming: ComingShape, words: Words) -> str:
    match coming.what:
        case "cools":
            return "cools"
        case "falls_below":
            return "heat falls below the threshold"
        case "enters" | "leaves":
            return f"{coming.what} {words.segment(coming.segment or '')}"


def score_listings(points: ScoreShape, words: Words) -> Iterator[Listing]:
    """What the score is made of, and what gave nothing where there is such."""
    yield score_listing(points, words)
    if points.withheld:
        yield withheld_listing(points, words)
