"""`/a/{token}`: an owner answers for a lead by the link of a message. Looking changes nothing: gateways look, too."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import parse_qs

import anyio
import structlog
from starlette.requests import Request
from starlette.responses import Response

from domain.model.sales import NOT_READY
from domain.signals.answer_link import Answered, Invitation, LinkKeys, Standing
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint
from producers.collector import answer_pages, responses
from producers.collector.intake import Intake
from producers.collector.request import mailed_token
from producers.reading.arrival import sealed
from producers.reading.body import clean
from web.problems import Problem

PATH: Final = "/a/{token}"
SOURCE: Final = Source("api", "api")
WAIT: Final = 3.0
"""Seconds that the answer to a press waits until it is known whose counts."""
GLANCE: Final = 0.1
LOOKS: Final = 4
"""Looks at the database at the same time, on threads of their own: one that hangs holds up nothing but pages."""
_BODY: Final = 20_000
_FIELDS: Final = 20


class Outcomes(Protocol):
    """What became of those who were asked."""

    def of(self, invitation: Invitation) -> Answered | None:
        """What became of it; None: nobody can say now."""
        ...


@dataclass(frozen=True, slots=True)
class Answering:
    """The keys of the links. `outcomes` None: this process has no database, and can only say that it sent something."""

    keys: LinkKeys
    outcomes: Outcomes | None = None


class AnswerDoor:
    """Shows who is asked, and puts the answer on the log."""

    def __init__(self, answering: Answering, clock: Callable[[], Instant], intake: Intake) -> None:
        self._keys = answering.keys
        self._outcomes = answering.outcomes
        self._intake = intake
        self._clock = clock
        self._beside = ThreadPoolExecutor(LOOKS, "answers")

    async def respond(self, request: Request) -> Response:
        """A page: to GET and HEAD what is asked, or what became of it; to POST what the answer became."""
        invitation = self._keys.opened(mailed_token(request))
        accepted = request.headers.get("accept-language", "")
        language = (invitation and invitation.language) or responses.language_of(accepted)
        if invitation is None:
            return answer_pages.said(language, "unknown", 404)
        now = Instant(max(self._clock(), invitation.asked + 1))  # behind what asks, whatever this machine's clock says
        if now >= invitation.ends:
            return answer_pages.said(language, "over", 410)
        answered = await self._look(invitation)
        if request.method != "POST" or (answered is not None and answered.standing is not Standing.WAITING):
            return answer_pages.told(language, invitation, answered or _UNKNOWN)
        fields = await _form(request)
        answer = _read(invitation, fields, now)
        if answer is None:
            return answer_pages.said(language, "choose", 400)
        try:
            await self._intake.take(SOURCE.name, [sealed(answer)])
        except Problem as problem:
            return answer_pages.again(language, fields, problem.status, problem.headers)
        answered = await self._settled(invitation)
        return (
            answer_pages.sent(language, invitation)
            if answered is None
            else answer_pages.told(language, invitation, answered)
        )

    async def _settled(self, invitation: Invitation) -> Answered | None:
        """What became of it, as soon as somebody's answer counts; None: nobody can say yet."""
        until = time.monotonic() + WAIT
        while (answered := await self._look(invitation)) is not None:
            if answered.standing is not Standing.WAITING:
                return answered
            if time.monotonic() >= until:
                return None
            await anyio.sleep(GLANCE)
        return None

    async def _look(self, invitation: Invitation) -> Answered | None:
        """What became of it; None: nobody can say, or not within the wait."""
        if self._outcomes is None:
            return None
        try:
            with anyio.move_on_after(WAIT):
                return await asyncio.get_running_loop().run_in_executor(self._beside, self._outcomes.of, invitation)
        except Exception as error:  # a fault, which must not cost an owner their answer
            structlog.get_logger("collector").error("answer.outcome_unknown", exc_info=error)
        return None


_UNKNOWN: Final = Answered(Standing.WAITING)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form; none where it is no form of ours."""
    raw = await request.body()
    if len(raw) > _BODY:
        return {}
    try:
        fields = parse_qs(raw.decode(), max_num_fields=_FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _read(invitation: Invitation, fields: dict[str, str], now: Instant) -> Touchpoint | None:
    """The touchpoint of an answer; None: it is none of those that are offered."""
    by = fields.get("by", "")
    if by and by not in (invitation.owner, *invitation.members):
        return None
    properties = {"owner": invitation.owner, "signal": invitation.signal}
    if by and by != invitation.owner:
        properties["by"] = by
    match fields.get("answer"):
        case "accept":
            type = "owner_accepted"
        case "reject":
            type = "owner_rejected"
            reason, note = fields.get("reason", ""), clean(fields.get("note", "")).strip()
            if reason not in (NOT_READY, *(name for name, _ in invitation.reasons)):
                return None
            properties["reason"] = reason
            if note:
                properties["note"] = note[: answer_pages.NOTE_LIMIT]
        case _:
            return None
    return Touchpoint(
        id=invitation.touchpoint,
        source=SOURCE,
        type=type,
        occurred_at=now,
        received_at=now,
        identities=(Identity(invitation.kind, invitation.value),),
        properties=properties,
        context={"via": "link"},
    )
