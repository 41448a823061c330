"""The fold: (model, history, until) -> the state of one lead. One step takes what happened in one instant."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from math import inf
from operator import attrgetter
from typing import Any, Final

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.conditions.parse import GRADES
from domain.fold.channel import DIRECT, Grouping
from domain.fold.funnel import Attempts, FunnelPlan
from domain.fold.handover import LeadRejection
from domain.fold.index import NOTHING, Hits, Rule, index_by_type
from domain.fold.lead import Episode, Lead, Now
from domain.fold.money import NOT_READ, Amounts
from domain.fold.moves import Moves
from domain.fold.origin import reader
from domain.fold.profile import learn
from domain.fold.score import HeatState, decayed, falls_to, strongest, value_key
from domain.fold.segment import Compiler, Input
from domain.fold.since import Test
from domain.fold.staff import BY_STAFF, take
from domain.fold.stage import Ladder
from domain.fold.trace import MACHINE, Trace, award, withhold
from domain.model.definition import CHANGED, VISITOR, Model
from domain.model.funnels import StepOrder
from domain.touchpoints.acts import is_own_act
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import NEVER, REFUSES_MAIL, Instant, Touchpoint

WAITS: Final = "promotion_waits"
"""The finding of a hot lead that lacks what the stage of `promote_to` requires."""

OPEN: Final = "email_opened"
"""An open alone never makes a lead hot."""

Met = Sequence[tuple[Touchpoint, Hits]]
"""Touchpoints of one instant that took effect, and what of the model each meets."""


class Fold:
    """A model, compiled once: steps leads and shows them at an instant."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ladder = Ladder(model.stages, model.score.promote_to)
        self._promote_to = model.score.promote_to
        self._rule_names = [rule.name for rule in model.score.rules]
        self._moves = Moves(self.ladder, model.activated_at)
        self.half_life = model.score.half_life
        self._claims_update = model.profile.claims == "update"
        hot_at = model.score.hot_at
        by_grade = hot_at if isinstance(hot_at, Mapping) else {} if hot_at is None else dict.fromkeys(GRADES, hot_at)
        self._hot_at: Mapping[str, float] = by_grade
        self._rearm_at = model.score.rearm_at
        self._fresh = model.score.fresh
        self._fit = [(compile_where(rule.where), float(rule.points)) for rule in model.fit.enabled_rules]
        self._grades = sorted(((least, grade) for grade, least in model.fit.grades.items()), reverse=True)
        self._excluded = [(each.reason, compile_where(each.where)) for each in model.not_a_lead if each.enabled]
        self._unknown = self._judged({})
        self.origin = reader(model.channels.ignore)
        self.channels = Grouping(model.channels)
        self.amounts, self._paid = Amounts(model.money), {each.on for each in model.money.revenue}
        compiler = Compiler(self.half_life, {each.name: each.when for each in model.segments}, model.timezone)
        self._segments: dict[str, Test] = {}
        self._inputs: dict[Input, list[str]] = {}
        for segment in model.segments:
            self._segments[segment.name], inputs = compiler.segment(segment.name)
            for each in inputs:
                self._inputs.setdefault(each, []).append(segment.name)
        self._affects: dict[frozenset[Input], list[str]] = {}  # as many as there are kinds of touchpoints to the model
        self._index_by_type = index_by_type(model, compiler.counters)
        self.funnels = {funnel.name: FunnelPlan(funnel) for funnel in model.funnels}
        self.days = compiler.days

    # ---- the whole history ----

    def fold(self, history: Iterable[Touchpoint], until: int, trace: Trace | None = None) -> Lead:
        """The lead after those of its touchpoints (in the order of the fold) that happened until an instant."""
        lead = Lead()
        for instant, group in groupby((each for each in history if each.instant <= until), attrgetter("instant")):
            self.step(lead, tuple(group), instant, trace)
        return lead

    # ---- one instant ----

    def step(self, lead: Lead, group: Sequence[Touchpoint], instant: Instant, trace: Trace | None = None) -> None:
        """Take what happened in one instant, later than all that the lead has taken. What shares it counts as a set."""
        for touchpoint in group:
            if "machine" in touchpoint.context:
                group = self._without_machines(lead, group, instant, trace)
                break
        if not group:
            return
        changed: set[Input] = set()
        now, heat = lead.now, lead.heat
        first = lead.touches == 0
        if first:
            lead.first_touch = instant
        elif now.due <= instant:
            self.advance(lead, now, instant - 1)
            if now.cools_at == instant:
                now.cool(instant)
        lead.last_touch = instant
        lead.touches += len(group)
        stage, value, at = lead.stage, heat.value, heat.at
        easier, identified_at = False, lead.identified_at
        for touchpoint in group:
            if lead.last_seen != instant and is_own_act(touchpoint):
                lead.last_seen = instant
            if touchpoint.type in REFUSES_MAIL:
                lead.unsubscribed_at = instant
            if touchpoint.type in self._paid and (unread := self.amounts.not_read(touchpoint)) is not None:
                lead.find_first(NOT_READ, f"{touchpoint.type}.{unread[0]}", unread[1], instant)
            origin = self.origin(touchpoint)
            if origin is not None and lead.sources.take(self.channels.seen(origin), instant):
                changed.add("source")
        if learn(lead, group, self._claims_update) or first:
            changed.add("profile")
            before = self.threshold_of(lead)
            self._judge(lead)
            easier = self.threshold_of(lead) < before
        if identified_at != lead.identified_at:
            lead.sources.note("", instant)
        met = self._meet(lead, group, instant, trace)
        self._count(lead, met, instant, changed)
        self._award(lead, met, instant, trace)
        if stage != lead.stage:
            changed.add("stage")
        if at != heat.at or value != heat.value:
            changed.add("heat")
        earned_at = heat.earned_at
        self._heat_up(lead, instant, earned_at == instant or (easier and earned_at is not None))
        self._funnels(lead, met, instant)
        self._evaluate(lead, now, self._affected(lead, changed, instant, first), instant)

    def _affected(self, lead: Lead, changed: set[Input], instant: Instant, first: bool) -> Iterable[str]:
        """The segments to ask again, in an order that is always the same."""
        if first:
            return self._segments
        inputs = frozenset(changed)
        names = self._affects.get(inputs)
        if names is None:
            names = self._affects[inputs] = sorted({name for each in inputs for name in self._inputs.get(each, ())})
        if lead.now.due > instant:
            return names
        return sorted({*names, *(name for name, due in lead.now.dues.items() if due <= instant)})

    def _judge(self, lead: Lead) -> None:
        """Fit, grade and exclusion: pure functions of the profile as it is now."""
        lead.fit, lead.grade, lead.not_a_lead = self._judged(lead.profile) if lead.profile else self._unknown

    def _judged(self, profile: Mapping[str, Any]) -> tuple[float, str, str | None]:
        fit = 0.0
        for where, points in self._fit:
            if where({}, profile, NO_SOURCE):
                fit += points
        grade = next((grade for least, grade in self._grades if fit >= least), "D")
        return fit, grade, next((reason for reason, where in self._excluded if where({}, profile, NO_SOURCE)), None)

    def _without_machines(
        self, lead: Lead, group: Sequence[Touchpoint], instant: Instant, trace: Trace | None
    ) -> Sequence[Touchpoint]:
        """What people did. Whom only machines touched was first and last touched by these."""
        people = [touchpoint for touchpoint in group if not touchpoint.by_machine]
        lead.first_machine = min(lead.first_machine, instant)
        if not people and not lead.touches:
            lead.first_touch, lead.last_touch = min(lead.first_touch, instant), instant
        for touchpoint in group:
            for rule in self._hits(lead, touchpoint).rules if touchpoint.by_machine else ():
                why = storable(f"{MACHINE}{touchpoint.context['machine']}")
                withhold(lead, touchpoint, instant, why, trace, rule)
        return people

    def _meet(self, lead: Lead, group: Sequence[Touchpoint], instant: Instant, trace: Trace | None) -> Met:
        """Move the stage as touchpoints say; those that took effect, and what they meet."""
        met: list[tuple[Touchpoint, Hits]] = []
        for touchpoint in group:
            before = lead.stage
            if before == VISITOR and lead.identified_at is not None:
                self._moves.identify(lead, touchpoint, instant)
            taken: Touchpoint | None = touchpoint
            if touchpoint.type in BY_STAFF:
                why = take(lead, touchpoint, instant)
                if why is not None:
                    withhold(lead, touchpoint, instant, why, trace)
            elif touchpoint.type == CHANGED:
                taken = self._moves.take(lead, touchpoint, instant)
            hits = NOTHING if taken is None else self._hits(lead, taken)
            if taken is not None:
                met.append((taken, hits))
            if taken is not None and hits.enters:
                derived = self._moves.derive(lead, taken, hits.enters, instant)
                if derived is not None:
                    met.append((derived, self._hits(lead, derived)))
            if lead.stage != before:
                if trace is not None:
                    trace.moved(touchpoint, before, lead.stage)
            elif hits.enters or touchpoint.type == CHANGED:
                withhold(lead, touchpoint, instant, self._moves.why_not(before, touchpoint, hits.enters), trace)
        return met

    def _hits(self, lead: Lead, touchpoint: Touchpoint) -> Hits:
        index = self._index_by_type.get(touchpoint.type)
        return NOTHING if index is None else index.hits(touchpoint.properties, lead.profile, lead.sources.current)

    def _count(self, lead: Lead, met: Met, instant: Instant, changed: set[Input]) -> None:
        for touchpoint, hits in met:
            for counter in hits.counters:
                changed.add(counter.place)
                if counter.memory is not None:
                    counter.memory.note(lead.did, counter.place, touchpoint.properties, instant)
                    continue
                matches = lead.did.setdefault(counter.place, [])
                matches.append(instant)
                if len(matches) > counter.keep:
                    del matches[0]

    def _award(self, lead: Lead, met: Met, instant: Instant, trace: Trace | None) -> None:
        """Give points, and note when they were earned, an open earning none."""
        heat = lead.heat
        for touchpoint, hits in met:
            if touchpoint.type == "score_reset":
                heat.reset(instant)
                if trace is not None:
                    trace.reset()
            for rule in hits.rules:
                if rule.limit and not self._allows(lead, rule, touchpoint, instant, trace):
                    continue
                heat.add(rule.points, instant, self.half_life)
                heat.note(rule.place, rule.points, instant, self.half_life)
                award(lead, touchpoint, instant, rule, trace)
                if rule.points > 0 and touchpoint.type != OPEN:
                    heat.earned_at = instant
                    if lead.rejection is not None:
                        lead.rejection.earned += rule.points

    def _allows(self, lead: Lead, rule: Rule, touchpoint: Touchpoint, instant: Instant, trace: Trace | None) -> bool:
        """Whether a limited rule gives its points."""
        heat, limit = lead.heat, rule.limit
        assert limit is not None
        key = value_key(rule.place, limit.per, touchpoint.properties) if limit.per else rule.place
        room = not limit.per or heat.has_room(rule.place, key, limit.within, instant)
        if room and heat.allows(key, limit.count, limit.within, instant):
            return True
        until = heat.frees(key, limit.count, limit.within)
        withhold(lead, touchpoint, instant, "limit", trace, rule, until)
        return False

    def threshold(self, grade: str) -> float | None:
        """The heat at which a lead of this grade becomes hot; None: never."""
        return self._hot_at.get(grade)

    def threshold_of(self, lead: Lead) -> float:
        """The heat at which this lead becomes hot; infinite where it never does."""
        if lead.not_a_lead is not None or lead.stage in self.ladder.without_hot:
            return inf
        return self._hot_at.get(lead.grade, inf)

    def reasons(self, heat: HeatState, at: int) -> list[list[Any]]:
        """The rules that gave most of what is left at an instant, the strongest first."""
        return strongest(heat, self._rule_names, self.half_life, at)

    def _heat_up(self, lead: Lead, instant: Instant, may_begin: bool) -> None:
        """Begin, prolong or end the hot episode."""
        now, heat = lead.now, lead.heat
        threshold, rearm_at = self.threshold_of(lead), self._rearm_at
        if threshold == inf or rearm_at is None:
            now.cool(instant)
            return
        if now.hot is None:
            value = decayed(heat.value, heat.at, self.half_life, instant) if may_begin else 0.0
            if not may_begin or value < threshold:
                return
            if lead.rejection is not None and not lead.rejection.over:
                if not self._earned_afresh(lead.rejection, threshold):
                    return
                lead.rejection.over = True
            now.hot = Episode(instant, None, value, lead.stage, lead.grade, self.reasons(heat, instant))
        elif heat.at == instant and heat.value > now.hot.peak:
            now.hot.peak = heat.value
        if self._promote_to is not None and lead.identified_at is not None:
            self._note_waiting(lead, self._promote_to, instant)
        now.cools_at = falls_to(heat.value, heat.at, self.half_life, rearm_at)
        if now.cools_at <= instant:
            now.cool(instant)

    def _earned_afresh(self, rejection: LeadRejection, threshold: float) -> bool:
        """Whether a lead that an owner rejected may be hot again."""
        return not rejection.final and rejection.earned >= (threshold / 4 if self._fresh is None else self._fresh)

    def _note_waiting(self, lead: Lead, to: str, instant: Instant) -> None:
        """A hot lead that cannot be promoted yet is a finding, until what the stage requires comes."""
        waits_for = self.ladder.waits_for(lead.stage, lead.profile, to)
        if not waits_for and lead.findings:
            lead.findings = [finding for finding in lead.findings if finding[0] != WAITS]
        elif waits_for:
            lead.find(WAITS, f"{to}: {waits_for}", instant)

    def _funnels(self, lead: Lead, met: Met, instant: Instant) -> None:
        meets: dict[str, list[tuple[int, ...]]] = {}
        for _, hits in met:
            for funnel, steps in hits.steps:
                meets.setdefault(funnel, []).append(steps)
        if not meets:
            return
        day, first = self.days.of(instant), DIRECT if lead.sources.first is None else lead.sources.first.seen
        for funnel, of_funnel in meets.items():
            plan, attempts = self.funnels[funnel], lead.funnels.get(funnel) or Attempts()
            strict = plan.order is StepOrder.STRICT
            own = [is_own_act(touchpoint) for touchpoint, hits in met if funnel in dict(hits.steps)] if strict else ()
            attempts.take(plan, of_funnel, own, instant, day, first, lead.sources.current)
            if attempts.best:
                lead.funnels[funnel] = attempts

    # ---- time alone ----

    def advance(self, lead: Lead, now: Now, until: int) -> None:
        """Let time pass until an instant: each change bears its due instant, however late it is looked at."""
        while now.due <= until:
            instant = Instant(now.due)
            if now.cools_at is not None and now.cools_at <= instant:
                now.cool(Instant(now.cools_at))
            self._evaluate(lead, now, [name for name, due in now.dues.items() if due <= instant], instant)

    def at(self, lead: Lead, until: int) -> Now:
        """What holds of the lead at an instant not before its last touchpoint; the saved lead stays as it is."""
        if lead.now.due > until:
            return lead.now
        now = lead.now.copy()
        self.advance(lead, now, until)
        return now

    def _evaluate(self, lead: Lead, now: Now, names: Iterable[str], instant: Instant) -> None:
        """Ask again whether the lead is in the named segments, of which something changed."""
        for name in names:
            holds, until = self._segments[name](lead, instant)
            if holds:
                if name not in now.segments:
                    now.enter(name, instant)
            elif name in now.segments:
                now.leave(name, instant)
            if until < NEVER:
                now.dues[name] = until
            else:
                now.dues.pop(name, None)
        now.due = min(now.dues.values()) if now.dues else NEVER
        if now.cools_at is not None and now.cools_at < now.due:
            now.due = now.cools_at
