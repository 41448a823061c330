"""A ledger with rows: given without a projector."""

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.model.definition import Model
from store.database import bulk
from store.database.database import Database
from store.database.tables import ledger
from store.events.positions import position_of

AT = 1_790_000_000_000_000


def row(position: int, kind: str = "lead.hot", lead: UUID | None = None, **more: Any) -> dict[str, Any]:
    """A row of the ledger, announced, with an id of its own."""
    lead = lead or uuid.uuid4()
    plain = {
        "position": position, "id": f"{lead}:{kind}:{position}", "kind": kind, "lead": lead, "lead_now": lead,
        "subject": "", "at": AT + position, "closes": None, "data": "{}", "asks": None, "identity": None,
    }  # fmt: skip
    return {**plain, **more}


NOBODY = {"name": None, "company": None, "title": None, "email": None, "phone": None, "unsubscribed": None}
"""What a signal says of a person of whom nothing is known."""


def standing(
    model: Model, *, stage: str = "lead", grade: str = "C", source: Any = None, **person: str
) -> dict[str, Any]:
    """What a signal of any kind says of a lead; `person`: what is known of it; `source`: its first and last."""
    return {
        "person": NOBODY | person, "first_source": source, "last_source": source, "stage": stage, "grade": grade,
        "model": model.hash,
    }  # fmt: skip


def put(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows into the ledger."""
    with database.transaction() as conn:
        bulk.insert(conn, ledger, rows)


def position(database: Database, name: str) -> int | None:
    """The stored position of that name."""
    with database.snapshot() as conn:
        return position_of(conn, name)
