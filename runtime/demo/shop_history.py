"""The web shop's year as a file that it would bring along: orders, what came back, and by which campaign each came."""

import csv
from pathlib import Path
from random import Random
from typing import Any, Final

from domain.files.durations import DAY
from domain.touchpoints.touchpoint import rfc3339
from runtime.demo.generator import HOUR, Traffic
from runtime.demo.history import History, HistoryFile
from runtime.demo.people import FIRST, FREE, LAST, Someone
from runtime.demo.shoppers import COUNTRIES, cart

CUSTOMERS: Final = 700
_YEAR: Final = 365
_COLUMNS: Final = (
    "order_no", "ordered", "state", "mail", "phone", "first_name", "last_name", "country", "member_since", "total",
    "currency", "utm_source", "utm_medium", "utm_campaign",
)  # fmt: skip
_CAME: Final[tuple[tuple[int, dict[str, str]], ...]] = (
    (40, {}),
    (24, {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "sofas"}),
    (18, {"utm_source": "instagram", "utm_medium": "paid_social", "utm_campaign": "spring"}),
    (10, {"utm_source": "home-with-mia", "utm_medium": "creator", "utm_campaign": "living"}),
    (8, {"utm_source": "newsletter", "utm_medium": "email", "utm_campaign": "weekly"}),
)
_COSTS: Final = (("paid_search", "sofas", 85.0), ("paid_social", "spring", 60.0), ("influencers", "living", 35.0))
"""Channel, campaign, and what they cost a day in EUR."""
_COSTED: Final = 90
"""Days whose costs are known."""


def write_shop_history(folder: Path, seed: int, now: int, hour: Traffic) -> History:
    """Write the orders of a year until an hour ago, of others and of the hour's regulars (`now` in microseconds)."""
    chance = Random(f"leadline shop {seed}")
    regulars = [person for person in hour.truth.people.values() if person.kind == "regular"]
    orders = [row for person in regulars for row in _orders(_customer(person), 3, now, chance)]
    for number in range(CUSTOMERS):
        orders += _orders(_somebody(number, chance), chance.choice((1, 1, 1, 1, 2, 2, 3, 6)), now, chance)
    orders.sort(key=lambda row: str(row["ordered"]))
    file, costs = folder / "orders.csv", folder / "costs.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, _COLUMNS, restval="")
        writer.writeheader()
        writer.writerows({"order_no": f"O-{number}", **row} for number, row in enumerate(orders, start=10_001))
    midnight = now - now % DAY
    days = [rfc3339(midnight - back * DAY)[:10] for back in range(_COSTED, 0, -1)]
    rows = [f"{channel},{campaign},{day},{amount:.2f},EUR" for day in days for channel, campaign, amount in _COSTS]
    costs.write_text("\n".join(["channel,campaign,day,amount,currency", *rows]) + "\n", encoding="utf-8")
    return History((HistoryFile(file, "orders.toml"),), costs, (), CUSTOMERS + len(regulars), "a year")


def _customer(person: Someone) -> dict[str, Any]:
    """A person of the hour, as the shop's system knows them."""
    traits = person.traits
    return {
        "mail": person.email,
        "first_name": traits["firstName"],
        "last_name": traits["lastName"],
        "country": traits["country"],
        "member_since": traits.get("memberSince", ""),
    }


def _somebody(number: int, chance: Random) -> dict[str, Any]:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    return {
        "mail": f"{first}.{last}.{number}@{chance.choice(FREE)}",
        "phone": f"+1{212 + number // 100}55501{number % 100:02}",
        "first_name": first.capitalize(),
        "last_name": last.capitalize(),
        "country": chance.choice(COUNTRIES),
        "member_since": f"20{chance.randint(21, 26)}" if chance.random() < 0.6 else "",
    }


def _orders(customer: dict[str, Any], count: int, now: int, chance: Random) -> list[dict[str, Any]]:
    """So many orders within the year, more of them lately; a few came back days later."""
    rows: list[dict[str, Any]] = []
    [(_, came)] = chance.choices(_CAME, weights=[weight for weight, _ in _CAME])
    for _ in range(count):
        at = now - HOUR - int(_YEAR * DAY * chance.random() ** 1.4)
        total = cart(chance)
        order = {**customer, **came, "ordered": rfc3339(at), "state": "paid", "total": total, "currency": "EUR"}
        rows.append(order)
        back = at + chance.randint(3, 14) * DAY
        if chance.random() < 0.06 and back < now - HOUR:
            refund = {**customer, "ordered": rfc3339(back), "state": "refunded", "total": total, "currency": "EUR"}
            rows.append(refund)
    return rows
