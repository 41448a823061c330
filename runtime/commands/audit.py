"""`audit`: who took personal data out, made and withdrew tokens, and activated models."""

import typer

from domain.touchpoints.touchpoint import moment
from projections.queries.audit import audit_page
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Limit, say_more, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(audit)


def audit(
    *,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List who took personal data out, made and withdrew tokens, and activated models, newest first."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        page = audit_page(conn, limit, cursor)
    if as_json:
        print_json(page)
        return
    columns = (Column("at"), Column("who"), Column("act"), Column("what"), Column("rows", 1, number=True))
    rows = [(moment(line.at), line.who, line.act, line.what, line.rows) for line in page.items]
    print_listings(Listing("Audit, newest first (times in UTC)", columns, rows))
    say_more(page.next, "--cursor")
