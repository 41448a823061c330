"""`work`: log what was said with a lead, correct what is known of it, tag it; checked as over HTTP, on the same log."""

import json
from typing import Annotated, Any

import typer

from api.commands import working
from domain.errors import Refused
from producers.working import LOGGED, check_carried
from projections.queries.shapes import LeadDetail
from runtime.commands.commanding import By, Wait, Who, ask
from runtime.commands.options import AsJson, Data, DatabaseUrl, Kafka, Language, wiring_of
from runtime.terminal.show import cell
from runtime.terminal.words import Words

Participants = Annotated[list[str] | None, typer.Option("--with", help="Who took part; once for each.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="One of [[tags]]; once for each.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="What is done with a lead: log a call, correct what is known, tag it.", no_args_is_help=True
    )
    for command in (log, correct, tag):
        group.command()(command)
    app.add_typer(group, name="work")


def log(
    *,
    of: Who,
    kind: Annotated[str, typer.Argument(help=f"{', '.join(LOGGED)}.")],
    at: Annotated[str | None, typer.Option(help="When: a day, or RFC 3339; else now.")] = None,
    participants: Participants = None,
    note: Annotated[str | None, typer.Option(help="What was said.")] = None,
    outcome: Annotated[str | None, typer.Option(help="What came of it, in a few words.")] = None,
    tags: Tags = None,
    by: By = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Log a call, a meeting or a message."""
    talk = working.LogTalk(
        kind=kind, at=at, participants=participants or [], note=note, outcome=outcome, tags=tags or [], by=by
    )

    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        ask(wiring, of, working.to_log(talk), _touched, wait=wait, lang=lang, as_json=as_json)


def correct(
    *,
    of: Who,
    fields: Annotated[
        list[str],
        typer.Argument(metavar="FIELD=VALUE", help="A text; FIELD:=JSON is a number, true, false, a list, or null."),
    ],
    by: By = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Correct what is known of a lead; null takes it away. What was said before stays in the timeline."""
    correction = working.CorrectProfile(fields=dict(map(_field, fields)), by=by, reason=reason)

    def corrected(lead: LeadDetail, words: Words) -> str:
        return words.say("comma").join(f"{name} {cell(lead.profile.get(name))}" for name in correction.fields)

    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        ask(wiring, of, working.to_correct(correction), corrected, wait=wait, lang=lang, as_json=as_json)


def tag(
    *,
    of: Who,
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG", help="Those of [[tags]] to put on it.")] = None,
    unset: Annotated[list[str] | None, typer.Option(help="One to take away; once for each.")] = None,
    by: By = None,
    wait: Wait = True,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
) -> None:
    """Put tags on a lead, or take them away."""
    command = working.to_tag(working.ToTag(set=tags or [], unset=unset or [], by=by))

    def tagged(lead: LeadDetail, words: Words) -> str:
        return cell(words.say("comma").join(map(words.tag, lead.tags)))

    with wiring_of(data=data, database=database, kafka=kafka) as wiring:
        ask(wiring, of, command, tagged, wait=wait, lang=lang, as_json=as_json)


def _field(text: str) -> tuple[str, Any]:
    """Name and value. Raises Refused."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise Refused(f"found {text!r}, allowed is FIELD=VALUE or FIELD:=JSON")
    if not name.endswith(":"):
        return name, value
    name = name.removesuffix(":")
    try:
        said = json.loads(value)
    except ValueError as error:
        raise Refused(f"{name}: {value!r} is no JSON: {error}") from None
    check_carried(name, said)
    return name, said


def _touched(lead: LeadDetail, words: Words) -> str:
    """How often the lead was touched, from when to when."""
    first, last = cell(words.when(lead.first_touch)), cell(words.when(lead.last_touch))
    return words.say("touches", count=lead.touches, first=first, last=last)
