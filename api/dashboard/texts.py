"""The languages of the dashboard, and which of them a reader gets: each is a file `locale/LANGUAGE.po` beside English.

The catalogues are read when the server starts; nothing is compiled before.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from starlette.requests import Request

from web.languages import preferred

LOCALE: Final = Path(__file__).with_name("locale")
COOKIE: Final = "leadline_lang"
PARAMETER: Final = "lang"
"""Of any page's query: the language from then on."""


@dataclass(frozen=True)
class Language:
    """A language that the dashboard speaks."""

    tag: str
    """As HTML, cookies and URLs name it: `zh-CN`."""
    locale: Locale
    translations: NullTranslations

    @property
    def name(self) -> str:
        """What its speakers call it, without the country."""
        name = str(self.locale.languages.get(self.locale.language, self.tag))
        return name[:1].upper() + name[1:]


class Texts:
    """All languages, English first."""

    def __init__(self, folder: Path = LOCALE) -> None:
        """`folder` holds the catalogues."""
        spoken = [Language("en", Locale.parse("en"), NullTranslations()), *map(_read, sorted(folder.glob("*.po")))]
        self.languages: Mapping[str, Language] = {language.tag: language for language in spoken}

    def language(self, request: Request) -> Language:
        """The one that the query names, else the cookie, else the first that the browser prefers; else English."""
        named = (request.query_params.get(PARAMETER), request.cookies.get(COOKIE))
        for wanted in (*named, *preferred(request.headers.get("accept-language", ""))):
            if wanted and (language := self._spoken(wanted)) is not None:
                return language
        return self.languages["en"]

    def asked(self, request: Request) -> Language | None:
        """The one that the query names."""
        return self._spoken(request.query_params.get(PARAMETER, ""))

    def _spoken(self, wanted: str) -> Language | None:
        """The very one, else one of the same language: `zh-TW` gets `zh-CN` where there is no other Chinese."""
        tags = {tag.lower(): language for tag, language in self.languages.items()}
        lowered = wanted.replace("_", "-").lower()
        if lowered in tags:
            return tags[lowered]
        primary = lowered.partition("-")[0]
        return next((language for tag, language in tags.items() if tag.partition("-")[0] == primary), None)


def _read(file: Path) -> Language:
    with file.open("rb") as raw:
        catalogue = read_po(raw, locale=file.stem)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(file.stem.replace("_", "-"), Locale.parse(file.stem), Translations(compiled))
