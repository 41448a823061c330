"""A ledger with rows, the cards of their leads, and an active model: given without a projector."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import insert

from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger, live, models
from store.events.positions import position_of

AT = 1_790_000_000_000_000
MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
requires = ["profile.company"]
was = ["mql"]
[[stages]]
name = "trial"
retired = true
"""


def row(position: int, kind: str = "lead.hot", lead: UUID | None = None, **more: Any) -> dict[str, Any]:
    """A row of the ledger, announced, with an id of its own."""
    lead = lead or uuid.uuid4()
    plain = {
        "position": position, "id": f"{lead}:{kind}:{position}", "kind": kind, "lead": lead, "lead_now": lead,
        "subject": "", "at": AT + position, "closes": None, "data": "{}", "silent": False,
    }  # fmt: skip
    return {**plain, **more}


def put(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows into the ledger."""
    with database.transaction() as conn:
        bulk.insert(conn, ledger, rows)


def card(database: Database, lead: UUID, identities: list[list[str]], profile: dict[str, Any]) -> None:
    """A row of the read model `leads`."""
    with database.transaction() as conn:
        conn.execute(
            insert(live.leads).values(
                lead=lead, stage="lead", stage_since=AT, identified=True, first_touch=AT, last_touch=AT, touches=1,
                identities=orjson.dumps(identities).decode(), profile=orjson.dumps(profile).decode(), findings="[]",
            )
        )  # fmt: skip


def activate(database: Database, text: str = MODEL) -> None:
    """Activate the first model."""
    with database.transaction() as conn:
        conn.execute(insert(models).values(activation=1, hash="h", text=text, activated_at=AT))


def position(database: Database, name: str) -> int | None:
    """The stored position of that name."""
    with database.snapshot() as conn:
        return position_of(conn, name)
