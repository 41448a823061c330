"""`/o/{token}.gif` and `/c/{token}`: a mail was opened, a link in it was followed. All that is told is in the token."""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry, Counter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from domain.files.durations import SECOND
from domain.touchpoints.mail_link import MailDoor, MailLink
from domain.touchpoints.text import header
from domain.touchpoints.touchpoint import Instant
from producers.collector import answer_pages, responses
from producers.collector.admission import Admission
from producers.collector.intake import Intake
from producers.collector.request import mailed_token
from producers.mail_links import SOURCE, followed
from producers.protocols.pixel import GIF
from producers.reading.arrival import sealed
from web.problems import Problem

MOMENT: Final = 10 * SECOND
"""Microseconds within which a link that is followed again is followed once."""

_REMEMBERED: Final = 10_000
_AHEAD: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
"""Headers in which a browser says that it fetches what nobody has asked for yet."""
_WORDS: Final = ("prefetch", "prerender", "preview")
_HEADERS: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

_Handle = Callable[[Request], Awaitable[Response]]
_Timed = Callable[[_Handle, str, Request], Awaitable[Response]]


class MailDoors:
    """Answers opens and clicks, and puts on the log what they say."""

    def __init__(
        self, admission: Admission, clock: Callable[[], Instant], intake: Intake, registry: CollectorRegistry
    ) -> None:
        self._keys = admission.mail_keys
        self._kept_header = admission.kept_header
        self._intake = intake
        self._clock = clock
        self._followed = Counter(
            "leadline_collector_mail_links",
            "Links of mails that were followed: taken, ahead (HEAD, prefetch), refused (no link of ours, or ended), or"
            " lost (the log took nothing)",
            ("door", "outcome"),
            registry=registry,
        )
        self._began: dict[bytes, Instant] = {}

    def routes(self, timed: _Timed) -> list[Route]:
        """The routes; `timed` measures what answers, under the name of its door.

        A click has two: a `path` matches no line break, and else nothing matches a slash.
        """
        doors = ((f"/{MailDoor.OPEN}/{{token}}.gif", MailDoor.OPEN, self._opened),
                 (f"/{MailDoor.CLICK}/{{token}}", MailDoor.CLICK, self._clicked),
                 (f"/{MailDoor.CLICK}/{{token:path}}", MailDoor.CLICK, self._clicked))  # fmt: skip
        return [Route(path, partial(timed, handle, door), methods=["GET"]) for path, door, handle in doors]

    async def _opened(self, request: Request) -> Response:
        """The dot, whatever became of it: a broken image helps nobody. The status says whether it was taken."""
        link = self._link(request, MailDoor.OPEN)
        if link is None:
            return responses.image(GIF, "image/gif", 404, _HEADERS)
        try:
            await self._take(request, link)
        except Problem as problem:
            return responses.image(GIF, "image/gif", problem.status, {**_HEADERS, **problem.headers})
        return responses.image(GIF, "image/gif", headers=_HEADERS)

    async def _clicked(self, request: Request) -> Response:
        """On to the target: a person does not wait for a log that is away.

        A browser that fetches ahead gets nothing that it could use: from it it would serve the click, unseen by us.
        """
        link = self._link(request, MailDoor.CLICK)
        if link is None:
            language = responses.language_of(request.headers.get("accept-language", ""))
            return answer_pages.said(language, "unknown", 404)
        if request.method == "GET" and _is_ahead(request):
            self._followed.labels(link.door, "ahead").inc()
            return Response(status_code=503, headers=_HEADERS)
        with suppress(Problem):  # it is counted as lost
            await self._take(request, link)
        return RedirectResponse(link.target, 302, _HEADERS)

    def _link(self, request: Request, door: MailDoor) -> MailLink | None:
        """What the token bears; None: it is damaged, of another key or door, or has ended. Raises Problem 501."""
        if self._keys is None:
            raise Problem(501, "links of mails need keys: set LEADLINE_LINK_KEY, of the collector too")
        link = self._keys.opened(mailed_token(request), door)
        if link is None or self._clock() >= link.ends:
            self._followed.labels(door, "refused").inc()
            return None
        return link

    async def _take(self, request: Request, link: MailLink) -> None:
        """Put it on the log, where somebody followed the link. Raises Problem."""
        if request.method == "HEAD" or _is_ahead(request):
            self._followed.labels(link.door, "ahead").inc()
            return
        now = self._clock()
        agent = header(request.headers.get("user-agent", "")[: self._kept_header])
        touchpoint = followed(link, self._id(mailed_token(request), now), now, agent)
        if touchpoint.by_machine:  # else a person who clicks while a gateway looks would be its copy
            touchpoint = touchpoint._replace(id=f"{touchpoint.id}-m")
        try:
            await self._intake.take(SOURCE.name, [sealed(touchpoint)])
        except Problem:
            self._followed.labels(link.door, "lost").inc()
            raise
        self._followed.labels(link.door, "taken").inc()

    def _id(self, token: str, now: Instant) -> str:
        """The id of what following a link says: the same for `MOMENT` from the first time, of which this process knows.

        Other processes agree where that lies in the same ten seconds of the clock.
        """
        digest = hashlib.sha256(token.encode()).digest()
        began = self._began.get(digest)
        if began is None or not began <= now < began + MOMENT:
            self._began.pop(digest, None)
            began = self._began[digest] = now
            if len(self._began) > _REMEMBERED:
                del self._began[next(iter(self._began))]
        return f"{digest.hex()[:40]}-{began // MOMENT}"


def _is_ahead(request: Request) -> bool:
    said = ",".join(request.headers.get(name, "") for name in _AHEAD).lower()
    return any(word in said for word in _WORDS)
