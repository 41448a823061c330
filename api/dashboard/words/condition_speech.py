"""Conditions in the reader's language, with what people call stages, segments, fields and what is done."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from api.dashboard.words.lead_texts import COUNTRIES
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.conditions.tree import Field, Of, Scalar
from domain.conditions.words import Speech

_SOURCE: Final[Mapping[str, str]] = {
    "channel": N_("the channel they came by"),
    "source": N_("the source they came from"),
    "medium": N_("the medium they came by"),
    "campaign": N_("the campaign they came by"),
    "content": N_("the content they came by"),
    "term": N_("the term they searched for"),
}
_PROPERTIES: Final[Mapping[str, str]] = {
    "to": N_("the new stage"),
    "from": N_("the stage before"),
    "path": N_("the path"),
    "url": N_("the address"),
    "form": N_("the form"),
}
_CHINESE: Final = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")


class PageSpeech(Speech):
    """How a page says conditions."""

    def __init__(self, wording: PageWording) -> None:
        self._wording = wording

    def say(self, text: str, **parts: str) -> str:
        """A part that begins or ends with Chinese needs no space beside it, where a translation leaves one."""
        template = self._wording.translated(text)
        for name, part in parts.items():
            if _CHINESE.match(part[:1]):
                template = template.replace(f" {{{name}}}", f"{{{name}}}")
            if _CHINESE.match(part[-1:]):
                template = template.replace(f"{{{name}}} ", f"{{{name}}}")
        return template.format(**parts)

    def field(self, of: Of, path: Sequence[str]) -> str:
        name = ".".join(path)
        if of is Of.SOURCE:
            return self._wording.known(_SOURCE, name)
        if of is Of.PERSON:
            return self._wording.field(name)
        return self._wording.known(_PROPERTIES, name)

    def touchpoint(self, type: str) -> str:
        return self._wording.text(N_("“{name}”"), name=self._wording.touchpoint(type))

    def stage(self, name: str) -> str:
        return self._wording.stage(name)

    def segment(self, name: str) -> str:
        return self._wording.text(N_("“{name}”"), name=self._wording.segment(name))

    def value(self, field: Field, value: Scalar) -> str:
        match field:
            case Field(path=("channel",), of=Of.SOURCE):
                return self._wording.channel(str(value))
            case Field(path=(("to" | "from"),), of=Of.TOUCHPOINT):
                return self._wording.stage(str(value))
            case Field(path=(name,), of=Of.PERSON) if name in COUNTRIES:
                return self._wording.country(str(value))
            case _:
                return self._wording.value(value)

    def number(self, number: float) -> str:
        return self._wording.number(number, 6)

    def length(self, microseconds: int) -> str:
        return self._wording.length(microseconds)
