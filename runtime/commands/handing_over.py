"""`handover`: who takes care of a lead, what they answer, a reminder, a note; checked as over HTTP, on the same log."""

from typing import Annotated

import typer

from api.commands import handing_over
from api.commands.commander import Command
from projections.queries.shapes import LeadDetail
from runtime.commands.commanding import By, Wait, Who, ask
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, Language, wiring_of
from runtime.terminal.explained import owner_in_words
from runtime.terminal.words import Words
from runtime.wiring import Wiring

Answerer = Annotated[str | None, typer.Option("--by", help="Who answers: of a team a member; else the owner.")]
Note = Annotated[str | None, typer.Option(help="Kept with it.")]


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
    owner: Annotated[str | None, typer.Option(help="Whose reminder it is; else who has the lead then.")] = None,
    by: By = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Remind the owner of a lead."""
    command = handing_over.to_remind(handing_over.RemindOf(at=at, note=note, owner=owner, by=by))
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
    """Put it on the log, and say who has the lead."""
    ask(wiring, of, command, _owner, wait=wait, lang=lang, as_json=as_json)


def _owner(lead: LeadDetail, words: Words) -> str:
    return owner_in_words(lead.owner, words)
