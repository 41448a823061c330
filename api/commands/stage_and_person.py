"""`POST /api/leads/{id}/...`: a lead's stage, who it is, and its heat."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Body
from fastapi.responses import Response
from pydantic import AliasChoices, Field

from api.bodies import JsonRoute
from api.commands.commander import Card, Command, Commander
from api.commands.requests import (
    ANSWERS,
    FORESEEN,
    Key,
    Previewed,
    ReasonedBody,
    Waited,
    command_id,
    context_of,
    run,
    run_or_foresee,
)
from domain.touchpoints.touchpoint import Touchpoint
from producers import commands
from producers.commands import CommandContext
from projections.queries.view import View
from web.problems import Problem


class ToStage(ReasonedBody):
    """Move to a stage."""

    to: Annotated[str, Field(validation_alias=AliasChoices("to", "stage"))]


class WithLead(ReasonedBody):
    """Merge with another lead."""

    with_: Annotated[str, Field(validation_alias=AliasChoices("with", "lead"), description="id of the other lead")]


class TakeOut(ReasonedBody):
    """Take identities out of the lead."""

    identities: list[dict[str, Any]]


def command_routes(commander: Commander) -> APIRouter:
    """The routes of the commands, built and not built."""
    router = APIRouter(tags=["commands"], route_class=JsonRoute)

    @router.post("/leads/{lead}/stage", summary="Move a lead to a stage", responses=ANSWERS)
    async def stage(
        lead: str, said: Annotated[ToStage, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.stage(card, said.to, view.model.stages, context_of(context, said))

        return await run(commander, command_id(lead, "stage", said, idempotency_key), lead, command, waited)

    @router.post("/leads/{lead}/merge", summary="Two leads are one person", responses=FORESEEN)
    async def merge(
        lead: str, said: Annotated[WithLead, Body()], asked: Previewed, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "merge", said, idempotency_key)
        return await run_or_foresee(commander, id, lead, [said.with_], to_merge(said), asked)

    @router.post("/leads/{lead}/unmerge", summary="Identities are another person's", responses=FORESEEN)
    async def unmerge(
        lead: str, said: Annotated[TakeOut, Body()], asked: Previewed, idempotency_key: Key = None
    ) -> Response:
        id = command_id(lead, "unmerge", said, idempotency_key)
        return await run_or_foresee(commander, id, lead, [], to_unmerge(said), asked)

    @router.post("/leads/{lead}/reset", summary="Start the heat anew", responses=ANSWERS)
    async def reset(
        lead: str, waited: Waited, said: Annotated[ReasonedBody | None, Body()] = None, idempotency_key: Key = None
    ) -> Response:
        asking = said or ReasonedBody()

        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.reset(card, context_of(context, asking))

        return await run(commander, command_id(lead, "reset", asking, idempotency_key), lead, command, waited)

    for name in commands.NOT_BUILT:
        router.add_api_route(f"/leads/{{lead}}/{name}", _refusing(name), methods=["POST"], summary="Not built yet")
    return router


def to_merge(said: WithLead) -> Command:
    """The lead and another one are one person."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.merge(card, Card.of(view, said.with_), context_of(context, said))

    return command


def to_unmerge(said: TakeOut) -> Command:
    """Identities of the lead are another person's."""

    def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
        return commands.unmerge(card, said.identities, context_of(context, said))

    return command


def _refusing(name: str) -> Callable[[str], None]:
    def refuse(lead: str) -> None:
        error = commands.not_built(name)
        raise Problem(error.status, error.problem)

    return refuse
