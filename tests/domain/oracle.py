"""The oracle: score, stages, segments and funnels of one lead, by brute force. Slow and obvious.

Written from the reference page (`docs/reference/model-file.md`), not from the fold: it reads the file's raw tables,
works out anew at every instant what it can, and imports none of the fold's code.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, inf
from typing import Any

from domain.touchpoints.acts import is_own_act
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.oracle_conditions import Times, crossing, fits, true_of_lead
from tests.domain.oracle_dates import microseconds
from tests.domain.oracle_funnels import ExpectedFunnel, FunnelOracle
from tests.domain.oracle_sources import ExpectedSources, source_of

FOR_A_PERSON = ("email_unsubscribed", "email_complained", "email_bounced", "consent_changed")
REMEMBERED = 200


@dataclass(frozen=True)
class Event:
    """A touchpoint that took effect, as the rules see it, or the `stage_changed` that one derived."""

    at: int
    id: str
    type: str
    properties: Mapping[str, Any]
    profile: Mapping[str, Any]
    source: Mapping[str, str]
    own: bool = False
    """Whether the person did it."""


@dataclass
class Expected:
    """What must come out."""

    touches: list[int] = field(default_factory=list)
    profile: dict[str, Any] = field(default_factory=dict)
    identified_at: int | None = None
    stage: str = "visitor"
    stages: list[tuple[str, int, str, str]] = field(default_factory=list)
    grade: str = "D"
    fit: float = 0.0
    not_a_lead: str | None = None
    heat: tuple[float, int] = (0.0, 0)
    awards: list[tuple[str, str, str, int, float]] = field(default_factory=list)
    hot: list[Any] | None = None
    """Of the episode that goes on: begin, end (None), peak, stage, grade."""
    cools_at: int | None = None
    episodes: list[list[Any]] = field(default_factory=list)
    spells: dict[str, list[list[int | None]]] = field(default_factory=dict)
    funnels: dict[str, ExpectedFunnel] = field(default_factory=dict)
    findings: list[list[Any]] = field(default_factory=list)
    sources: ExpectedSources = field(default_factory=ExpectedSources)

    @property
    def segments(self) -> dict[str, int | None]:
        """Those that the lead is in, and since when."""
        return {name: stays[-1][0] for name, stays in sorted(self.spells.items()) if stays[-1][1] is None}


class Oracle:
    """One model's answers."""

    def __init__(self, text: str, activated_at: int) -> None:
        self.raw = tomllib.loads(text)
        self.activated_at = activated_at
        self.names = [stage["name"] for stage in self.raw["stages"]]
        self.stage = {stage["name"]: stage for stage in self.raw["stages"]}
        self.present = {old: stage["name"] for stage in self.raw["stages"] for old in stage.get("was", [])}
        self.score = self.raw.get("score", {})
        self.half_life = microseconds(self.score.get("half_life", "7d"))
        hot_at = self.score.get("hot_at")
        self.hot_at = hot_at if isinstance(hot_at, dict) else {} if hot_at is None else dict.fromkeys("ABCD", hot_at)
        self.rearm_at = self.score.get("rearm_at", 0.75 * min(self.hot_at.values(), default=0))

    def lead(self, history: Sequence[Touchpoint], until: int) -> Expected:
        """The lead of this history (in the order of the fold) at an instant."""
        out = Expected()
        people = [each for each in history if each.instant <= until and not self._machine(each)]
        everything = [each.instant for each in history if each.instant <= until]
        out.touches = [each.instant for each in people] or everything
        events: list[Event] = []
        looks: list[tuple[int, Times]] = []
        for instant in sorted(set(out.touches) if people else ()):
            self._end_if_cooled(out, instant)
            before = self._threshold(out)
            group = [each for each in people if each.instant == instant]
            for touchpoint in group:
                self._come(out, touchpoint, instant)
            identified_at = out.identified_at
            for touchpoint in group:
                self._learn(out, touchpoint)
            if out.identified_at != identified_at:
                out.sources.became("", instant)
            self._judge(out)
            easier = self._threshold(out) < before
            start = len(events)
            for touchpoint in group:
                self._take(out, touchpoint, instant, events)
            earned = self._award(out, events, start)
            self._hot(out, instant, earned == instant or (easier and earned is not None))
            looks.append(
                (
                    instant,
                    Times(
                        list(events),
                        out.stage,
                        out.grade,
                        dict(out.profile),
                        out.sources.current,
                        out.heat,
                        self.half_life,
                        self.raw.get("timezone", "UTC"),
                        {segment["name"]: segment["when"] for segment in self.raw.get("segments", [])},
                    ),
                )
            )
        self._end_if_cooled(out, until)
        out.episodes = out.episodes[-REMEMBERED:]
        for funnel in self.raw.get("funnels", []):
            zone = self.raw.get("timezone", "UTC")
            if expected := FunnelOracle(funnel, events, until, zone).expected():
                out.funnels[funnel["name"]] = expected
        for segment in self.raw.get("segments", []):
            if stays := self._stays(segment["when"], looks, until):
                out.spells[segment["name"]] = stays
        return out

    # ---- one touchpoint ----

    def _machine(self, touchpoint: Touchpoint) -> bool:
        return "machine" in touchpoint.context and touchpoint.type not in FOR_A_PERSON

    def _come(self, out: Expected, touchpoint: Touchpoint, instant: int) -> None:
        source = source_of(touchpoint, self.raw.get("channels", {}).get("rules", []))
        if source is not None and source != out.sources.current:
            out.sources.last = (instant, source)
            out.sources.first = out.sources.first or out.sources.last
        said = touchpoint.properties.get("amount")  # no model here has [money]: orders are revenue
        unread = {"x": "x", "true": "true or false", "[5]": "a list"}.get(said if said == "x" else json.dumps(said))
        about = [detail.partition(":")[0] for _, detail, _ in out.findings]
        if touchpoint.type == "order_placed" and unread is not None and "order_placed.amount" not in about:
            out.findings.append(["amount_not_read", f"order_placed.amount: {unread}", instant])

    def _learn(self, out: Expected, touchpoint: Touchpoint) -> None:
        for kind, value in touchpoint.identities:
            if kind != "anonymous_id" and out.identified_at is None:
                out.identified_at = touchpoint.instant
            told = touchpoint.source.kind not in ("api", "policy")
            by_hand = touchpoint.type in ("merged", "unmerged") and kind not in out.profile
            if kind in ("email", "phone") and (told or by_hand):
                out.profile[kind] = value
        for name, value in touchpoint.profile.items():
            if value is None:
                out.profile.pop(name, None)
            else:
                out.profile[name] = value

    def _judge(self, out: Expected) -> None:
        fit = self.raw.get("fit", {"grades": {}})
        out.fit = 0.0
        for rule in fit.get("rules", []):
            if rule.get("enabled", True) and fits(rule["where"], {}, out.profile, {}):
                out.fit += rule["points"]
        reached = [grade for grade in "ABC" if out.fit >= fit["grades"].get(grade, inf)]
        out.grade = reached[0] if reached else "D"
        reasons = [
            each["reason"]
            for each in self.raw.get("not_a_lead", [])
            if each.get("enabled", True) and fits(each["where"], {}, out.profile, {})
        ]
        out.not_a_lead = reasons[0] if reasons else None

    def _take(self, out: Expected, touchpoint: Touchpoint, instant: int, events: list[Event]) -> None:
        if out.identified_at is not None and out.stage == "visitor":
            in_use = (name for name in self.names if not self.stage[name].get("retired"))
            first = next(name for name in in_use if not self.stage[name].get("detour"))
            self._enter(out, first, instant, "", touchpoint)
        properties = dict(touchpoint.properties)
        if touchpoint.type == "stage_changed":
            for key in ("to", "from"):
                if isinstance(properties.get(key), str):
                    properties[key] = self.present.get(properties[key], properties[key])
            if not self._change(out, touchpoint, properties, instant):
                return
        own, profile = is_own_act(touchpoint), dict(out.profile)
        events.append(Event(instant, touchpoint.id, touchpoint.type, properties, profile, out.sources.current, own))
        leads_to = [
            name
            for name in self.names
            for step in self.stage[name].get("enter", [])
            if step["on"] == touchpoint.type and fits(step.get("where"), properties, out.profile, out.sources.current)
        ]
        if leads_to and self._forward(out.stage, leads_to[-1]):
            change = {"to": leads_to[-1], "from": out.stage}
            self._check_required(out, leads_to[-1], instant)
            self._enter(out, leads_to[-1], instant, "model", touchpoint)
            events.append(
                Event(instant, touchpoint.id, "stage_changed", change, dict(out.profile), out.sources.current)
            )

    def _change(self, out: Expected, touchpoint: Touchpoint, properties: Mapping[str, Any], instant: int) -> bool:
        policy, to = touchpoint.source.kind == "policy", properties.get("to")
        if policy and "withdraws" in properties:
            if out.stages and out.stages[-1][2:] == ("policy", properties["withdraws"]):
                back = out.stages[-2][0] if len(out.stages) > 1 else "visitor"
                self._enter(out, back, instant, "policy", touchpoint)
            return False
        if to not in self.names:
            self._find(out, "unknown_stage", str(to), instant)
            return True
        if policy and not self._forward(out.stage, str(to)):
            return False
        if not policy:
            self._check_required(out, str(to), instant)
        if self.stage[to].get("retired") and instant > self.activated_at:
            self._find(out, "retired_stage", str(to), instant)
        self._enter(out, str(to), instant, touchpoint.source.kind, touchpoint)
        return True

    def _forward(self, current: str, to: str) -> bool:
        if self.stage[to].get("detour") or self.stage.get(current, {}).get("detour"):
            return False
        return current == "visitor" or self.names.index(to) > self.names.index(current)

    def _check_required(self, out: Expected, to: str, instant: int) -> None:
        lacks = [name for name in self.stage[to].get("requires", []) if out.profile.get(name[8:]) in (None, "", [], {})]
        if lacks:
            self._find(out, "missing_required", f"{to}: {', '.join(lacks)}", instant)

    def _find(self, out: Expected, kind: str, detail: str, instant: int) -> None:
        if [kind, detail] not in [known[:2] for known in out.findings]:
            out.findings.append([kind, detail, instant])

    def _enter(self, out: Expected, stage: str, instant: int, source: str, touchpoint: Touchpoint) -> None:
        if stage == out.stage:
            return
        out.stage = stage
        if stage not in [entry[0] for entry in out.stages]:
            out.sources.became(stage, instant)
        out.stages.append((stage, instant, source, touchpoint.id))
        if self._cold(stage):
            self._end(out, instant)

    # ---- heat ----

    def _cold(self, name: str) -> bool:
        stage = self.stage.get(name, {})
        ended = stage.get("won") or stage.get("detour") or stage.get("retired")
        return not stage.get("hot", not ended)

    def _threshold(self, out: Expected) -> float:
        """Of the person; where the lead is does not make it easier or harder."""
        return inf if out.not_a_lead is not None else self.hot_at.get(out.grade, inf)

    def _award(self, out: Expected, events: Sequence[Event], start: int) -> int | None:
        """Give the points of every event anew; since when any were last earned that may begin an episode."""
        given: dict[tuple[int, str], list[int]] = {}
        out.awards, heat, at, earned = [], 0.0, 0, None
        left_cold = max(
            (
                entry[1]
                for entry, before in zip(out.stages, [("visitor",), *out.stages], strict=False)
                if self._cold(before[0])
            ),
            default=-1,
        )
        for event in events:
            if event.type == "score_reset":
                out.awards, heat, at, earned = [], 0.0, event.at, None
            for number, rule in enumerate(self.score.get("rules", [])):
                if rule["on"] != event.type or not rule["points"] or not rule.get("enabled", True):
                    continue
                if not fits(rule.get("where"), event.properties, event.profile, event.source):
                    continue
                if not self._within_limit(rule, number, event, given):
                    continue
                heat = heat * 2.0 ** ((at - event.at) / self.half_life) + rule["points"] if heat else rule["points"]
                at = event.at
                out.awards.append((rule["name"], event.id, event.type, event.at, rule["points"]))
                if rule["points"] > 0 and event.type != "email_opened" and event.at >= left_cold:
                    earned = event.at
        out.heat = (heat, at)
        return earned

    def _within_limit(
        self, rule: Mapping[str, Any], number: int, event: Event, given: dict[tuple[int, str], list[int]]
    ) -> bool:
        limit = rule.get("limit")
        if limit is None:
            return True
        value = ""
        if isinstance(limit, dict):
            count, within = limit["count"], limit.get("within")
            if "per" in limit:
                value = json.dumps(event.properties.get(limit["per"]))
        else:
            times, _, within = limit.partition(" per ")
            count, within = 1 if times == "once" else int(times), within or None
        before = given.setdefault((number, value), [])
        window = [at for at in before if within is None or at > event.at - microseconds(within)]
        if len(window) >= count:
            return False
        before.append(event.at)
        return True

    def _hot(self, out: Expected, instant: int, may_begin: bool) -> None:
        threshold = self._threshold(out)
        value, at = out.heat
        if threshold == inf or self._cold(out.stage):
            self._end(out, instant)
            return
        there = value * 2.0 ** ((at - instant) / self.half_life)
        if out.hot is None:
            if not may_begin or there < threshold:
                return
            out.hot = [instant, None, there, out.stage, out.grade]
        out.hot[2] = max(out.hot[2], there)
        falls = crossing(value, self.rearm_at, self.half_life)
        out.cools_at = at if falls is None else at + ceil(falls)
        self._end_if_cooled(out, instant)

    def _end_if_cooled(self, out: Expected, instant: int) -> None:
        if out.cools_at is not None and out.cools_at <= instant:
            self._end(out, max(out.cools_at, out.hot[0] if out.hot else 0))

    def _end(self, out: Expected, instant: int) -> None:
        if out.hot is not None:
            out.episodes.append([out.hot[0], instant, *out.hot[2:]])
        out.hot = out.cools_at = None

    # ---- segments ----

    def _stays(self, when: Mapping[str, Any], looks: Sequence[tuple[int, Times]], until: int) -> list[list[int | None]]:
        """Look at every instant at which anything may change: when it began to hold, and when it ended (None: not)."""
        stays: list[list[int | None]] = []
        for place, (instant, times) in enumerate(looks):
            end = looks[place + 1][0] if place + 1 < len(looks) else until + 1
            for moment in sorted({instant, *(each for each in times.changes(when) if instant < each < end)}):
                inside = bool(stays) and stays[-1][1] is None
                if true_of_lead(when, times, moment) and not inside:
                    stays.append([moment, None])
                elif inside and not true_of_lead(when, times, moment):
                    stays[-1][1] = moment
        return stays
