"""What salespeople of the demo did in its months: they call who sent a form, meet who might buy, say why one is lost"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from runtime.demo.generator import HOUR, Act, Truth
from runtime.demo.people import Someone

MINUTE: Final = 60_000_000
"""Microseconds."""
SELLERS: Final = ("amara", "jonas", "inside sales")
"""Owners of the example's model who call."""
_ASKED: Final = frozenset({"contact", "demo", "pricing-request"})
"""Forms that ask for a call."""
_LEADS: Final = frozenset({"prospect", "buyer", "customer"})
_REACHED: Final = (
    "Wants to see scoring on their own data",
    "Compares three tools, decides this quarter",
    "Uses spreadsheets today",
    "Asks for the price of 50 seats",
    "Head of sales joins the next call",
)
_MET: Final = ("Demo for the sales team", "Went through the contract", "Workshop on stages and points")
_LOST: Final = ("no budget", "chose another tool", "no answer", "too small")


@dataclass(frozen=True, slots=True)
class Deal:
    """Somebody whom sales know: who takes care of them, and how far they are."""

    person: int
    email: str
    owner: str
    stage: str


@dataclass(frozen=True, slots=True)
class CrmEntry:
    """A call, a meeting or a move of the CRM, at an instant (microseconds)."""

    person: int
    at: int
    kind: str
    owner: str
    said: Mapping[str, Any] = field(default_factory=dict)


def talks(seed: int, truth: Truth, end: int) -> tuple[list[CrmEntry], list[Deal]]:
    """All talks before `end`, and the deals that are open then. The same seed gives the same."""
    chance = Random(f"leadline talks {seed}")
    acts_by_person: dict[int, list[Act]] = {}
    for act in truth.acts:
        if act.at < end:
            acts_by_person.setdefault(act.person, []).append(act)
    told: list[CrmEntry] = []
    deals: list[Deal] = []
    for number, person in truth.people.items():
        acts = acts_by_person.get(number, [])
        if person.kind not in _LEADS or not person.email or not acts:
            continue
        owner = chance.choice(SELLERS)
        told += _asked_back(number, owner, acts, chance)
        told += _along_the_moves(number, owner, person, acts, chance)
        stages = [act.properties["to"] for act in acts if act.type == "stage_changed"]
        if stages and stages[-1] in ("qualified", "opportunity"):
            deals.append(Deal(number, person.email, owner, stages[-1]))
    return [talk for talk in told if talk.at < end], deals


def _asked_back(number: int, owner: str, acts: Sequence[Act], chance: Random) -> Iterator[CrmEntry]:
    """Who sent a form that asks for a call is called, most of them soon; some are not reached, some forgotten."""
    asked = next((act for act in acts if act.properties.get("form") in _ASKED), None)
    if asked is None or chance.random() < 0.18:
        return
    at = _at_work(asked.at + int(chance.lognormvariate(4.0, 0.8) * MINUTE))
    while chance.random() < 0.3:
        yield CrmEntry(number, at, "Call", owner, {"outcome": "not reached"})
        at = _at_work(at + chance.randint(20, 30) * HOUR)
    yield CrmEntry(
        number, at, "Call", owner,
        {"outcome": "reached", "note": chance.choice(_REACHED), "minutes": chance.randint(4, 25)},
    )  # fmt: skip


def _along_the_moves(
    number: int, owner: str, person: Someone, acts: Sequence[Act], chance: Random
) -> Iterator[CrmEntry]:
    """Before a lead moves on, somebody has spoken with them."""
    for act in acts:
        before = act.at - chance.randint(10, 180) * MINUTE
        match act.type, act.properties.get("to"):
            case "stage_changed", "opportunity":
                note = {"note": _MET[0], "minutes": chance.choice((30, 45, 60))}
                yield CrmEntry(number, before, "Meeting", owner, note)
            case "stage_changed", "customer":
                yield CrmEntry(number, before - 20 * HOUR, "Mail", owner, {"note": "Sent the contract"})
                if person.kind == "customer":
                    yield CrmEntry(number, before, "Meeting", owner, {"note": chance.choice(_MET[1:]), "minutes": 45})
            case "stage_changed", "disqualified":
                yield CrmEntry(number, before, "Call", owner, {"outcome": f"lost: {chance.choice(_LOST)}"})


def _at_work(at: int) -> int:
    """The instant, or the next at which somebody works: Monday to Friday, 8 to 17 (UTC)."""
    day, within = divmod(at, 24 * HOUR)
    if within >= 17 * HOUR:
        day, within = day + 1, 8 * HOUR + within % HOUR
    within = max(within, 8 * HOUR + within % HOUR)
    while (day + 3) % 7 >= 5:
        day += 1
    return day * 24 * HOUR + within
