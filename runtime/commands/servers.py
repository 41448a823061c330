"""`serve`, `collect`, `api`, `consume`, `project`: the processes."""

import typer

from runtime.commands.options import BindTo, Data, DatabaseUrl, Kafka, ModelFile, wiring_of


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, collect, api, consume, project):
        app.command()(command)


def serve(
    *,
    bind: BindTo = None,
    model: ModelFile = None,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Run everything in one process: collector, API, recorder, projector and publisher."""
    from runtime import processes

    with wiring_of(server=True, bind=bind, model=model, data=data, database=database, kafka=kafka) as wiring:
        processes.serve(wiring)


def collect(*, bind: BindTo = None, data: Data = None, kafka: Kafka = None) -> None:
    """Run the collector, the public doors: touchpoints over HTTP onto Kafka."""
    from runtime import processes

    with wiring_of(server=True, bind=bind, data=data, kafka=kafka) as wiring:
        processes.collect(wiring)


def api(*, bind: BindTo = None, database: DatabaseUrl = None, kafka: Kafka = None) -> None:
    """Run the private API: queries, signals and commands."""
    from runtime import processes

    with wiring_of(server=True, bind=bind, database=database, kafka=kafka) as wiring:
        processes.api(wiring)


def consume(*, database: DatabaseUrl = None, kafka: Kafka = None) -> None:
    """Run a recorder: touchpoints from Kafka into the event store."""
    from runtime import processes

    with wiring_of(server=True, database=database, kafka=kafka) as wiring:
        processes.consume(wiring)


def project(*, model: ModelFile = None, database: DatabaseUrl = None, kafka: Kafka = None) -> None:
    """Run the projector and the publisher: read models, signal ledger, topics out."""
    from runtime import processes

    with wiring_of(server=True, model=model, database=database, kafka=kafka) as wiring:
        processes.project(wiring)
