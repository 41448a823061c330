"""`links`: links for mails, which report their opens and clicks themselves, without a mail tool's webhooks."""

from typing import Annotated

import typer

from api.mail_links import MailLinkMaker, WantedLinks
from producers.mail_links import LASTS
from runtime.clock import clock
from runtime.commands.options import AsJson, Data, DatabaseUrl, wiring_of
from runtime.show import print_json


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Links of mails, which report opens and clicks.", no_args_is_help=True)
    group.command()(make)
    app.add_typer(group, name="links")


def make(
    *,
    of: Annotated[
        list[str], typer.Argument(metavar="WHO...", help="A lead's id, an e-mail, or KIND:VALUE (user_id:u-1).")
    ],
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
    """Make the links of a mail to leads: of its open, and of a click on each target."""
    with wiring_of(data=data, database=database) as wiring:
        maker = MailLinkMaker(wiring.reader, wiring.settings.mail_keys, wiring.settings.public_url, clock)
        wanted = WantedLinks.model_construct(
            leads=of, campaign=campaign, variant=variant, message=message, targets=targets or [], lasts=lasts,
            address=address,
        )  # fmt: skip
        made = maker.make(wanted)
    if as_json:
        print_json(made)
        return
    for each in made.items:
        print(each.asked)
        for name, url in (("open", each.open), *((click.target, click.url) for click in each.clicks)):
            print(f"  {name}  {url}")
