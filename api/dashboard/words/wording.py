"""How a page says things: labels of the model, times in the company's time zone, numbers; in the reader's language."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_skeleton, format_timedelta, get_day_names
from babel.numbers import format_currency, format_decimal, format_percent
from babel.units import format_unit
from markupsafe import Markup

from api.dashboard.charts.time_axis import Tick, Unit
from api.dashboard.texts import Language
from api.dashboard.words import well_known
from api.dashboard.words.lead_texts import PROFILE
from api.dashboard.words.phrasing import Names, say
from api.dashboard.words.well_known import N_
from domain.files.durations import DAY, HOUR, MINUTE, SECOND
from domain.model.definition import Model
from domain.model.labels import called
from domain.touchpoints.touchpoint import moment, rfc3339
from projections.queries.days import day_named
from projections.queries.money import decimals

_NEAR: Final = timedelta(days=300)
"""Times that are no further off are told without their year."""
_YES: Final = N_("yes")
_NO: Final = N_("no")
_UNITS: Final = (("day", DAY), ("hour", HOUR), ("minute", MINUTE), ("second", SECOND))
_COUNTRY: Final = re.compile("[A-Z]{2}")
_BEYOND: Final = 10**20
"""Babel writes out no number of so many digits with its decimals."""


class PageWording:
    """The words of one model in one language, at one instant."""

    def __init__(self, model: Model, language: Language, now: int) -> None:
        """`now`: microseconds, what "ago" counts from."""
        self._language = language
        self._zone = ZoneInfo(model.timezone)
        self._now = moment(now).astimezone(self._zone)
        self.zone = model.timezone
        self._stages = {stage.name: stage.label for stage in model.stages}
        self._segments = {segment.name: segment.label for segment in model.segments}
        self._channels = {rule.name: rule.label for rule in model.channels.rules}
        self._rules = {rule.name: rule.label for rule in model.score.rules}
        self._rejections = {reason.name: reason.label for reason in model.sales.reasons}
        tags = {tag.name: tag.label for tag in model.tags}
        self._phrase_names: Names = {
            "stage": self.stage,
            "segment": self.segment,
            "reason": self.rejection,
            "field": self.field,
            "instant": self.moment,
            "tag": lambda name: self._called(tags.get(name), name),
        }
        self._exclusions = {exclusion.reason: exclusion.label for exclusion in reversed(model.not_a_lead)}

    # ---- names ----

    def stage(self, name: str) -> str:
        """What people call a stage."""
        return self._called(self._stages.get(name), name, well_known.STAGES)

    def segment(self, name: str) -> str:
        """What people call a segment."""
        return self._called(self._segments.get(name), name)

    def channel(self, name: str) -> str:
        """What people call a channel."""
        return self._called(self._channels.get(name), name, well_known.CHANNELS)

    def rule(self, name: str) -> str:
        """What people call a score rule."""
        return self._called(self._rules.get(name), name)

    def rejection(self, reason: str) -> str:
        """What people call the reason for which an owner gives a lead back."""
        return self._called(self._rejections.get(reason), reason, well_known.REJECTIONS)

    def exclusion(self, reason: str) -> str:
        """What people call the reason for which somebody is no lead."""
        return self._called(self._exclusions.get(reason), reason)

    def touchpoint(self, type: str) -> str:
        """What people call a type of touchpoint; of one that is not well known its name, readable."""
        return self._called(None, type, well_known.TOUCHPOINTS, type.replace("_", " "))

    def signal(self, kind: str) -> str:
        """What people call a kind of signal."""
        return self._called(None, kind, well_known.SIGNALS)

    def deadline(self, kind: str) -> str:
        """What is to be done by a deadline of this kind."""
        return self._called(None, kind, well_known.DEADLINES)

    def text(self, text: str, **values: object) -> str:
        """A marked text in the reader's language; `values` fill its {names}."""
        return self._language.translations.ugettext(text).format(**values)

    def translated(self, text: str) -> str:
        """A marked text in the reader's language, its {names} as they are."""
        return self._language.translations.ugettext(text)

    def known(self, table: Mapping[str, str], name: str) -> str:
        """What a table of marked texts says of a name; of one that it lacks the name, readable."""
        return self.text(table[name]) if name in table else name.replace("_", " ")

    def say(self, text: str) -> Markup:
        """A text that was made for people: a phrase in the reader's language, another is marked as English."""
        return say(text, self._language, self._phrase_names)

    def field(self, path: str) -> str:
        """What people call a field of the profile (`company`, `profile.company`)."""
        name = path.removeprefix("profile.")
        if name in PROFILE:
            return self.text(PROFILE[name])
        readable = name.replace("_", " ").strip() or name
        return readable[0].upper() + readable[1:]

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

    def _called(self, label: object, name: str, known: Mapping[str, str] | None = None, plain: str = "") -> str:
        text = (known or {}).get(name)
        default = (plain or name) if text is None else self._language.translations.ugettext(text)
        return called(label, default, self._language.tag)

    def country(self, code: str) -> str:
        """What people call a country, by its code of two letters; another text is what it is called."""
        return str(self._language.locale.territories.get(code, code)) if _COUNTRY.fullmatch(code) else code

    # ---- times ----

    def when(self, instant: int | None) -> Markup:
        """An instant as the company's clocks show it; today without the day, else without the year where it is near."""
        if instant is None:
            return Markup("")
        at = self._local(instant)
        if at.date() == self._now.date():
            return self._time(instant, format_skeleton("Hm", at, locale=self._language.locale))
        skeleton = "MMMd" if abs(at - self._now) < _NEAR else "yMMMd"
        day = format_skeleton(skeleton, at, locale=self._language.locale)
        return self._time(instant, f"{day} {format_skeleton('Hm', at, locale=self._language.locale)}")

    def moment(self, instant: int) -> str:
        """An instant as text, with its day."""
        at = self._local(instant)
        day = format_skeleton("MMMd" if abs(at - self._now) < _NEAR else "yMMMd", at, locale=self._language.locale)
        return f"{day} {format_skeleton('Hm', at, locale=self._language.locale)}"

    def day(self, instant: int | None) -> Markup:
        """The day of an instant in the company's time zone; today the time."""
        if instant is None:
            return Markup("")
        at = self._local(instant)
        near = abs(at - self._now) < _NEAR
        skeleton = "Hm" if at.date() == self._now.date() else "MMMd" if near else "yMMMd"
        return self._time(instant, format_skeleton(skeleton, at, locale=self._language.locale))

    def ago(self, instant: int | None) -> Markup:
        """How long ago an instant was, or in how long it is."""
        if instant is None:
            return Markup("")
        return self._time(
            instant,
            format_timedelta(
                self._local(instant) - self._now, add_direction=True, format="long", locale=self._language.locale
            ),
        )

    def full(self, instant: int) -> str:
        """An instant with its day, its year and the time zone, as text."""
        at, locale = self._local(instant), self._language.locale
        return (
            f"{format_skeleton('yMMMd', at, locale=locale)} {format_skeleton('Hms', at, locale=locale)} ({self.zone})"
        )

    def tick(self, tick: Tick) -> str:
        """What a time axis says of a round instant."""
        skeleton = {Unit.TIME: "Hm", Unit.DAY: "MMMd", Unit.MONTH: "MMM", Unit.YEAR: "y"}[tick.unit]
        return format_skeleton(skeleton, self._local(tick.at), locale=self._language.locale)

    def _time(self, instant: int, shown: str) -> Markup:
        return Markup('<time datetime="{}" title="{}">{}</time>').format(rfc3339(instant), self.full(instant), shown)

    def _local(self, instant: int) -> datetime:
        return moment(instant).astimezone(self._zone)

    # ---- numbers ----

    def number(self, value: float, digits: int = 0) -> str:
        """A number with at most so many decimals; one beyond all that people count in short."""
        if abs(value) >= _BEYOND:
            return f"{Decimal(value):.6g}"
        return format_decimal(round(value, digits), "#,##0." + "#" * digits, locale=self._language.locale)

    def signed(self, points: float) -> str:
        """Points with their sign."""
        return f"{'+' if points >= 0 else '−'}{self.number(abs(points), 2)}"

    def fixed(self, value: float, digits: int) -> str:
        """A number with just so many decimals: what stands below others of its kind."""
        if abs(value) >= _BEYOND:
            return self.number(value)
        return format_decimal(round(value, digits), "#,##0." + "0" * digits, locale=self._language.locale)

    def share(self, value: float | None) -> str:
        """A share from 0 to 1 in percent, with a decimal where it is small; "" where nobody knows."""
        if value is None:
            return ""
        few = value != 0 and abs(value) < 0.1
        return format_percent(value, "#,##0.0%" if few else "#,##0%", locale=self._language.locale)

    def money(self, value: float | None, currency: str | None) -> str:
        """An amount of a currency, without decimals where it is large; "" where there is none."""
        if value is None:
            return ""
        large = abs(value) >= 100_000
        if abs(value) >= _BEYOND or currency is None:
            return f"{self.number(value, 0 if large else 2)} {currency or ''}".strip()
        pattern = "¤#,##0" if large else None
        if decimals(value, currency) > decimals(0, currency):  # less than its smallest coin
            pattern = f"¤0.{'0' * decimals(value, currency)}"
        return format_currency(value, currency, pattern, currency_digits=pattern is None, locale=self._language.locale)

    def span(self, seconds: float | None) -> str:
        """A length of time in its largest fitting unit; "" where nobody knows."""
        if seconds is None:
            return ""
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, format="long", locale=self._language.locale)

    def length(self, microseconds: int) -> str:
        """A length of time in the largest unit that says it whole."""
        unit, length = next((each for each in _UNITS if microseconds % each[1] == 0), _UNITS[-1])
        return format_unit(microseconds / length, f"duration-{unit}", "long", locale=self._language.locale)

    def date(self, day: int) -> str:
        """A day, numbered since 1970-01-01, without its year where it is near."""
        at = day_named(day)
        near = abs(at - self._now.date()) < _NEAR
        return format_skeleton("MMMd" if near else "yMMMd", at, locale=self._language.locale)

    def month(self, day: int) -> str:
        """The month that a day lies in, with its year."""
        return format_skeleton("yMMM", day_named(day), locale=self._language.locale)

    def weekday(self, number: int) -> str:
        """A day of the week; 1 is Monday."""
        return str(get_day_names("wide", "stand-alone", self._language.locale)[number - 1])

    def hour(self, hour: int) -> str:
        """An hour of the day, 0 to 23: when it begins."""
        return format_skeleton("Hm", datetime(2000, 1, 1, hour), locale=self._language.locale)
