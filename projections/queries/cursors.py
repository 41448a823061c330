"""Cursors: where a list goes on, opaque to its reader and bound to the list it came from."""

import base64
from typing import Any
from uuid import UUID

import orjson

from domain.errors import Refused
from domain.phrases import phrase


class BadCursor(Refused, ValueError):
    """A cursor that this list never gave out: reject."""


def give(list_name: str, *key: Any) -> str:
    """The cursor after the row with this key."""
    return base64.urlsafe_b64encode(orjson.dumps([list_name, *key])).rstrip(b"=").decode()


def take(list_name: str, cursor: str, *kinds: Any) -> list[Any]:
    """The key in a cursor of this list, its parts of these types. Raises BadCursor."""
    try:
        raw = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if not isinstance(raw, list) or len(raw) != len(kinds) + 1 or raw[0] != list_name:
            raise ValueError("another list's")
        return [_part(part, kind) for part, kind in zip(raw[1:], kinds, strict=True)]
    except ValueError:
        said = phrase("cursor {cursor!r} is none of this list's: pass `next` unchanged", cursor=cursor[:80])
        raise BadCursor(said) from None


def _part(part: Any, kind: Any) -> Any:
    if kind is UUID and isinstance(part, str):
        return UUID(part)
    if not isinstance(part, kind) or isinstance(part, bool) or (isinstance(part, int) and part.bit_length() > 63):
        raise ValueError("of another type")
    if isinstance(part, str) and "\x00" in part:
        raise ValueError("no text of ours")
    return part
