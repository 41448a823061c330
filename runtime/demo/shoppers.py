"""The simulated people of the web shop: who they are, and what each kind of shopper does in an hour."""

from random import Random
from typing import Any, Final

from runtime.demo.people import FIRST, FREE, LAST, PlanStep, Someone, VisitorMix

SHOP: Final = "https://www.shop.example"
PRODUCTS: Final = (
    ("sofa-lund", 1290), ("table-fjord", 890), ("chair-fjord", 180), ("lamp-glow", 95), ("bed-nord", 1490),
    ("shelf-oak", 420), ("rug-vev", 260), ("desk-pine", 540),
)  # fmt: skip
"""What is sold, and its price in EUR."""
COUNTRIES: Final = ("FR", "FR", "DE", "DE", "NL", "BE", "AT", "US", "SE")
_PAGES: Final = ("/", "/sofas", "/tables", "/sale", "/delivery", "/stores")
_ORIGINS: Final = (
    (30, "", ""),
    (26, "", "https://www.google.com/"),
    (16, "?utm_source=google&utm_medium=cpc&utm_campaign=sofas", "https://www.google.com/"),
    (12, "?utm_source=instagram&utm_medium=paid_social&utm_campaign=spring", "https://www.instagram.com/"),
    (8, "?utm_source=home-with-mia&utm_medium=creator&utm_campaign=living", "https://www.youtube.com/"),
    (8, "?utm_source=newsletter&utm_medium=email&utm_campaign=weekly", ""),
)
"""Weight, query of the first address and referrer of a visit."""
_KINDS: Final = (
    ("window", 50), ("reader", 12), ("hesitant", 14), ("asker", 5), ("buyer", 11), ("regular", 5), ("employee", 1),
    ("reseller", 2),
)  # fmt: skip


def shopper(kind: str, number: int, chance: Random) -> Someone:
    """A person of a kind. `number` makes their e-mail unique."""
    if kind == "window":
        return Someone(kind, None, {}, None, False, 1, _come(_looking(chance, 1, 4), chance))
    first, last = chance.choice(FIRST), chance.choice(LAST)
    domain = {"employee": "shop.example", "reseller": "resale.example"}.get(kind) or chance.choice(FREE)
    email = f"{first}.{last}{number}@{domain}"
    traits: dict[str, Any] = {"email": email, "firstName": first.capitalize(), "lastName": last.capitalize()}
    traits["country"] = chance.choice(COUNTRIES)
    signs_in = kind in ("regular", "employee", "reseller") or (kind in ("buyer", "hesitant") and chance.random() < 0.5)
    if signs_in:
        traits["memberSince"] = f"20{chance.randint(21, 26)}"
    if kind == "reseller":
        traits["customerType"] = "reseller"
    devices = 2 if signs_in and chance.random() < 0.4 else 1
    steps = _come(_STORIES[kind](chance, devices), chance)
    return Someone(kind, email, traits, None, signs_in, devices, steps)


def cart(chance: Random) -> int:
    """What is in a cart, in EUR."""
    return sum(chance.choice(PRODUCTS)[1] for _ in range(chance.choice((1, 1, 1, 2, 3))))


# ---- what they do ------------------------------------------------------------------------------------------------


def _page(path: str) -> PlanStep:
    return PlanStep("page", properties=(("path", path), ("url", SHOP + path), ("title", path.strip("/") or "home")))


def _track(event: str, device: int = 0, **properties: Any) -> PlanStep:
    return PlanStep("track", event, tuple(properties.items()), device=device)


def _come(steps: tuple[PlanStep, ...], chance: Random) -> tuple[PlanStep, ...]:
    """A page first, which says where the visit comes from."""
    [(_, query, referrer)] = chance.choices(_ORIGINS, weights=[weight for weight, *_ in _ORIGINS])
    path = chance.choice(_PAGES)
    said = {"path": path, "url": f"{SHOP}{path}{query}", "title": path.strip("/") or "home"}
    if referrer:
        said["referrer"] = referrer
    return (PlanStep("page", properties=tuple(said.items())), *steps)


def _looking(chance: Random, least: int, most: int, device: int = 0) -> tuple[PlanStep, ...]:
    looked = (chance.choice(PRODUCTS) for _ in range(chance.randint(least, most)))
    return tuple(_track("Product Viewed", device, product=name, price=price) for name, price in looked)


def _filling(chance: Random, device: int = 0) -> tuple[PlanStep, ...]:
    first = cart(chance)
    steps: tuple[PlanStep, ...] = (_track("Cart Updated", device, total=first, items=1),)
    if chance.random() < 0.5:
        steps += (*_looking(chance, 1, 2, device), _track("Cart Updated", device, total=first + cart(chance), items=2))
    return steps


_NEWS: Final = PlanStep("track", "Form Submitted", (("form", "newsletter"),))
_ADVICE: Final = PlanStep("track", "Form Submitted", (("form", "advice"),))
_IDENTIFY: Final = PlanStep("identify")


def _mail(event: str) -> PlanStep:
    return PlanStep("track", event, (("campaign", "weekly"), ("source", "newsletter"), ("medium", "email")), by="mail")


def _reader(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    steps = (*_looking(chance, 0, 2), _NEWS, _mail("Email Delivered"))
    if chance.random() < 0.6:
        steps += (_mail("Email Opened"),)
    if chance.random() < 0.4:
        steps += (_mail("Email Clicked"), *_looking(chance, 1, 2))
    return steps


def _hesitant(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    """Fills a cart, says who they are, and goes."""
    steps = (*_looking(chance, 2, 5), *_filling(chance), _IDENTIFY, _page("/delivery"))
    if chance.random() < 0.6:
        steps += (_track("Checkout Started", devices - 1),)
    return (*steps, *_looking(chance, 0, 2, devices - 1))


def _asker(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    return (*_looking(chance, 2, 4), *(_filling(chance) if chance.random() < 0.5 else ()), _ADVICE, _IDENTIFY)


def _buyer(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    total = cart(chance)
    steps = (*_looking(chance, 1, 4), _track("Cart Updated", total=total, items=1), _IDENTIFY)
    steps += (_track("Checkout Started", devices - 1, total=total),)
    return (*steps, _track("Order Placed", devices - 1, revenue=total, currency="EUR"))


def _regular(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    bought = _buyer(chance, devices)
    if chance.random() < 0.5:
        return (_IDENTIFY, *bought)
    return (_IDENTIFY, *_looking(chance, 2, 4), *_filling(chance, devices - 1))


def _insider(chance: Random, devices: int) -> tuple[PlanStep, ...]:
    return (_IDENTIFY, *_looking(chance, 2, 5), *_filling(chance, devices - 1), _ADVICE)


_STORIES: Final = {
    "reader": _reader,
    "hesitant": _hesitant,
    "asker": _asker,
    "buyer": _buyer,
    "regular": _regular,
    "employee": _insider,
    "reseller": _insider,
}
SHOPPERS: Final = VisitorMix(_KINDS, shopper, SHOP)
