"""A request's body, whose format and charset are told by its bytes: clients say one thing and send another.

A gzipped JSON body comes as `application/x-www-form-urlencoded`, JSON as `text/plain`, GBK forms without a charset.
"""

import codecs
import json
import math
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import unquote_to_bytes

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

LIMIT: Final = 500_000
"""Largest body, as sent and unpacked, in bytes."""

FIELDS: Final = 1_000
"""Most fields of a form."""

MEMBERS: Final = 16
"""Most gzip members of a body: a client sends one."""

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_CHARSET: Final = re.compile(r"charset=\"?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LINE: Final = re.compile(rb"[^=\r\n]{1,200}=")
_CHARSETS: Final = frozenset(
    {"ascii", "big5", "big5hkscs", "cp866", "cp874", "cp932", "cp949", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk",
     "hz", "iso2022_jp", "koi8-r", "koi8-u", "mac-cyrillic", "mac-roman", "shift_jis", "utf-16", "utf-16-be",
     "utf-16-le", *(f"cp125{n}" for n in range(9)), *(f"iso8859-{n}" for n in range(1, 17))}
)  # fmt: skip
"""What pages are written in. Python knows more charsets, some of which raise on any text, or take minutes for it."""

Fields = list[tuple[str, str]]
"""A form's fields in the order sent; names repeat."""


class Malformed(ValueError):
    """These bytes are none of the formats that a door takes."""


class TooLarge(ValueError):
    """The body is larger than `LIMIT`, as sent or unpacked."""


@dataclass(frozen=True, slots=True)
class Body:
    """A parsed body: a JSON value, or a form's fields."""

    format: Literal["empty", "json", "form"]
    value: Any


def parse(raw: bytes, content_type: str = "") -> Body:
    """The value of a body as sent. Raises Malformed or TooLarge."""
    return parsed(unpacked(raw), content_type)


def parsed(data: bytes, content_type: str = "") -> Body:
    """The value of an unpacked body. `content_type` is asked for a charset only, and only if the bytes are no UTF-8.

    It takes time in proportion to the body's length, whatever is in it. Raises Malformed.
    """
    start = data.removeprefix(_BOM).lstrip()
    if not start:
        return Body("empty", None)
    if start[:1] in (b"{", b"["):
        return Body("json", _json(data.removeprefix(_BOM), content_type))
    if start[:2] == b"--" and b"form-data" in start[:2_000].lower():
        return Body("form", _multipart(start, content_type))
    if _LINE.match(start):
        plain = b"\n" in start.rstrip() or (start.endswith(b"\r\n") and b"&" not in start)
        pairs = _plain(start) if plain else _urlencoded(start)
        return Body("form", _decoded(pairs, content_type))
    raise Malformed("the body is neither JSON nor a form (urlencoded, multipart or text/plain), gzipped or not")


def fields(query: bytes) -> Fields:
    """The fields of a query string as in the request line, percent-encoded, whatever charset its page has.

    Raises Malformed.
    """
    return _decoded(_urlencoded(query), "")


def table(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Fields by name; what repeats is a list."""
    named: dict[str, Any] = {}
    for name, value in pairs:
        if name not in named:
            named[name] = value
        elif isinstance(named[name], list):
            named[name].append(value)
        else:
            named[name] = [named[name], value]
    return named


def unpacked(raw: bytes) -> bytes:
    """The bytes without gzip, if they have it. Raises Malformed or TooLarge."""
    if len(raw) > LIMIT:
        raise TooLarge(f"the body is larger than {LIMIT} bytes: send fewer items in a request")
    if not raw.startswith(_GZIP):
        return raw
    whole, rest = b"", raw
    for _ in range(MEMBERS):
        unzip = zlib.decompressobj(wbits=31)
        try:
            whole += unzip.decompress(rest, LIMIT + 1 - len(whole))
        except zlib.error as error:
            raise Malformed(f"the body begins as gzip but is none: {error}") from error
        if len(whole) > LIMIT:
            raise TooLarge(f"the body is larger than {LIMIT} bytes when unpacked: send fewer items in a request")
        if not unzip.eof:
            raise Malformed("the gzipped body ends too early")
        rest = unzip.unused_data
        if not rest.startswith(_GZIP):
            return whole
    raise Malformed(f"the gzipped body has more than {MEMBERS} members: send one")


# ---- JSON --------------------------------------------------------------------------------------------------------


def _json(data: bytes, content_type: str) -> Any:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        value = _lenient(data, content_type, str(error))
    else:
        if b"\\u0000" not in data:
            return value
    try:
        return clean(value)
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None


def _lenient(data: bytes, content_type: str, fault: str) -> Any:
    """What Python's reader makes of it: half an emoji, cut by a browser; NaN of a Python client; GBK of an old page."""
    try:
        return json.loads(_text([data], content_type)[0], parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise Malformed(f"the body is no JSON: {fault}") from None


def clean(value: Any) -> Any:
    """The value without what cannot be stored: NUL and lone surrogates become U+FFFD, endless numbers null."""
    match value:
        case str():
            return _SURROGATE.sub("\ufffd", value.replace("\x00", "\ufffd"))
        case dict():
            return {clean(str(key)): clean(part) for key, part in value.items()}
        case list():
            return [clean(part) for part in value]
        case float() if not math.isfinite(value):
            return None
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**64:
            return clean(float(value)) if abs(value) < 10**308 else None
        case _:
            return value


# ---- forms -------------------------------------------------------------------------------------------------------


def _urlencoded(data: bytes) -> list[tuple[bytes, bytes]]:
    parts = data.strip().split(b"&")
    if len(parts) > FIELDS:
        raise Malformed(f"the form has more than {FIELDS} fields")
    pairs = []
    for part in parts:
        name, _, value = part.replace(b"+", b" ").partition(b"=")
        if name:
            pairs.append((unquote_to_bytes(name), unquote_to_bytes(value)))
    return pairs


def _plain(data: bytes) -> list[tuple[bytes, bytes]]:
    """A form sent as text/plain: a line is `name=value`; one without `=` goes on with the value before it."""
    pairs: list[tuple[bytes, list[bytes]]] = []
    for line in data.replace(b"\r\n", b"\n").split(b"\n"):
        if _LINE.match(line) and len(pairs) < FIELDS:
            name, _, value = line.partition(b"=")
            pairs.append((name, [value]))
        elif pairs and line:
            pairs[-1][1].append(line)
    return [(name, b"\n".join(lines)) for name, lines in pairs]


def _multipart(data: bytes, content_type: str) -> Fields:
    """A multipart form. The boundary is its first line; an empty file part is dropped, of a file its name is kept."""
    boundary = data.split(b"\n", 1)[0].strip()[2:]
    reader = _Parts()
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        parser.write(data)
        parser.finalize()
    except (FormParserError, ValueError) as error:
        raise Malformed(f"the body begins as multipart/form-data but is none: {error}") from error
    if not reader.ended:
        raise Malformed("the multipart body ends too early")
    return _decoded(reader.pairs, content_type)


class _Parts:
    """Collects the parts of a multipart body."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []
        self.ended = False
        self._name = self._value = self._disposition = b""
        self._data = bytearray()

    def callbacks(self) -> dict[str, Any]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._field(data[start:end]),
            "on_header_value": lambda data, start, end: self._header(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_data": lambda data, start, end: self._data.extend(data[start:end]),
            "on_part_end": self._end,
            "on_end": self._over,
        }

    def _begin(self) -> None:
        self._name = self._value = self._disposition = b""
        self._data = bytearray()

    def _field(self, data: bytes) -> None:
        self._name += data

    def _header(self, data: bytes) -> None:
        self._value += data

    def _header_end(self) -> None:
        if self._name.strip().lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _end(self) -> None:
        _, options = parse_options_header(self._disposition)
        name, file = options.get(b"name", b""), options.get(b"filename")
        if len(self.pairs) >= FIELDS:
            raise ValueError(f"more than {FIELDS} fields")
        if name and file is None:
            self.pairs.append((name, bytes(self._data)))
        elif name and file:
            self.pairs.append((name, file))

    def _over(self) -> None:
        self.ended = True


# ---- charset -----------------------------------------------------------------------------------------------------


def _decoded(pairs: list[tuple[bytes, bytes]], content_type: str) -> Fields:
    """The fields as text. One charset for all: a page has one."""
    named = next((value for name, value in pairs if name == b"_charset_"), b"")
    declared = f"charset={named.decode('ascii', 'replace')}" if named else content_type
    texts = iter(_text([part for pair in pairs for part in pair], declared))
    found = [(clean(name), clean(value)) for name, value in zip(texts, texts, strict=True)]
    return [(name, value) for name, value in found if name != "_charset_"]


def _text(parts: Iterable[bytes], content_type: str) -> list[str]:
    """The parts as text: UTF-8 if all are, else as declared, else GB18030 (which holds GBK and GB 2312)."""
    parts = list(parts)
    for charset in ("utf-8", _declared(content_type), "gb18030"):
        try:
            return [part.decode(charset) for part in parts]
        except UnicodeError:
            continue
    return [part.decode("utf-8", "replace") for part in parts]


def _declared(content_type: str) -> str:
    """The charset that a content type declares, if pages are written in it."""
    found = _CHARSET.search(content_type)
    try:
        name = codecs.lookup(found.group(1)).name if found else ""
    except LookupError:
        name = ""
    return name if name in _CHARSETS else "gb18030"
