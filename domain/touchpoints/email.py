"""E-mail addresses in one spelling: syntax alone decides, no name server is asked."""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from domain.phrases import phrase
from domain.touchpoints.text import REPLACED, bare, storable

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

_LIMIT: Final = 254
"""Longest address, in bytes."""

_LONGEST: Final = 1_000
"""Characters in which an address may stand, with what decorates it."""

_ATOM: Final = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"(?![a-z0-9]{2}--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]\Z){_LABEL}\Z")
"""What the library lets pass as it is: nearly every address there is. It costs a thirtieth of asking the library."""

_MAILTO: Final = re.compile(r"mailto:", re.IGNORECASE)
_NAMED: Final = re.compile(r"[^<>]*<([^<>]+)>\Z")
_PAIRS: Final = ('""', "''", "<>", "()", "[]", "“”", "„“", "‘’", "«»", "「」", "《》", "【】", "（）", "＜＞")
_TRAILING: Final = ".,;:!、，。；"
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def email(text: str) -> str:
    """The address in its one spelling. Raises ValueError with what is wrong with it.

    Lower case on both sides; the domain in Unicode, as people read it. `mailto:`, a name before angle brackets, quotes
    and brackets around, a full stop behind it and full-width signs of an address typed so are not the address.
    """
    lowered = text.lower()
    if len(lowered) <= _LIMIT and _PLAIN.match(lowered) is not None:
        return lowered
    if len(text) > _LONGEST:
        raise ValueError(phrase("an e-mail address has at most {most} bytes", most=_LIMIT))
    return _unusual(text)


@lru_cache(20_000)
def _unusual(text: str) -> str:
    address = _undecorated(bare(text))
    if REPLACED in storable(address):
        raise ValueError(phrase("a character of it was damaged"))
    checked = _checked(address)
    local = unicodedata.normalize("NFC", checked.local_part.lower())
    return f"{local}@{checked.domain}"


def _checked(address: str) -> "ValidatedEmail":
    import email_validator  # late: it takes 50 ms, and few addresses need it

    email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()  # intranets use .local, tests .test
    try:
        return email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        raise ValueError(phrase("{why:foreign}", why=str(error))) from None


def _undecorated(text: str) -> str:
    if "＠" in text:
        text = text.translate(_FULL_WIDTH)
    previous = None
    while text != previous:
        previous = text
        text = text.rstrip(_TRAILING).strip()
        if (scheme := _MAILTO.match(text)) is not None:
            text = unquote(text[scheme.end() :].partition("?")[0])
        if (named := _NAMED.match(text)) is not None:
            text = named[1]
        if len(text) > 2 and text[0] + text[-1] in _PAIRS:
            text = text[1:-1]
    return text
