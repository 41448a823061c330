"""What `make bench-read` records: a year of a company that sells software, the same for the same numbers.

Leads arrive steadily, and most of what happens is about those who came lately. Six of ten say who they are at some
time; some of them get mails, order, and go through the stages. Envelopes are made as plain JSON, as the topic has them.
"""

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

YEAR: Final = timedelta(days=365)
CAMPAIGNS: Final = ("spring", "summer", "autumn", "winter", "launch", "webinar", "brand", "partners")
_PAID: Final = "?utm_source=google&utm_medium=cpc&utm_campaign={}"
_CAME: Final = (
    "", "", "", _PAID, _PAID, "?utm_source=linkedin&utm_medium=paid_social&utm_campaign={}",
    "?utm_source=newsletter&utm_medium=email&utm_campaign={}",
    "?utm_source=partner&utm_medium=referral&utm_campaign={}",
)  # fmt: skip
"""How a person comes to the site the first time."""
_PATHS: Final = (
    "/",
    "/pricing",
    "/docs",
    "/blog/one",
    "/blog/two",
    "/compare/rival",
    "/customers/acme",
    "/careers/dev",
)
GIVEN: Final = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Leon")
FAMILY: Final = ("Adler", "Brandt", "Conrad", "Dietz", "Engel", "Fuchs", "Gruber", "Haas", "Jung", "Kraus", "Lorenz")
FIRMS: Final = ("Nordwerk", "Alpin", "Hansa", "Rhein", "Kobalt", "Lumen", "Orbit", "Pixel", "Quanta", "Terra", "Vega")
_TITLES: Final = ("CEO", "CTO", "Sales Manager", "Marketing Director", "Developer", "Student", "Analyst", "Head of IT")
_COUNTRIES: Final = ("DE", "AT", "CH", "FR", "GB", "NL", "US", "CN")
_KINDS: Final = (
    ("page_viewed", 58), ("email_sent", 12), ("email_opened", 8), ("email_clicked", 4), ("form_submitted", 7),
    ("file_downloaded", 4), ("demo_requested", 1.5), ("trial_started", 0.5), ("order_placed", 1.5),
    ("stage_changed", 3.5),
)  # fmt: skip
_TYPES: Final = [name for name, _ in _KINDS]
_UPTO: Final = [sum(weight for _, weight in _KINDS[: n + 1]) for n in range(len(_KINDS))]
_STAGES: Final = ("qualified", "qualified", "qualified", "opportunity", "opportunity", "customer", "disqualified")
_FORMS: Final = ("contact", "demo", "newsletter", "newsletter", "pricing-request")
_OF_MAILS: Final = ("email_sent", "email_opened", "email_clicked")
_LATELY: Final = 0.06
"""Of all leads: so many came, on average, after the one that something is about."""


