"""Write keys: who a request of the Segment API comes from, and whether that source is a browser or a server."""

import base64
import binascii
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from domain.errors import Misconfigured
from domain.touchpoints.claims import OWN_SOURCES
from domain.touchpoints.touchpoint import Source
from producers.reading.body import LIMIT, Malformed, TooLarge, unpacked

_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}\Z")
_FIELD: Final = re.compile(
    rb'("writeKey"\s*:\s*"|(?:^|(?<=[&?\r\n]))writeKey=)'  # of JSON, of a form or a query
    rb'(?:(?<=")(?:[^"\\]|\\.)+|(?<==)[^&\s"]+)'
)
SHORTEST_MASKED: Final = 8
"""Characters of a key that is masked wherever it stands; a shorter one is, where it is called `writeKey`."""
_SHORT: Final = 200
"""Characters of a key whose digest is remembered."""
HEADERS: Final = frozenset({b"authorization", b"x-write-key"})
"""What may bear a key."""
_KINDS: Final = {"public": "browser", "server": "server"}


class WrongSetting(Misconfigured, ValueError):
    """A setting of the collector that cannot be used. A ValueError, so that the settings collect it with the others."""


@dataclass(frozen=True, slots=True)
class WriteKeys:
    """The known write keys. None at all: any key, or none, counts as a server's named `default`, on loopback only."""

    sources: Mapping[bytes, Source]
    """By the key's SHA-256, so that comparing takes as long for every wrong key."""

    @property
    def open(self) -> bool:
        """Whether any key counts."""
        return not self.sources

    @property
    def servers(self) -> frozenset[str]:
        """Names of servers' sources: whose ids nobody else may give."""
        return frozenset(source.name for source in self.sources.values() if source.kind == "server")

    def source(self, keys: Iterable[str]) -> Source | None:
        """Who sends with these keys; the first known one counts. None: nobody."""
        for key in keys:
            if (source := self.sources.get(_digest(key))) is not None:
                return source
        return Source("server", "default") if self.open else None


def parse(text: str) -> WriteKeys:
    """The keys of `LEADLINE_WRITE_KEYS`: comma-separated `NAME:public:KEY` or `NAME:server:KEY`.

    Two keys may share a name, so that a key can be changed without changing its source. Raises WrongSetting.
    """
    sources: dict[bytes, Source] = {}
    for place, part in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, kind, key = ([*part.split(":", 2), "", ""])[:3]
        setting = f"LEADLINE_WRITE_KEYS, key {place}"
        if not key or kind not in _KINDS:
            raise WrongSetting(f"{setting}: allowed is NAME:public:KEY or NAME:server:KEY")
        if not _NAME.match(name):
            raise WrongSetting(f"{setting}: found name {name!r}, allowed are 1 to 100 letters, digits and _ . -")
        if name in OWN_SOURCES:
            raise WrongSetting(f"{setting}: found name {name!r}, allowed is none of {', '.join(sorted(OWN_SOURCES))}")
        if _digest(key) in sources:
            raise WrongSetting(f"{setting} (named {name!r}): the same key stands there twice, each needs its own")
        sources[_digest(key)] = Source(_KINDS[kind], name)
    return WriteKeys(sources)


def of_headers(headers: Mapping[str, str]) -> list[str]:
    """The write keys in a request's headers: Basic `KEY:` and `X-Write-Key`."""
    write_keys = []
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if credentials and scheme.lower() == "basic":
        with suppress(binascii.Error, ValueError):  # no key here: the body may have one
            pair = base64.b64decode(credentials.strip(), validate=True).decode("utf-8", "replace")
            write_keys.append(pair.partition(":")[0])
    if key := headers.get("x-write-key", "").strip():
        write_keys.append(key)
    return write_keys


def of_body(value: object) -> list[str]:
    """The write keys in a parsed body: its own, or the first item's of a batch."""
    write_keys = []
    if isinstance(value, dict):
        items = value.get("batch")
        first = items[0] if isinstance(items, list) and items else None
        for holder in (value, first):
            key = holder.get("writeKey") if isinstance(holder, dict) else None
            if isinstance(key, str) and key.strip():
                write_keys.append(key.strip())
    return write_keys


def masked(raw: bytes, write_keys: Iterable[str]) -> bytes:
    """Refused bytes without write keys: whatever is called `writeKey`, and the given `write_keys`, are `***`.

    Gzip stays gzip, so that what is kept is no larger than what came.
    """
    zipped = raw.startswith(b"\x1f\x8b")
    data = _unzipped(raw) if zipped else raw
    shown = _FIELD.sub(rb"\1***", data)
    for key in write_keys:
        if len(key) >= SHORTEST_MASKED:
            for spelt in {key, quote(key, safe=""), quote_plus(key)}:
                shown = shown.replace(spelt.encode("utf-8", "replace"), b"***")
    if shown == data:
        return raw
    return gzip.compress(shown, compresslevel=6, mtime=0) if zipped else shown


def _unzipped(raw: bytes) -> bytes:
    """What there is of a gzipped body, which may be damaged."""
    try:
        return unpacked(raw)
    except (Malformed, TooLarge):
        with suppress(zlib.error):
            return zlib.decompressobj(wbits=31).decompress(raw, LIMIT)
        return b""


def _digest(key: str) -> bytes:
    return _short_digest(key) if len(key) <= _SHORT else _short_digest.__wrapped__(key)


@lru_cache(1_000)
def _short_digest(key: str) -> bytes:
    """Of the few keys there are, that come all day."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
