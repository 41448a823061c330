"""Pages that take long are counted once, shown when they are there, and kept for a while: for each viewer their own."""

import time
from collections.abc import Callable, Iterator
from threading import Event

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.dashboard.counted import FETCHED, LONGEST, MOST_WAITING, SHARE, CountedPages
from domain.errors import NotFound
from domain.model.definition import parse_model
from projections.upkeep.activation import activate
from tests.dashboard.given_pages import Pages, text_of
from tests.dashboard.given_traffic import MODEL, bought
from tests.projections.given_sales import FRIDAY, Company
from web.login import COOKIE
from web.problems import Problem
from web.viewer import Role, Viewer

SOMEBODY = Viewer("somebody", Role.SALES)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    folder = tmp_path_factory.mktemp("counted")
    pages = Pages(folder, Company(folder, FRIDAY, MODEL))
    bought(pages)
    yield pages
    pages.close()


class Counting:
    """A page that takes `takes` seconds and says how often it was counted; it waits until `go` is set."""

    def __init__(self, pages: Pages, *, many: int = 0, moment: float = 0.02) -> None:
        self.now = 0.0
        self.takes = 4.0
        self.times = 0
        self.error: Exception | None = None
        self.go = Event()
        self.ended = Event()
        self._app = pages.resources
        self.counted = CountedPages(self._app.shell, self._app.reader, many=many, moment=moment, clock=lambda: self.now)
        self.show = self.counted(self._count)

    def ask(self, path: str = "/slow", query: str = "", viewer: Viewer = SOMEBODY) -> Response:
        return self.show(request(path, query, viewer))

    def ask_until_there(self) -> Response:
        """Asks, lets it be counted, and asks again."""
        assert self.ask().status_code == 202
        self.go.set()
        assert self.ended.wait(10)
        return self.after_a_while(self.ask)

    def after_a_while(self, ask: Callable[[], Response]) -> Response:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if (answer := ask()).status_code != 202:
                return answer
            time.sleep(0.01)
        raise AssertionError("it is still counting")

    def _count(self, request: Request) -> Response:
        self.times += 1
        assert self.go.wait(10)
        self.now += self.takes
        self.ended.set()
        if self.error is not None:
            raise self.error
        return PlainTextResponse(f"{request.url.path} {request.url.query} counted {self.times}")


def request(path: str, query: str, viewer: Viewer, cookie: str = "") -> Request:
    app = type("App", (), {"state": type("State", (), {"navigation": []})})
    state = {"viewer": viewer}
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope["headers"] = [(b"cookie", cookie.encode())] if cookie else []
    return Request({**scope, "server": ("127.0.0.1", 80), "scheme": "http", "state": state, "app": app})


def test_where_there_are_few_touchpoints_a_page_is_of_this_moment_however_long_it_takes(pages: Pages) -> None:
    counting = Counting(pages, many=1_000)
    counting.go.set()
    assert [counting.ask().body for _ in range(2)] == [b"/slow  counted 1", b"/slow  counted 2"]


def test_whoever_asks_for_what_takes_long_is_told_so_and_gets_it_when_it_is_there(pages: Pages) -> None:
    counting = Counting(pages)
    waiting = counting.ask()
    assert (waiting.status_code, waiting.headers["Refresh"]) == (202, "1")
    assert "Counting …" in bytes(waiting.body).decode()
    assert counting.ask().status_code == 202 and counting.times == 1, "it is counted once"
    counting.go.set()
    assert counting.after_a_while(counting.ask).body == b"/slow  counted 1"


def test_it_is_kept_thirty_times_as_long_as_it_took(pages: Pages) -> None:
    counting = Counting(pages)
    counting.ask_until_there()
    counting.now = 4 + SHARE * 4 - 0.1
    assert counting.ask().body == b"/slow  counted 1"
    counting.now += 0.2
    assert counting.after_a_while(counting.ask).body == b"/slow  counted 2"


def test_and_never_longer_than_five_minutes(pages: Pages) -> None:
    counting = Counting(pages)
    counting.takes = 60.0
    counting.ask_until_there()
    counting.now = 60 + LONGEST + 0.1
    assert counting.after_a_while(counting.ask).body == b"/slow  counted 2"


def test_what_is_quick_is_counted_each_time(pages: Pages) -> None:
    counting = Counting(pages, moment=5)
    counting.takes = 0.1
    counting.go.set()
    assert [counting.ask().body for _ in range(2)] == [b"/slow  counted 1", b"/slow  counted 2"]


def test_what_was_quick_and_had_to_wait_for_its_turn_is_there_for_whoever_was_told_to_wait(pages: Pages) -> None:
    counting = Counting(pages)
    counting.takes = 0.0
    assert counting.ask_until_there().body == b"/slow  counted 1"
    counting.now += FETCHED + 0.1
    assert counting.after_a_while(counting.ask).body == b"/slow  counted 2"


@pytest.mark.parametrize(
    ("path", "query", "viewer"),
    [
        ("/other", "", SOMEBODY),
        ("/slow", "by=week", SOMEBODY),
        ("/slow", "lang=zh-CN", SOMEBODY),
        ("/slow", "", Viewer("somebody", Role.READER)),
        ("/slow", "", Viewer("somebody else", Role.SALES)),
    ],
)
def test_another_address_language_or_viewer_has_a_page_of_its_own(
    pages: Pages, path: str, query: str, viewer: Viewer
) -> None:
    counting = Counting(pages)
    counting.ask_until_there()
    other = counting.after_a_while(lambda: counting.ask(path, query, viewer))
    assert other.body == f"{path} {query} counted 2".encode()


def test_who_came_by_a_session_and_may_sign_out_has_a_page_of_their_own(pages: Pages) -> None:
    counting = Counting(pages)
    counting.ask_until_there()
    in_session = request("/slow", "", SOMEBODY, f"{COOKIE}=sample")
    assert counting.after_a_while(lambda: counting.show(in_session)).body == b"/slow  counted 2"


def test_an_error_is_told_once_and_not_kept(pages: Pages) -> None:
    counting = Counting(pages)
    counting.error = NotFound("no such funnel")
    with pytest.raises(NotFound, match="no such funnel"):
        counting.ask_until_there()
    counting.error = None
    assert counting.after_a_while(counting.ask).status_code == 200


def test_another_model_has_other_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("model")
    own = Pages(folder, Company(folder, FRIDAY, MODEL))
    try:
        counting = Counting(own)
        counting.ask_until_there()
        world = own.company.world
        activate(world.database, world.ids, parse_model(MODEL + "\n# another text\n"))
        assert counting.after_a_while(counting.ask).body == b"/slow  counted 2"
    finally:
        own.close()


def test_only_so_many_wait(pages: Pages) -> None:
    counting = Counting(pages, moment=0.0)
    for number in range(MOST_WAITING):
        assert counting.ask(query=f"page={number}").status_code == 202
    with pytest.raises(Problem) as refused:
        counting.ask(query="page=more")
    assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "5"})
    assert counting.times <= 2, "and two are counted at a time"
    counting.go.set()


def test_a_page_that_was_counted_apart_is_the_page(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> None:
    resources = pages.resources
    kept = Pages(
        tmp_path_factory.mktemp("kept"),
        pages.company,
        shell=resources.shell,
        counted=CountedPages(resources.shell, resources.reader, many=0, moment=0.0),
    )
    for address in ("/mail", "/funnels", "/reports/quality", "/portrait?period=ever", "/health/findings"):
        first = kept.get(address)
        while first.status_code == 202:
            assert "Counting …" in text_of(first)
            first = kept.get(address)
        assert text_of(first) == text_of(pages.get(address))
