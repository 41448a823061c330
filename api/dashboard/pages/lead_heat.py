"""The heat of a lead on its page: the curve, the points by rule that add up to it, and what would make it hot."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup

from api.dashboard.charts.heat_curve import (
    NARROW,
    WIDE,
    Change,
    Curve,
    CurveWords,
    HeatStory,
    heat_curve,
)
from api.dashboard.words.lead_texts import GAVE_NOTHING
from api.dashboard.words.lead_wording import LeadWording
from api.dashboard.words.well_known import N_
from domain.files.durations import DAY
from domain.fold.explain import FLOOR
from domain.fold.trace import Effect
from domain.model.definition import Model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.dossier import HotTimeShape
from projections.queries.shapes import AwardShape, ScoreShape, WithheldShape

SPANS: Final[Mapping[str, str]] = {"recent": N_("What still counts"), "day": N_("A day"), "all": N_("Everything")}
"""How much of the curve is shown, by the name in the address; the first where it names none."""
_COUNTS: Final = 6
"""Half-lives after which hardly anything is left of points: a sixty-fourth."""
_LISTED: Final = 100
"""Most awards of one rule, and rows of the curve's table, that a page lists: the last ones."""

Journal = Sequence[tuple[Touchpoint, Effect]]


class RulePoints(NamedTuple):
    """What one rule gave, all its awards together. `left`: what is left of it; all rules' add up to the heat."""

    rule: str
    times: int
    points: float
    left: float
    last: int
    awards: Sequence[AwardShape]
    more: int


class Nothing(NamedTuple):
    """What one rule held for and gave nothing, for one reason; `until`: when the last limit ends."""

    rule: str
    times: int
    points: float
    why: str
    until: int | None


class Drawn(NamedTuple):
    """The curve for wide and for narrow screens, and its table: when, what, points (None: a reset), heat after it."""

    wide: Markup
    narrow: Markup
    rows: Sequence[tuple[int, str, float | None, float]]
    more: int


def given(score: ScoreShape, wording: LeadWording) -> list[RulePoints]:
    """By rule, of which most is left first."""
    by_rule: defaultdict[str, list[AwardShape]] = defaultdict(list)
    for award in score.items:
        by_rule[award.rule].append(award)
    rules = [_of_rule(name, awards, wording) for name, awards in by_rule.items()]
    return sorted(rules, key=lambda each: (-each.left, each.rule))


def _of_rule(name: str, awards: Sequence[AwardShape], wording: LeadWording) -> RulePoints:
    left = round(sum(round(each.now * 100) for each in awards)) / 100
    points = round(sum(each.points for each in awards), 6)
    title = wording.text(N_("Heat is never shown below 0")) if name == FLOOR else wording.rule(name)
    listed = [] if name == FLOOR else list(reversed(awards))[:_LISTED]
    last = max(each.at for each in awards)
    return RulePoints(
        title, 0 if name == FLOOR else len(awards), points, left, last, listed, max(0, len(awards) - _LISTED)
    )


def gave_nothing(withheld: Iterable[WithheldShape], wording: LeadWording) -> list[Nothing]:
    """By rule and reason, the one that would have given most first."""
    together: defaultdict[tuple[str, str], list[WithheldShape]] = defaultdict(list)
    for each in withheld:
        together[each.rule, each.why].append(each)
    nothing = [
        Nothing(
            wording.rule(rule),
            len(of_it),
            round(sum(each.points for each in of_it), 6),
            why_nothing(why, wording),
            max((each.until for each in of_it if each.until is not None), default=None),
        )
        for (rule, why), of_it in together.items()
    ]
    return sorted(nothing, key=lambda each: -each.points)


def why_nothing(why: str, wording: LeadWording) -> str:
    """Why a rule gave nothing, in the reader's words; of a machine with how that is known."""
    kind, _, how = why.partition(": ")
    said = wording.known(GAVE_NOTHING, kind)
    return f"{said} ({how})" if how else said


def drawn(
    model: Model,
    score: ScoreShape,
    journal: Journal,
    hot_times: Sequence[HotTimeShape],
    span: str,
    wording: LeadWording,
) -> Drawn:
    """The curve over as much as `span` names."""
    story = _story(model, score, journal, hot_times, wording)
    start, end = _shown(story, span)
    words = _words(score, story, wording)
    curve = Curve(story)
    rows = [
        (spell.at, spell.change.said, spell.change.points, max(0.0, spell.value))
        for spell in reversed(curve.spells)
        if spell.change is not None
    ]
    wide, narrow = (heat_curve(story, words, wording.zone, start, end, size) for size in (WIDE, NARROW))
    return Drawn(wide, narrow, rows[:_LISTED], max(0, len(rows) - _LISTED))


def _story(
    model: Model, score: ScoreShape, journal: Journal, hot_times: Sequence[HotTimeShape], wording: LeadWording
) -> HeatStory:
    ends = score.cools_at or score.clock
    return HeatStory(
        changes=list(_changes(journal, wording)),
        half_life=model.score.half_life,
        clock=score.clock,
        hot_at=score.distance.threshold,
        rearm_at=None if score.distance.threshold is None else model.score.rearm_at,
        hot=[(each.began_at, each.ended_at or ends) for each in hot_times],
        cools_at=score.cools_at,
    )


def _changes(journal: Journal, wording: LeadWording) -> Iterable[Change]:
    for touchpoint, effect in journal:
        at = touchpoint.instant
        if touchpoint.type == "score_reset" and not touchpoint.by_machine:
            yield Change(at, None, f"{wording.touchpoint('score_reset')} · {wording.plain(at)}")
        for award in effect.awards:
            points = wording.signed(award.points)
            yield Change(at, award.points, f"{points} {wording.rule(award.rule)} · {wording.plain(at)}")


def _shown(story: HeatStory, span: str) -> tuple[int, int]:
    """From when to when the curve is shown."""
    clock = story.clock
    first = min((change.at for change in story.changes), default=clock - DAY)
    if span == "day":
        return clock - DAY, clock + DAY // 4
    counts = clock - _COUNTS * story.half_life
    start = first if span == "all" else max(first, counts)
    end = max(story.cools_at or 0, clock + max(DAY, clock - start) // 8)
    return start - max(DAY // 24, end - start) // 40, end + (end - clock) // 20


def _words(score: ScoreShape, story: HeatStory, wording: LeadWording) -> CurveWords:
    heat = wording.number(score.heat, 1)
    said = [wording.text(N_("{count} awards; the heat is {heat} now."), count=len(score.items), heat=heat)]
    if story.hot_at is not None:
        said.append(wording.text(N_("Hot from {points}."), points=wording.number(story.hot_at, 1)))
    if story.cools_at is not None:
        said.append(wording.text(N_("Cools {when} if nothing more happens."), when=wording.plain(story.cools_at)))
    return CurveWords(
        title=wording.text(N_("Heat over time")),
        description=" ".join(said),
        hot_at=wording.text(N_("hot from {points}"), points=wording.number(story.hot_at or 0, 1)),
        rearm_at=wording.text(N_("cools at {points}"), points=wording.number(story.rearm_at or 0, 1)),
        now=wording.text(N_("now")),
        cools=wording.text(N_("cools {when}"), when=wording.plain(story.cools_at or score.clock)),
        tick=wording.tick,
        number=lambda level: wording.number(level, 1),
        more=lambda count: wording.text(N_("and {count} more"), count=count),
    )
