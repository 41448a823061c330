"""`stages`: how leads go through the stages of the model."""

from typing import Annotated

import typer

from domain.errors import Refused
from projections.queries.days import days_between
from projections.queries.quartiles import QuartilesShape
from projections.reports.stages import report as stage_report
from projections.reports.stages.leads import STATES, StageLeadShape, leads_of_stage
from projections.reports.stages.report import StagesShape
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
from runtime.terminal.spans import lasted, percent
from runtime.terminal.words import Words, who


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(stages)


def stages(
    *,
    entered_from: Annotated[
        str | None, typer.Option("--from", help="Leads that first came to a stage on this day or later.")
    ] = None,
    entered_to: Annotated[str | None, typer.Option("--to", help="Before this day.")] = None,
    leads: Annotated[str | None, typer.Option(help="List the leads of this stage instead.")] = None,
    state: Annotated[str, typer.Option(help=f"Of --leads: one of {', '.join(STATES)}.")] = "entered",
    cursor: Cursor = None,
    limit: Limit = 100,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show how many leads came to each stage, are in it and went on, and how long they stay."""
    chosen = next((each for each in STATES if each == state), None)
    if chosen is None:
        raise Refused(f"--state: found {state!r}, allowed are {', '.join(STATES)}")
    with reading(data, database, as_of, knowing) as view:
        words = Words(view.model, lang)
        days = days_between(entered_from, entered_to, view.model.timezone, ("--from", "--to"))
        if leads is None:
            report = stage_report.stages(view, days)
        else:
            page = leads_of_stage(view, leads, chosen, days, limit=limit, cursor=cursor)
    if as_json:
        print_json(report if leads is None else page)
    elif leads is None:
        print_listings(stages_listing(report, words))
    else:
        title = f"Stage {words.stage(leads)}, {chosen} (times in {words.zone})"
        print_listings(Listing(title, _LEADS, [_lead(lead, words) for lead in page.items]))
        say_more(page.next, "--cursor")


def stages_listing(report: StagesShape, words: Words) -> Listing:
    """The stages of a report; of detours no share that went on, nor whose furthest stage it is."""
    rows = [
        (
            words.label(each.label, each.stage), each.entered, each.inside, each.left, each.went_on,
            percent(each.rate), each.furthest, each.reentries, *_quarters(each.stayed), *_quarters(each.age),
            lasted(each.oldest),
        )
        for each in report.items
    ]  # fmt: skip
    return Listing("Stages", _STAGES, rows)


_STAGES = (
    Column("stage"),
    *(Column(name, rank, number=True) for name, rank in (("entered", 0), ("inside", 0), ("left", 6), ("went on", 1))),
    *(Column(name, rank, number=True) for name, rank in (("share", 1), ("furthest", 4), ("again", 5))),
    *(Column(name, rank, number=True) for name, rank in (("stay 25%", 8), ("stay 50%", 2), ("stay 75%", 8))),
    *(Column(name, rank, number=True) for name, rank in (("age 25%", 9), ("age 50%", 3), ("age 75%", 9))),
    Column("oldest", 7, number=True),
)
_LEADS = (
    Column("who"), Column("entered", 1), Column("times", 3, number=True), Column("stage now", 0), Column("since", 2),
    Column("furthest", 4), Column("id", 5),
)  # fmt: skip


def _quarters(spans: QuartilesShape | None) -> tuple[str | None, str | None, str | None]:
    if spans is None:
        return None, None, None
    return lasted(spans.lower_quartile), lasted(spans.median), lasted(spans.upper_quartile)


def _lead(lead: StageLeadShape, words: Words) -> tuple[object, ...]:
    furthest = None if lead.furthest is None else words.stage(lead.furthest)
    return (
        who(lead), words.when(lead.entered_at), lead.entries, words.stage(lead.stage), words.when(lead.stage_since),
        furthest, lead.id,
    )  # fmt: skip
