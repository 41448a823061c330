"""A request's body, whose format and charset are told by its bytes: clients say one thing and send another.

A gzipped JSON body comes as `application/x-www-form-urlencoded`, JSON as `text/plain`, GBK forms without a charset.
"""

import json
import math
import re
import zlib
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import unquote_to_bytes

import orjson
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from domain.errors import Reject
from domain.touchpoints.text import decoded, is_plain, storable, tidy, utf8

LIMIT: Final = 500_000
"""Largest body, as sent and unpacked, in bytes."""

FIELDS: Final = 1_000
"""Most fields of a form."""

MEMBERS: Final = 16
"""Most gzip members of a body: a client sends one."""

DEPTH: Final = 400
"""How deep lists and tables of a body may nest."""

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"

_EDGE: Final = re.compile(rb' (?:(?=")|(?<=" ))')
"""A blank beside a quote."""
_LINE: Final = re.compile(rb"[^=\r\n]{1,200}=")
Fields = list[tuple[str, str]]
"""A form's fields in the order sent; names repeat."""


class Malformed(Reject, ValueError):
    """These bytes are none of the formats that a door takes."""


class TooLarge(Reject, ValueError):
    """The body is larger than `LIMIT`, as sent or unpacked."""


class Body(NamedTuple):
    """A parsed body: a JSON value, or a form's fields."""

    format: Literal["empty", "json", "form"]
    value: Any


def parse(raw: bytes, content_type: str = "") -> Body:
    """The value of a body as sent. Raises Malformed or TooLarge."""
    return parsed(unpacked(raw), content_type)


def parsed(data: bytes, content_type: str = "") -> Body:
    """The value of an unpacked body. `content_type` is asked for the charset of a form alone: all JSON is UTF-8.

    It takes time in proportion to the body's length, whatever is in it. Raises Malformed.
    """
    start = data.removeprefix(_BOM).lstrip()
    if not start:
        return Body("empty", None)
    if start[:1] in (b"{", b"["):
        return Body("json", _json(data.removeprefix(_BOM)))
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
    """Fields by name; what repeats is a list, in which what was left empty does not stand."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: _filled(several) for name, several in values.items()}


def _filled(values: list[str]) -> str | list[str]:
    filled = [value for value in values if value]
    return filled if len(filled) > 1 else next(iter(filled), "")


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


def _json(data: bytes) -> Any:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        value = _lenient(data, str(error))
    else:
        if is_tidy(data):
            return value
    try:
        return clean(value)
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None


def is_tidy(data: bytes) -> bool:
    """Whether every text in JSON is surely kept as it is: ASCII without escapes, and no white space at its ends."""
    if not data.isascii() or b"\\" in data or b"\x7f" in data:
        return False
    if _EDGE.search(data) is None:
        return True
    texts = b'"%b"' % b'"'.join(data.split(b'"')[1::2])  # without what stands between them, as blanks behind a comma
    return _EDGE.search(texts) is None


def _lenient(data: bytes, fault: str) -> Any:
    """What Python's reader makes of it: half an emoji, cut by a browser; NaN of a Python client; damage."""
    try:
        return json.loads(utf8(data), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise Malformed(f"the body is no JSON: {fault}") from None


def clean(value: Any, depth: int = 0) -> Any:
    """The value as it is kept: texts storable and tidy, numbers that JSON cannot carry null.

    Raises RecursionError where it is nested more than `DEPTH` deep, whatever this process bears.
    """
    if isinstance(value, str):
        return value if is_plain(value) else tidy(storable(value))
    if isinstance(value, dict | list) and depth == DEPTH:
        raise RecursionError
    if isinstance(value, dict):
        return {key if is_plain(key) else clean(str(key)): clean(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list):
        return [clean(part, depth + 1) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**64:
        return clean(float(value)) if abs(value) < 10**308 else None
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
    """The fields as text. One charset for all: a page has one, and its browser names it in `_charset_`."""
    declared_charset = next((value for name, value in pairs if name == b"_charset_"), b"").decode("ascii", "replace")
    texts = iter(
        decoded(
            [part for pair in pairs for part in pair],
            declared_charset or _declared(content_type),
            certain=bool(declared_charset),
        )
    )
    tidied = [(clean(name), clean(value)) for name, value in zip(texts, texts, strict=True)]
    return [(name, value) for name, value in tidied if name and name != "_charset_"]


def _declared(content_type: str) -> str:
    """The charset that a content type declares ("": none)."""
    _, options = parse_options_header(content_type)
    return options.get(b"charset", b"").decode("ascii", "replace")
