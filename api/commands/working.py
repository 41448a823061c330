"""`POST /api/leads/{id}/{log,profile,tags}`: what a salesperson did about a lead."""

from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response
from pydantic import Field, model_validator

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
from producers import working
from producers.commands import CommandContext, CommandRefused
from projections.queries.view import View


class LogTalk(CommandBody):
    """Log a call, a meeting or a message."""

    kind: Annotated[str, Field(description=", ".join(working.LOGGED))]
    at: Annotated[
        str | None, Field(description="when: RFC 3339, or a day in the model's time zone; without it now, never later")
    ] = None
    participants: Annotated[list[str], Field(description="who took part")] = []
    note: Annotated[str | None, Field(description="what was said")] = None
    outcome: Annotated[str | None, Field(description="what came of it, in a few words")] = None
    tags: Annotated[list[str], Field(description="names of [[tags]]")] = []


class CorrectProfile(ReasonedBody):
    """Correct fields of the profile."""

    fields: Annotated[dict[str, Any], Field(description="value by field; null takes it away")]

    @model_validator(mode="before")
    @classmethod
    def _carried(cls, value: Any) -> Any:
        """Before all is cleaned, which makes null of a number that JSON cannot carry."""
        fields = value.get("fields") if isinstance(value, dict) else None
        for name, each in fields.items() if isinstance(fields, dict) else ():
            try:
                working.check_carried(str(name), each)
            except CommandRefused as refused:
                raise ValueError(refused.problem) from None
        return value


class ToTag(CommandBody):
    """Put tags on the lead, and take others away."""

    set: Annotated[list[str], Field(description="names of [[tags]] to put on it")] = []
    unset: Annotated[list[str], Field(description="names of tags that it has, to take away")] = []


def working_routes(commander: Commander) -> APIRouter:
    """The routes of work on a lead."""
    router = APIRouter(tags=["commands"], route_class=JsonRoute)

    @router.post("/leads/{lead}/log", summary="Log a call, a meeting or a message", responses=ANSWERS)
    async def log(lead: str, said: Annotated[LogTalk, Body()], waited: Waited, idempotency_key: Key = None) -> Response:
        id = command_id(lead, "log", said, idempotency_key)
        return await run(commander, id, lead, to_log(said), waited)

    @router.post("/leads/{lead}/profile", summary="Correct what is known of the person", responses=ANSWERS)
    async def profile(
        lead: str, said: Annotated[CorrectProfile, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "profile", said, idempotency_key)
        return await run(commander, id, lead, to_correct(said), waited)

    @router.post("/leads/{lead}/tags", summary="Put tags on a lead, or take them away", responses=ANSWERS)
    async def tags(lead: str, said: Annotated[ToTag, Body()], waited: Waited, idempotency_key: Key = None) -> Response:
        id = command_id(lead, "tags", said, idempotency_key)
        return await run(commander, id, lead, to_tag(said), waited)

    return router


def to_log(said: LogTalk) -> Command:
    """Log a call, a meeting or a message."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        at = None if said.at is None else instant_said("at", said.at, view)
        talk = working.Talk(said.kind, at, said.participants, said.note, said.outcome, said.tags)
        return working.log(card, talk, view.model.tags, context_of(context, said))

    return command


def to_correct(said: CorrectProfile) -> Command:
    """Correct fields of the profile."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return working.correct(card, said.fields, context_of(context, said))

    return command


def to_tag(said: ToTag) -> Command:
    """Put tags on the lead, and take others away."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return working.tag(card, said.set, said.unset, view.model.tags, context_of(context, said))

    return command
