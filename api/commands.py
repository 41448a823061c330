"""`POST /api/leads/{id}/...`: commands are checked against the lead, then put on the log as a touchpoint."""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Body, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection, Row, select

from domain.errors import NotFound
from domain.files.durations import SECOND, parse_duration
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Touchpoint
from producers import commands
from producers.commands import CommandContext
from producers.reading.arrival import sealed
from producers.reading.body import clean
from projections.queries import one_lead
from projections.queries.shapes import LeadDetail
from projections.queries.view import Reader, View
from store.database.tables import events
from store.events.ids import Ids
from store.log.port import Log, LogAway, LogError, LogFull
from store.log.topics import TOUCHPOINTS
from web.problems import Problem

SOURCE: Final = "api"
"""The name of the source that commands come from."""

LONGEST_WAIT: Final = 60 * SECOND
GLANCE: Final = 0.05
"""Seconds between looks for the outcome of a command."""

Command = Callable[[View, "Card", CommandContext], Touchpoint]


@dataclass(frozen=True, slots=True)
class Card:
    """What a command must know of a lead."""

    id: str
    identities: tuple[Identity, ...]
    profile: Mapping[str, Any]
    stage: str

    @classmethod
    def of(cls, view: View, lead: str) -> "Card":
        """The card of a live lead, or of whom a former id resolves to. Raises NotFound."""
        fields = one_lead.card(view, one_lead.live_lead(view, lead))
        identities = tuple(Identity(each.kind, each.value) for each in fields["identities"])
        return cls(fields["id"], identities, fields["profile"], fields["stage"])


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        try:
            return clean(value)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    by: Annotated[str | None, Field(description="who asks: kept with the touchpoint")] = None
    reason: Annotated[str | None, Field(description="why: kept with the touchpoint")] = None


class ToStage(_Said):
    """Move to a stage."""

    to: Annotated[str, Field(validation_alias=AliasChoices("to", "stage"))]


class WithLead(_Said):
    """Merge with another lead."""

    with_: Annotated[str, Field(validation_alias=AliasChoices("with", "lead"), description="id of the other lead")]


class TakeOut(_Said):
    """Take identities out of the lead."""

    identities: list[dict[str, Any]]


class Accepted(BaseModel):
    """202: the log has the touchpoint durably; the lead follows."""

    id: Annotated[str, Field(description="the touchpoint's id")]
    type: str
    lead: str


class _Waited(BaseModel):
    model_config = ConfigDict(extra="forbid")

    wait: Annotated[str | None, Field(description="such as 5s: answer with the lead after it")] = None

    def seconds(self) -> float:
        """How long to wait for the outcome."""
        if self.wait is None:
            return 0.0
        try:
            duration = 0 if re.fullmatch(r"0+[smhd]?", self.wait) else parse_duration(self.wait)
        except ValueError as error:
            raise Problem(400, f"wait: {error}") from None
        return min(duration, LONGEST_WAIT) / SECOND


Waited = Annotated[_Waited, Query()]
Key = Annotated[str | None, Header(description="the same command asked twice is recorded once", max_length=200)]


