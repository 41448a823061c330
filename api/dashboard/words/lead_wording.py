"""How the page of a lead says things, beyond what every page does."""

from babel.dates import format_date, format_skeleton

from api.dashboard.texts import Language
from api.dashboard.words.lead_texts import KINDS, SOURCES
from api.dashboard.words.wording import PageWording
from domain.model.definition import Model


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

    def kind(self, kind: str) -> str:
        """What people call a kind of identity."""
        return self.known(KINDS, kind)

    def source(self, kind: str) -> str:
        """Who reports by a kind of source."""
        return self.known(SOURCES, kind)

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
