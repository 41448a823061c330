"""How the page of a lead says things, beyond what every page does."""

from collections.abc import Mapping
from typing import Any, Final

from babel.dates import format_date, format_skeleton

from api.dashboard.charts.time_axis import Tick, Unit
from api.dashboard.lead_texts import KINDS, PROFILE, SOURCES
from api.dashboard.texts import Language
from api.dashboard.well_known import N_
from api.dashboard.wording import PageWording
from domain.model.definition import Model

_YES: Final = N_("yes")
_NO: Final = N_("no")


class LeadWording(PageWording):
    """The words of one model in one language, at one instant, about one lead."""

    def __init__(self, model: Model, language: Language, now: int) -> None:
        """`now`: microseconds, what "ago" counts from."""
        super().__init__(model, language, now)
        self._tags = {tag.name: tag.label for tag in model.tags}
        self._fit_rules = {rule.name: rule.label for rule in model.fit.rules}

    def tag(self, name: str) -> str:
        """What people call a tag."""
        return self._called(self._tags.get(name), name)

    def fit(self, rule: str) -> str:
        """What people call a rule of fit."""
        return self._called(self._fit_rules.get(rule), rule)

    def text(self, text: str, **values: object) -> str:
        """A marked text in the reader's language; `values` fill its {names}."""
        return self._language.translations.ugettext(text).format(**values)

    def known(self, table: Mapping[str, str], name: str) -> str:
        """What a table of marked texts says of a name; of one that it lacks the name, readable."""
        return self.text(table[name]) if name in table else name.replace("_", " ")

    def kind(self, kind: str) -> str:
        """What people call a kind of identity."""
        return self.known(KINDS, kind)

    def source(self, kind: str) -> str:
        """Who reports by a kind of source."""
        return self.known(SOURCES, kind)

    def field(self, path: str) -> str:
        """What people call a field of the profile (`company`, `profile.company`)."""
        return self.known(PROFILE, path.removeprefix("profile."))

    def plain(self, instant: int) -> str:
        """An instant as text, in the company's time zone."""
        at = self._local(instant)
        day = format_skeleton("MMMd" if at.year == self._now.year else "yMMMd", at, locale=self._language.locale)
        return f"{day} {format_skeleton('Hm', at, locale=self._language.locale)}"

    def heading(self, instant: int) -> str:
        """A day as a heading."""
        return format_date(self._local(instant).date(), "full", locale=self._language.locale)

    def clock(self, instant: int) -> str:
        """The time of day of an instant."""
        return format_skeleton("Hm", self._local(instant), locale=self._language.locale)

    def tick(self, tick: Tick) -> str:
        """What a time axis says of a round instant."""
        skeleton = {Unit.TIME: "Hm", Unit.DAY: "MMMd", Unit.MONTH: "MMM", Unit.YEAR: "y"}[tick.unit]
        return format_skeleton(skeleton, self._local(tick.at), locale=self._language.locale)

    def signed(self, points: float) -> str:
        """Points with their sign."""
        return f"{'+' if points >= 0 else '−'}{self.number(abs(points), 2)}"

    def money(self, amount: float, currency: str | None) -> str:
        """An amount with its currency; without one where nobody said which."""
        return f"{self.number(amount, 2)} {currency or ''}".strip()

    def value(self, value: Any) -> str:
        """A value of the profile or of a property, as text."""
        match value:
            case bool():
                return self.text(_YES if value else _NO)
            case float() | int():
                return self.number(value, 6)
            case str():
                return value
            case list():
                return ", ".join(self.value(each) for each in value)
            case _:
                return str(value)
