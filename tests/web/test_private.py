"""Who may ask: by a token, a session or a proxy's word; and what others send in their place."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from tests.given_tokens import Book
from web.guesses import MOST
from web.login import ProxiesBelieved
from web.private import Private
from web.problems import Problem
from web.viewer import Role, Viewer

ANN = Viewer("ann@example.com", Role.SALES, "ann")
SECRET = "leadline_ann"
HOST = "leads.example.com"


def asking(headers: Mapping[str, str] = {}, *, method: str = "GET", client: str = "192.0.2.7", **scope: Any) -> Request:
    raw = [(name.lower().encode(), value.encode()) for name, value in {"host": HOST, **headers}.items()]
    return Request({"type": "http", "method": method, "headers": raw, "client": (client, 50000), **scope})


def bearing(secret: str, **others: Any) -> Request:
    return asking({"authorization": f"Bearer {secret}"}, **others)


def in_session(secret: str, headers: Mapping[str, str] = {}, **others: Any) -> Request:
    return asking({"cookie": f"leadline_session={secret}", **headers}, **others)


def refused(private: Private, request: Request) -> int:
    with pytest.raises(Problem) as problem:
        private.check(request)
    assert not hasattr(request.state, "viewer")
    return problem.value.status


def test_a_token_lets_in_whoever_bears_it() -> None:
    private = Private("of-settings", Book(ANN))
    request = bearing(SECRET)
    assert private.check(request) == request.state.viewer == ANN
    assert private.check(bearing("of-settings")).role is Role.ADMIN
    assert private.check(in_session(SECRET)) == ANN


@pytest.mark.parametrize("authorization", [
    "Bearer leadline_ben", "Bearer", "Bearer ", "Basic bGVhZGxpbmVfYW5u", "leadline_ann", "Bearer of-setting",
    "Bearer of-settings2", "Bearer \u00e4\u00f6",
])  # fmt: skip
def test_others_are_not_let_in(authorization: str) -> None:
    assert refused(Private("of-settings", Book(ANN)), asking({"authorization": authorization})) == 401


def test_a_wrong_token_is_not_made_good_by_a_session() -> None:
    assert refused(Private(None, Book(ANN)), in_session(SECRET, {"authorization": "Bearer leadline_ben"})) == 401


def test_the_password_of_a_proxy_before_us_is_none_of_ours() -> None:
    basic = {"authorization": "Basic cHJveHk6cGFzc3dvcmQ="}  # sent along with everything by the browser
    assert Private(None, Book(ANN)).check(in_session(SECRET, basic)) == ANN
    private = Private(None, Book(ANN), proxied=True)
    assert private.check(asking(basic, **{"leadline.login": ANN.name})) == ANN
    assert refused(private, in_session(SECRET, basic, method="POST")) == 403  # nor does it vouch for a form


def test_a_withdrawn_token_is_out_with_the_next_request() -> None:
    book = Book(ANN)
    private = Private(None, book)
    assert private.check(bearing(SECRET)) == ANN
    book.viewers.clear()
    assert {refused(private, each) for each in (bearing(SECRET), in_session(SECRET))} == {401}


def test_a_database_that_is_away_lets_nobody_in_but_by_the_token_of_the_settings() -> None:
    book = Book(ANN)
    book.away = True
    for request in (bearing(SECRET), in_session(SECRET), asking(client="127.0.0.1")):
        assert refused(Private(None, book), request) == 503
    assert refused(Private("of-settings", book), bearing(SECRET)) == 503
    assert Private("of-settings", book).check(bearing("of-settings")).role is Role.ADMIN


def local(headers: Mapping[str, str] = {}, **others: Any) -> Request:
    return asking({"host": "127.0.0.1:8787", **headers}, client="127.0.0.1", **others)


def test_this_machine_may_ask_where_there_never_was_a_token() -> None:
    book = Book()
    private = Private(None, book)
    assert private.check(local()).name == "local"
    assert refused(private, asking()) == 403
    book.ever = True  # and was withdrawn
    assert refused(private, local()) == 401


def test_this_machine_needs_a_login_where_a_proxy_is_asked() -> None:
    assert refused(Private(None, Book(), proxied=True), local()) == 401


@pytest.mark.parametrize("headers", [
    {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {},
    {"origin": "null"}, {"origin": f"https://{HOST}.evil.example"}, {"origin": f"https://{HOST}:444"},
    {"origin": f"https://{HOST}", "sec-fetch-site": "cross-site"}, {"sec-fetch-site": "none"},
])  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_page_of_another_site_changes_nothing_with_a_session(headers: Mapping[str, str], method: str) -> None:
    private = Private(None, Book(ANN), proxied=True)
    assert refused(private, in_session(SECRET, headers, method=method)) == 403
    assert refused(private, asking(headers, method=method, **{"leadline.login": ANN.name})) == 403
    assert private.check(bearing(SECRET, method=method)) == ANN  # no browser sends that by itself


@pytest.mark.parametrize("headers", [
    {"origin": f"https://{HOST}"}, {"sec-fetch-site": "same-origin"},
    {"origin": "null", "sec-fetch-site": "same-origin"},
])  # fmt: skip
def test_a_page_of_this_address_does(headers: Mapping[str, str]) -> None:
    assert Private(None, Book(ANN)).check(in_session(SECRET, headers, method="POST")) == ANN


def passed_on(header: str | None, client: str, *sent: tuple[str, str]) -> Request:
    """The request as the application sees it."""
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)

    raw = [(name.lower().encode(), value.encode()) for name, value in (("host", HOST), *sent)]
    scope = {"type": "http", "method": "GET", "headers": raw, "client": (client, 1), "scheme": "http", "path": "/"}
    around = ProxiesBelieved(app, ("10.0.0.0/8", "127.0.0.1"), header)
    anyio.run(around, scope, None, None)
    return Request(scopes[0])


FORWARDED = ("X-Forwarded-For", "192.0.2.99"), ("X-Forwarded-Proto", "https")
EMAIL = "X-Forwarded-Email"


def test_a_proxy_says_who_is_logged_in() -> None:
    private = Private(None, Book(ANN), proxied=True)
    request = passed_on(EMAIL, "10.1.2.3", (EMAIL, ANN.name), *FORWARDED)
    assert private.check(request) == ANN
    assert request.client is not None and (request.client.host, request.url.scheme) == ("192.0.2.99", "https")
    unknown = passed_on(EMAIL, "10.1.2.3", (EMAIL, "eve@example.com"), *FORWARDED)
    assert refused(private, unknown) == 403


@pytest.mark.parametrize(("header", "client", "sent"), [
    (EMAIL, "192.0.2.7", [(EMAIL, ANN.name)]),  # from no proxy
    (EMAIL, "192.0.2.7", [(EMAIL, ANN.name), ("X-Forwarded-For", "127.0.0.1")]),
    (EMAIL, "10.1.2.3", [(EMAIL, ANN.name), (EMAIL, "eve@example.com")]),  # one of them is the client's
    (EMAIL, "10.1.2.3", [(EMAIL, "")]),
    (EMAIL, "10.1.2.3", [("X-Forwarded-User", ANN.name)]),
    (None, "10.1.2.3", [(EMAIL, ANN.name)]),
])  # fmt: skip
def test_nobody_else_does(header: str | None, client: str, sent: list[tuple[str, str]]) -> None:
    assert refused(Private(None, Book(ANN), proxied=True), passed_on(header, client, *sent)) == 401


def test_a_header_is_not_believed_where_no_proxy_is_asked() -> None:
    assert refused(Private(None, Book(ANN)), passed_on(EMAIL, "10.1.2.3", (EMAIL, ANN.name))) == 401


def test_who_guesses_is_not_heard_and_locks_nobody_out() -> None:
    private = Private("of-settings", Book(ANN))
    for number in range(MOST):
        assert refused(private, bearing(f"guess-{number}")) == 401
    assert refused(private, bearing("guess")) == 429
    assert refused(private, bearing("of-settings")) == 429
    assert private.check(bearing(SECRET)) == ANN
    assert private.check(bearing("of-settings", client="192.0.2.8")).role is Role.ADMIN
