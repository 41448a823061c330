"""What a door refuses is kept: raw bytes, reason and all that a replay needs, as a record on the rejected topic."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from domain.touchpoint import Source
from store.log import Record
from store.topics import TOUCHPOINTS

REASON_LIMIT: Final = 1_000
"""Longest reason that is kept, in characters."""

_CONNECT: Final = "__connect.errors."


def rejection(door: str, reason: str, raw: bytes, source: Source, meta: Mapping[str, Any]) -> Record:
    """The record that keeps refused input.

    `door` names who refused it (`v1/track`, `f/contact-us`, `p.gif`, `import/FILE`), `reason` says to a person what was
    wrong and what is allowed, `raw` is what came, `meta` what a replay needs besides (JSON values only). The headers
    named as Kafka Connect names them let the usual dead-letter tools show it.
    """
    shown = reason[:REASON_LIMIT].encode("utf-8", "replace")
    by = f"{source.kind}:{source.name}".encode("utf-8", "replace")
    named = door.encode("utf-8", "replace")
    return Record(
        key=b"",
        value=raw,
        headers=(
            ("leadline.door", named),
            ("leadline.reason", shown),
            ("leadline.source", by),
            ("leadline.meta", orjson.dumps(meta)),
            (_CONNECT + "topic", TOUCHPOINTS.encode()),
            (_CONNECT + "connector.name", b"leadline"),
            (_CONNECT + "task.id", by),
            (_CONNECT + "stage", b"VALUE_CONVERTER"),
            (_CONNECT + "class.name", named),
            (_CONNECT + "exception.class.name", b"domain.touchpoint.Refused"),
            (_CONNECT + "exception.message", shown),
        ),
    )
