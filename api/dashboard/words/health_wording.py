"""How the pages about the installation say things, beyond what every page does."""

import re
import unicodedata
from typing import Final

import orjson
from babel.units import format_unit
from markupsafe import Markup, escape

from api.dashboard.words.health_texts import FINDING_KINDS, JOBS, PARTS, STATES
from api.dashboard.words.recorded_reasons import reason_text
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from api.rejections import REPLAY
from api.upkeep import VERIFY
from store.jobs import Job

_CODE: Final = re.compile(r"`([^`]+)`")
_UNITS: Final = ((10**12, "digital-terabyte"), (10**9, "digital-gigabyte"), (10**6, "digital-megabyte"))
_OUTCOMES: Final = {
    REPLAY: N_("Tried {tried}: {appended} are taken now, {refused} are still refused."),
    VERIFY: N_("{rows} rows looked at, {differences} differ."),
}
"""What came of a job, by its kind."""
_UNSEEN: Final = ("Cc", "Cf", "Co", "Cs")
"""Kinds of characters that change how others are shown, or show nothing."""


class HealthWording(PageWording):
    """The words of the pages about the installation."""

    def size(self, count: int) -> str:
        """Bytes in their largest fitting unit."""
        least, unit = next((each for each in _UNITS if count >= each[0]), (10**3, "digital-kilobyte"))
        shown = count / least
        digits = 1 if 0 < shown < 100 else 0
        text = format_unit(round(shown, digits), unit, "short", locale=self._language.locale)
        return str(text)

    def part(self, name: str) -> str:
        """What people call something that reads on."""
        start = self._part(name)
        return name if start is None else self.text(PARTS[start].called, place=name.removeprefix(start))

    def part_does(self, name: str) -> str:
        """What it does."""
        start = self._part(name)
        return "" if start is None else self.text(PARTS[start].does)

    def _part(self, name: str) -> str | None:
        return next((start for start in PARTS if name.startswith(start)), None)

    def job(self, kind: str) -> str:
        """What people call a kind of job."""
        named = next((name for name in JOBS if kind.startswith(name)), kind)
        return self.known(JOBS, named)

    def job_state(self, state: str) -> str:
        """How a job is."""
        return self.known(STATES, state)

    def came_of(self, job: Job, *, knows: bool) -> str:
        """What came of a job; its result is told to whom `knows`."""
        if job.error is not None:
            return self.say(job.error)
        result = orjson.loads(job.result) if job.result is not None and knows else None
        text = _OUTCOMES.get(job.kind)
        if text is None or not isinstance(result, dict):
            return ""
        return self.text(text, **{name: self.number(n) for name, n in result.items() if isinstance(n, int)})

    def finding(self, kind: str) -> str:
        """What people call a kind of finding."""
        return self.known(FINDING_KINDS, kind)

    def coded(self, text: str) -> Markup:
        """A text of the page, with what is typed at a terminal marked as such."""
        return with_code(text)

    def visible(self, text: str) -> str:
        """A text from anywhere, safe to look at."""
        return visible(text)

    def reason(self, reason: str) -> Markup:
        """Why input was refused, safe to look at."""
        return reason_text(self, visible(reason))

    def told(self, text: str) -> Markup:
        """A text of the status, with what is typed at a terminal marked as such."""
        return with_code(self.say(text))


def with_code(text: str) -> Markup:
    """A text in which what stands between backticks is code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def visible(text: str) -> str:
    """A text from anywhere as it is safe to look at: what hides or turns other characters is written out."""
    return "".join(
        each if each in "\n\t" or unicodedata.category(each) not in _UNSEEN else _named(each) for each in text
    )


def _named(character: str) -> str:
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
