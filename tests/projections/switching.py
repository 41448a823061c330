"""A world whose model is changed, and the models it is changed to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from domain.model.definition import parse_model
from projections.upkeep.activation import Activated, activate
from store.database.tables import ledger, open_signals
from tests.domain.stories import at, identity
from tests.given_model import MODEL
from tests.projections.world import World

HOT_AT = "hot_at = { A = 10, B = 15, C = 20, D = 20 }"
EASY = MODEL.replace(HOT_AT, "hot_at = 10")
"""One form (15 points) is enough."""
NEVER = MODEL.replace(HOT_AT, "hot_at = 1000")


def form(second: float, *names: str, **more: Any) -> Any:
    return at(second, "form_submitted", *names, **more)


class Switching:
    """A world whose model is changed."""

    def __init__(self, world: World) -> None:
        self.world = world

    def to(self, text: str, *, announce: bool = False) -> Activated:
        """Activate a model; the projector takes it up."""
        self.world.model = parse_model(text)
        done = activate(self.world.database, self.world.ids, self.world.model, announce=announce)
        self.world.restart()
        return done

    def said(self, after: int = 0) -> list[tuple[str, Mapping[str, Any]]]:
        """Kind and data of the ledger's rows behind a position."""
        with self.world.database.snapshot() as conn:
            rows = conn.execute(select(ledger).where(ledger.c.position > after).order_by(ledger.c.position)).all()
        return [(row.kind, orjson.loads(row.data)) for row in rows]

    def asks(self) -> list[Any]:
        """What was asked of leads, in order."""
        with self.world.database.snapshot() as conn:
            rows = conn.execute(select(ledger.c.asks).order_by(ledger.c.position)).scalars().all()
        return [orjson.loads(row) for row in rows if row is not None]

    def hot(self) -> dict[UUID, str | None]:
        """The signal that announced each lead that is open as hot; None: it is quiet."""
        with self.world.database.snapshot() as conn:
            rows = conn.execute(select(open_signals).where(open_signals.c.kind == "lead.hot")).all()
        return {row.holder: row.signal for row in rows}

    def lead(self, name: str) -> UUID:
        return self.world.ids.of(identity(name))

    @property
    def end(self) -> int:
        """The ledger's newest position."""
        return len(self.said())
