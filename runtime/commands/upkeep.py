"""`rebuild`, `verify` and `model`: derived tables made anew, checked against the events, and by which model."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from eventsourcing.persistence import PersistenceError

from domain.errors import Failed, LeadlineError, Refused
from domain.model.definition import Model
from projections.upkeep.activation import activate as activate_model
from projections.upkeep.rebuild import rebuild as rebuild_tables
from projections.upkeep.verify import Verified, described, digest, keep, verify
from runtime.acting import who_acts
from runtime.commands.active_model import history, show
from runtime.commands.drawing import draw
from runtime.commands.judging import backtest, compare_models, try_numbers
from runtime.commands.options import AsJson, Data, DatabaseUrl, ModelFile, settings_of, wiring_of
from runtime.terminal.judged import say_moves
from runtime.terminal.show import Column, Listing, print_json, print_listings, progress, say
from runtime.wiring import Wiring
from store.models import active_model


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(rebuild)
    app.command("verify")(check_rows)
    model = typer.Typer(help="Check, compare and activate the model file.", no_args_is_help=True)
    model.command()(check)
    model.command()(activate)
    model.command()(draw)
    model.command()(show)
    model.command()(history)
    model.command("diff")(compare_models)
    model.command()(backtest)
    model.command("try")(try_numbers)
    app.add_typer(model, name="model")


def rebuild(
    *,
    clock: Annotated[
        Literal["stored", "now"],
        typer.Option(help="now: set the stored clock back to the database's time, after a machine's was wrong."),
    ] = "stored",
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Build the read models anew from the event store, beside the live ones, and switch."""
    with wiring_of(data=data, database=database) as wiring:
        engine, model = wiring.engine, _active(wiring)
        with progress("rebuild") as show_progress:
            rebuild_tables(wiring.existing, wiring.ids, model, show_progress, clock_now=clock == "now", engine=engine)
    say("rebuilt: the read models are those of the recorded events")


def check_rows(
    *,
    digests: Annotated[bool, typer.Option("--digest", help="Print a hash of each read model instead.")] = False,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Refold everything and compare with the live read models; exit 1 if a row differs."""
    with wiring_of(data=data, database=database) as wiring:
        if digests:
            digest_of = digest(wiring.existing)
            if as_json:
                print_json(digest_of)
            else:
                print_listings(
                    Listing("Read models", (Column("read model"), Column("digest")), list(digest_of.items()))
                )
            return
        engine, _ = wiring.engine, _active(wiring)
        with progress("verify") as show_progress:
            result = verify(wiring.existing, wiring.ids, show_progress, engine=engine)
        _keep(wiring, result)
    if as_json:
        print_json(described(result))
    else:
        for each in result.differences:
            print(f"{each.table} {each.key}: found {each.found}, expected {each.expected}")
        for cluster, reason in result.aside:
            print(f"cluster {cluster} was put aside: {reason}")
        print(
            f"{result.touchpoints:,} touchpoints refolded, {result.rows:,} rows compared: {result.differing:,} differ"
        )
    if result.differing:
        raise Failed("the live read models are not those of the recorded events: `leadline rebuild` mends them")


def _keep(wiring: Wiring, result: Verified) -> None:
    """A copy that is only read is verified as well."""
    try:
        keep(wiring.existing, result)
    except (LeadlineError, PersistenceError) as error:
        say(f"what it saw is not kept: {error}")


def check(
    *,
    path: Annotated[Path | None, typer.Argument(metavar="FILE", help="Model file, else LEADLINE_MODEL.")] = None,
    file: ModelFile = None,
    as_json: AsJson = False,
) -> None:
    """Check the model file, whole; nothing is started."""
    if path is not None and file is not None:
        raise Refused("found a file and --model, allowed is one of them")
    settings = settings_of(model=path or file)
    model = Wiring(settings).model_file()
    counts = {
        "stages": len(model.stages),
        "score rules": len(model.score.rules),
        "fit rules": len(model.fit.rules),
        "segments": len(model.segments),
        "funnels": len(model.funnels),
    }
    if as_json:
        print_json({"file": str(settings.model), "hash": model.hash, **counts})
    else:
        counts_text = ", ".join(f"{count} {name}" for name, count in counts.items())
        print(f"{settings.model} is a valid model: {counts_text}; hash {model.hash}")


def activate(
    *,
    announce: Annotated[
        bool, typer.Option("--announce", help="Announce also who is hot only because the rules changed.")
    ] = False,
    file: ModelFile = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make the model file the active model: the read models are rebuilt with it and switched; say what that changes."""
    with wiring_of(model=file, data=data, database=database) as wiring:
        with progress("activate") as show_progress:
            activated = activate_model(
                wiring.existing,
                wiring.ids,
                wiring.model_file_to_activate(),
                show_progress,
                announce=announce,
                by=who_acts(),
                engine=wiring.engine,
            )
        name = wiring.settings.model
    if as_json:
        print_json({"file": str(name), **asdict(activated)})
        return
    say(f"{name} is the active model {'already' if activated.known else 'now'} ({activated.hash})")
    say_moves(activated)
    if activated.quiet:
        when_announced = "they are announced now" if announce else "announced when they earn again, or by --announce"
        print(f"{activated.quiet:,} hot and nobody was told: {when_announced}")


def _active(wiring: Wiring) -> Model:
    with wiring.existing.snapshot() as conn:
        model = active_model(conn)
    if model is None:
        raise Refused("no model is active yet: start `leadline serve` once, or run `leadline model activate`")
    return model
