"""`rejected list` and `rejected replay`: what the doors refused, and trying it again after a mend."""

from pathlib import Path
from typing import Annotated

import typer

from domain.errors import Failed
from domain.touchpoints.touchpoint import moment
from producers.replay import replay
from projections.queries.rejections import rejections
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Kafka, Limit, mapping_of, say_more, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings, say

Door = Annotated[str | None, typer.Option(help="Of doors that begin so: v1/track, f/, p.gif, import/FILE, log, spool.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Refused input: list it, and try it again.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("replay")(replayed)
    app.add_typer(group, name="rejected")


def listed(
    *,
    door: Door = None,
    every: Annotated[bool, typer.Option("--all", help="Also what was replayed.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List refused input, newest first, with the reasons."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        page = rejections(conn, door=door, replayed=every, limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    refused = [
        (row.id[:16], moment(row.at), row.door, row.source, row.reason, row.replayed_at and moment(row.replayed_at))
        for row in page.items
    ]
    print_listings(Listing("Refused, newest first (times in UTC)", _REFUSED, refused))
    say_more(page.next, "--cursor")


_REFUSED = (
    Column("id"),
    Column("at", 2),
    Column("door", 1),
    Column("source", 3),
    Column("reason"),
    Column("replayed", 4),
)


def replayed(
    *,
    id: Annotated[str | None, typer.Argument(help="Only this one: its id, or how that begins.")] = None,
    door: Door = None,
    mapping: Annotated[Path | None, typer.Option(help="A mended mapping, for rows of an import.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Try refused input again; exit 1 if some of it is still refused."""
    mended = None if mapping is None else mapping_of(mapping)
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        conventions = wiring.settings.conventions
        outcome = replay(wiring.existing, wiring.log, door=door, id=id, mapping=mended, conventions=conventions)
    if id is not None and not outcome.tried:
        raise Failed(
            f"nothing that waits has the id {id!r}: `leadline rejected list` shows what does (--all: also what"
            " was replayed)"
        )
    if as_json:
        print_json(outcome.described())
    else:
        print(f"{outcome.tried} tried: {outcome.appended} touchpoints appended, {outcome.refused} still refused")
        for reason, count in outcome.reasons.most_common(20):
            say(f"  {count} x {reason}")
    if outcome.refused:
        raise Failed("some of it is still refused: `leadline rejected list` says why")
