"""The simulated people of the traffic generator: who they are, and what each kind of person does in an hour."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Final

SITE: Final = "https://www.leadline.example"

COMPANIES: Final = (
    ("Northwind Logistics", "northwind.example", 1200, "DE"),
    ("Blue Harbor Foods", "blueharbor.example", 340, "FR"),
    ("Kestrel Robotics", "kestrel.example", 85, "NL"),
    ("Lumen Clinics", "lumenclinics.example", 2600, "GB"),
    ("Tidewater Insurance", "tidewater.example", 4100, "US"),
    ("Sakura Systems", "sakura.example", 610, "JP"),
    ("Ostrava Steelworks", "ostrava.example", 1900, "PL"),
    ("Pico Studio", "picostudio.example", 9, "SE"),
    ("杭州云帆科技", "yunfan.example", 260, "CN"),
    ("Granite Credit Union", "granite.example", 75, "US"),
)
TITLES: Final = ("CEO", "CTO", "Head of IT", "VP Engineering", "Sales Manager", "IT Director", "Engineer", "Analyst")
FIRST: Final = ("ana", "ben", "chloe", "deniz", "eva", "farid", "grace", "hugo", "ines", "jonas", "li", "mara", "noor")
LAST: Final = ("abel", "brandt", "costa", "dupont", "eriksen", "fischer", "garcia", "haas", "ito", "jansen", "wang")
FREE: Final = ("gmail.com", "outlook.com", "qq.com")

PAGES: Final = (
    "/",
    "/product",
    "/product/scoring",
    "/blog/first-lead",
    "/blog/funnels",
    "/docs/start",
    "/about",
    "/careers",
)
PROOF: Final = ("/compare/spreadsheets", "/customers/northwind", "/customers/lumen")
PRICING: Final = ("/pricing", "/pricing/teams")

KINDS: Final = (
    ("visitor", 56), ("reader", 16), ("prospect", 17), ("buyer", 3), ("customer", 3), ("employee", 1), ("rival", 1),
    ("student", 3),
)  # fmt: skip
"""Kinds of people and how many of a hundred are of each."""


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One thing that a person does. `call` is a Segment call, or `form` for a plain HTML form.

    `by` says who reports it: the browser of the device, the mail system's server (which knows the e-mail alone), or the
    CRM's server (which knows the user id alone).
    """

    call: str
    name: str = ""
    properties: tuple[tuple[str, Any], ...] = ()
    by: str = "browser"
    device: int = 0


@dataclass(frozen=True, slots=True)
class Someone:
    """A simulated person and their steps in order. Visitors have no e-mail; who `signs_in` has a user id."""

    kind: str
    email: str | None
    traits: dict[str, Any]
    company: tuple[str, str, int, str] | None
    signs_in: bool
    devices: int
    steps: tuple[PlanStep, ...]


@dataclass(frozen=True, slots=True)
class VisitorMix:
    """Who visits a company: kinds of people, how many of a hundred are of each, and what makes one; its website."""

    kinds: tuple[tuple[str, int], ...]
    someone: Callable[[str, int, Random], Someone]
    site: str


def someone(kind: str, number: int, chance: Random) -> Someone:
    """A person of a kind. `number` makes their e-mail unique."""
    if kind == "visitor":
        return Someone(kind, None, {}, None, False, 1, _visitor(chance))
    company = chance.choice(COMPANIES)
    first, last = chance.choice(FIRST), chance.choice(LAST)
    domain, title = company[1], chance.choice(TITLES)
    match kind:
        case "employee":
            domain = "leadline.example"
        case "rival":
            domain = "rival.example"
        case "student":
            domain, title = "uni.edu", "Student"
        case "reader" if chance.random() < 0.5:
            domain = chance.choice(FREE)
    email = f"{first}.{last}{number}@{domain}"
    traits = {"email": email, "firstName": first.capitalize(), "lastName": last.capitalize(), "title": title}
    signs_in = kind in ("buyer", "customer", "employee") or (kind == "prospect" and chance.random() < 0.4)
    devices = 2 if signs_in and chance.random() < 0.4 else 1
    steps = _STORIES[kind](chance, devices)
    employer = company if kind not in ("student", "rival", "employee") and domain == company[1] else None
    if employer is not None:
        traits["country"] = employer[3]
    return Someone(kind, email, traits, employer, signs_in, devices, steps)


# ---- what they do ------------------------------------------------------------------------------------------------


