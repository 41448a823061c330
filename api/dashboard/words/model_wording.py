"""How the pages of the model say things: limits, durations, what a rule asks for, what changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from api.dashboard.texts import Language
from api.dashboard.words.model_mistakes import mistake_text
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.files.durations import parse_duration
from domain.model.definition import Model
from domain.model.labels import called
from projections.queries.model import FunnelStepAskedShape, LimitShape

ORDERS: Final = {
    "ordered": N_("in this order"),
    "strict": N_("one right after the other"),
    "any": N_("in any order"),
}
KINDS: Final = {
    "hot": N_("Hot"),
    "stages": N_("Stages"),
    "grades": N_("Grades"),
    "segments": N_("Segments"),
}
"""Of moves."""
_FIRST: Final = date(1970, 1, 1).toordinal()
_ONCE: Final = N_("once")
_EVER: Final = N_("at most {count} times")
_ONCE_WITHIN: Final = N_("once in {span}")
_WITHIN: Final = N_("at most {count} in {span}")
_PER: Final = N_("{limit}, for each {property}")
_SHARE: Final = N_("{part} of {whole}, {share}")
_PART: Final = N_("{part} of {whole}")


class ModelWording(PageWording):
    """The words of one model in one language, at one instant, about the model itself."""

    def __init__(self, model: Model, language: Language, now: int) -> None:
        """`now`: microseconds, what "ago" counts from."""
        super().__init__(model, language, now)
        self._tag = language.tag
        self._fits = {rule.name: rule.label for rule in model.fit.rules}

    def mistake(self, text: str) -> Markup:
        """What is wrong with a model file."""
        return mistake_text(self, text)

    def named(self, entry: Any) -> str:
        """What people call an entry of the model: its label, else its name, else its reason."""
        name = entry.name if hasattr(entry, "name") else entry.reason
        return called(entry.label, name, self._tag)

    def fit(self, rule: str) -> str:
        """What people call a rule of fit."""
        return called(self._fits.get(rule), rule, self._tag)

    def step(self, step: FunnelStepAskedShape) -> str:
        """What people call a step of a funnel."""
        return called(step.label, self.touchpoint(step.on), self._tag)

    def duration(self, text: str) -> str:
        """A duration of the file, in full words."""
        return self.length(parse_duration(text))

    def limit(self, limit: LimitShape) -> str:
        """How often a rule may give points."""
        if limit.within is None:
            said = self.text(_ONCE) if limit.count == 1 else self.text(_EVER, count=limit.count)
        else:
            text = _ONCE_WITHIN if limit.count == 1 else _WITHIN
            said = self.text(text, count=limit.count, span=self.duration(limit.within))
        return said if limit.per is None else self.text(_PER, limit=said, property=limit.per)

    def on(self, day: date) -> str:
        """A day."""
        return self.date(day.toordinal() - _FIRST)

    def order(self, order: str) -> str:
        """How the steps of a funnel follow."""
        return self.known(ORDERS, order)

    def moved_kind(self, kind: str) -> str:
        """Of what a move is."""
        return self.known(KINDS, kind)

    def place(self, kind: str, name: str) -> str:
        """What people call a stage, a grade or a segment."""
        match kind:
            case "stages":
                return self.stage(name)
            case "segments":
                return self.segment(name)
            case _:
                return name

    def portion(self, portion: Mapping[str, Any]) -> str:
        """So many of so many, as the report of a comparison has it."""
        part, whole = self.number(portion["leads"]), self.number(portion["of"])
        if portion["share"] is None:
            return self.text(_PART, part=part, whole=whole)
        return self.text(_SHARE, part=part, whole=whole, share=self.share(portion["share"]))
