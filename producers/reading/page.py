"""The page on which something happened: its address, its path, and the campaign that led there."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from domain.touchpoints.claims import snake_case
from domain.touchpoints.touchpoint import OWN_REFERRER
from producers.reading.body import Malformed, clean, fields

FIELDS: Final = ("url", "path", "title", "referrer")
"""What a touchpoint's properties say about its page."""

_FIELDS: Final = frozenset(FIELDS)
_SAYS_NOTHING: Final = (None, "")
_FEW: Final = 100
_SHORT: Final = 200
"""Characters of an address whose parts are remembered."""
_UTM: Final = "utm_"
_CAMPAIGN: Final = "name"
"""Segment's name of `utm_campaign`; the others are called as behind `utm_`."""


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
    if not isinstance(url, str):
        return b""
    if url.isascii() and url.isprintable() and "[" not in url and "]" not in url:
        return url.partition("#")[0].partition("?")[2].encode()
    try:
        return urlsplit(url).query.encode("utf-8", "replace")
    except ValueError:
        return b""


def describe(properties: dict[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    """Give the properties the page's fields where they are missing, and the path where only the address is known."""
    if tuple(page) == FIELDS and all(page.values()) and _FIELDS.isdisjoint(properties):
        properties.update(page)  # as nearly always
        return properties
    for name in FIELDS:
        if properties.get(name) in _SAYS_NOTHING and (said := page.get(name)) not in _SAYS_NOTHING:
            properties[name] = said
    if properties.get("path") in _SAYS_NOTHING and (path := path_of(properties.get("url"))) is not None:
        properties["path"] = path
    return properties


def own_referrer(properties: Mapping[str, Any], page: Mapping[str, Any], sites: Collection[str]) -> dict[str, bool]:
    """What a context says of a page before that is on one of these hosts: nobody came from there. {}: it is on none."""
    return {OWN_REFERRER: True} if is_own(properties.get("referrer") or page.get("referrer"), sites) else {}


def is_own(referrer: object, sites: Collection[str]) -> bool:
    """Whether a page before is on one of these hosts."""
    if not sites or not isinstance(referrer, str):
        return False
    return (_short_host(referrer) if len(referrer) <= _SHORT else _host(referrer)) in sites


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


_short_host: Final = lru_cache(1_000)(_host)
"""Most who come from a page come from one that somebody just came from."""


def campaign(query: bytes) -> dict[str, Any]:
    """The campaign in a query's utm fields, by Segment's names (`name` is `utm_campaign`)."""
    if b"utm_" not in query.lower():
        return {}
    text = query.decode("latin-1")
    if "%" not in text and text.isascii() and text.isprintable() and text.count("&") < _FEW:  # whatever its charset
        said = "&".join([part for part in text.strip().split("&") if "utm" in part.lower()])
        return dict(_plain_campaign(said) if len(said) <= _SHORT else _plain_campaign.__wrapped__(said))
    try:
        return campaign_of(fields(query))
    except Malformed:
        return {}


@lru_cache(1_000)
def _plain_campaign(said: str) -> dict[str, Any]:
    """What an advertisement says in the addresses of all who come by it, of whom each has a click id of their own."""
    parts = (part.replace("+", " ").partition("=") for part in said.split("&"))
    return campaign_of((clean(name), clean(value)) for name, _, value in parts)


def campaign_at(url: object) -> dict[str, Any]:
    """The same of an address; {}: it is none, or names none."""
    if not isinstance(url, str) or "utm_" not in url.lower():
        return {}
    return campaign(query_of(url))


def campaign_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The same of fields that were read already; of repeated ones the last that is filled."""
    by_name: dict[str, Any] = {}
    for key, value in pairs:
        name = snake_case(key)
        if name.startswith(_UTM) and len(name) > len(_UTM) and value:
            by_name[_CAMPAIGN if name == "utm_campaign" else name.removeprefix(_UTM)] = value
    return by_name
