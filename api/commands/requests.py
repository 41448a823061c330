"""What the request of every command has, how it is run, and how it is answered."""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

import anyio
from anyio.to_thread import run_sync
from fastapi import Depends, Header, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from api.bodies import CleanBody
from api.commands.commander import Accepted, Asker, Command, Commander
from domain.files.durations import SECOND, parse_duration
from domain.phrases import phrase, phrased
from domain.touchpoints.touchpoint import Instant
from producers.commands import CommandContext, CommandRefused
from projections.queries.foreseen import ForeseenShape
from projections.queries.periods import bound
from projections.queries.shapes import LeadDetail
from projections.queries.view import View
from store.log.port import LogAway, LogError, LogFull
from web.problems import Problem
from web.viewer import viewer_of

LONGEST_WAIT: Final = 60 * SECOND
GLANCE: Final = 0.05
"""Seconds between looks for the outcome of a command."""

ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": LeadDetail, "description": "with `wait`: the lead after it"},
    202: {"model": Accepted, "description": "the log has it"},
}
"""What a command is answered with."""
FORESEEN: Final[dict[int | str, dict[str, Any]]] = {
    **ANSWERS,
    200: {
        "model": LeadDetail | ForeseenShape,
        "description": "with `wait`: the lead after it; with `preview`: what it would do",
    },
}
"""The same of a command that can be previewed."""


class CommandBody(CleanBody):
    """The body of a command: who asks."""

    by: Annotated[str | None, Field(description="who asks: kept with the touchpoint")] = None


class ReasonedBody(CommandBody):
    """The body of a command: who asks, and why."""

    reason: Annotated[str | None, Field(description="why: kept with the touchpoint")] = None


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


@dataclass(frozen=True, slots=True)
class CommandAsked:
    """Who asks, and how many seconds they wait for the outcome; or `preview`: they only ask what it would be."""

    asker: Asker
    seconds: float
    preview: bool = False


class _Previewed(_Waited):
    preview: Annotated[bool, Field(description="say what it would do, and record nothing")] = False


def _asked(request: Request, waited: Annotated[_Waited, Query()]) -> CommandAsked:
    viewer = viewer_of(request)
    return CommandAsked(Asker(viewer.name, viewer.owner), waited.seconds())


def _asked_or_previewed(request: Request, said: Annotated[_Previewed, Query()]) -> CommandAsked:
    return replace(_asked(request, said), preview=said.preview)


Waited = Annotated[CommandAsked, Depends(_asked)]
Previewed = Annotated[CommandAsked, Depends(_asked_or_previewed)]
Key = Annotated[str | None, Header(description="the same command asked twice is recorded once", max_length=200)]


async def run(commander: Commander, id: str, lead: str, command: Command, asked: CommandAsked) -> Response:
    """The answer: 202 with the touchpoint's id, or 200 with the lead after it; after so many seconds 202."""
    accepted = await run_sync(_append, commander, id, lead, command, asked.asker)
    until = time.monotonic() + asked.seconds
    while time.monotonic() < until:
        if (after := await run_sync(commander.after, accepted)) is not None:
            return JSONResponse(after.model_dump(mode="json"))
        await anyio.sleep(GLANCE)
    return JSONResponse(accepted.model_dump(), 202)


async def run_or_foresee(
    commander: Commander, id: str, lead: str, others: Sequence[str], command: Command, asked: CommandAsked
) -> Response:
    """The answer of `run`; or 200 with what the command would do to the lead and to others."""
    if not asked.preview:
        return await run(commander, id, lead, command, asked)
    shape = await run_sync(_foresee, commander, lead, others, command, asked.asker)
    return JSONResponse(shape.model_dump(mode="json"))


def _foresee(commander: Commander, lead: str, others: Sequence[str], command: Command, asker: Asker) -> ForeseenShape:
    try:
        return commander.foresee(lead, others, command, asker)
    except CommandRefused as error:
        raise problem_of(error) from None


def problem_of(error: CommandRefused) -> Problem:
    named = {"missing": error.missing, "allowed": error.allowed}
    more: dict[str, Any] = {name: list(value) for name, value in named.items() if value}
    return Problem(error.status, error.problem, **more)


def _append(commander: Commander, id: str, lead: str, command: Command, asker: Asker) -> Accepted:
    try:
        return commander.append(id, lead, command, asker)
    except CommandRefused as error:
        raise problem_of(error) from None
    except (LogAway, LogFull) as error:
        after = {"Retry-After": str(max(1, round(error.retry_after)))}
        raise Problem(503, f"nothing was recorded: {error}", after) from None
    except LogError as error:
        raise Problem(503, f"nothing was recorded: {error}") from None


def command_id(lead: str, name: str, requested: CommandBody, key: str | None) -> str:
    """The id of a command's touchpoint: of what is asked and its key, so that a key serves no other command by mistake.

    Without a key nothing tells asking again from asking for it twice.
    """
    if key is None:
        return str(uuid.uuid4())
    command_text = json.dumps([lead.lower(), name, requested.model_dump(mode="json"), key])
    return f"asked-{hashlib.sha256(command_text.encode()).hexdigest()[:40]}"


def context_of(context: CommandContext, said: CommandBody) -> CommandContext:
    """The context with what the body says of who asks, and why."""
    return replace(context, by=said.by, reason=said.reason if isinstance(said, ReasonedBody) else None)


def instant_said(name: str, text: str, view: View) -> Instant:
    """The instant of a text in a body: RFC 3339, or a day in the model's zone. Raises CommandRefused."""
    try:
        return Instant(bound(text, view.model.timezone))
    except ValueError as error:
        raise CommandRefused(400, phrase("{name:input}: {why}", name=name, why=phrased(error))) from None
