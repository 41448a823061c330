"""Text from outside: decoded once as browsers decode, in NFC, and without what nobody sees. Pure."""

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import webencodings

REPLACED: Final = "\ufffd"
"""Stands for a character that was damaged."""

STRICT: Final = "leadline.strict"
REPLACE: Final = "leadline.replace"
"""Error handlers for the codec of a `charset`: what browsers read and Python does not is read; what nobody can read is
an error, or U+FFFD."""

_UTF_8: Final = "utf-8"
_UNDECLARED: Final = "gb18030"
"""What a form is written in that neither says so nor is UTF-8; it holds GBK and GB 2312."""

_DEFAULT: Final = "cp1252"
"""Of ISO-8859-1 and ASCII browsers mean this; HTTP libraries declare it by default, whatever they send."""

# ---- what nobody sees --------------------------------------------------------------------------------------------

_ATTACHED: Final = "\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef"
"""Variation selectors and tags: they shape the character before them (a flag, a coloured heart)."""

_HIDDEN: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e001f\U000e0080-\U000e00ff\U000e01f0-\U000e0fff"
)
"""Unicode's Default_Ignorable_Code_Point, and controls that are no white space."""

_BLANK: Final = r"\s\u2800"
"""White space, and the Braille cell without dots."""

_TURNING: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Unicode's embeddings, overrides and isolates of a direction of writing."""

_INVISIBLE: Final = re.compile(f"[{_HIDDEN}{_ATTACHED}]")
_BEFORE: Final = re.compile(f"[{_BLANK}{_HIDDEN}{_ATTACHED}]+")
_BEHIND: Final = re.compile(f"[{_BLANK}{_HIDDEN}]+")
_ASCII_ENDS: Final = "".join(map(chr, range(33))) + "\x7f"
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for what cannot be stored: NUL and half a pair of surrogates."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub(REPLACED, text)


def is_plain(text: str) -> bool:
    """Whether it is ASCII that is storable and tidy already, as most text is."""
    return text.isascii() and text.isprintable() and text[:1] != " " and text[-1:] != " "


def tidy(text: str) -> str:
    """The text in NFC, without white space and invisible characters at its ends; "" where nothing is visible."""
    if text.isascii():
        return text.strip(_ASCII_ENDS)
    text = unicodedata.normalize("NFC", text)
    if (before := _BEFORE.match(text)) is not None:
        text = text[before.end() :]
    if text and (behind := _BEHIND.match(text[::-1])) is not None:
        text = text[: -behind.end()]
    return text


def bare(text: str) -> str:
    """The text in NFC without any invisible character, wherever it stands, and without white space at its ends."""
    if text.isascii() and text.isprintable():
        return text.strip(" ")
    return tidy(_INVISIBLE.sub("", unicodedata.normalize("NFC", text)))


def in_a_line(text: str) -> str:
    """The text in one line, read in its own direction: no break of a line, no character that turns what follows."""
    return " ".join(text.translate(_TURNING).split())


