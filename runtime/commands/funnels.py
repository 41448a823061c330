"""`funnel`: how far leads came, how long it took, where most are lost, and who they are."""

from typing import Annotated

import typer

from domain.errors import Refused
from projections.queries.days import SeriesName, days_between
from projections.reports.funnels import leads as behind
from projections.reports.funnels.report import funnel as funnel_report
from projections.reports.funnels.shapes import FunnelShape, State
from runtime.asked import asked_funnel
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
    wiring_of,
)
from runtime.terminal.funnels import funnel_listings, in_sentences, leads_listing
from runtime.terminal.show import print_json, print_listings, say
from runtime.terminal.words import Words

_BY = "first_channel, last_campaign, ..., stage, grade, segment:NAME, profile.FIELD, profile.FIELD:5000,10000 (bands)."


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(funnel)


def funnel(
    *,
    name: Annotated[
        str | None, typer.Argument(help="The funnel's name in the model; none with --steps.", show_default=False)
    ] = None,
    steps: Annotated[
        str | None,
        typer.Option(
            help="Ask for a funnel that the model has not, as there: '[ { on = \"page_viewed\" }, ... ]'. "
            "It folds the whole history.",
            metavar="LIST",
        ),
    ] = None,
    window: Annotated[str | None, typer.Option(help="With --steps: such as 14d.", metavar="DURATION")] = None,
    order: Annotated[str | None, typer.Option(help="With --steps: ordered, strict or any.")] = None,
    exclude: Annotated[
        str | None, typer.Option(help="With --steps: what ends an attempt, as steps.", metavar="LIST")
    ] = None,
    started_from: Annotated[
        str | None, typer.Option("--from", help="Started on this day or later, such as 2026-11-01.", metavar="DAY")
    ] = None,
    started_to: Annotated[str | None, typer.Option("--to", help="Started before this day.", metavar="DAY")] = None,
    by: Annotated[str | None, typer.Option(help=f"Tell them apart by {_BY}")] = None,
    series: Annotated[
        SeriesName | None, typer.Option(help="Also by day, week or month of the start, within --from and --to.")
    ] = None,
    leads: Annotated[bool, typer.Option("--leads", help="List the leads behind a number instead.")] = False,
    state: Annotated[
        State, typer.Option(help="With --leads: who reached the step, stands at it or is gone, or took all steps.")
    ] = "reached",
    step: Annotated[
        int | None, typer.Option(help="With --leads: the step's number; none: of the whole funnel.")
    ] = None,
    mature: Annotated[
        bool | None, typer.Option("--mature/--not-mature", help="With --leads: whose time is over, or not.")
    ] = None,
    group: Annotated[str | None, typer.Option(help="With --leads and --by: those of one group.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show how far leads came in a funnel, how long it took, and where most are lost."""
    given = {"steps": steps, "window": window, "order": order, "exclude": exclude}
    if (name is None) == (steps is None) or (steps is None and any(given.values())):
        raise Refused("name a funnel of the model, or give --steps and --window (--order, --exclude): one of them")
    number = behind.FunnelNumber(state, step, mature, by, group)
    if not leads and number != behind.FunnelNumber(by=by):
        raise Refused("--state, --step, --mature and --group say which leads are listed: allowed with --leads")
    if leads and series is not None:
        raise Refused("--series: found it with --leads, allowed is one of them: a list is of one period")
    if name is None:
        if leads:
            raise Refused("--leads: found it with --steps, allowed is with a funnel of the model alone")
        if as_of is not None or knowing is not None:
            raise Refused("--as-of: found it with --steps, allowed is with a funnel of the model alone")
        with wiring_of(data=data, database=database) as wiring:
            model, asked = asked_funnel(wiring, given, (started_from, started_to), by, series)
        _print_report(asked, Words(model, lang), as_json=as_json)
        return
    with reading(data, database, as_of, knowing) as view:
        words = Words(view.model, lang)
        days = days_between(started_from, started_to, view.model.timezone, ("--from", "--to"))
        if leads:
            page = behind.leads_in(view, name, days, number, limit=limit, cursor=cursor)
        else:
            report = funnel_report(view, name, days, by=by, series=series)
    if not leads:
        _print_report(report, words, as_json=as_json)
    elif as_json:
        print_json(page)
    else:
        print_listings(leads_listing(name, state, page.items, words))
        say_more(page.next, "--cursor")


def _print_report(report: FunnelShape, words: Words, *, as_json: bool) -> None:
    if as_json:
        print_json(report)
        return
    print_listings(*funnel_listings(report, words))
    for sentence in in_sentences(report, words):
        say(sentence)
