"""`links`: links for mails, which report their opens and clicks themselves, without a mail tool's webhooks."""

import sys
from collections.abc import Iterable
from itertools import islice
from typing import Annotated

import typer

from api.mail_links import LeadLinksShape, MailLinkMaker, MailLinksPage, WantedLinks, link_columns, link_row
from domain.errors import Refused
from producers.mail_links import LASTS
from projections.queries.csv_rows import csv_lines
from runtime.clock import clock
from runtime.commands.exporting import keep_taken
from runtime.commands.options import AsJson, Data, DatabaseUrl, wiring_of
from runtime.terminal.show import print_json, say
from runtime.wiring import Wiring


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Links of mails, which report opens and clicks.", no_args_is_help=True)
    group.command()(make)
    app.add_typer(group, name="links")


def make(
    *,
    of: Annotated[
        list[str] | None,
        typer.Argument(metavar="WHO...", help="A lead's id, an e-mail, or KIND:VALUE (user_id:u-1)."),
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Of all leads in this segment, as CSV: lead, email, open, click_1, ...")
    ] = None,
    campaign: Annotated[str, typer.Option(help="The name that the mail report shows.")],
    variant: Annotated[str | None, typer.Option(help="Of a test: which one.")] = None,
    message: Annotated[str | None, typer.Option(help="The mail's id at whoever sends it.")] = None,
    targets: Annotated[
        list[str] | None, typer.Option("--to", help="An http or https address that a click goes on to; once for each.")
    ] = None,
    lasts: Annotated[str, typer.Option(help="How long the links hold, such as 90d.")] = LASTS,
    address: Annotated[
        str | None,
        typer.Option(help="Address of the collector, as whoever gets the mail reaches it (LEADLINE_PUBLIC_URL)."),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Make the links of a mail to leads or to a segment: of its open, and of a click on each target."""
    if bool(of) == (segment is not None):
        raise Refused("name leads (ids, e-mails or KIND:VALUE), or a segment with --segment: one of them")
    with wiring_of(data=data, database=database) as wiring:
        maker = MailLinkMaker(wiring.reader, wiring.settings.mail_keys, wiring.settings.public_url, clock)
        wanted = WantedLinks.model_construct(
            leads=of or None, segment=segment, campaign=campaign, variant=variant, message=message,
            targets=targets or [], lasts=lasts, address=address,
        )  # fmt: skip
        if segment is not None:
            _print_segment(wiring, maker.pages(wanted), segment, as_json=as_json)
            return
        made = maker.make(wanted)
    if as_json:
        print_json(made)
        return
    for each in made.items:
        print(each.asked)
        for name, url in (("open", each.open), *((click.target, click.url) for click in each.clicks)):
            print(f"  {name}  {url}")


def _print_segment(wiring: Wiring, pages: Iterable[MailLinksPage], segment: str, *, as_json: bool) -> None:
    """Print the links of everybody in a segment, CSV as it is made, and keep in the audit that somebody took them."""
    items: list[LeadLinksShape] = []
    taken = visitors = 0
    try:
        for page in pages:
            first = taken + visitors == 0  # counted before they are printed: whoever reads may stop in between
            taken, visitors, last = taken + len(page.items), visitors + page.visitors, page
            if as_json:
                items.extend(page.items)
            else:
                lines = csv_lines(link_columns(len(page.targets)), map(link_row, page.items))
                sys.stdout.writelines(lines if first else islice(lines, 1, None))
        if as_json:
            print_json(last.model_copy(update={"items": items, "visitors": visitors}))
    finally:
        if taken:
            keep_taken(wiring, f"links for segment {segment}", taken)
    if visitors:
        say(f"{visitors:,} visitors are left out: no mail can reach them")
