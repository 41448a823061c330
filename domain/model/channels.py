"""Channels: what groups where leads come from. Those that are there by default, and what of a source may be asked."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from domain.model.file import names


class Channel(StrEnum):
    """The channels of the default rules, in the words of the publicly described default channel groups."""

    DIRECT = "direct"
    CROSS_NETWORK = "cross_network"
    PAID_SHOPPING = "paid_shopping"
    PAID_SEARCH = "paid_search"
    PAID_SOCIAL = "paid_social"
    PAID_VIDEO = "paid_video"
    DISPLAY = "display"
    PAID_OTHER = "paid_other"
    ORGANIC_SHOPPING = "organic_shopping"
    ORGANIC_SOCIAL = "organic_social"
    ORGANIC_VIDEO = "organic_video"
    ORGANIC_SEARCH = "organic_search"
    REFERRAL = "referral"
    EMAIL = "email"
    AFFILIATES = "affiliates"
    AUDIO = "audio"
    SMS = "sms"
    MOBILE_PUSH = "mobile_push"
    EVENT = "event"
    PARTNER = "partner"
    PRINT = "print"
    OFFLINE = "offline"
    OTHER = "other"


CHANNELS: Final = tuple(map(str, Channel))


def channel_names(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that a channel may have: the default ones, and those of a raw model file's rules."""
    return every_channel(names(raw, ("channels", "rules")))


def every_channel(of_rules: Iterable[str]) -> tuple[str, ...]:
    """The default channels, and those of the rules of a model, each once."""
    return tuple(dict.fromkeys((*CHANNELS, *of_rules)))
