"""Random models, as texts of model files, and random histories of one lead: small pools, so that things meet."""

import json
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.oracle_sources import PAGES
from tests.domain.stories import SECOND, at, us

TYPES = ("page_viewed", "form_submitted", "email_opened", "order_placed", "email_unsubscribed", "identified")
NAMES = ("lead", "warm", "qualified", "customer", "lost", "old")
FORMER = ("client", "mql")
WINDOWS = ("60s", "1h", "1d", "3d")
SECONDS = (0, 0, 1, 59, 60, 61, 3_599, 3_600, 3_601, 7_200, 86_399, 86_400, 86_401, 90_000, 172_800, 259_200, 345_600)
VALUES: tuple[Any, ...] = ("/a", "/a/b", "/b", "7", 7, 8, True, 1, "", ["/a", 7], None)
TITLES: tuple[Any, ...] = ("CEO", "clerk", "student", None, "", 7, True, ["CEO"], [0], [False], "2026-01-01")


AMOUNTS: tuple[Any, ...] = (5, 5, 12.5, "7.25", -3, 0.1, 0.2, "1e3", 10**12, 2 * 10**12, "x", True, [5], None)
LIMITS: tuple[Any, ...] = (0, 5, 10, 12.5, 17.3, -3, 1000)
ZONES = ("UTC", "Europe/Berlin", "Asia/Shanghai", "America/New_York")
BASES = (0, 0, -1_512_800, 11_792_800)
"""Seconds after the stories' start at which histories begin; the last two: the days before Berlin's clocks change."""


SOURCES: tuple[dict[str, Any], ...] = (
    {"source.channel": "paid_search"}, {"source.channel": {"in": ["email", "event", "partner"]}},
    {"source.channel": "direct"}, {"source.source": "n"}, {"source.campaign": {"exists": True}},
    {"source.medium": {"ne": "referral"}},
)  # fmt: skip
_OWN = {"name": "partner", "where": {"source.source": {"in": ["google", "Hannover"]}}}
_FIT = {
    "grades": {"A": 20, "B": 10, "C": 0},
    "rules": [
        {"name": "f0", "where": {"profile.title": "CEO"}, "points": 20},
        {"name": "f1", "where": {"profile.title": "clerk"}, "points": 10},
    ],
}


