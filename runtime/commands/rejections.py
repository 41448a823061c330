"""`rejected list` and `rejected replay`: what the doors refused, and trying it again after a mend."""

from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import Row, select

from domain.errors import Failed
from domain.touchpoints.touchpoint import moment, rfc3339
from projections.queries.cursors import give, take
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Kafka, Limit, mapping_of, wiring_of
from runtime.replay import replay
from runtime.show import Column, Listing, print_json, print_listings, say
from store.database.tables import rejected

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
    query = select(rejected).order_by(rejected.c.at.desc(), rejected.c.id).limit(limit + 1)
    if cursor is not None:
        at, id = take("rejected", cursor, int, str)
        query = query.where((rejected.c.at < at) | ((rejected.c.at == at) & (rejected.c.id > id)))
    if not every:
        query = query.where(rejected.c.replayed_at.is_(None))
    if door is not None:
        query = query.where(rejected.c.door.startswith(door, autoescape=True))
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        matching = list(conn.execute(query))
    rows = matching[:limit]
    following = give("rejected", rows[-1].at, rows[-1].id) if len(matching) > limit else None
    if as_json:
        print_json({"items": [_item(row) for row in rows], "next": following})
        return
    refused = [
        (row.id[:16], moment(row.at), row.door, row.source, row.reason, row.replayed_at and moment(row.replayed_at))
        for row in rows
    ]
    print_listings(Listing("Refused, newest first (times in UTC)", _REFUSED, refused))
    if following is not None:
        say(f"more: --cursor {following}")


_REFUSED = (
    Column("id"),
    Column("at", 2),
    Column("door", 1),
    Column("source", 3),
    Column("reason"),
    Column("replayed", 4),
)


def _item(row: Row[Any]) -> dict[str, object]:
    return {
        "id": row.id,
        "at": rfc3339(row.at),
        "door": row.door,
        "source": row.source,
        "reason": row.reason,
        "raw": row.raw.decode("utf-8", "backslashreplace"),
        "meta": orjson.loads(row.meta),
        "replayed_at": None if row.replayed_at is None else rfc3339(row.replayed_at),
    }


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
        print_json(
            {
                "tried": outcome.tried,
                "appended": outcome.appended,
                "skipped": outcome.skipped,
                "refused": outcome.refused,
                "reasons": outcome.reasons,
            }
        )
    else:
        print(f"{outcome.tried} tried: {outcome.appended} touchpoints appended, {outcome.refused} still refused")
        for reason, count in outcome.reasons.most_common(20):
            say(f"  {count} x {reason}")
    if outcome.refused:
        raise Failed("some of it is still refused: `leadline rejected list` says why")
