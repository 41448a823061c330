"""What a browser sends by itself to say who asks: the session's cookie, or a name that a proxy vouches for."""

from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from domain.phrases import phrase
from web.problems import Problem

COOKIE: Final = "leadline_session"
LASTS: Final = 30 * 86_400
"""Seconds that a browser keeps the session."""
_NAME: Final = "leadline.login"
"""Where a scope keeps the name that a proxy vouches for."""
_READS: Final = ("GET", "HEAD", "OPTIONS")
_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})


class ProxiesBelieved:
    """Around an application: of a request that one of these proxies passes on, the client that it names and the scheme,
    and in a header, if there is one, who is logged in. From anybody else these say nothing."""

    def __init__(self, app: ASGIApp, proxies: tuple[str, ...], header: str | None) -> None:
        """`proxies`: addresses and networks."""
        self._app = app
        self._believing = ProxyHeadersMiddleware(app, list(proxies))  # type: ignore[arg-type]
        self._header = None if header is None else header.lower().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the client is still the one that is connected."""
        if self._header is not None and scope["type"] == "http":
            peer = scope.get("client")
            names = [value for name, value in scope["headers"] if name == self._header]
            if len(names) == 1 and peer is not None and peer[0] in self._believing.trusted_hosts:
                scope[_NAME] = names[0].decode("utf-8", "replace").strip()
        if scope["type"] == "http" and _FORWARDED.isdisjoint(dict(scope["headers"])):
            await self._app(scope, receive, send)
        else:
            await self._believing(scope, receive, send)  # type: ignore[arg-type]


def name_by_proxy(request: Request) -> str | None:
    """Who is logged in, as a proxy says; None: none says it."""
    return request.scope.get(_NAME) or None


def session_of(request: Request) -> str | None:
    """The secret in the session's cookie."""
    value = request.cookies.get(COOKIE)
    return unquote(value) if value else None


def begin_session(request: Request, response: Response, secret: str) -> None:
    """Give the browser the secret to keep: no script reads it, and no other site's form sends it."""
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, quote(secret, ""), LASTS, path="/", secure=secure, httponly=True, samesite="lax")


def end_session(request: Request, response: Response) -> None:
    """Make the browser forget it."""
    secure = request.url.scheme == "https"
    response.delete_cookie(COOKIE, path="/", secure=secure, httponly=True, samesite="lax")


def refuse_foreign_form(request: Request) -> None:
    """Refuse what a page of another site makes a browser send, along with what says who is logged in.

    A browser says whose page it is: Sec-Fetch-Site, or Origin where it keeps that for itself. Raises Problem 403.
    """
    if request.method in _READS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        own = site == "same-origin"
    else:
        own = request.headers.get("origin", "").partition("://")[2] == request.headers.get("host", "")
    if not own:
        raise Problem(403, phrase("who is logged in by a browser changes things from a page of this address alone"))
