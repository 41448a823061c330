"""Terms: what somebody is found by. Whoever searches gives the beginning of each of some terms, in any order."""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from unicodedata import category, normalize

from domain.touchpoints.text import storable

TERMS: Final = 40
"""Most terms of one lead."""
LONGEST: Final = 24
"""Characters of a word that count."""
READ: Final = 400
"""Characters of a text that are read."""

_ASCII_WORD: Final = re.compile("[0-9a-z]+")
_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Accents; the vowel points of Hebrew and Arabic, which people leave out; selectors of a glyph, of emoji too."""
_LETTERS: Final = str.maketrans({
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe",
})  # fmt: skip
"""Letters that Unicode does not take apart, as who lacks them types them."""
_UNSPACED: Final = re.compile(
    "([\u2e80-\u2fdf\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff]+)"
)
"""Han, kana, Hangul: written without spaces, or found by any part of a word."""


def terms_of(texts: Iterable[str]) -> list[str]:
    """What somebody is found by whose names, company and e-mails these are, the first texts first; at most `TERMS`.

    A word is a term. Of what is written without spaces, any two neighbours are one, and the last character; neighbours
    also where somebody put a space or a dot between them, as between family and given name.
    """
    terms: dict[str, None] = {}
    for text in texts:
        before = ""
        for part, unspaced in _parts(text):
            if unspaced:
                if before:
                    terms[before[-1] + part[0]] = None
                terms.update(dict.fromkeys(part[n : n + 2] for n in range(len(part))))
            else:
                terms[part] = None
            before = part if unspaced else ""
    return list(terms)[:TERMS]


def asked_for(text: str) -> list[str]:
    """What a search for this text asks for: of each a lead must have a term that begins so."""
    asked: dict[str, None] = {}
    for part, unspaced in _parts(text):
        if unspaced:
            asked.update(dict.fromkeys(part[n : n + 2] for n in range(max(1, len(part) - 1))))
        else:
            asked[part] = None
    return list(asked)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a text without case, width and accents, and whether each is of a script without spaces."""
    text = storable(text[:READ]).casefold()
    if text.isascii():
        for word in _ASCII_WORD.findall(text):
            yield word[:LONGEST], False
        return
    text = _ACCENTS.sub("", normalize("NFKD", normalize("NFKC", text).casefold()))
    text = normalize("NFKC", text.translate(_LETTERS))
    letters = "".join(each if category(each)[0] in "LMN" else " " for each in text)
    for word in letters.split():
        if all(category(each)[0] == "M" for each in word):
            continue
        for place, part in enumerate(_UNSPACED.split(word)):
            if part:
                yield (part, True) if place % 2 else (part[:LONGEST], False)
