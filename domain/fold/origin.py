"""Where a touchpoint came from, as far as it says so: of a campaign, a click id, a foreign referrer, or its own words.

What is shown as a lead's *source* is an `Origin` here: `Source` is who reports.
"""

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from domain.fold.sites import between, clicks, site_of_host, site_of_name
from domain.touchpoints.text import storable
from domain.touchpoints.touchpoint import OWN_REFERRER, Touchpoint

LONGEST: Final = 200
"""Longest text of an origin, in characters: the rest is cut."""

_ADDRESS: Final = 2_000
"""Of an address so many characters are read, and remembered: an item may be 16 times as long."""
_REMEMBERED: Final = 1_024

SAYS_ITSELF: Final = frozenset({"import", "server", "api"})
"""Kinds of sources whose properties `source`, `medium` and `campaign` count first."""

TO_A_PERSON: Final = frozenset(
    {"email_sent", "email_delivered", "email_opened", "email_bounced", "message_sent", "stage_changed", "score_reset"}
)
"""What is done to or about a person: they did not come from anywhere by it."""

_CLICKED_MAIL: Final = "email_clicked"
_FIELDS: Final = ("source", "medium", "campaign", "content", "term")


class Origin(NamedTuple):
    """What is known of where a touchpoint came from; "" where nobody said it."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    itself: bool = False
    """Whether an import, a server or the API said it of what happened, in its own words."""


Reader = Callable[[Touchpoint], Origin | None]


def reader(ignored: Collection[str]) -> Reader:
    """A function that gives the origin that a touchpoint bears; None: it is part of the visit before.

    `ignored` are hosts, with their subdomains, that nobody comes from beside known log-ins and payment pages. Pure.
    """
    ignores = between().union(ignored)

    @lru_cache(_REMEMBERED)
    def referred(referrer: str, url: str, own: bool) -> Origin | None:
        """The origin in an address and the page before it."""
        if "?" in url and (origin := _of_query(url)) is not None:
            return origin
        host = "" if own else _host(referrer)
        if not host or host == _host(url) or _within(host, ignores):
            return None
        return _of_host(host)

    def origin(touchpoint: Touchpoint) -> Origin | None:
        properties, context, kind = touchpoint.properties, touchpoint.context, touchpoint.source.kind
        if touchpoint.type in TO_A_PERSON or kind == "policy":
            return None
        if kind in SAYS_ITSELF and ("source" in properties or "medium" in properties or "campaign" in properties):
            itself = _named(properties, "campaign", True)
            if itself is not None:
                in_a_mail = touchpoint.type == _CLICKED_MAIL and not itself.medium
                return itself._replace(medium="email") if in_a_mail else itself
        referrer, url = properties.get("referrer"), properties.get("url")
        if not (referrer and url):
            page = context.get("page")
            if page is not None and isinstance(page, Mapping):
                referrer, url = referrer or page.get("referrer"), url or page.get("url")
        if type(url) is not str:
            url = ""
        if "campaign" in context and isinstance(context["campaign"], Mapping):
            named = _named(context["campaign"], "name", False)
            if named is not None:
                return _clicked(named, url[:_ADDRESS]) if "?" in url else named
        if type(referrer) is not str:
            referrer = ""
        if not referrer and "?" not in url:
            return None
        return referred(referrer[:_ADDRESS], url[:_ADDRESS], OWN_REFERRER in context)

    return origin


def _named(said: Mapping[str, Any], campaign: str, itself: bool) -> Origin | None:
    """The origin that a table of words names; `campaign` is the campaign's name in it."""
    named = Origin(
        _text(said.get("source")), _text(said.get("medium")), _text(said.get(campaign)),
        _text(said.get("content")), _text(said.get("term")), itself,
    )  # fmt: skip
    if not (named.source or named.medium or named.campaign):
        return None
    site = site_of_name(named.source) if named.source else None
    return named if site is None else named._replace(source=site.name)


def _text(value: Any) -> str:
    return storable(value).strip()[:LONGEST] if isinstance(value, str) else ""


def _of_query(url: str) -> Origin | None:
    """The origin in an address: its utm fields, its click ids."""
    query = _query(url)
    named = _named({name.removeprefix("utm_"): value for name, value in query.items() if name[:4] == "utm_"},
                   "campaign", False)  # fmt: skip
    return _clicked(named or Origin(), url, query) if named or not clicks().keys().isdisjoint(query) else None


def _clicked(named: Origin, url: str, query: Mapping[str, str] | None = None) -> Origin:
    """With what a click id says where the campaign does not: it may name the source, and the medium of that source."""
    query = _query(url) if query is None else query
    for id, says in clicks().items():
        if query.get(id) and named.source in ("", says["source"]):
            return named._replace(source=says["source"], medium=named.medium or says["medium"])
    return named


def _query(url: str) -> Mapping[str, str]:
    """The fields of an address's query, names in lower case; of repeated ones the last."""
    try:
        return {name.lower(): value for name, value in parse_qsl(urlsplit(url).query, max_num_fields=200)}
    except ValueError:
        return {}


def _of_host(host: str) -> Origin:
    site = site_of_host(host)
    if site is None:
        return Origin(host, "referral")
    return Origin(site.name, "organic" if site.kind == "search" else "referral")


@lru_cache(_REMEMBERED)
def _host(address: str) -> str:
    """The host of a web address in lower case, without a leading `www.`; "" where it is none."""
    try:
        parts = urlsplit(address)
        host = parts.hostname if parts.scheme in ("http", "https", "android-app") else None
    except ValueError:
        host = None
    return storable(host or "")[:LONGEST].removeprefix("www.")


def _within(host: str, hosts: Collection[str]) -> bool:
    """Whether a host, or one that it is a subdomain of, is among these."""
    while hosts and host:
        if host in hosts:
            return True
        host = host.partition(".")[2]
    return False
