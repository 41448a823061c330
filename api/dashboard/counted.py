"""Pages that count over many leads: where counting takes long, what was counted is shown for a while.

A page whose numbers take longer than a moment is counted in a thread of its own. Whoever asks is told so, and gets the
page when it is there. It then stands for a while; its foot says of what time it is. Where there are few touchpoints
nothing of this happens: every page is of this moment.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from threading import Lock, Semaphore, Thread
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.dashboard.shell import Shell
from domain.phrases import phrase
from projections.queries.view import Reader
from web.login import session_of
from web.problems import Problem
from web.viewer import Viewer, viewer_of

MANY: Final = 1_000_000
"""Touchpoints, from which on pages are kept."""
MOMENT: Final = 0.25
"""Seconds that somebody waits before they are told that it takes long. What took no longer is not kept."""
SHARE: Final = 30
"""A page is kept for so many times the seconds that it took, so that a page costs at most a thirtieth of a core."""
LONGEST: Final = 300.0
"""Seconds that a page is kept at most."""
AT_ONCE: Final = 2
"""Pages that are counted at the same time."""
MOST_WAITING: Final = 20
"""Pages that are counted or wait for it; a further one is refused."""
MOST_KEPT: Final = 200
FETCHED: Final = 10.0
"""Seconds within which a browser fetches what it was told to wait for."""
LOOK_AGAIN: Final = 1
"""Seconds after which a browser asks again."""

TOO_MANY: Final = phrase("too many pages are being counted at once; try again in a moment")

Endpoint = Callable[[Request], Response]
_Key = tuple[str, str, str, Viewer, bool]


@dataclass(slots=True)
class _Counted:
    """A page that is counted, or was. `model`: what it was begun under; `until`: when it is forgotten."""

    model: str
    began: float
    page: Future[Response] = field(default_factory=Future)
    took: float = 0.0
    until: float = 0.0


class CountedPages:
    """Keeps pages, for each viewer and language their own. `many` and `moment` as MANY and MOMENT; `clock`: seconds."""

    def __init__(
        self,
        shell: Shell,
        reader: Reader,
        *,
        many: int = MANY,
        moment: float = MOMENT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shell = shell
        self._reader = reader
        self._many = many
        self._moment = moment
        self._clock = clock
        self._lock = Lock()
        self._places = Semaphore(AT_ONCE)
        self._pages: dict[_Key, _Counted] = {}

    def __call__(self, endpoint: Endpoint) -> Endpoint:
        """The endpoint of a page, which is kept where it takes long."""

        def show(request: Request) -> Response:
            if self._reader.touchpoints() < self._many:
                return endpoint(request)
            with self._reader.view() as view:
                model = view.model.text
            reader = viewer_of(request), session_of(request) is not None  # who came by a session may sign out
            key = request.url.path, request.url.query, self._shell.language(request).tag, *reader
            counted = self._page(key, model, endpoint, request)
            if not wait([counted.page], self._moment).done:
                return self._still(request, counted)
            if counted.took <= self._moment:  # it need not be kept, and an error is not
                self._forget(key, counted)
            return counted.page.result()

        return show

    def _page(self, key: _Key, model: str, endpoint: Endpoint, request: Request) -> _Counted:
        """What is kept or counted; else it begins. Raises Problem."""
        with self._lock:
            self._forget_old()
            known = self._pages.get(key)
            if known is not None and known.model == model:
                return known
            if sum(not each.page.done() for each in self._pages.values()) >= MOST_WAITING:
                raise Problem(503, TOO_MANY, {"Retry-After": "5"})
            begun = self._pages[key] = _Counted(model, self._clock())
        Thread(target=self._count, args=(begun, endpoint, request), name="counted page", daemon=True).start()
        return begun

    def _count(self, counted: _Counted, endpoint: Endpoint, request: Request) -> None:
        with self._places:
            began = self._clock()
            try:
                page = endpoint(request)
            except BaseException as error:  # whoever asked is told
                counted.until = self._clock() + FETCHED
                counted.page.set_exception(error)
                return
            ended = self._clock()
            counted.took = ended - began
            counted.until = ended + max(FETCHED, min(SHARE * counted.took, LONGEST))
            counted.page.set_result(page)

    def _forget(self, key: _Key, counted: _Counted) -> None:
        with self._lock:
            if self._pages.get(key) is counted:
                del self._pages[key]

    def _forget_old(self) -> None:
        """Drop what was kept long enough, and the oldest of too many."""
        now = self._clock()
        ended = [(each.began, key) for key, each in self._pages.items() if each.page.done()]
        for place, (_, key) in enumerate(sorted(ended, key=lambda pair: pair[0], reverse=True)):
            if place >= MOST_KEPT or self._pages[key].until <= now:
                del self._pages[key]

    def _still(self, request: Request, counted: _Counted) -> Response:
        """What somebody is shown meanwhile."""
        seconds = int(self._clock() - counted.began)
        page = self._shell.render(request, "counting.html", 202, seconds=seconds)
        page.headers["Refresh"] = str(LOOK_AGAIN)
        return page
