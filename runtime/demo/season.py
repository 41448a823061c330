"""Days of made-up traffic for reports: people come by channels, come back days later, get mails in two variants, buy.

Beside the hour of `generate` it has what takes days: origins of visits, stages that sales move leads through, orders,
and what channels cost. The same seed gives the same requests.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final

from domain.touchpoints.touchpoint import rfc3339
from runtime.demo.generator import Act, Traffic, Truth, acts_of, delivered
from runtime.demo.people import PRICING, SITE, PlanStep, Someone, someone

_DAY: Final = 86_400_000
"""Milliseconds."""
_LAUNCH: Final = "launch-offer"
"""The campaign of mails with two variants."""


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a visit comes from: what its first address says, and which kinds of people come by it, how many of each."""

    weight: int
    query: str
    referrer: str
    kinds: tuple[tuple[str, int], ...]
    cost: float = 0.0
    """Euros a day; 0: nobody pays."""
    channel: str = ""
    campaign: str = ""
    """As costs name it."""


def _kinds(visitor: int, reader: int, prospect: int, buyer: int, customer: int) -> tuple[tuple[str, int], ...]:
    outsiders = (("employee", 1), ("rival", 1), ("student", 3))
    people = ("visitor", visitor), ("reader", reader), ("prospect", prospect), ("buyer", buyer), ("customer", customer)
    return (*people, *outsiders)


_ORIGINS: Final = (
    _Origin(22, "", "", _kinds(50, 12, 18, 8, 8)),
    _Origin(26, "", "https://www.google.com/", _kinds(55, 20, 16, 5, 4)),
    _Origin(
        14, "?utm_source=google&utm_medium=cpc&utm_campaign=lead-scoring", "https://www.google.com/",
        _kinds(46, 6, 26, 11, 9), 64.0, "paid_search", "lead-scoring",
    ),
    _Origin(
        8, "?utm_source=bing&utm_medium=cpc&utm_campaign=brand", "https://www.bing.com/",
        _kinds(40, 6, 26, 13, 12), 18.5, "paid_search", "brand",
    ),
    _Origin(
        17, "?utm_source=linkedin&utm_medium=paid_social&utm_campaign=spring", "https://www.linkedin.com/",
        _kinds(70, 14, 10, 2, 2), 55.0, "paid_social", "spring",
    ),
    _Origin(8, "", "https://partner.example/tools", _kinds(30, 8, 30, 14, 16)),
    _Origin(
        5, "?utm_source=newsletter&utm_medium=email&utm_campaign=monthly", "", _kinds(20, 44, 20, 6, 6),
        6.0, "email", "monthly",
    ),
)  # fmt: skip
_RETURNS: Final = (
    (5, ("", "")),
    (3, ("?utm_source=google&utm_medium=cpc&utm_campaign=brand", "https://www.google.com/")),
    (3, ("?utm_source=newsletter&utm_medium=email&utm_campaign=monthly", "")),
    (2, ("?utm_source=linkedin&utm_medium=paid_social&utm_campaign=spring", "https://www.linkedin.com/")),
)
"""How often people come back from where."""
_LATER: Final = "season_later"
"""Marks a step that begins another visit; it is taken out before the step is sent."""


def season(seed: int, start: int, end: int, people: int = 1_200) -> Traffic:
    """The traffic of nearly `people` who first come from `start` (a midnight, UTC) until before `end` (microseconds).

    Whatever of their stories would be later does not happen: of those who came last, sales have moved few.
    """
    chance = Random(f"leadline season {seed}")
    cast: dict[int, Someone] = {}
    acts: list[Act] = []
    for number in range(1, people + 1):
        person = _visiting(number, chance)
        instants = _instants(person.steps, _begin(start, end, chance), chance)
        person = replace(person, steps=tuple(_unmarked(step) for step in person.steps))
        cookies = [f"season-{seed}-{number}-{device}" for device in range(person.devices)]
        told = [act for act in acts_of(number, person, cookies, instants, seed, False) if act.at < end]
        if told:
            cast[number] = person
            acts += told
    return Traffic(tuple(delivered(acts, end, chance, SITE)), Truth(tuple(acts), cast))


def season_costs(start: int, end: int) -> str:
    """What the channels cost on the days between: a file of `import-costs`."""
    lines = ["channel,campaign,day,amount,currency"]
    for at in range(start, end, _DAY * 1_000):
        for origin in _ORIGINS:
            if origin.cost:
                amount = origin.cost * (1.15 if _weekday(at) < 5 else 0.6)
                lines.append(f"{origin.channel},{origin.campaign},{rfc3339(at)[:10]},{amount:.2f},EUR")
    return "\n".join(lines) + "\n"


# ---- stories -----------------------------------------------------------------------------------------------------


def _visiting(number: int, chance: Random) -> Someone:
    """A person with the steps of weeks."""
    [origin] = chance.choices(_ORIGINS, weights=[origin.weight for origin in _ORIGINS])
    [kind] = chance.choices([kind for kind, _ in origin.kinds], weights=[weight for _, weight in origin.kinds])
    person = someone(kind, number, chance)
    steps = [_by_mail(_timed_form(step)) for step in person.steps if ("campaign", "launch") not in step.properties]
    steps[0] = _coming(steps[0], origin.query, origin.referrer)
    if person.email:
        place = next((place for place, step in enumerate(steps) if step.name == "Form Submitted"), len(steps))
        if place > 1 and chance.random() < 0.55:
            [[query, referrer]] = chance.choices([to for _, to in _RETURNS], weights=[weight for weight, _ in _RETURNS])
            steps.insert(place, _coming(_page(chance.choice(PRICING)), query, referrer, later=True))
        steps += _launch_mail(chance)
    known = any(step.call == "identify" for step in steps)  # who never signs in sales know by no user id
    if known and person.signs_in and kind in ("prospect", "buyer", "customer"):
        steps = [step for step in steps if step.name != "Stage Changed"] + _with_sales(kind, chance)
    return replace(person, steps=tuple(steps))


