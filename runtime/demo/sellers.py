"""What salespeople of the demo do in its last hour: they take over open deals, accept hot leads, call, note, tag.

They ask the API of the server as a CRM would; every answer is a command with its touchpoint.
"""

import json
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

from domain.files.durations import DAY, MINUTE
from domain.touchpoints.touchpoint import rfc3339
from runtime.demo.talks import Deal

TAKEN_OVER: Final = 24
"""Open deals that owners are given by hand."""


@dataclass(frozen=True, slots=True)
class SalesTeam:
    """Who answers in a company, and what they say."""

    callers: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]]
    """Who answers for a team."""
    newcomers: str
    """The stage of those who are called without being hot."""
    rejects: tuple[str, str]
    """The reason and the note with which one lead is given back."""
    said: tuple[tuple[str, tuple[str, ...]], ...]
    """What was said in calls, and the tags of it."""


class Sellers:
    """Salespeople at the API of a server."""

    def __init__(self, address: str, team: SalesTeam, seed: int, now: int) -> None:
        """`now` in microseconds: what they log was said before it."""
        self._team = team
        self._address = address
        self._now = now
        self._chance = Random(f"leadline sellers {seed}")

    def take_over(self, deals: Sequence[Deal]) -> None:
        """Owners get deals that were theirs in the CRM."""
        furthest = sorted(deals, key=lambda deal: deal.stage == "opportunity", reverse=True)
        for deal in furthest[:TAKEN_OVER]:
            for lead in self._leads(email=deal.email):
                if lead.get("owner") is None:
                    self._ask(lead["id"], "assign", owner=deal.owner, by="head of sales", reason="as in the CRM")

    def answer(self) -> None:
        """Owners accept most of what they were given, call, and write down what was said; one is the wrong person."""
        owned = [lead for lead in self._leads(limit="200") if lead.get("owner")]
        for place, lead in enumerate(owned):
            who = lead["owner"]["name"]
            by = self._chance.choice(self._team.members.get(who, (who,)))
            what = self._chance.random()
            if place == 5:
                reason, note = self._team.rejects
                self._ask(lead["id"], "reject", reason=reason, by=by, note=note)
            elif what < 0.6:
                self._ask(lead["id"], "accept", by=by)
                if what < 0.45:
                    self._call(lead["id"], by, 0)
        for lead in self._leads(limit="40", stage=self._team.newcomers):
            if self._chance.random() < 0.5:
                self._call(lead["id"], self._chance.choice(self._team.callers), self._chance.randint(1, 25))

    def _call(self, lead: str, by: str, ago: int) -> None:
        """They called so many minutes ago; 0: just now."""
        said: dict[str, Any] = {"kind": "call_logged", "by": by, "outcome": "not reached"}
        reached = self._chance.random() < 0.75
        if reached:
            note, tags = self._chance.choice(self._team.said)
            said |= {"outcome": "reached", "note": note, "tags": tags}
        if ago:
            said["at"] = rfc3339(self._now - ago * MINUTE)
        self._ask(lead, "log", **said)
        if not reached:
            tomorrow = rfc3339(self._now + DAY)
            self._ask(lead, "remind", at=tomorrow, note="Try again in the morning", by=by)

    def _leads(self, **asked: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self._address}/api/leads?{urlencode(asked)}") as answer:
            items: list[dict[str, Any]] = json.load(answer)["items"]
        return items

    def _ask(self, lead: str, command: str, **said: Any) -> None:
        body = json.dumps(said).encode()
        headers = {"Content-Type": "application/json"}
        address = f"{self._address}/api/leads/{lead}/{command}"
        with urllib.request.urlopen(urllib.request.Request(address, body, headers)):
            pass
