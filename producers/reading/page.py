"""The page on which something happened: its address, its path, and the campaign that led there."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from producers.reading.body import Malformed, fields

FIELDS: Final = ("url", "path", "title", "referrer")
"""What a touchpoint's properties say about its page."""

_UTM: Final = {
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_campaign": "name",
    "utm_term": "term",
    "utm_content": "content",
}


def path_of(url: object) -> str | None:
    """The path of an address, or None where it is no web address."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return (parts.path or "/") if parts.scheme in ("http", "https") else None


def query_of(url: object) -> bytes:
    """The query of an address, empty where it has none."""
    try:
        return urlsplit(url).query.encode("utf-8", "replace") if isinstance(url, str) else b""
    except ValueError:
        return b""


def described(properties: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, with the page's fields where they are missing, and the path where only the address is known."""
    found = dict(properties)
    for name in FIELDS:
        if found.get(name) is None and page.get(name) not in (None, ""):
            found[name] = page[name]
    if found.get("path") is None and (path := path_of(found.get("url"))) is not None:
        found["path"] = path
    return found


def campaign(query: bytes) -> dict[str, str]:
    """The campaign in a query's utm fields, by Segment's names (`name` is `utm_campaign`)."""
    if b"utm_" not in query:
        return {}
    try:
        return {_UTM[name]: value for name, value in fields(query) if name in _UTM and value}
    except Malformed:
        return {}