def _timed_form(step: PlanStep) -> PlanStep:
    """A plain form bears no time, and would count as of the end: here the SDK reports it."""
    return PlanStep("track", "Form Submitted", (("form", step.name),)) if step.call == "form" else step


def _by_mail(step: PlanStep) -> PlanStep:
    """What a mail system's server reports says where a click comes from."""
    named = (("source", "newsletter"), ("medium", "email"))
    return replace(step, properties=(*step.properties, *named)) if step.by == "mail" else step


def _page(path: str) -> PlanStep:
    return PlanStep("page", properties=(("path", path), ("url", SITE + path), ("title", path.strip("/") or "home")))


def _coming(step: PlanStep, query: str, referrer: str, *, later: bool = False) -> PlanStep:
    """The first page of a visit."""
    properties = dict(step.properties)
    came = {"url": f"{properties['url']}{query}"} | ({"referrer": referrer} if referrer else {})
    return replace(step, properties=tuple({**properties, **came, **({_LATER: True} if later else {})}.items()))


def _launch_mail(chance: Random) -> list[PlanStep]:
    """A mail in one of two variants, and what the person does with it: B is clicked more often."""
    variant = chance.choice("AB")

    def mail(event: str, **more: Any) -> PlanStep:
        properties = (("campaign", _LAUNCH), ("variant", variant), *more.items())
        return _by_mail(PlanStep("track", event, properties, by="mail"))

    steps = [mail("Email Sent")]
    if chance.random() < 0.03:
        return [*steps, mail("Email Bounced")]
    steps.append(mail("Email Delivered"))
    if chance.random() < 0.25:
        steps.append(mail("Email Opened", machine=True))
    if chance.random() < 0.45:
        steps.append(mail("Email Opened"))
        if chance.random() < {"A": 0.22, "B": 0.34}[variant]:
            steps += [mail("Email Clicked"), _page("/pricing")]
            if chance.random() < 0.4:
                steps.append(PlanStep("track", "Form Submitted", (("form", "demo"),)))
    if chance.random() < 0.02:
        steps.append(mail("Email Unsubscribed"))
    return steps


def _with_sales(kind: str, chance: Random) -> list[PlanStep]:
    """How far sales come with somebody."""
    further = {"prospect": (0.45, 0.35, 0.2), "buyer": (0.85, 0.6, 0.3), "customer": (0.97, 0.85, 0.75)}[kind]
    steps: list[PlanStep] = []
    for stage, share in zip(("qualified", "opportunity", "customer"), further, strict=True):
        if chance.random() >= share:
            lost = chance.random() < 0.5
            return [*steps, _crm("Stage Changed", to="disqualified")] if lost else steps
        steps.append(_crm("Stage Changed", to=stage))
    orders = [_crm("Order Placed", revenue=round(chance.lognormvariate(7.6, 0.6)), currency="EUR")]
    return [*steps, *orders * (2 if chance.random() < 0.2 else 1)]


def _crm(event: str, **properties: Any) -> PlanStep:
    return PlanStep("track", event, tuple(properties.items()), by="crm")


# ---- time --------------------------------------------------------------------------------------------------------


def _begin(start: int, end: int, chance: Random) -> int:
    """When somebody comes first: more of them every week, few on weekends, most by day (UTC)."""
    days = (end - start) / (_DAY * 1_000)
    while True:
        midnight = start + int(days * chance.random() ** 0.8) * _DAY * 1_000
        if _weekday(midnight) < 5 or chance.random() < 0.35:
            break
    hour = min(max(chance.gauss(11.5, 3.2), 0.0), 23.9)
    return midnight + int(hour * 3_600_000) * 1_000


def _weekday(at: int) -> int:
    """0: Monday."""
    return (at // (_DAY * 1_000) + 3) % 7


def _instants(steps: Sequence[PlanStep], begin: int, chance: Random) -> list[int]:
    """An instant for each step: seconds apart within a visit, days where somebody comes back or sales do something."""
    instants, now = [], begin
    for number, step in enumerate(steps):
        now += _pause(step, chance) * 1_000 if number else 0
        instants.append(now)
    return instants


def _pause(step: PlanStep, chance: Random) -> int:
    """Milliseconds from the step before."""
    match step.by, step.name:
        case "crm", _:
            return int(chance.lognormvariate(1.2, 0.7) * _DAY)
        case "mail", "Email Sent":
            return int(chance.uniform(0.2, 4) * _DAY)
        case "mail", "Email Opened":
            return int(chance.uniform(0.02, 0.6) * _DAY)
    if dict(step.properties).get(_LATER) or step.device:
        return int(chance.lognormvariate(0.7, 0.8) * _DAY)
    return chance.randint(4_000, 90_000)


def _unmarked(step: PlanStep) -> PlanStep:
    return replace(step, properties=tuple(each for each in step.properties if each[0] != _LATER))
