"""`responses`, `deadlines`: how soon owners did what was asked of them, and what is to be done now."""

from typing import Annotated

import typer

from projections.queries.leads import leads_of
from projections.reports import responses as response_report
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Language, Limit, bound_of, reading, say_more
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.terminal.words import Words, who


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (responses, deadlines):
        app.command()(command)


def responses(
    *,
    asked_from: Annotated[str | None, typer.Option("--from", help="Asked at or after: a day or a time.")] = None,
    asked_to: Annotated[str | None, typer.Option("--to", help="Asked before.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show how soon owners did what was asked of them."""
    with reading(data, database) as view:
        zone = view.model.timezone
        report = response_report.responses(view, bound_of("--from", asked_from, zone), bound_of("--to", asked_to, zone))
    if as_json:
        print_json(report)
        return
    rows = [
        (
            each.who, each.deadline, each.asked, each.open, each.kept, each.missed, each.dropped,
            _lasted(each.median), _lasted(each.ninth_decile),
        )
        for each in report.items
    ]  # fmt: skip
    print_listings(Listing(f"Response times by {report.by}", _RESPONSES, rows))


_RESPONSES = (
    Column("who"),
    Column("deadline"),
    *(Column(name, rank, number=True) for name, rank in (("asked", 0), ("open", 2), ("kept", 0), ("missed", 0))),
    *(Column(name, rank, number=True) for name, rank in (("dropped", 3), ("median", 0), ("9 of 10 within", 1))),
)


def _lasted(seconds: float | None) -> str | None:
    """A duration as people read it: `2 h 05 min`."""
    if seconds is None:
        return None
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"


def deadlines(
    *,
    owner: Annotated[str | None, typer.Option(help="Only what this owner is to do.")] = None,
    state: Annotated[str, typer.Option(help="One of open, kept, missed, dropped.")] = "open",
    cursor: Cursor = None,
    limit: Limit = 100,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what is to be done about leads, due first first."""
    with reading(data, database) as view:
        page = response_report.waited_for(view, owner=owner, state=state, limit=limit, cursor=cursor)
        leads = {lead.id: who(lead) for lead in leads_of(view, {each.lead for each in page.items})}
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    rows = [
        (
            words.when(each.due),
            each.deadline,
            leads.get(each.lead, each.lead),
            each.owner,
            words.when(each.asked),
            each.note,
        )
        for each in page.items
    ]
    columns = (Column("due"), Column("deadline"), Column("who"), Column("owner"), Column("asked", 1), Column("note", 2))
    print_listings(Listing(f"Deadlines, due first first (times in {words.zone})", columns, rows))
    say_more(page.next, "--cursor")
