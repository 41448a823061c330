"""Channels: which group an origin belongs to. The model's rules first, then the publicly described default ones.

The default rules follow https://support.google.com/analytics/answer/9756891 (manual and automatic traffic), and add
what happens off line.
"""

import re
from typing import Final

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.fold.origin import Origin
from domain.fold.sites import site_of_name
from domain.model.channels import Channel
from domain.model.definition import Channels

_REMEMBERED: Final = 4_096

_PAID: Final = re.compile(r"(.*cp.*|ppc|retargeting|paid.*)\Z", re.S)
_SHOPS: Final = re.compile(r"(.*(([^a-df-z]|^)shop|shopping).*)\Z", re.S)
_DISPLAY: Final = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL: Final = frozenset({"social", "social-network", "social-media", "sm", "social network", "social media"})
_EMAIL: Final = frozenset({"email", "e-mail", "e_mail", "e mail"})
_OFF_LINE: Final = (
    (
        frozenset({"event", "trade fair", "fair", "exhibition", "seminar", "webinar", "conference", "meetup"}),
        Channel.EVENT,
    ),
    (frozenset({"partner", "reseller", "distributor"}), Channel.PARTNER),
    (frozenset({"print", "flyer", "qr", "qr code", "qrcode", "brochure", "catalogue", "catalog"}), Channel.PRINT),
)

Seen = dict[str, str]
"""An origin with its channel, as conditions and readers see it: what nobody said is missing. Never changed."""

DIRECT: Final[Seen] = {"channel": str(Channel.DIRECT)}
"""Of who never came from anywhere."""


class Grouping:
    """The channels of a model, compiled."""

    def __init__(self, channels: Channels) -> None:
        self._rules = [(rule.name, compile_where(rule.where)) for rule in channels.rules]
        self._remembered: dict[Origin, Seen] = {}

    def seen(self, origin: Origin) -> Seen:
        """The origin with its channel."""
        seen = self._remembered.get(origin)
        if seen is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            said = {name: value for name, value in zip(Origin._fields[:5], origin[:5], strict=True) if value}
            seen = self._remembered[origin] = {"channel": self._channel(origin, said), **said}
        return seen

    def _channel(self, origin: Origin, said: Seen) -> str:
        for name, where in self._rules:
            if where(NO_SOURCE, NO_SOURCE, said):
                return name
        return str(default(origin))


def default(origin: Origin) -> Channel:
    """The channel of an origin by the default rules; the first that holds."""
    source, medium, campaign = origin.source.lower(), origin.medium.lower(), origin.campaign.lower()
    site = site_of_name(source) if source else None
    kind = "" if site is None else site.kind
    shops = kind == "shopping" or _SHOPS.match(campaign) is not None
    if "cross-network" in campaign:
        return Channel.CROSS_NETWORK
    if medium and _PAID.match(medium):
        return _paid(kind, medium, shops)
    if medium in _DISPLAY:
        return Channel.DISPLAY
    channel = _off_line(medium or source) or _unpaid(kind, medium, shops) or _by_word(source, medium)
    return channel or (Channel.OFFLINE if origin.itself else Channel.OTHER)


def _paid(kind: str, medium: str, shops: bool) -> Channel:
    if shops:
        return Channel.PAID_SHOPPING
    match kind:
        case "search":
            return Channel.PAID_SEARCH
        case "social":
            return Channel.PAID_SOCIAL
        case "video":
            return Channel.PAID_VIDEO
    return Channel.DISPLAY if medium in _DISPLAY else Channel.PAID_OTHER


def _off_line(word: str) -> Channel | None:
    """Of a medium, or a source without one, that happens off line."""
    plain = word.replace("_", " ").replace("-", " ")
    return next((channel for words, channel in _OFF_LINE if plain in words), None)


def _unpaid(kind: str, medium: str, shops: bool) -> Channel | None:
    if shops:
        return Channel.ORGANIC_SHOPPING
    if kind == "social" or medium in _SOCIAL:
        return Channel.ORGANIC_SOCIAL
    if kind == "video" or "video" in medium:
        return Channel.ORGANIC_VIDEO
    if kind == "search" or medium == "organic":
        return Channel.ORGANIC_SEARCH
    return None


def _by_word(source: str, medium: str) -> Channel | None:
    """Of what a medium, or a source, is called."""
    if medium in ("referral", "app", "link"):
        return Channel.REFERRAL
    if source in _EMAIL or medium in _EMAIL:
        return Channel.EMAIL
    if medium in ("affiliate", "affiliates"):
        return Channel.AFFILIATES
    if medium == "audio":
        return Channel.AUDIO
    if "sms" in (source, medium):
        return Channel.SMS
    if medium.endswith("push") or "mobile" in medium or "notification" in medium or source == "firebase":
        return Channel.MOBILE_PUSH
    return None
