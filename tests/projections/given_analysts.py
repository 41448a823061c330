"""Days of made-up traffic with everything that is hard to show, projected: what analysts' views are tried on."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import UUID

from domain.files.durations import DAY, SECOND
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, Touchpoint
from runtime.demo.generator import generate
from store.database import bulk
from store.database.tables import costs
from tests.domain.stories import at, us
from tests.projections.world import World

_MONEY: Final = """
[money]
currency = "EUR"
revenue = [ { on = "order_placed" }, { on = "order_refunded" } ]
"""
_EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "b2b-software" / "leadline.toml"
MODEL: Final = parse_model(_EXAMPLE.read_text(encoding="utf-8") + _MONEY)
START: Final = 1_729_700_000_000_000
"""2024-10-23: the clocks of Berlin go back on the 27th."""
COSTS: Final = (
    ("mail", "spring", START // DAY + 3, "EUR", START, 120_500_000, None),
    ("mail", "", START // DAY + 4, "EUR", START - 1, 99_000_000, START),
    ("mail", "", START // DAY + 4, "EUR", START, 30_000_000, None),
    ("mail", "spring", START // DAY + 4, "USD", START, 7, None),
)
"""Rows of `costs`: one of them was replaced."""
CLOCK: Final = START + 20 * DAY + 123_457


def hard_to_show() -> list[Touchpoint]:
    """Names that are put together, NUL, quotes, far instants, several with one e-mail, one that is long gone."""
    people = [
        at(1, "identified", "u:h1", profile={"first_name": "芳", "last_name": "王", "email": "fang@h.example"}),
        at(2, "identified", "u:h2", profile={"first_name": "A", "last_name": "Abel", "title": 'a "b" \x00 \\u0000'}),
        at(3, "identified", "u:h3", profile={"full_name": "Bo 100% {Ito}", "email": "FANG@h.example", "company": "K"}),
        at(4, "page_viewed", "c:robot", context={"machine": "bot"}),
        at(5, "page_viewed", "u:h3", path="/\x00", odd=[1.5, None, {"é": "\x00"}]),
    ]
    return [
        each._replace(
            occurred_at=Instant(START + n * DAY + 1 + n), received_at=Instant(START + n * DAY + 2 + n), id=f"hard-{n}"
        )
        for n, each in enumerate(people)
    ]


def mails() -> list[Touchpoint]:
    """A campaign in two variants: who converted within seven days of a click, and who too late or never."""
    day = DAY // SECOND

    def mail(n: float, type: str, who: str, variant: str | None = None, **more: Any) -> Touchpoint:
        named = {} if variant is None else {"variant": variant}
        told = at(n, type, f"e:{who}@m.example", source="provider", campaign="spring", **named, **more)
        return told._replace(occurred_at=Instant(START + 3 * DAY + int(n * SECOND)))

    def did(n: float, type: str, who: str, **more: Any) -> Touchpoint:
        return at(n, type, f"e:{who}@m.example", **more)._replace(
            occurred_at=Instant(START + 3 * DAY + int(n * SECOND))
        )

    told = [
        mail(1, "email_sent", "m1", "A"),
        mail(2, "email_delivered", "m1", "A"),
        mail(3, "email_opened", "m1", context={"machine": "prefetch"}),
        mail(4, "email_clicked", "m1"),
        mail(5, "email_clicked", "m1"),
        did(4 + 3 * day, "form_submitted", "m1", form="demo"),
        mail(1, "email_sent", "m2", "B"),
        mail(60, "email_opened", "m2"),
        mail(61, "email_clicked", "m2"),
        did(62 + 7 * day, "order_placed", "m2", revenue=10, currency="EUR"),
        mail(1, "email_sent", "m3", "A"),
        mail(9, "email_bounced", "m3"),
        mail(1, "email_sent", "m4", "B"),
        mail(70, "email_clicked", "m4"),
        did(70 + 7 * day, "form_submitted", "m4", form="demo"),
        did(71 + 7 * day, "order_placed", "m4", revenue=50.5, currency="EUR"),
        did(72 + 7 * day, "order_placed", "m4", revenue=100, currency="USD"),
        did(71 + 8 * day, "order_refunded", "m4", revenue=20.25, currency="EUR"),
    ]
    return [each._replace(received_at=Instant(each.occurred_at + 1)) for each in told]


def deals() -> list[Touchpoint]:
    """Forty who ask, come back, are won or disqualified, in orders of types that differ; of some a list says alone."""
    chance, told = Random(11), []
    for n in range(40):
        who, day, minute = f"e:d{n}@d.example", DAY // SECOND, 60.0
        second = chance.randrange(15) * day + chance.choice([0, 1, 82_800, 82_799])  # also where days of the zone begin
        country = chance.choice([{"country": "NL"}, {"country": "SE"}, {"country": ""}, {}])
        told.append(at(second, "identified" if n % 9 == 0 else "form_submitted", who, form="demo", profile=country))
        types = ["page_viewed", "page_viewed", "form_submitted", "call_logged", "demo_requested"]
        told += [at(second + minute * i, type, who) for i, type in enumerate(chance.choices(types, k=n % 9), 1)]
        to = chance.choice(["customer", "customer", "disqualified", "opportunity"])
        told.append(at(second + minute * chance.randrange(1, 20), "stage_changed", who, to=to))
        told += [at(second + 5 * day, "stage_changed", who, to="customer")] if n % 4 == 0 else []
    shifted = [each._replace(occurred_at=Instant(START + each.occurred_at - us(0))) for each in told]
    return [each._replace(received_at=Instant(each.occurred_at + 1)) for each in shifted if each.occurred_at <= CLOCK]


def deadlines_of_owners() -> list[tuple[Any, ...]]:
    """Rows of `deadlines`: of some nothing was done; many were asked where the 27th, of 25 hours, begins and ends."""
    chance = Random(13)
    owners = ["amara", "jonas", "inside sales", "head of sales", None]
    rows = []
    for n in range(60):
        midnight = chance.choice([1_729_980_000, 1_730_066_400, 1_730_070_000]) * SECOND - chance.randrange(2)
        asked = START + n * DAY // 5 if n % 3 else midnight
        kind, owner = chance.choice(["accept", "work", "answer", "follow_up"]), chance.choice(owners)
        never = kind == "answer" and owner not in ("amara", "jonas")
        state = "open" if never else chance.choice(["open", "kept", "kept", "missed", "dropped"])
        done = asked + chance.randrange(1, 20) * 600_000_000 + n % 3
        settled = done if state == "kept" or (state in ("missed", "dropped") and chance.random() < 0.5) else None
        rows.append((kind, f"asked {n}", UUID(int=n), owner, None, asked, asked + DAY, state, settled, None, None))
    return rows


def played(url: str, *later: Sequence[Touchpoint]) -> World:
    """A world of this on a database, and of what comes `later`; the caller closes it."""
    world = World(url, MODEL, CLOCK)
    traffic = list(generate(7, START, people=120, length=16 * DAY).touchpoints())
    with world.database.transaction() as conn:
        bulk.upsert(conn, costs, COSTS)
    world.play([traffic[: len(traffic) // 2], traffic[len(traffic) // 2 :], hard_to_show(), mails(), *later])
    return world
