"""`findings`: the leads behind each number of the report `quality`."""

from typing import Annotated

import typer

from projections.queries.leads import leads_of
from projections.queries.one_lead import lead_called
from projections.reports import quality
from runtime.commands.options import (
    AsJson,
    AsOf,
    Cursor,
    Data,
    DatabaseUrl,
    Knowing,
    Language,
    Limit,
    reading,
    say_more,
)
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.terminal.words import Words, who


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(findings)


def findings(
    *,
    kind: Annotated[str | None, typer.Option(help="Of this kind: as in `leadline report quality`.")] = None,
    lead: Annotated[str | None, typer.Option(help="Of this lead alone: as WHO of `leadline lead`.")] = None,
    count: Annotated[bool, typer.Option("--count", help="Say in JSON also how many leads have which.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what is missing, wrong or doubtful in what is known of leads."""
    with reading(data, database, as_of, knowing) as view:
        asked = None if lead is None else lead_called(view, lead)
        page = quality.findings(view, kind=kind, lead=asked, limit=limit, cursor=cursor, count=count)
        names = {each.id: who(each) for each in leads_of(view, {each.lead for each in page.items})}
        words = Words(view.model, lang)
    if as_json:
        print_json(page)
        return
    rows = [
        (each.kind, names.get(each.lead, each.lead), each.detail, words.when(each.since), each.lead)
        for each in page.items
    ]
    print_listings(Listing(f"Findings (times in {words.zone})", _FINDINGS, rows))
    say_more(page.next, "--cursor")


_FINDINGS = (Column("finding"), Column("who"), Column("detail", 1), Column("since", 2), Column("lead", 3))
