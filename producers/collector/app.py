"""The collector: the public HTTP application that takes touchpoints in, by itself or as routes of another."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Final, TypeVar, TypeVarTuple, assert_never

from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from domain.touchpoints.text import header
from domain.touchpoints.touchpoint import Instant, Source
from producers.collector import keys, responses, senders, sites, tracker_script
from producers.collector.admission import Admission
from producers.collector.answer_door import PATH, AnswerDoor, Answering
from producers.collector.durations import Durations
from producers.collector.intake import Intake
from producers.collector.mail_doors import MailDoors
from producers.collector.queue import AppendQueue
from producers.collector.request import DoorRequest
from producers.collector.straight import Door, StraightWay
from producers.collector.tracker_door import TrackerDoor
from producers.protocols.registry import PROTOCOLS
from producers.reading import body
from producers.reading.arrival import Arrival, RefusedPart, Taken, Unusable
from producers.reading.body import Body
from producers.reading.protocol import Image, Outcome, Path, Protocol, Sender, ThanksPage
from store.log.port import Log
from web.health import Health
from web.limits import BodyLimit
from web.problems import Problem, answer_problem

DOOR_LIMIT: Final = 102
"""Longest name of a door, in characters: what follows goes unread."""

LARGE: Final = 50_000
"""Unpacked bodies of as many bytes are parsed beside the event loop, two at a time: nobody else waits for them."""

_HOST: Final = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}\Z")

Endpoint = Callable[[Request], Awaitable[Response]]
R = TypeVar("R", bound=Request)
T = TypeVar("T")
Values = TypeVarTuple("Values")

_UNKNOWN: Final = Source("browser", "unknown")
"""Until the body has been read, in which the write key may be."""


def collector(
    log: Log,
    admission: Admission,
    clock: Callable[[], Instant],
    health: Health,
    answering: Answering | None = None,
) -> ASGIApp:
    """The collector as an app. `clock` gives microseconds since 1970; its metrics go to the registry of `health`.

    `answering` None: there are no links by which owners answer.
    """
    doors = _Collector(log, admission, clock, health.registry, answering)
    app = Starlette(
        routes=[*doors.routes(), *health.routes()],
        exception_handlers={HTTPException: responses.no_door, Problem: answer_problem},
        middleware=[Middleware(BodyLimit, most=body.LIMIT)],
    )
    app.router.redirect_slashes = False  # a browser's POST follows no redirect to another path
    return doors.served(app)


class _Collector:
    def __init__(
        self,
        log: Log,
        admission: Admission,
        clock: Callable[[], Instant],
        registry: CollectorRegistry,
        answering: Answering | None,
    ) -> None:
        self._straight: dict[str, Door] = {}
        """What is posted to a fixed path, and answers it."""
        self._prefix, self._numbers = secrets.token_hex(16), count()
        """Of ids for what brings none: no other process ever has the same."""
        self._admission = admission
        self._clock = clock
        self._intake = Intake(AppendQueue(log, most_bytes=admission.queue_bytes), registry)
        self._threads = ThreadPoolExecutor(2, "large-body")
        self._durations = Durations(
            "leadline_collector_request_seconds",
            "Time until a request was answered, its durable append included",
            registry,
        )
        self._rejected = Counter(
            "leadline_collector_rejected", "Input that was refused and kept", ("source",), registry=registry
        )
        self._mail = MailDoors(admission, clock, self._intake, registry)
        self._answering = [] if answering is None else [AnswerDoor(answering, clock, self._intake)]

    def routes(self) -> list[Route]:
        """In the order in which they are matched."""
        return [
            *(self._spoken(protocol, path) for protocol in PROTOCOLS for path in protocol.paths),
            self._route("/v1/projects/{key}/settings", ["GET"], "v1/settings", self._settings),
            *self._mail.routes(self._timed),
            Route("/thanks", self._thanks),
            Route(tracker_script.PATH, tracker_script.respond),
            *(
                Route(PATH, partial(self._timed, door.respond, "a"), methods=["GET", "POST"])
                for door in self._answering
            ),
        ]

    def _spoken(self, protocol: Protocol, path: Path) -> Route:
        match protocol.sender:
            case Sender.WRITE_KEY:
                handle = self._keyed
            case Sender.SITE | Sender.SITE_OR_KEY:
                handle = self._sited
            case _:
                assert_never(protocol.sender)
        endpoint = partial(handle, protocol)
        if isinstance(protocol.reply, Image):
            endpoint = partial(_shown, protocol.reply, endpoint)
        checked = isinstance(protocol.reply, ThanksPage)
        return self._route(path.pattern, path.methods, path.label, endpoint, checked)

    def _route(self, path: str, methods: Sequence[str], door: str, handle: Door, checked: bool = False) -> Route:
        """A route for browsers: preflight, CORS headers, problem documents and metrics around `handle`."""
        allowed = ", ".join((*methods, "OPTIONS"))

        async def answer(request: DoorRequest) -> Response:
            reader = request.origin()
            if checked and not self._admission.sites.allows(sites.origin_in(request.headers)):
                reader = None
            method = request.scope["method"]
            if method == "OPTIONS":
                return Response(status_code=204, headers=responses.cors(reader, allowed))
            if method == "HEAD":  # asked by link checkers: nobody did anything
                return Response(status_code=200)
            return responses.readable(await self._timed(handle, door, request), reader)

        if "POST" in methods and "{" not in path:
            self._straight[path] = answer

        async def routed(request: Request) -> Response:
            return await answer(DoorRequest(request.scope, request.receive))

        return Route(path, routed, methods=[*methods, "OPTIONS"])

    def served(self, app: Starlette) -> ASGIApp:
        """The application with the ways in that most requests take."""
        others = StraightWay(app, self._straight)
        return TrackerDoor(others, self._admission, self._clock, self._intake, self._durations)

    async def _timed(self, handle: Callable[[R], Awaitable[Response]], door: str, request: R) -> Response:
        began = time.perf_counter()
        try:
            response = await handle(request)
        except Exception as error:
            response = responses.failed(error, door)
        self._durations.add(door, response.status_code, time.perf_counter() - began)
        return response

    # ---- protocols ----

    async def _keyed(self, protocol: Protocol, request: DoorRequest) -> Response:
        """A request whose write key, in its headers, its query or its body, names the source."""
        raw = await request.whole_body()
        known, write_keys = self._admission.keys, senders.keys_of(request)
        known_source = senders.of_key(request, known, write_keys)
        arrival = self._arrival(request, known_source or _UNKNOWN, keyed=True)
        try:
            data = _unpacked(raw)
            few = len(data) < LARGE
            message = protocol.read(arrival, data) if few else await self._beside(protocol.read, arrival, data)
        except (body.Malformed, Unusable) as error:
            if known_source is not None:
                await self._keep(RefusedPart(arrival, str(error), raw), write_keys)
            elif write_keys:
                raise senders.unknown_key() from error
            raise Problem(400, str(error), kept=known_source is not None) from error
        write_keys += keys.of_body(message.value)
        source = known_source or senders.of_key(request, known, write_keys)
        if source is None:
            raise senders.unknown_key()
        if known_source is None:
            agent = arrival.user_agent if source.kind == "browser" else ""
            arrival = arrival._replace(source=source, user_agent=agent)
        taken = (
            protocol.taken(arrival, message, raw) if few else await self._beside(protocol.taken, arrival, message, raw)
        )
        await self._store(taken, source, write_keys)
        return self._outcome(protocol, message, taken, request)

    async def _sited(self, protocol: Protocol, request: DoorRequest) -> Response:
        """A request whose site, or of a form's webhook its public key, names the source."""
        known, allowed = self._admission.keys, self._admission.sites
        takes_key = protocol.sender is Sender.SITE_OR_KEY
        source = senders.of_public_key(request, known, allowed) if takes_key else None
        by_key = source is not None
        source = source or senders.of_site(request, known, allowed, protocol.name)
        write_keys = senders.keys_of(request) if by_key else []
        raw = b"" if request.method == "GET" else await request.whole_body()
        arrival = self._arrival(request, source)
        if by_key and sites.origin_in(request.headers) is None:
            arrival = arrival._replace(user_agent="")  # a webhook's, and not that of who filled in the form
        try:
            data = _unpacked(raw)
            few = len(data) < LARGE
            message = protocol.read(arrival, data) if few else await self._beside(protocol.read, arrival, data)
        except (body.Malformed, Unusable) as error:
            await self._keep(RefusedPart(arrival, str(error), raw or arrival.query_bytes), write_keys)
            raise Problem(400, str(error), kept=True) from error
        if by_key and not message.value:  # whether the address is one, as Mailchimp asks before it keeps it
            return responses.outcome(Taken())
        taken = (
            protocol.taken(arrival, message, raw) if few else await self._beside(protocol.taken, arrival, message, raw)
        )
        await self._store(taken, source, write_keys)
        if by_key and not request.wants_page():
            return responses.outcome(taken)
        return self._outcome(protocol, message, taken, request)

    def _outcome(self, protocol: Protocol, message: Body, taken: Taken, request: DoorRequest) -> Response:
        """The answer to a message whose touchpoints are durable."""
        match protocol.reply:
            case Outcome():
                return responses.outcome(taken)
            case ThanksPage(fields):
                if request.wants_json(message) or taken.malformed:
                    return responses.outcome(taken, 202)
                referer = header(request.headers.get("referer", ""))
                pages = (self._admission.sites.target(message.value.get(field), referer) for field in fields)
                return RedirectResponse(next(filter(None, pages), "/thanks"), 303)
            case Image(content, media_type):
                return responses.image(content, media_type)
            case _:
                assert_never(protocol.reply)

    async def _settings(self, request: Request) -> Response:
        """What analytics-next asks for first: the key that it shall use, and that it shall send everything here."""
        segment_settings = {"apiKey": request.path_params["key"], "protocol": request.scope.get("scheme", "http")}
        if _HOST.match(host := request.headers.get("host", "")):
            segment_settings["apiHost"] = f"{host}/v1"
        settings = {"integrations": {"Segment.io": segment_settings}, "plan": {}, "metrics": {"sampleRate": 0}}
        response = responses.json(settings)
        response.headers["Cache-Control"] = "private, max-age=60"
        return response

    # ---- the rest ----

    async def _thanks(self, request: Request) -> Response:
        return responses.thanks(request.headers.get("accept-language", ""))

    def _arrival(self, request: DoorRequest, source: Source, *, keyed: bool = False) -> Arrival:
        """Of the headers as much as is kept. A request with a write key says all in its body; its query has the key."""
        most, path = self._admission.kept_header, request.scope["path"]
        return Arrival(
            body.clean(path)[1 : DOOR_LIMIT + 1],
            source,
            self._clock(),
            f"{self._prefix}{next(self._numbers):x}",
            "" if keyed else keys.masked(request.scope["query_string"], ()).decode("latin-1"),
            request.text(b"content-type")[:most],
            "" if keyed else header(request.text(b"referer")[:most]),
            header(request.text(b"user-agent")[:most]) if source.kind == "browser" else "",
            conventions=self._admission.conventions,
        )

    async def _beside(self, work: Callable[[*Values], T], *values: *Values) -> T:
        """The outcome of work that takes long."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *values)

    async def _store(self, taken: Taken, source: Source, write_keys: Sequence[str] = ()) -> None:
        """Keep all that a source sent, without its `write_keys`; durable when this returns. Raises Problem."""
        refused = taken.refused
        refusals = [] if refused is None else [refused.record(keys.masked(refused.raw, write_keys))]
        await self._intake.take(source.name, taken.records, refusals)
        if refused is not None:
            self._rejected.labels(source.name).inc(len(refused.reasons()))

    async def _keep(self, refused: RefusedPart, write_keys: Sequence[str] = ()) -> None:
        await self._store(Taken(refused=refused), refused.arrival.source, write_keys)


# ---- requests and answers ----------------------------------------------------------------------------------------


def _unpacked(raw: bytes) -> bytes:
    """A body without gzip. Raises Malformed, Problem."""
    try:
        return body.unpacked(raw)
    except body.TooLarge as error:
        raise Problem(413, str(error)) from error


async def _shown(image: Image, handle: Endpoint, request: Request) -> Response:
    """Always the image: a broken one helps nobody. Its status still says whether the request was kept."""
    try:
        return await handle(request)
    except Problem as problem:
        status = 200 if problem.more.get("kept") else problem.status
        return responses.image(image.content, image.media_type, status, problem.headers)
