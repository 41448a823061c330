"""`doctor`: settings, versions, reachability, positions and lag, what was put aside: is all well?"""

import platform
from importlib.metadata import version
from typing import Annotated

import typer

from domain.errors import Failed
from runtime.checks import look
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, ModelFile, wiring_of
from runtime.status_shape import status_shape
from runtime.terminal.show import Column, Listing, plain, print_json, print_listings
from store.database.database import SQLITE

PARTS = ("leadline", "eventsourcing", "sqlalchemy", "kafka-python", "psycopg2-binary", "fastapi", "uvicorn")


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    *,
    reachable: Annotated[
        bool, typer.Option("--reachable", help="Exit 1 only if database or log cannot be worked with: a health check.")
    ] = False,
    as_json: AsJson = False,
    model: ModelFile = None,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Look at everything; exit 1 if something is wrong."""
    with wiring_of(model=model, data=data, database=database, kafka=kafka) as wiring:
        settings = wiring.settings.shown()
        versions = {name: version(name) for name in PARTS}
        versions |= {"python": platform.python_version(), "sqlite": SQLITE}
        findings = look(wiring)
        status = status_shape(wiring, findings) if as_json and findings.status is not None else None
    if as_json:
        found = {"found": dict(findings.rows), "problems": findings.problems, "status": plain(status)}
        print_json({"settings": settings, "versions": versions, **found})
    else:
        print_listings(
            Listing("Settings", (Column("variable"), Column("value")), list(settings.items())),
            Listing("Versions", (Column("part"), Column("version")), list(versions.items())),
            Listing("Found", (Column("what"), Column("how")), findings.rows),
        )
    if problems := findings.away if reachable else findings.problems:
        raise Failed("\n".join(problems))
