"""`merge`, `unmerge`: leads that are one person, identities that are another's; checked as over HTTP, on the same log.

With `--dry-run` they say what they would do, and record nothing.
"""

from collections.abc import Callable
from typing import Annotated

import typer

from api.commands.commander import Command, Commander
from api.commands.stage_and_person import TakeOut, WithLead, to_merge, to_unmerge
from domain.errors import Refused
from projections.queries import one_lead
from projections.queries.foreseen import ForeseenShape
from projections.queries.shapes import LeadDetail
from runtime.clock import clock
from runtime.commands.commanding import By, Wait, Who, ask
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, Language, wiring_of
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.terminal.words import Words, who
from runtime.wiring import Wiring

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and record nothing.")]
Reason = Annotated[str | None, typer.Option(help="Why.")]
_LEADS = (
    Column("who"), Column("lead", 1), Column("stage"), Column("heat", number=True), Column("grade", 2),
    Column("hot", 2), Column("touches", 1, number=True), Column("identities", 3),
)  # fmt: skip
_CEASED = Column("lead"), Column("leads then to")
_SIGNALS = Column("kind"), Column("lead"), Column("segment"), Column("ends", 1)


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(merge)
    app.command()(unmerge)


def merge(
    *,
    of: Who,
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other lead, named in the same ways.")],
    dry_run: DryRun = False,
    by: By = None,
    reason: Reason = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Two leads are one person, for their whole history."""
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        with wiring.reader.view() as view:
            with_ = str(one_lead.lead_called(view, other))
        command = to_merge(WithLead.model_validate({"with": with_, "by": by, "reason": reason}))
        _run(wiring, of, [with_], command, dry_run=dry_run, wait=wait, lang=lang, as_json=as_json)


def unmerge(
    *,
    of: Who,
    identities: Annotated[
        list[str], typer.Argument(metavar="KIND:VALUE", help="What to take out, as the lead lists it: email:a@b.org.")
    ],
    dry_run: DryRun = False,
    by: By = None,
    reason: Reason = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Identities of a lead are another person's, whatever else links them."""
    command = to_unmerge(TakeOut(identities=[_identity(each) for each in identities], by=by, reason=reason))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _run(wiring, of, [], command, dry_run=dry_run, wait=wait, lang=lang, as_json=as_json)


def _identity(text: str) -> dict[str, str]:
    """An identity of the command line. Raises Refused."""
    kind, sign, value = text.partition(":")
    if not sign or not kind or not value:
        raise Refused(f"found {text!r}, allowed is KIND:VALUE, such as email:ada@example.org")
    return {"kind": kind, "value": value}


def _run(
    wiring: Wiring,
    of: str,
    others: list[str],
    command: Command,
    *,
    dry_run: bool,
    wait: bool,
    lang: str | None,
    as_json: bool,
) -> None:
    if not dry_run:
        ask(wiring, of, command, _identities, wait=wait, lang=lang, as_json=as_json)
        return
    with wiring.reader.view() as view:
        lead = str(one_lead.lead_called(view, of))
        words = Words(view.model, lang)
    commander = Commander(wiring.reader, wiring.ids, wiring.log, clock, wiring.settings.region or "")
    shape = commander.foresee(lead, others, command)
    if as_json:
        print_json(shape)
    else:
        print_listings(*_listings(shape, words))


def _identities(lead: LeadDetail, words: Words) -> str:
    """What the lead has then."""
    return words.say("comma").join(f"{each.kind}:{each.value}" for each in lead.identities)


def _listings(shape: ForeseenShape, words: Words) -> list[Listing]:
    """What would be: the leads, those that cease, what would be announced."""
    leads = [
        (who(each), each.id, words.stage(each.stage), each.heat, each.grade, each.hot, each.touches,
         _identities(each, words))
        for each in shape.leads
    ]  # fmt: skip
    listings = [Listing("Leads as they would be", _LEADS, leads)]
    if shape.ceased:
        listings.append(Listing("No more", _CEASED, [(each.id, each.lead_now) for each in shape.ceased]))
    if shape.signals:
        label: Callable[[str], str] = words.segment
        rows = [(each.kind, each.lead_now, each.subject and label(each.subject), each.closes) for each in shape.signals]
        listings.append(Listing("What would be announced", _SIGNALS, rows))
    return listings
