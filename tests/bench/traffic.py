"""What the benchmark plays: the same bytes for every side, over leads of very different activity.

The bytes are the contracts that hold for ever (envelope version 1 on the log, a mapped file of JSON lines), made here
without the product's modules: a checkout of any age is given the same.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LEADS = 9_000
_SOURCE = "bench"
_STEP = timedelta(milliseconds=20)
"""Between two touchpoints."""

MAPPING = f"""
source = "{_SOURCE}"
id = "id"
time = {{ column = "at", format = "iso" }}
identities = {{ user_id = "user_id", email = "email", anonymous_id = "anonymous_id" }}
profile = {{ title = "title", country = "country" }}
[type]
column = "type"
other = "snake_case"
[properties]
path = "path"
url = "url"
"""
"""How `leadline import` reads the lines."""


@dataclass(frozen=True)
class Play:
    """One touchpoint of the play. `at` is an RFC 3339 text, identities go from the highest kind to the lowest."""

    id: str
    type: str
    at: str
    identities: dict[str, str]
    profile: dict[str, str]
    properties: dict[str, str]

    @property
    def cookie(self) -> str:
        """The identity that every touchpoint of a person bears."""
        return self.identities["anonymous_id"]

    @property
    def milliseconds(self) -> int:
        """`at` as Kafka's timestamp: since 1970."""
        return round(datetime.fromisoformat(self.at).timestamp() * 1_000)

    @property
    def key(self) -> bytes:
        """The key on the topic: the identity nearest to the device."""
        return f"anonymous_id:{self.cookie}".encode()

    @property
    def envelope(self) -> bytes:
        """Envelope, version 1."""
        wire: dict[str, Any] = {
            "v": 1,
            "id": self.id,
            "source": {"kind": "server", "name": _SOURCE},
            "type": self.type,
            "occurred_at": self.at,
            "received_at": self.at,
            "identities": [{"kind": kind, "value": value} for kind, value in self.identities.items()],
        }
        if self.profile:
            wire["profile"] = self.profile
        wire["properties"] = self.properties
        return json.dumps(wire, separators=(",", ":")).encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """The attributes of a CloudEvent in Kafka's binary mode."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_source": f"/leadline/sources/server/{_SOURCE}",
            "ce_type": self.type,
            "ce_time": self.at,
            "content-type": "application/json",
        }
        return [(name, value.encode()) for name, value in attributes.items()]

    @property
    def line(self) -> str:
        """The row of a JSON lines file that `MAPPING` describes."""
        row = {"id": self.id, "at": self.at, "type": self.type, **self.identities, **self.profile, **self.properties}
        return json.dumps(row) + "\n"


def play(count: int, until: datetime, seed: int = 1) -> Iterator[Play]:
    """`count` touchpoints in the order in which they happened, the last just before `until`.

    Lead n is weighted 1 / (n + 10).
    """
    dice = random.Random(seed)
    people = dice.choices(range(LEADS), [1 / (n + 10) for n in range(LEADS)], k=count)
    for n, person in enumerate(people):
        at = (until - (count - n) * _STEP).astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
        identities = {"anonymous_id": f"cookie-{person}"}
        type, profile = "page_viewed", {}
        chance = dice.random()
        if chance < 0.02:
            identities = {"user_id": f"user-{person}", "email": f"p{person}@c.example", **identities}
            type, profile = "identified", {"title": dice.choice(["CEO", "Developer"]), "country": "CN"}
        elif chance < 0.06:
            type = "form_submitted"
        elif chance < 0.16:
            type = "email_clicked"
        path = dice.choice(["/pricing", "/docs", "/blog/one", "/"])
        properties = {"path": path, "url": f"https://www.example.com{path}"}
        yield Play(f"bench-{n}", type, at, identities, profile, properties)
