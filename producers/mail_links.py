"""Links that are put into mails: what they are made of, and what following one says. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from domain.files.durations import ALLOWED, DAY, parse_duration
from domain.touchpoints.mail_link import LONGEST_TOKEN, MailDoor, MailLink, MailLinkKeys
from domain.touchpoints.text import storable, tidy
from domain.touchpoints.touchpoint import LATEST, Instant, Source, Touchpoint
from producers.commands import CommandRefused, LeadCard, head_of
from producers.reading import bots, page
from producers.reading.origins import origin_of

SOURCE: Final = Source("provider", "mail_links")
"""Who reports opens and clicks of these links."""
LASTS: Final = "365d"
"""How long a link holds where nobody says it."""
TARGETS: Final = 100
"""Most targets of one mail."""
NAME_LIMIT: Final = 200
"""Longest campaign, variant and message id, in characters."""
TARGET_LIMIT: Final = 2_000
"""Longest target, in characters."""

_NOT_IN_AN_ADDRESS: Final = re.compile(r"[\x00-\x20\\\x7f-\x9f]")
_ORIGIN: Final = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?\Z")
_KEPT: Final = ":/%#?=@[]!$&'()*+,;~"
"""Of an address beside letters, digits and `_.-`: what stands for itself. All else is percent-encoded."""
_BROWSER: Final = re.compile(r"Mozilla/\d\.\d \(|Opera/|UCWEB/")
"""How every browser begins to say what it is; what only calls itself `Mozilla/5.0`, a library or nothing is none."""
_PRIVACY_PROXY: Final = "Mozilla/5.0"
"""All that Apple's Mail Privacy Protection says of itself, which loads every image of every mail, read or not."""
_TYPES: Final = {MailDoor.OPEN: "email_opened", MailDoor.CLICK: "email_clicked"}


@dataclass(frozen=True, slots=True)
class Mailing:
    """A mail to leads, as its links tell it: checked by `mailing`."""

    campaign: str
    ends: Instant
    variant: str = ""
    message: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailTokens:
    """The tokens for one lead: of the open, and of a click on each target."""

    opened: str
    clicked: tuple[tuple[str, str], ...]


def mailing(
    now: Instant,
    campaign: str,
    variant: str | None = None,
    message: str | None = None,
    targets: Iterable[str] = (),
    lasts: str = LASTS,
) -> Mailing:
    """What is asked for, in one spelling. Raises CommandRefused."""
    named = {
        name: _name(name, value) for name, value in (("campaign", campaign), ("variant", variant), ("message", message))
    }
    if not named["campaign"]:
        raise CommandRefused(422, "campaign: it is empty, allowed is the name that the mail report shall show")
    try:
        ends = now + parse_duration(lasts)
    except ValueError:
        raise CommandRefused(422, f"lasts: found {lasts[:40]!r}, allowed is {ALLOWED}") from None
    if ends >= LATEST - DAY:
        raise CommandRefused(422, f"lasts: found {lasts!r}, allowed is less: the link would end after the year 9998")
    addresses = tuple(dict.fromkeys(target(each) for each in targets))
    if len(addresses) > TARGETS:
        raise CommandRefused(422, f"targets: found {len(addresses)}, allowed are {TARGETS}")
    return Mailing(named["campaign"], Instant(ends), named["variant"], named["message"], addresses)


def target(address: str, name: str = "targets") -> str:
    """A web address as a browser is sent to it: in ASCII, percent-encoded where it must be. Raises CommandRefused.

    `name`: of the field that it was given in.
    """
    written = storable(address).strip(" ")
    origin = None if _NOT_IN_AN_ADDRESS.search(written) else origin_of(written)
    if origin is None or not _ORIGIN.match(origin):
        raise CommandRefused(
            422,
            f"{name}: found {_unseen(address)}, allowed is an http or https address such as"
            " https://www.example.com/offer, without a password, spaces, backslashes and control characters",
        )
    rest = written[written.index("//") + 2 + len(urlsplit(written).netloc) :]
    whole = origin + quote(rest if rest.startswith("/") else f"/{rest}", safe=_KEPT)
    if len(whole) > TARGET_LIMIT:
        raise CommandRefused(422, f"{name}: {whole[:80]}...: has {len(whole)} characters, allowed are {TARGET_LIMIT}")
    return whole


def tokens(lead: LeadCard, mail: Mailing, keys: MailLinkKeys) -> MailTokens:
    """The tokens for a lead, by its highest identity, which never moves to another. Raises CommandRefused."""
    kind, value = head_of(lead)

    def sealed(to: str = "") -> str:
        token = keys.seal(MailLink(mail.campaign, kind, value, mail.ends, mail.variant, mail.message, to))
        if len(token) > LONGEST_TOKEN:
            text = f"targets: a link has {len(token)} characters, allowed are {LONGEST_TOKEN}: shorten it, or the names"
            raise CommandRefused(422, text)
        return token

    return MailTokens(sealed(), tuple((each, sealed(each)) for each in mail.targets))


def followed(link: MailLink, id: str, now: Instant, user_agent: str) -> Touchpoint:
    """What an open or a click says: of whom the mail was sent to, whoever followed the link, so no cookie is bound."""
    door = link.door
    properties: dict[str, Any] = {"campaign": link.campaign}
    for name, value in (("variant", link.variant), ("message", link.message), ("url", link.target)):
        if value:
            properties[name] = value
    context: dict[str, Any] = bots.machine(user_agent)
    if door is MailDoor.OPEN and user_agent.strip() == _PRIVACY_PROXY:
        context["machine"] = "known bot Mail Privacy Protection"
    if door is MailDoor.CLICK and not _BROWSER.match(user_agent):  # people click in browsers
        context.setdefault("machine", "no browser")
    if door is MailDoor.CLICK:  # a visit comes from it; by the campaign's own name, so that reports have one
        context["campaign"] = {"medium": "email", **page.campaign(page.query_of(link.target)), "name": link.campaign}
    if user_agent:
        context["userAgent"] = user_agent
    return Touchpoint(
        id=id,
        source=SOURCE,
        type=_TYPES[door],
        occurred_at=now,
        received_at=now,
        identities=(link.identity,),
        properties=properties,
        context=context,
    )


def url_of(address: str, door: MailDoor, token: str) -> str:
    """The link itself, of a collector at this address."""
    return f"{address}/{door}/{token}" + (".gif" if door is MailDoor.OPEN else "")


def _name(name: str, value: str | None) -> str:
    text = tidy(storable(value or ""))
    if len(text) > NAME_LIMIT:
        raise CommandRefused(422, f"{name}: has {len(text)} characters, allowed are {NAME_LIMIT}")
    return text


def _unseen(address: str) -> str:
    """An address as it is shown where it is refused: without what may be a password."""
    return repr(re.sub(r"//[^/]*@", "//***@", address[:80]))
