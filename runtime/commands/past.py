"""`past`: past views, the tables as of an instant, by which lists and reports are answered with `--as-of`."""

import re
from typing import Annotated, Final

import typer

from domain.errors import Refused
from domain.touchpoints.touchpoint import moment
from projections.upkeep.past import asked_for, build_past_view, described
from runtime.commands.options import AsJson, Data, DatabaseUrl, Knowing, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings, progress, say
from store.past_views import PastView, all_past_views, drop

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,59}")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Past views: what lists and reports are answered from with --as-of.", no_args_is_help=True)
    group.command("list")(listed)
    group.command("build")(build)
    group.command("drop")(dropped)
    app.add_typer(group, name="past")


def listed(*, as_json: AsJson = False, data: Data = None, database: DatabaseUrl = None) -> None:
    """List the past views that are kept."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.snapshot() as conn:
        views = all_past_views(conn)
    if as_json:
        print_json([described(view) for view in views])
    else:
        print_listings(Listing("Past views, the newest first (times in UTC)", _COLUMNS, [_row(view) for view in views]))


_COLUMNS = (
    Column("name"), Column("as of"), Column("knowing", 1), Column("position", 4, number=True), Column("built at", 2),
    Column("used at", 3), Column("rows", 2, number=True), Column("model", 5),
)  # fmt: skip


def _row(view: PastView) -> tuple[object, ...]:
    built_at = "being built" if view.built_at is None else moment(view.built_at)
    return (
        view.name, moment(view.clock), view.knowing, view.position, built_at, moment(view.used_at), view.size,
        view.model[:12],
    )  # fmt: skip


def build(
    *,
    as_of: Annotated[
        str, typer.Argument(metavar="T", help="As of when: a day (where it begins) or an RFC 3339 time; not ahead.")
    ],
    knowing: Knowing = None,
    name: Annotated[str | None, typer.Option(help="What it is called; else by its instant.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Build the past view as of an instant, anew where there is one. The one that was not used for longest goes."""
    if name is not None and not _NAME.fullmatch(name):
        raise Refused(f"--name: found {name[:80]!r}, allowed are up to 60 letters, digits and _.:-")
    with wiring_of(data=data, database=database) as wiring:
        pair = wiring.reader.pair(as_of, knowing)
        asked = asked_for(name or pair.name, pair.position, pair.clock, pair.knowing, pair.model)
        with progress("past build") as report:
            view = build_past_view(
                wiring.existing,
                wiring.ids,
                asked,
                pair.model,
                wiring.settings.keeping,
                report,
                engine=wiring.engine,
            )
    if as_json:
        print_json(described(view))
    else:
        say(f"{view.name} is there: {view.size:,} rows, up to position {view.position}")


def dropped(
    *,
    name: Annotated[str, typer.Argument(help="As `leadline past list` says.")],
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Drop a past view."""
    with wiring_of(data=data, database=database) as wiring, wiring.existing.transaction() as conn:
        drop(conn, name)
    say(f"{name} is dropped")
