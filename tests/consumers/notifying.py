"""A destination, its courier and a clock that a test moves."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from consumers.notify.courier import Courier
from consumers.notify.destinations.registry import sender_of
from consumers.notify.parcel import Messenger
from domain.model.definition import Destination, parse_model
from domain.touchpoints.touchpoint import Instant
from store.database.database import Database
from store.database.tables import deliveries, destinations
from store.models import record_activation
from tests.given_ledger import AT
from tests.given_receivers import KEY

STAGES = '[[stages]]\nname = "lead"\n'
ENVIRONMENT = {"LEADLINE_BERLIN_KEY": KEY}


def webhook(name: str = "berlin", more: str = "", kind: str = "webhook") -> str:
    """A destination as a file declares it, on a private network."""
    return (
        f'[[destinations]]\nname = "{name}"\ntype = "{kind}"\nurl = {{ env = "LEADLINE_{name.upper()}_URL" }}\n'
        f'secret = {{ env = "LEADLINE_BERLIN_KEY" }}\nallow_private = true\n{more}\n'
    )


def activated(database: Database, text: str) -> tuple[Destination, ...]:
    """The destinations of a file that was activated."""
    model = parse_model(STAGES + text)
    with database.transaction() as conn:
        record_activation(conn, model, AT)
    return model.destinations


class Notifying:
    """One destination that is told of a ledger."""

    def __init__(self, database: Database, destination: Destination, environment: Mapping[str, str]) -> None:
        self.database = database
        self.destination = destination
        self.now = AT + 1_000_000
        self.sender: Messenger = sender_of(destination, {**ENVIRONMENT, **environment}, ZoneInfo("UTC"))
        self.start()

    def start(self) -> None:
        """A courier that remembers nothing, as after a kill."""
        self.courier = Courier(
            self.database, self.destination, self.sender, ZoneInfo("UTC"), clock=lambda: Instant(self.now),
            chance=lambda: 0.5,
        )  # fmt: skip

    def work(self, seconds: float = 0.0) -> None:
        """So many seconds later, all that can be done now."""
        self.now += round(seconds * 1_000_000)
        for _ in range(100):
            if not self.courier.run_once():
                return

    def states(self) -> list[tuple[str, int]]:
        """State and attempts of each delivery, in the ledger's order."""
        columns = deliveries.c.state, deliveries.c.attempts
        of_it = deliveries.c.destination == self.destination.name
        with self.database.snapshot() as conn:
            rows = conn.execute(select(*columns).where(of_it).order_by(deliveries.c.position))
            return [(row.state, row.attempts) for row in rows]

    def place(self) -> Any:
        """The destination's row."""
        with self.database.snapshot() as conn:
            return conn.execute(select(destinations).where(destinations.c.name == self.destination.name)).one()
