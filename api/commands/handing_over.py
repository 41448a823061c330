"""`POST /api/leads/{id}/{assign,accept,reject,remind,note}`: who takes care of a lead, and what they say."""

from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import Response
from pydantic import Field

from api.bodies import JsonRoute
from api.commands.commander import Card, Command, Commander
from api.commands.requests import (
    ANSWERS,
    CommandBody,
    Key,
    ReasonedBody,
    Waited,
    command_id,
    context_of,
    instant_said,
    run,
)
from domain.touchpoints.touchpoint import Touchpoint
from producers import handing_over
from producers.commands import CommandContext
from projections.queries.view import View

_Time = Annotated[str, Field(description="RFC 3339, or a day in the model's time zone; it lies ahead")]
_Note = Annotated[str | None, Field(description="kept with the touchpoint")]


class ToOwner(ReasonedBody):
    """Give the lead to an owner."""

    owner: Annotated[str, Field(description="one of [[sales.owners]] that is not retired")]
    due: Annotated[
        _Time | None, Field(description="until when they must have accepted; without it as `accept_within` says")
    ] = None


class AcceptIt(CommandBody):
    """The owner takes the lead on."""

    by: Annotated[str | None, Field(description="who answers: of a team a member; without it the owner")] = None
    owner: Annotated[str | None, Field(description="who was asked: refused where another has the lead now")] = None
    signal: Annotated[str | None, Field(description="id of the signal that is answered", max_length=200)] = None


class RejectIt(AcceptIt):
    """The owner gives the lead back."""

    reason: Annotated[str, Field(description="not ready, or the name of one of [[sales.reasons]]")]
    note: _Note = None


class RemindOf(CommandBody):
    """Remind the owner."""

    at: _Time
    note: _Note = None
    owner: Annotated[
        str | None, Field(description="whose reminder it is, whoever has the lead; without it, who has it then")
    ] = None


class Noted(CommandBody):
    """Keep a note."""

    note: str


def handing_over_routes(commander: Commander) -> APIRouter:
    """The routes of hand-over."""
    router = APIRouter(tags=["commands"], route_class=JsonRoute)

    @router.post("/leads/{lead}/assign", summary="Give a lead to an owner", responses=ANSWERS)
    async def assign(
        lead: str, said: Annotated[ToOwner, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "assign", said, idempotency_key)
        return await run(commander, id, lead, to_assign(said), waited)

    @router.post("/leads/{lead}/accept", summary="The owner takes a lead on", responses=ANSWERS)
    async def accept(
        lead: str, waited: Waited, said: Annotated[AcceptIt | None, Body()] = None, idempotency_key: Key = None
    ) -> Response:
        answer = said or AcceptIt()
        id = command_id(lead, "accept", answer, idempotency_key)
        return await run(commander, id, lead, to_accept(answer), waited)

    @router.post("/leads/{lead}/reject", summary="The owner gives a lead back", responses=ANSWERS)
    async def reject(
        lead: str, said: Annotated[RejectIt, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "reject", said, idempotency_key)
        return await run(commander, id, lead, to_reject(said), waited)

    @router.post("/leads/{lead}/remind", summary="Remind the owner of a lead", responses=ANSWERS)
    async def remind(
        lead: str, said: Annotated[RemindOf, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "remind", said, idempotency_key)
        return await run(commander, id, lead, to_remind(said), waited)

    @router.post("/leads/{lead}/note", summary="Keep a note with a lead", responses=ANSWERS)
    async def note(lead: str, said: Annotated[Noted, Body()], waited: Waited, idempotency_key: Key = None) -> Response:
        id = command_id(lead, "note", said, idempotency_key)
        return await run(commander, id, lead, to_note(said), waited)

    return router


def to_assign(said: ToOwner) -> Command:
    """Give the lead to an owner."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        due = None if said.due is None else instant_said("due", said.due, view)
        return handing_over.assign(card, said.owner, due, view.model.sales, context_of(context, said))

    return command


def to_accept(said: AcceptIt) -> Command:
    """The owner takes the lead on."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return handing_over.accept(card, said.owner, said.signal, view.model.sales, context_of(context, said))

    return command


def to_reject(said: RejectIt) -> Command:
    """The owner gives the lead back."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        answer = handing_over.Rejection(said.reason, said.note, said.owner, said.signal)
        return handing_over.reject(card, answer, view.model.sales, context_of(context, said))

    return command


def to_remind(said: RemindOf) -> Command:
    """Remind the owner at an instant."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        at, sales = instant_said("at", said.at, view), view.model.sales
        return handing_over.remind(card, at, said.note, said.owner, sales, context_of(context, said))

    return command


def to_note(said: Noted) -> Command:
    """Keep a note with the lead."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return handing_over.note(card, said.note, context_of(context, said))

    return command