class JsonRoute(APIRoute):
    """A route whose body is JSON whatever its Content-Type says: `curl -d` says that it is a form.

    A page of another site can send such a body without asking first, but gets no further than the guard of the private
    side: it bears no token, and without one the browser's `Origin` and `Sec-Fetch-Site` tell.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which sees JSON."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            others = [header for header in request.scope["headers"] if header[0] != b"content-type"]
            scope = {**request.scope, "headers": [*others, (b"content-type", b"application/json")]}
            return await handler(Request(scope, request.receive))

        return handle


class Commander:
    """Checks a command, appends its touchpoint, and waits for the lead if asked to."""

    def __init__(self, reader: Reader, ids: Ids, log: Log, clock: Callable[[], Instant]) -> None:
        self._reader = reader
        self._ids = ids
        self._log = log
        self._clock = clock

    async def run(self, id: str, lead: str, command: Command, wait: float) -> Response:
        """The answer: 202 with the touchpoint's id, or 200 with the lead after it."""
        accepted = await run_sync(self._append, id, lead, command)
        until = time.monotonic() + wait
        while time.monotonic() < until:
            if (after := await run_sync(self._after, accepted)) is not None:
                return JSONResponse(after.model_dump(mode="json"))
            await anyio.sleep(GLANCE)
        return JSONResponse(accepted.model_dump(), 202)

    def _append(self, id: str, lead: str, command: Command) -> Accepted:
        context = CommandContext(id=id, at=self._clock(), source=SOURCE)
        try:
            with self._reader.view() as view:
                if (earlier := self._recorded(view.conn, id)) is not None:  # done: now it would be refused
                    return Accepted(id=id, type=earlier.type, lead=str(one_lead.live_lead(view, lead)))
                card = Card.of(view, lead)
                touchpoint = command(view, card, context)
            self._log.append(TOUCHPOINTS, [sealed(touchpoint)])
        except commands.CommandRefused as error:
            more: dict[str, Any] = {name: list(value) for name, value in _named(error).items() if value}
            raise Problem(error.status, error.problem, **more) from None
        except (LogAway, LogFull) as error:
            after = {"Retry-After": str(max(1, round(error.retry_after)))}
            raise Problem(503, f"nothing was recorded: {error}", after) from None
        except LogError as error:
            raise Problem(503, f"nothing was recorded: {error}") from None
        return Accepted(id=id, type=touchpoint.type, lead=card.id)

    def _after(self, accepted: Accepted) -> LeadDetail | None:
        """The lead, once the touchpoint is recorded and projected."""
        with self._reader.view() as view:
            recorded = self._recorded(view.conn, accepted.id)
            if recorded is None or view.position < recorded.position or view.clock < recorded.instant:
                return None
            try:
                return one_lead.lead_detail(view, one_lead.live_lead(view, accepted.lead))
            except NotFound:
                return None

    def _recorded(self, conn: Connection, id: str) -> Row[Any] | None:
        """Where a command's touchpoint is in the event store, if it is there."""
        about = [events.c.position, events.c.instant, events.c.type]
        return conn.execute(select(*about).where(events.c.dedupe == self._ids.dedupe(SOURCE, id))).first()


def _named(error: commands.CommandRefused) -> dict[str, tuple[str, ...]]:
    return {"missing": error.missing, "allowed": error.allowed}


def command_routes(commander: Commander) -> APIRouter:
    """The routes of the commands, built and not built."""
    router = APIRouter(tags=["commands"], route_class=JsonRoute)
    answers: dict[int | str, dict[str, Any]] = {
        200: {"model": LeadDetail, "description": "with `wait`: the lead after it"},
        202: {"model": Accepted, "description": "the log has it"},
    }

    @router.post("/leads/{lead}/stage", summary="Move a lead to a stage", responses=answers)
    async def stage(
        lead: str, said: Annotated[ToStage, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.stage(card, said.to, view.model.stages, _said(context, said))

        return await commander.run(_id(lead, "stage", said, idempotency_key), lead, command, waited.seconds())

    @router.post("/leads/{lead}/merge", summary="Two leads are one person", responses=answers)
    async def merge(
        lead: str, said: Annotated[WithLead, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.merge(card, Card.of(view, said.with_), _said(context, said))

        return await commander.run(_id(lead, "merge", said, idempotency_key), lead, command, waited.seconds())

    @router.post("/leads/{lead}/unmerge", summary="Identities are another person's", responses=answers)
    async def unmerge(
        lead: str, said: Annotated[TakeOut, Body()], waited: Waited, idempotency_key: Key = None
    ) -> Response:
        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.unmerge(card, said.identities, _said(context, said))

        return await commander.run(_id(lead, "unmerge", said, idempotency_key), lead, command, waited.seconds())

    @router.post("/leads/{lead}/reset", summary="Start the heat anew", responses=answers)
    async def reset(
        lead: str, waited: Waited, said: Annotated[_Said | None, Body()] = None, idempotency_key: Key = None
    ) -> Response:
        asking = said or _Said()

        def command(view: View, card: Card, context: CommandContext) -> Touchpoint:
            return commands.reset(card, _said(context, asking))

        return await commander.run(_id(lead, "reset", asking, idempotency_key), lead, command, waited.seconds())

    for name in commands.NOT_BUILT:
        router.add_api_route(f"/leads/{{lead}}/{name}", _refusing(name), methods=["POST"], summary="Not built yet")
    return router


def _id(lead: str, name: str, requested: _Said, key: str | None) -> str:
    """The id of a command's touchpoint: of what is asked and its key, so that a key serves no other command by mistake.

    Without a key nothing tells asking again from asking for it twice.
    """
    if key is None:
        return str(uuid.uuid4())
    command_text = json.dumps([lead.lower(), name, requested.model_dump(mode="json"), key])
    return f"asked-{hashlib.sha256(command_text.encode()).hexdigest()[:40]}"


def _said(context: CommandContext, said: _Said) -> CommandContext:
    return CommandContext(context.id, context.at, context.source, said.by, said.reason)


def _refusing(name: str) -> Callable[[str], None]:
    def refuse(lead: str) -> None:
        error = commands.not_built(name)
        raise Problem(error.status, error.problem)

    return refuse