def toml(value: Any) -> str:
    """A value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(part)}" for key, part in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


class Draw:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.types: list[str] = []
        self.seconds: list[int] = []
        self.titles: list[Any] = []
        self.names: list[str] = []
        self.earlier: list[str] = []
        """The segments that one may ask for."""
        self.base = self.pick(*BASES)
        self.about_hot = self._maybe(0.5)
        """Whether the model is all about who is hot: few things else, so that grades, opens, resets and stages meet."""

    def model(self) -> str:
        """The text of a model file."""
        stages = self._stages()
        names = self.names = [stage["name"] for stage in stages]
        raw = {
            "timezone": self.pick(*ZONES),
            "stages": stages,
            "score": self._score(stages),
            "segments": self._segments(names),
            "funnels": [self._funnel(n) for n in range(self._count(3))],
            "channels": {"ignore": ["pay.example"], "rules": [_OWN] if self._maybe(0.3) else []},
            "not_a_lead": [
                {"reason": f"n{n}", "where": self._person(), **self._switch()} for n in range(self._count(2))
            ],
        }
        if self._maybe(0.7):
            rules = [
                {"name": f"f{n}", "where": self._person(), "points": self.pick(10, 20, -10), **self._switch()}
                for n in range(3)
            ]
            raw["fit"] = {"grades": {"A": 20, "B": 10, "C": 0}, "rules": rules}
        if self.about_hot:
            raw |= {"score": self._hot_score(), "fit": _FIT, "segments": [], "funnels": []}
        return "\n".join(f"{key} = {toml(value)}" for key, value in raw.items())

    def history(self, most: int = 14) -> list[Touchpoint]:
        """One lead's touchpoints in the order of the fold; each history has few types, instants and titles."""
        self.types = self.random.sample(TYPES, self.random.randint(1, 4))
        self.seconds = self.random.sample(SECONDS, self.random.randint(2, 9))
        self.titles = self.random.sample(TITLES, self.random.randint(1, 3))
        if self.about_hot:
            self.types, self.titles = ["email_opened", "form_submitted"], ["CEO", "clerk", "student"]
            self.seconds = self.seconds[:4]
        touchpoints = [self._touchpoint(f"t{n}") for n in range(self.random.randint(1, most))]
        return sorted(touchpoints, key=lambda touchpoint: touchpoint.order)

    def until(self) -> float:
        """A second at which to look."""
        return self.base + float(self.pick(*SECONDS, 86_400 * 30, 400_000) + self.pick(0, 0, 0.000001, 1, 30))

    def pick(self, *choices: Any) -> Any:
        """One of them."""
        return self.random.choice(choices)

    def _maybe(self, likely: float) -> bool:
        return self.random.random() < likely

    def _count(self, most: int) -> int:
        return self.random.randint(0, most)

    # ---- models ----

    def _stages(self) -> list[dict[str, Any]]:
        names = [NAMES[0], *sorted(self.random.sample(NAMES[1:], self.random.randint(1, 5)), key=NAMES.index)]
        stages: list[dict[str, Any]] = [{"name": name} for name in names]
        former = list(FORMER)
        for stage in stages[1:]:
            stage.update(self.pick({}, {}, {"won": True}, {"detour": True}, {"retired": True}))
            if not ("detour" in stage or "retired" in stage) and self._maybe(0.5):
                stage["enter"] = [self._step(changes=False) for _ in range(self.pick(1, 1, 2))]
            if self._maybe(0.2):
                stage["requires"] = ["profile.title"]
            if former and self._maybe(0.3):
                stage["was"] = [former.pop()]
            if self._maybe(0.4):
                stage["hot"] = self.pick(True, False, False)
        return stages

    def _score(self, stages: list[dict[str, Any]]) -> dict[str, Any]:
        score: dict[str, Any] = {"half_life": self.pick("1h", "1d", "7d")}
        if self._maybe(0.85):
            by_grade = {grade: self.pick(5, 10, 25) for grade in "ABCD" if self._maybe(0.9)}
            score["hot_at"] = by_grade if by_grade and self._maybe(0.6) else self.pick(5, 10, 20)
            if self._maybe(0.5):
                score["rearm_at"] = self.pick(1, 2, 4.5)
        score["rules"] = [self._rule(n) for n in range(self.random.randint(1, 5))]
        return score

    def _hot_score(self) -> dict[str, Any]:
        by_grade = {grade: self.pick(5, 10, 25) for grade in "ABC"}
        rules = [
            {"name": "open", "on": "email_opened", "points": self.pick(3, 30, 30)},
            {"name": "form", "on": "form_submitted", "points": self.pick(3, 7.5, 12)},
        ]
        return {"half_life": "7d", "hot_at": self.pick(by_grade, by_grade, 10), "rearm_at": 2, "rules": rules}

    def _switch(self) -> dict[str, bool]:
        return {"enabled": False} if self._maybe(0.1) else {}

    def _rule(self, number: int) -> dict[str, Any]:
        points = self.pick(1, 3, 7.5, 10, 12, 30, -4, 0)
        rule = {"name": f"r{number}", **self._step(), "points": points, **self._switch()}
        if self._maybe(0.5):
            within = self.pick(*WINDOWS)
            tables = (
                {"count": self.pick(1, 2)},
                {"count": 1, "per": "path"},
                {"count": 1, "within": within, "per": "path"},
            )
            rule["limit"] = self.pick("once", f"once per {within}", f"2 per {within}", *tables)
        return rule

    def _step(self, changes: bool = True) -> dict[str, Any]:
        step: dict[str, Any] = {"on": self.pick(*TYPES, *(("stage_changed",) if changes else ()))}
        if step["on"] == "stage_changed" and self._maybe(0.8):
            step["where"] = {self.pick("to", "from"): self.pick(*NAMES)}
        elif self._maybe(0.5):
            step["where"] = self._touch()
        return step

    def _funnel(self, number: int) -> dict[str, Any]:
        steps = [self._step() for _ in range(self.random.randint(1, 4))]
        order = self.pick("ordered", "ordered", "strict", "any")
        for step in steps[1:] if order != "any" and self._maybe(0.5) else ():
            step["within"] = self.pick(*WINDOWS)
        exclude = [self._step()] if self._maybe(0.2) else []
        return {"name": f"u{number}", "window": self.pick(*WINDOWS), "steps": steps, "order": order, "exclude": exclude}

    def _compared(self, pool: tuple[Any, ...]) -> Any:
        scalars = [value for value in pool if not isinstance(value, list) and value is not None]
        texts = [value for value in scalars if isinstance(value, str) and value]
        value, text = self.random.choice(scalars), self.random.choice(texts)
        few = self.random.sample(scalars, 2)
        order = {self.pick("gt", "gte", "lt", "lte"): self.pick(7, "/a", "2026-01-01")}
        of_text = {self.pick("starts_with", "ends_with", "contains"): text}
        of_few = {self.pick("in", "not_in"): few}
        exists = {"exists": self.pick(True, False)}
        return self.pick(value, {"eq": value}, {"ne": value}, of_few, of_few, of_text, of_text, exists, order)

    def _person(self) -> dict[str, Any]:
        return {"profile.title": self._compared(TITLES)}

    def _touch(self, depth: int = 2) -> dict[str, Any]:
        plain = self.pick(*({"path": self._compared(VALUES)} for _ in range(3)), self._person(), self.pick(*SOURCES))
        if depth and self._maybe(0.3):
            parts = [self._touch(depth - 1), self._touch(depth - 1)]
            return self.pick({"all": parts}, {"any": parts}, {"not": parts[0]}, {**plain, "not": parts[0]})
        return dict(plain)

    def _lead(self, stages: list[str], depth: int = 2) -> dict[str, Any]:
        if depth and self._maybe(0.5):
            parts = [self._lead(stages, depth - 1) for _ in range(2)]
            return self.pick({"all": parts}, {"any": parts}, {"not": parts[0]})
        kind = self.pick("did", "did", "did", "date", "date", "segment", "stage", "grade", "heat", "person", "source")
        if kind == "did":
            return self._did()
        if kind == "date":
            return {"profile.ends": self._dated(("before", "after", "within_next", "within_last"))}
        if kind == "segment" and self.earlier:
            return {"segment": self.random.sample(self.earlier, min(len(self.earlier), self.pick(1, 1, 2)))}
        if kind == "heat":
            return {"heat": {self.pick("gt", "gte", "lt", "lte"): self.pick(0, 1, 5, 7.5, 10)}}
        return {
            "stage": {"stage": self.random.sample(["visitor", *stages], 2)},
            "grade": {"grade": self.random.sample("ABCD", 2)},
            "person": self._person(),
            "source": dict(self.pick(*SOURCES)),
            "segment": self._person(),
        }[kind]

    def _segments(self, stages: list[str]) -> list[dict[str, Any]]:
        """Each may ask for those that were drawn before it, wherever they stand in the file."""
        segments = []
        for n in range(self.random.randint(2, 7)):
            segments.append({"name": f"s{n}", "when": self._lead(stages)})
            self.earlier.append(f"s{n}")
        self.random.shuffle(segments)
        return segments

    def _dated(self, operators: tuple[str, ...]) -> dict[str, Any]:
        """One or two of the operators, with dates and durations near the histories' instants."""
        few = self.random.sample(operators, self.pick(1, 1, 2))
        return {op: self.pick(*WINDOWS) if op.startswith("within") else self._date() for op in few}

    def _date(self) -> str:
        """A day, or a time in some offset."""
        near = datetime.fromtimestamp(us(self.base) // SECOND, UTC)
        when = near + timedelta(days=self.pick(-1, 0, 0, 1, 1, 2, 3, 4), seconds=self.pick(*self.seconds or SECONDS))
        if self._maybe(0.6):
            return when.date().isoformat()
        return when.astimezone(timezone(timedelta(hours=self.pick(0, 1, 8, -5)))).isoformat()

    def _did(self) -> dict[str, Any]:
        step = self._step()
        did: dict[str, Any] = {"did": step.pop("on"), **step}
        if did["did"] != "stage_changed" and self._maybe(0.2):
            did["did"] = self.random.sample(TYPES, 2)
        kind = self.pick("count", "count", "amount", "amount", "days", "values", "end")
        if kind == "end":
            return did | {self.pick("first", "last"): self._dated(("before", "after", "within_last"))}
        if self._maybe(0.6):
            did["within"] = self.pick(*WINDOWS)
        if kind == "amount":
            bounds = sorted(self.random.sample(LIMITS, 2))
            both = dict(zip(("at_least", "at_most"), bounds, strict=True))
            return did | {self.pick("sum", "sum", "max", "min"): "amount"} | self.pick(
                both, {"at_least": bounds[0]}, {"at_most": bounds[0]})  # fmt: skip
        if kind != "count":
            did |= {"days": True} if kind == "days" else {"values": "path"}
        least = self.pick(0, 1, 1, 2, 3)
        did["at_least"] = least
        if least == 0 or self._maybe(0.2):
            did["at_most"] = least + self.pick(0, 1)
        elif kind == "count" and self._maybe(0.3):
            did |= {"same": "path", "at_least": self.pick(2, 2, 3)}
        return did

    # ---- histories ----

    def _touchpoint(self, id: str) -> Touchpoint:
        type = self.pick(*self.types, *self.types, self.pick("stage_changed", "stage_changed", "score_reset"))
        more: dict[str, Any] = {"id": id, "seq": self.pick(0, 0, 1)}
        if type == "stage_changed":
            to = self.pick(*self.names, *self.names, *NAMES, *FORMER, "nowhere", None)
            more |= {"source": self.pick("server", "api", "policy"), "to": to, "from": self.pick(*NAMES, *FORMER)}
            if more["source"] == "policy" and self._maybe(0.3):
                more["withdraws"] = f"t{self._count(9)}"
        elif type == "score_reset":
            more["source"] = "api"
        elif (value := self.pick(*VALUES)) is not None:
            more["path"] = value
        if type not in ("stage_changed", "score_reset") and (value := self.pick(*AMOUNTS)) is not None:
            more["amount"] = value
        if self._maybe(0.3):
            more |= self.pick(*PAGES)[0]
        if self._maybe(0.4):
            more["profile"] = {self.pick("title", "title", "company"): self.pick(*self.titles)}
        if self._maybe(0.2):
            ends = self.pick(self._date(), self._date(), [self._date(), "soon", self._date()], 20231115, "", None)
            more["profile"] = more.get("profile", {}) | {"ends": ends}
        if self._maybe(0.1):
            more["context"] = {"machine": "reported"}
        who = self.pick(("c:k",), ("c:k",), ("u:1",), ("c:k", "e:a@x.example"))
        return at(self.base + self.pick(*self.seconds), type, *who, **more)
