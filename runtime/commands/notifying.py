"""`notify`: the process that tells destinations; `notify test`, `notify dead list`, `notify dead replay`."""

import os
from typing import Annotated

import typer

from domain.errors import Failed, NotFound, Refused
from domain.touchpoints.touchpoint import Instant, moment, rfc3339
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, Limit, ModelFile, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.wiring import Wiring
from store import deliveries
from store.models import active_model

Name = Annotated[str | None, typer.Option("--destination", help="Of this destination only.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Tell the destinations of the model file of signals.", invoke_without_command=True)
    group.callback()(notify)
    group.command("test")(tried)
    dead = typer.Typer(help="What was given up: list it, and try it again.", no_args_is_help=True)
    dead.command("list")(listed)
    dead.command("replay")(replayed)
    group.add_typer(dead, name="dead")
    app.add_typer(group, name="notify")


def notify(
    context: typer.Context,
    *,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Run the process that tells the destinations of the active model (without Kafka, `leadline serve` does)."""
    if context.invoked_subcommand is not None:
        return
    from runtime import processes

    with wiring_of(server=True, database=database, kafka=kafka) as wiring:
        processes.notify(wiring)


def tried(
    name: Annotated[str, typer.Argument(help="The destination's name.")],
    *,
    model: ModelFile = None,
    as_json: AsJson = False,
) -> None:
    """Send a sample to a destination of the model file; exit 1 if it does not arrive."""
    from consumers.notify.sample import send_sample

    with wiring_of(model=model) as wiring:
        file, links = wiring.model_file(), wiring.settings.links
    destination = next((each for each in file.destinations if each.name == name), None)
    if destination is None:
        names = ", ".join(each.name for each in file.destinations) or "none"
        raise NotFound(f"the model file has no destination {name!r}; it has: {names}")
    arrived, said = send_sample(destination, os.environ, file, links)
    if as_json:
        print_json({"destination": name, "arrived": arrived, "answer": said})
    else:
        print(f"{name}: {said}")
    if not arrived:
        raise Failed(f"the sample did not arrive at {name!r}: {said}")


_DEAD = (
    Column("destination"),
    Column("signal"),
    Column("since", 1),
    Column("attempts", 2, number=True),
    Column("answer"),
)


def listed(
    *,
    destination: Name = None,
    limit: Limit = 50,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what was given up, newest first, with what the destination answered last."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        letters = deliveries.dead_letters(conn, limit, destination)
    if as_json:
        keys = ("destination", "signal", "lead", "attempts", "outcome")
        items = [{key: str(getattr(each, key)) for key in keys} | {"at": rfc3339(each.at)} for each in letters]
        print_json({"items": items})
        return
    rows = [(each.destination, each.signal, moment(each.at), each.attempts, each.outcome) for each in letters]
    print_listings(Listing("Given up, newest first (times in UTC)", _DEAD, rows))


def replayed(
    signal: Annotated[str | None, typer.Argument(help="Only this signal: its id, or how that begins.")] = None,
    *,
    destination: Name = None,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Try what was given up again, as if for the first time."""
    with wiring_of(data=data, database=database) as wiring:
        outcome = _replay(wiring, destination, signal)
    if signal is not None and not any(outcome):
        raise Refused(f"nothing that was given up has the id {signal!r}: `leadline notify dead list` shows what has")
    print(f"{outcome.again} wait again" + (f", {outcome.over} are over: their end was told" if outcome.over else ""))


def _replay(wiring: Wiring, destination: str | None, signal: str | None) -> deliveries.ReplayedDeliveries:
    database = wiring.existing
    with database.transaction() as conn:
        model = active_model(conn)
        names = {each.name for each in model.destinations} if model else set()
        if destination is not None and destination not in names:
            raise NotFound(f"the active model has no destination {destination!r}; it has: {', '.join(sorted(names))}")
        return deliveries.replay(conn, Instant(database.now(conn)), destination, signal)