def _page(path: str, device: int = 0) -> PlanStep:
    return PlanStep(
        "page", properties=(("path", path), ("url", SITE + path), ("title", path.strip("/") or "home")), device=device
    )


def _track(event: str, device: int = 0, **properties: Any) -> PlanStep:
    return PlanStep("track", event, tuple(properties.items()), device=device)


def _mail(event: str, campaign: str, **properties: Any) -> PlanStep:
    return PlanStep("track", event, (("campaign", campaign), *properties.items()), by="mail")


def _crm(event: str, **properties: Any) -> PlanStep:
    return PlanStep("track", event, tuple(properties.items()), by="crm")


def _form(form: str) -> PlanStep:
    return _track("Form Submitted", form=form)


_IDENTIFY: Final = PlanStep("identify")
_GROUP: Final = PlanStep("group")


def _browsing(chance: Random, least: int, most: int, device: int = 0) -> tuple[PlanStep, ...]:
    return tuple(_page(chance.choice(PAGES), device) for _ in range(chance.randint(least, most)))


def _pricing(chance: Random, least: int, most: int, device: int = 0) -> tuple[PlanStep, ...]:
    return tuple(_page(chance.choice(PRICING), device) for _ in range(chance.randint(least, most)))


def _visitor(chance: Random) -> tuple[PlanStep, ...]:
    return (*_browsing(chance, 1, 4), *(_pricing(chance, 1, 3) if chance.random() < 0.3 else ()))


def _reader(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    machine = (_mail("Email Opened", "monthly", machine=True),) if chance.random() < 0.4 else ()
    steps = (*_browsing(chance, 1, 3), _form("newsletter"), _mail("Email Delivered", "monthly"), *machine)
    if chance.random() < 0.7:
        steps += (_mail("Email Opened", "monthly"),)
    if chance.random() < 0.5:
        steps += (
            _mail("Email Clicked", "monthly"),
            _page("/blog/funnels"),
            _track("File Downloaded", file="funnels.pdf"),
        )
        if chance.random() < 0.4:
            steps += (_track("File Downloaded", file="scoring.pdf"),)
    if chance.random() < 0.1:
        steps += (_mail("Email Unsubscribed", "monthly"),)
    return steps


def _prospect(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    steps = (*_browsing(chance, 1, 3), *_pricing(chance, 0, 2))
    if chance.random() < 0.3:
        return (*steps, PlanStep("form", "contact"))
    steps += (_form(chance.choice(("contact", "webinar", "webinar"))), *_browsing(chance, 0, 2))
    if chance.random() < 0.5:
        steps += (_track("Event Attended", event_name="Webinar: lead scoring"),)
    return (*steps, _IDENTIFY, *_browsing(chance, 0, 2, devices - 1))


def _buyer(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    steps = (*_browsing(chance, 1, 3), _page(chance.choice(PROOF)), *_pricing(chance, 1, 2))
    if chance.random() < 0.6:
        steps += (_mail("Email Clicked", "launch"), _track("File Downloaded", file="buyers-guide.pdf"))
    steps += (_form(chance.choice(("demo", "pricing-request", "contact"))), _IDENTIFY, _GROUP)
    steps += (*_pricing(chance, 1, 2, devices - 1), _page(chance.choice(PROOF), devices - 1))
    if chance.random() < 0.8:
        steps += (_track("Demo Requested", devices - 1, seats=chance.randint(5, 200)),)
    if chance.random() < 0.4:
        steps += (_track("Trial Started", devices - 1, plan="team"),)
    return steps


def _customer(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    stages = ("qualified", "opportunity", "customer")[: chance.randint(1, 3)]
    moves = (_crm("Stage Changed", to=stage) for stage in stages)
    return (*_buyer(chance, devices), _crm("Meeting Held", minutes=30), *moves)


def _outsider(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    steps = (*_browsing(chance, 1, 2), *_pricing(chance, 2, 3), _page(PROOF[0]), _form("demo"), _IDENTIFY)
    return (*steps, _track("Demo Requested", devices - 1, seats=1), *_pricing(chance, 1, 1, devices - 1))


_STORIES: Final = {
    "reader": _reader,
    "prospect": _prospect,
    "buyer": _buyer,
    "customer": _customer,
    "employee": _outsider,
    "rival": _outsider,
    "student": _outsider,
}
BUSINESS: Final = VisitorMix(KINDS, someone, SITE)
