"""A courier that kills its process at a step."""

from zoneinfo import ZoneInfo

from consumers.notify.courier import Courier
from consumers.notify.destinations.registry import sender_of
from store import deliveries
from store.database.database import open_database
from store.models import active_model
from tests.consumers.dying import dying
from tests.given_receivers import KEY


def main(database_url: str, url: str, step: str, when: str) -> None:
    """Work until killed at `step`, "before" or "after" it.

    `url` is the destination's; the step is a function of `store.deliveries` that writes, "send", or "none".
    """
    database = open_database(database_url, b"an id key for tests only")
    with database.snapshot() as conn:
        model = active_model(conn)
    assert model is not None
    (destination,) = model.destinations
    sender = sender_of(destination, {"LEADLINE_BERLIN_URL": url, "LEADLINE_BERLIN_KEY": KEY}, ZoneInfo("UTC"))
    if step == "send":
        sender.send = dying(sender.send, when)  # type: ignore[method-assign]
    elif step != "none":
        setattr(deliveries, step, dying(getattr(deliveries, step), when))
    courier = Courier(database, destination, sender, ZoneInfo("UTC"))
    while courier.run_once():
        pass
    database.close()
