"""How a command about a lead is asked for at the terminal: checked as over HTTP, on the same log."""

import uuid
from collections.abc import Callable
from typing import Annotated

import typer

from api.commands.commander import Command, Commander
from projections.projecting.projector import read_progress
from projections.queries import one_lead
from projections.queries.shapes import LeadDetail
from runtime.clock import clock
from runtime.folder import held
from runtime.projected import project_here
from runtime.terminal.show import print_json
from runtime.terminal.words import Words, who
from runtime.wiring import Wiring

Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="A lead's id, an e-mail, KIND:VALUE (user_id:u-1), or a name of one alone."),
]
By = Annotated[str | None, typer.Option(help="Who says so.")]
Wait = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait until it is projected, and say how the lead is then.")
]


def ask(
    wiring: Wiring,
    of: str,
    command: Command,
    in_words: Callable[[LeadDetail, Words], str],
    *,
    wait: bool,
    lang: str | None,
    as_json: bool,
) -> None:
    """Put it on the log, and say what it did. Raises CommandRefused, NotFound, LogError: nothing was recorded."""
    alone = not held(wiring.make_folder())
    with wiring.reader.view() as view:
        if wait:
            read_progress(view.conn).check_format()  # a projector that waits for a rebuild would be waited for
        lead = str(one_lead.lead_called(view, of))
        words = Words(view.model, lang)
    commander = Commander(wiring.reader, wiring.ids, wiring.log, clock, wiring.settings.region or "")
    accepted = commander.append(str(uuid.uuid4()), lead, command)
    after: list[LeadDetail] = []

    def shows_it() -> bool:
        after.extend(filter(None, [commander.after(accepted)]))
        return bool(after)

    if wait:
        project_here(wiring, alone=alone, done=shows_it)
    if as_json:
        print_json(after[0] if after else accepted)
    elif after:
        print(f"{who(after[0])}: {in_words(after[0], words)}")
    else:
        print(f"{accepted.type} {accepted.id}")
