"""What the benchmark plays: the same touchpoints for both sides, over leads of very different activity."""

import random
from collections.abc import Iterator

from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Source, Touchpoint

SECOND = 1_000_000
LEADS = 9_000


def touchpoints(count: int, now: int, seed: int = 1) -> Iterator[Touchpoint]:
    """`count` touchpoints in the order in which they happened; lead n is weighted 1 / (n + 10)."""
    dice = random.Random(seed)
    people = dice.choices(range(LEADS), [1 / (n + 10) for n in range(LEADS)], k=count)
    source = Source("server", "bench")
    for n, person in enumerate(people):
        instant = now - (count - n) * 20_000
        identities: tuple[Identity, ...] = (Identity("anonymous_id", f"cookie-{person}"),)
        type, profile = "page_viewed", {}
        chance = dice.random()
        if chance < 0.02:
            identities = (Identity("user_id", f"user-{person}"), Identity("email", f"p{person}@c.example"), *identities)
            type, profile = "identified", {"title": dice.choice(["CEO", "Developer"]), "country": "CN"}
        elif chance < 0.06:
            type = "form_submitted"
        elif chance < 0.16:
            type = "email_clicked"
        path = dice.choice(["/pricing", "/docs", "/blog/one", "/"])
        properties = {"path": path, "url": f"https://www.example.com{path}"}
        yield Touchpoint(f"bench-{n}", source, type, instant, instant, identities, None, 0, profile, properties)