@dataclass(frozen=True)
class ReadPlay:
    """So many touchpoints of so many leads, in the order in which they happened, the last just before `until`."""

    leads: int
    touchpoints: int
    until: datetime

    def envelopes(self, first: int = 0) -> Iterator[bytes]:
        """Envelope, version 1, from this number on. A number's own does not depend on where one begins."""
        step = YEAR / self.touchpoints
        for number in range(first, self.touchpoints):
            at = self.until - (self.touchpoints - number) * step
            yield json.dumps(self._envelope(number, at), separators=(",", ":")).encode()

    def _envelope(self, number: int, at: datetime) -> dict[str, Any]:
        dice = random.Random(number)
        before, here = self._arrived(number), self._arrived(number + 1)
        if here > before:
            return _enveloped(number, at, _arrival(here - 1))
        back = int(-math.log(1 - dice.random()) * _LATELY * self.leads)
        return _enveloped(number, at, _act(max(0, here - 1 - back) if back < here else dice.randrange(here), dice))

    def _arrived(self, number: int) -> int:
        """How many leads came with the touchpoints before this number: the first with number 0."""
        return -(-number * self.leads // self.touchpoints)


def who(lead: int) -> tuple[str, str, str, str]:
    """Given name, family name, company and e-mail of a lead, if it says so."""
    given, family = GIVEN[lead % len(GIVEN)], FAMILY[lead // 7 % len(FAMILY)]
    company = f"{FIRMS[lead // 3 % len(FIRMS)]} {lead // 40}"
    return given, f"{family}{lead % 1_000}", company, f"{given}.{family}.{lead}@firm{lead // 40}.example".lower()


def names_itself(lead: int) -> bool:
    """Whether a lead says at some time who it is."""
    return lead * 2_654_435_761 % 10 < 6


def costs(until: datetime) -> Sequence[str]:
    """Lines of a file of costs: every campaign of two channels, every day of the year, in two currencies."""
    days = [(until - YEAR + timedelta(days=n)).date().isoformat() for n in range(365)]
    channels = (("paid_search", "EUR"), ("paid_social", "USD"))
    return ["channel,campaign,day,amount,currency"] + [
        f"{channel},{campaign},{day},{10 + place}.50,{currency}"
        for day in days
        for channel, currency in channels
        for place, campaign in enumerate(CAMPAIGNS)
    ]


@dataclass(frozen=True)
class _Doing:
    lead: int
    type: str
    source: tuple[str, str]
    properties: dict[str, Any]
    named: bool = False
    context: dict[str, Any] | None = None


def _arrival(lead: int) -> _Doing:
    query = _CAME[lead % len(_CAME)].format(CAMPAIGNS[lead // 8 % len(CAMPAIGNS)])
    path = _PATHS[lead % 5]
    return _Doing(
        lead, "page_viewed", ("browser", "site"), {"path": path, "url": f"https://www.example.com{path}{query}"}
    )


def _act(lead: int, dice: random.Random) -> _Doing:
    [type] = dice.choices(_TYPES, cum_weights=_UPTO)
    if not names_itself(lead) or type == "page_viewed":
        path = dice.choice(_PATHS)
        machine = {"machine": "crawler"} if dice.random() < 0.02 else None
        seen = {"path": path, "url": f"https://www.example.com{path}"}
        return _Doing(lead, "page_viewed", ("browser", "site"), seen, context=machine)
    if type in _OF_MAILS:
        mail = {"campaign": dice.choice(CAMPAIGNS), "variant": dice.choice("AB")}
        machine = {"machine": "scanner"} if type == "email_opened" and dice.random() < 0.1 else None
        return _Doing(lead, type, ("server", "mailer"), mail, True, machine)
    match type:
        case "form_submitted":
            return _Doing(lead, type, ("server", "forms"), {"form": dice.choice(_FORMS)}, True)
        case "stage_changed":
            return _Doing(lead, type, ("import", "crm"), {"to": dice.choice(_STAGES)}, True)
        case "order_placed":
            order = {"total": dice.randrange(1_000, 500_000) / 100, "currency": dice.choice(["EUR", "EUR", "USD"])}
            return _Doing(lead, type, ("server", "shop"), order, True)
        case _:
            return _Doing(lead, type, ("server", "product"), {"path": "/app"}, True)


def _enveloped(number: int, at: datetime, doing: _Doing) -> dict[str, Any]:
    instant = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    kind, name = doing.source
    identities = [{"kind": "anonymous_id", "value": f"cookie-{doing.lead}"}]
    wire: dict[str, Any] = {
        "v": 1, "id": f"read-{number}", "source": {"kind": kind, "name": name}, "type": doing.type,
        "occurred_at": instant, "received_at": instant, "identities": identities,
    }  # fmt: skip
    if doing.named:
        given, family, company, email = who(doing.lead)
        identities.insert(0, {"kind": "email", "value": email})
        wire["profile"] = {
            "first_name": given, "last_name": family, "company": company, "title": _TITLES[doing.lead % len(_TITLES)],
            "country": _COUNTRIES[doing.lead // 5 % len(_COUNTRIES)], "company_employees": doing.lead * 37 % 9_000,
        }  # fmt: skip
    wire["properties"] = doing.properties
    if doing.context:
        wire["context"] = doing.context
    return wire
