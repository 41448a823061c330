"""Known sites: which search, social, video and shopping site a host or the name in a campaign stands for.

They are data (`sites.toml`, with its origin), read once.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_NONE: Final = "none"
"""Of the hosts of a known site at which it is none: its mail, its documents."""
_BETWEEN: Final = "between"
KINDS: Final = ("search", "social", "video", "shopping")

_SUFFIX: Final = re.compile(r"([a-z]{2,3}\.)?[a-z]{2,3}\Z")
"""What `*` stands for at the end of a host: com, de, co.uk, com.hk."""


class Site(NamedTuple):
    """A known site: the name of it as a source, and its kind."""

    name: str
    kind: str


class _Sites(NamedTuple):
    by_host: Mapping[str, Site | None]
    by_name: Mapping[str, Site]
    clicks: Mapping[str, Mapping[str, str]]
    between: frozenset[str]


def text() -> str:
    """The data file, word for word."""
    return files(__package__).joinpath("sites.toml").read_text("utf-8")


@cache
def _sites() -> _Sites:
    raw: dict[str, Any] = tomllib.loads(text())
    between = _hosts(raw, _BETWEEN)
    by_host: dict[str, Site | None] = dict.fromkeys(between | _hosts(raw, _NONE))
    by_name: dict[str, Site] = {}
    for kind in KINDS:
        for name, entry in raw[kind].items():
            site = Site(name, kind)
            by_host |= dict.fromkeys(entry["hosts"], site)
            by_name |= dict.fromkeys((name, *entry.get("names", ())), site)
    return _Sites(by_host, by_name, raw["clicks"], between)


def _hosts(raw: Mapping[str, Any], section: str) -> frozenset[str]:
    return frozenset(host for entry in raw[section].values() for host in entry["hosts"])


def between() -> frozenset[str]:
    """Log-ins and payment pages, between two own pages: hosts that, with their subdomains, nobody comes from."""
    return _sites().between


def clicks() -> Mapping[str, Mapping[str, str]]:
    """What each click id says where the campaign does not: `source` and `medium`. In the order in which they count."""
    return _sites().clicks


@lru_cache(4_096)
def site_of_host(host: str) -> Site | None:
    """The known site of a host in lower case; of two that fit, the longer counts."""
    labels = host.split(".")
    by_host = _sites().by_host
    for start in range(len(labels) - 1):
        host = ".".join(labels[start:])
        if host in by_host:
            return by_host[host]
        if _SUFFIX.match(".".join(labels[start + 1 :])) and (site := by_host.get(f"{labels[start]}.*")):
            return site
    return None


@lru_cache(4_096)
def site_of_name(name: str) -> Site | None:
    """The known site that a campaign means by its source: its name, another that campaigns use, or its host."""
    lowered = name.strip().lower()
    return _sites().by_name.get(lowered) or (site_of_host(lowered) if "." in lowered else None)
