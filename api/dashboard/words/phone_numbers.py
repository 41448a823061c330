"""Phone numbers as people read them, and as a phone dials them."""

import re
from dataclasses import dataclass
from typing import Any, Final

import phonenumbers

_NUMBER: Final = re.compile(r"[a-z.:\s]*([^a-z*#]*)", re.IGNORECASE)
"""The number itself; not what stands behind it, and no code that commands a phone (`**21*...#` diverts its calls)."""
_NOT_DIALED: Final = re.compile(r"[^0-9+]")


@dataclass(frozen=True, slots=True)
class Dial:
    """`shown` for people, `number` behind `tel:`."""

    shown: str
    number: str


def dial_of(value: Any) -> Dial | None:
    """A number that somebody left; None: there is none in it."""
    if not isinstance(value, str) or len(value) > 50:
        return None
    written = _NUMBER.match(value)
    number = _NOT_DIALED.sub("", written[1]) if written else ""
    if sum(character.isdigit() for character in number) < 3:
        return None
    try:
        shown = phonenumbers.format_number(phonenumbers.parse(value), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:  # a national number: of which country nobody said
        shown = value
    return Dial(shown, number)
