"""`handover`: who takes care of a lead, what they answer, a reminder, a note; checked as over HTTP, on the same log."""

import uuid
from typing import Annotated

import typer

from api import handing_over
from api.commander import Command, Commander
from projections.projecting.projector import read_progress
from projections.queries import one_lead
from projections.queries.shapes import LeadDetail
from runtime.clock import clock
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, Language, wiring_of
from runtime.explained import owner_in_words
from runtime.folder import held
from runtime.projected import project_here
from runtime.show import print_json
from runtime.wiring import Wiring
from runtime.words import Words, who

Who = Annotated[
    str,
    typer.Argument(metavar="WHO", help="A lead's id, an e-mail, KIND:VALUE (user_id:u-1), or a name of one alone."),
]
By = Annotated[str | None, typer.Option(help="Who says so.")]
Answerer = Annotated[str | None, typer.Option("--by", help="Who answers: of a team a member; else the owner.")]
Note = Annotated[str | None, typer.Option(help="Kept with it.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it is projected, and say who has the lead.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Who takes care of a lead: give it, answer for it, note something.", no_args_is_help=True)
    for command in (assign, accept, reject, remind, note):
        group.command()(command)
    app.add_typer(group, name="handover")


def assign(
    *,
    of: Who,
    owner: Annotated[str, typer.Argument(help="One of [[sales.owners]] that is not retired.")],
    due: Annotated[str | None, typer.Option(help="Until when they must have accepted: a day, or RFC 3339.")] = None,
    by: By = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Give a lead to an owner."""
    command = handing_over.to_assign(handing_over.ToOwner(owner=owner, due=due, by=by, reason=reason))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _ask(wiring, of, command, wait=wait, lang=lang, as_json=as_json)


def accept(
    *,
    of: Who,
    by: Answerer = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """The owner of a lead takes it on."""
    command = handing_over.to_accept(handing_over.AcceptIt(by=by))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _ask(wiring, of, command, wait=wait, lang=lang, as_json=as_json)


def reject(
    *,
    of: Who,
    reason: Annotated[str, typer.Option(help="not ready, or the name of one of [[sales.reasons]].")],
    by: Answerer = None,
    note: Note = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """The owner of a lead gives it back."""
    command = handing_over.to_reject(handing_over.RejectIt(reason=reason, by=by, note=note))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _ask(wiring, of, command, wait=wait, lang=lang, as_json=as_json)


def remind(
    *,
    of: Who,
    at: Annotated[str, typer.Option(help="When: a day or an RFC 3339 time that lies ahead.")],
    note: Note = None,
    by: By = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Remind the owner of a lead."""
    command = handing_over.to_remind(handing_over.RemindOf(at=at, note=note, by=by))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _ask(wiring, of, command, wait=wait, lang=lang, as_json=as_json)


def note(
    *,
    of: Who,
    text: Annotated[str, typer.Argument(help="The note.")],
    by: By = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Keep a note with a lead."""
    command = handing_over.to_note(handing_over.Noted(note=text, by=by))
    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        _ask(wiring, of, command, wait=wait, lang=lang, as_json=as_json)


def _ask(wiring: Wiring, of: str, command: Command, *, wait: bool, lang: str | None, as_json: bool) -> None:
    """Put it on the log, and say what it did. Raises CommandRefused, NotFound, LogError: nothing was recorded."""
    alone = not held(wiring.make_folder())
    with wiring.reader.view() as view:
        if wait:
            read_progress(view.conn).check_format()  # a projector that waits for a rebuild would be waited for
        lead = str(one_lead.lead_called(view, of))
        words = Words(view.model, lang)
    commander = Commander(wiring.reader, wiring.ids, wiring.log, clock)
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
        print(f"{who(after[0])}: {owner_in_words(after[0].owner, words)}")
    else:
        print(f"{accepted.type} {accepted.id}")