def as_text(value: object) -> str | None:
    """The text that a JSON value is: itself, or a whole number's digits (`12.0` is 12). None: it is neither."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)


def shortened(text: str, limit: int) -> str:
    """The text where it has at most `limit` characters, else its hash: every character counts, whatever its length."""
    return text if len(text) <= limit else "hash-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


# ---- charsets ----------------------------------------------------------------------------------------------------


def charset(label: str) -> str | None:
    """The name of the Python codec that reads what is labelled so on the web (None: no such label).

    Each label of GBK means GB 18030 (of which it is a part). What browsers send no form in (UTF-16, and the labels that
    the standard replaces) is UTF-8.
    """
    encoding = webencodings.lookup(label)
    if encoding is None:
        return None
    if encoding.name in ("gbk", "gb18030"):
        return "gb18030"
    if encoding.name in ("utf-8", "utf-16le", "utf-16be", "replacement", "x-user-defined"):
        return _UTF_8
    return str(encoding.codec_info.name)


def utf8(data: bytes) -> str:
    """UTF-8 text; each damaged character is U+FFFD and costs no other."""
    return data.decode(_UTF_8, "replace")


def decoded(parts: Iterable[bytes], declared: str = "", *, certain: bool = False) -> list[str]:
    """The parts of one form as texts, in one charset: a page has one.

    `declared` is the label that came with them ("" or an unknown one: none did). It holds, and what cannot be read in
    it is U+FFFD; only ISO-8859-1, which libraries declare unasked, gives way to valid UTF-8 unless it is `certain`.
    Undeclared parts are UTF-8, or GB 18030 where they are no UTF-8 for the most part.
    """
    parts = list(parts)
    codec = charset(declared) if declared else None
    if codec == _DEFAULT and not certain and all(map(_is_utf8, parts)):
        codec = _UTF_8
    if codec is None:
        codec = _guessed(parts)
    texts = [_read(part, codec) for part in parts]
    return texts if codec == _UTF_8 else [_ENTITY.sub(_character, text) for text in texts]


def header(value: str) -> str:
    """The text of a header, of which a server gives the bytes as Latin-1."""
    return value if value.isascii() else decoded([value.encode("latin-1", "replace")])[0]


def _read(part: bytes, codec: str) -> str:
    text = part.decode(codec, REPLACE)
    return text.translate(_GB18030_2022) if codec == "gb18030" else text


def _is_utf8(part: bytes) -> bool:
    try:
        part.decode(_UTF_8)
    except UnicodeDecodeError:
        return False
    return True


_SEQUENCE: Final = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
"""A valid character of UTF-8 that is no ASCII."""


_CUT: Final = re.compile(
    rb"[\xe0-\xef][\x80-\xbf](?![\x80-\xbf])|[\xf0-\xf4][\x80-\xbf]{1,2}(?![\x80-\xbf])|\xed[\xa0-\xbf][\x80-\xbf]"
)
"""A character of UTF-8 that was cut, or half a pair of surrogates: it says nothing for any charset."""


_ASCII: Final = bytes(range(128))


def _guessed(parts: Sequence[bytes]) -> str:
    """UTF-8, unless most of the bytes beyond ASCII are no valid sequence of it and GB 18030 reads more of them."""
    whole = b" ".join(parts)
    if _is_utf8(whole):
        return _UTF_8
    rest, valid = _SEQUENCE.sub(b" ", whole), sum(map(len, _SEQUENCE.findall(whole)))
    other = len(_CUT.sub(b" ", rest).translate(None, _ASCII))
    if valid > other or not other:
        return _UTF_8
    lost = {codec: whole.decode(codec, "replace").count(REPLACED) for codec in (_UTF_8, _UNDECLARED)}
    return _UNDECLARED if lost[_UNDECLARED] < lost[_UTF_8] else _UTF_8


_ENTITY: Final = re.compile("&#([0-9]{3,7});")


def _character(entity: re.Match[str]) -> str:
    """What a browser sends as `&#8364;`: a character that the page's charset lacks."""
    code = int(entity[1])
    return chr(code) if 0x80 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else entity[0]


_GB18030_2022: Final = dict(
    zip(
        map(ord, "\ue78d\ue78e\ue78f\ue790\ue791\ue792\ue793\ue794\ue795\ue796"
        "\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864\ue816\ue817\ue818\ue831\ue83b\ue855\ue7c7"),
        "︐︒︑︓︔︕︖︗︘︙龴龵龶龷龸龹龺龻𠂇𠂉𠃌𡗗𢦏𤇾ḿ",
        strict=True,
    )
)  # fmt: skip
"""Characters that GB 18030 had for private use until 2022."""


_EUROS: Final = re.compile(rb"\x80+")


def _beyond_python(error: UnicodeError) -> tuple[str, int] | None:
    """The character at which Python's codec stopped and a browser does not, and where to go on."""
    if not isinstance(error, UnicodeDecodeError):
        return None
    rest = error.object[error.start : error.start + 2]
    match error.encoding:
        case "gb18030" if (run := _EUROS.match(error.object, error.start)) is not None:
            return "€" * len(run[0]), run.end()
        case "euc_jp" | "iso2022_jp" if len(rest) == 2:
            row, cell = rest[0] & 0x7F, rest[1] & 0x7F
            if (character := _of_microsoft(row, cell)) is not None:
                return character, error.start + 2
        case "charmap" if 0x80 <= rest[0] <= 0x9F:
            return REPLACED, error.start + 1
    return None


def _of_microsoft(row: int, cell: int) -> str | None:
    """A character of JIS X 0208 with Microsoft's rows (as ㈱ and 髙), which Python knows in Shift_JIS only."""
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        return None
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    trail = cell + (0x7E if row % 2 == 0 else 0x20 if cell >= 0x60 else 0x1F)
    try:
        return bytes((lead, trail)).decode("cp932")
    except UnicodeDecodeError:
        return None


_Handler = Callable[[UnicodeError], tuple[str | bytes, int]]


def _handler(otherwise: _Handler) -> _Handler:
    return lambda error: _beyond_python(error) or otherwise(error)


codecs.register_error(STRICT, _handler(codecs.strict_errors))
codecs.register_error(REPLACE, _handler(codecs.replace_errors))
