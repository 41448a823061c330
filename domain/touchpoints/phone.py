"""Phone numbers in E.164, as Google's libphonenumber reads them: possible ones, never only valid ones.

Which numbers are valid changes with every release of its tables; an identity must not.
"""

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from domain.phrases import phrase
from domain.touchpoints.text import bare

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

_LIMIT: Final = 100
_INTERNATIONAL: Final = re.compile(r"[^0-9+]*00(?=[^0-9]*[1-9])")
_LETTERS: Final = re.compile(r"[0-9][^0-9]*?[^\W\d_]")


def regions() -> frozenset[str]:
    """Two-letter codes of the regions whose national numbers can be read."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


def phone(text: str, region: str = "") -> str:
    """The number as `+` and digits. Raises ValueError with what is wrong with it.

    A national number is read by the rules of `region` ("": not at all). One with an extension reaches a switchboard,
    and so is nobody's.
    """
    if len(text) > _LIMIT:
        raise ValueError(phrase("a phone number has at most 15 digits"))
    return _phone(text, region)


@lru_cache(50_000)
def _phone(text: str, region: str) -> str:
    number = _parsed(text, region)
    if number != text and _parsed(number, "") != number:
        raise ValueError(phrase("the number can be read in more than one way"))
    return number


def _parsed(text: str, region: str) -> str:
    import phonenumbers  # late: it takes 100 ms, and there are touchpoints without a phone

    text = _digits(text)
    number = _read(text, region)
    if number.extension:
        raise ValueError(phrase("a number with an extension is a switchboard's"))
    if _LETTERS.search(text) is not None:
        raise ValueError(phrase("a phone number has no letters"))
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        place = phonenumbers.region_code_for_country_code(number.country_code or 0)
        raise ValueError(phrase("a number of {place} has another length", place=place))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: str) -> str:
    """The text with ASCII digits, and `+` for the prefix `00`."""
    text = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in bare(text))
    prefix = _INTERNATIONAL.match(text)
    return text if prefix is None else "+" + text[prefix.end() :]


def _read(text: str, region: str) -> "PhoneNumber":
    import phonenumbers

    try:
        return phonenumbers.parse(text, region or None)
    except phonenumbers.NumberParseException as error:
        if not region and error.error_type == error.INVALID_COUNTRY_CODE and "+" not in text:
            raise ValueError(phrase("a national number needs LEADLINE_REGION; write it as +49 171 1234567")) from None
        why = str(error).partition(") ")[2] or "no phone number"
        raise ValueError(phrase("{why:foreign}", why=why)) from None
