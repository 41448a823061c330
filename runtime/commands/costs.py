"""`import-costs`: what channels cost, from a CSV straight into its table."""

from pathlib import Path
from typing import Annotated

import typer

from producers.imports.costs import CostProblems, costs_of, read_cost_rows
from projections.queries.view import NO_MODEL, NotReady
from runtime.commands.options import AsJson, Data, DatabaseUrl, wiring_of
from runtime.terminal.show import print_json
from runtime.wiring import Wiring
from store.costs import ImportedCosts, import_costs
from store.models import active_model


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("import-costs")(import_costs_of)


def import_costs_of(
    *,
    file: Annotated[Path, typer.Argument(help="CSV, also .gz: channel, campaign, day, amount, currency.")],
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Import what channels cost. A row replaces the one of its channel, campaign, day and currency."""
    with wiring_of(data=data, database=database) as wiring:
        imported = take_costs(wiring, file)
    if as_json:
        print_json(imported._asdict())
    else:
        print(f"{imported.new:,} new, {imported.changed:,} changed, {imported.same:,} the same")


def take_costs(wiring: Wiring, file: Path) -> ImportedCosts:
    """Put a file's rows into the table. Raises NotReady, CostProblems."""
    with wiring.existing.snapshot() as conn:
        model = active_model(conn)
    if model is None:
        raise NotReady(NO_MODEL)
    try:
        costs = costs_of(read_cost_rows(file), model)
    except CostProblems as error:
        raise CostProblems(f"{file}: {problem}" for problem in error.problems) from None
    return import_costs(wiring.existing, costs)
