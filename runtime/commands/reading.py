"""`signals`: what was announced, straight from the database."""

from typing import Annotated

import typer

from domain.errors import Refused
from domain.signals.kinds import SignalKind
from projections.queries.leads import leads_of
from projections.queries.one_lead import lead_called
from projections.queries.shapes import (
    SignalShape,
)
from projections.reports.signals import SignalFilter, listed_signals
from runtime.commands.options import (
    AsJson,
    Data,
    DatabaseUrl,
    Language,
    Limit,
    say_more,
    wiring_of,
)
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.terminal.words import Words, who


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(signals)


def signals(
    *,
    after: Annotated[str | None, typer.Option(help="A ledger position or a signal's id.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"One of {', '.join(SignalKind)}.")] = None,
    lead: Annotated[str | None, typer.Option(help="About this lead: as WHO of `leadline lead`.")] = None,
    newest: Annotated[bool, typer.Option("--newest", help="Newest first; --after is then what is older.")] = False,
    limit: Limit = 100,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what was announced, oldest first, and to whom that was delivered."""
    if kind is not None and kind not in set(SignalKind):
        raise Refused(f"--kind: found {kind!r}, allowed are {', '.join(SignalKind)}")
    with wiring_of(data=data, database=database) as wiring, wiring.reader.view() as view:
        ids = None if lead is None else view.lookup.ids_of(view.conn, lead_called(view, lead))
        asked = SignalFilter((kind,) if kind else (), ids)
        page = listed_signals(view.conn, asked, after, newest=newest, limit=limit, links=wiring.settings.links)
        leads = {lead.id: who(lead) for lead in leads_of(view, {each.lead_now for each in page.items})}
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    rows = [
        (
            each.position,
            words.when(each.at),
            each.kind,
            leads.get(each.lead_now, each.lead_now),
            about(each, words),
            because(each, words),
            "; ".join(f"{told.destination}: {told.state}" for told in each.deliveries),
        )
        for each in page.items
    ]
    print_listings(
        Listing(f"Signals, {'newest' if newest else 'oldest'} first (times in {words.zone})", _SIGNALS, rows)
    )
    say_more(page.next, "--after")


_SIGNALS = (
    Column("position", 3, number=True),
    Column("at", 2),
    Column("kind"),
    Column("who"),
    Column("about"),
    Column("because of", 1),
    Column("told", 4),
)


def about(signal: SignalShape, words: Words) -> str | None:
    """The segment, the stages or the owners that a signal is about, in words."""
    fields = signal.model_extra or {}
    match signal.kind:
        case SignalKind.ASSIGNED:
            return " > ".join(filter(None, (fields.get("before"), fields.get("owner") or "-")))
        case SignalKind.MISSED | SignalKind.FOLLOW_UP | SignalKind.ACTIVE:
            return ": ".join(filter(None, (signal.subject or fields.get("note"), fields.get("owner"))))
    if signal.subject:
        return words.segment(signal.subject)
    stages = [words.stage(stage) for stage in (fields.get("from"), fields.get("to")) if stage]
    return " > ".join(stages) or None


def because(signal: SignalShape, words: Words) -> str | None:
    """Why it was announced, in words: the rules that made a lead hot, or the reason of an end."""
    fields = signal.model_extra or {}
    rules = [f"{each['count']} x {words.rule(each['rule'])}" for each in fields.get("reasons") or ()]
    return ", ".join(rules) or fields.get("reason")
