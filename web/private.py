"""Who may ask what is not for the public: whoever bears the token; where there is none, only this machine itself."""

import hmac
import ipaddress
from typing import Final, Protocol

from starlette.requests import Request

from domain.errors import Retry
from domain.phrases import phrase, phrased
from web.guesses import Guesses, too_many
from web.login import name_by_proxy, refuse_foreign_form, session_of
from web.problems import Problem
from web.viewer import Role, Viewer

_PROXIES = ("forwarded", "via", "x-real-ip", "x-forwarded-")
"""How the headers begin that a proxy adds."""
LOCAL: Final = Viewer("local", Role.ADMIN)
"""Who asks on this machine itself, where there is no token."""
OPERATOR: Final = Viewer("LEADLINE_API_TOKEN", Role.ADMIN)
"""Who bears the token of the settings."""


def is_local(request: Request) -> bool:
    """Whether the request comes from this machine, addressed to it, and through no proxy.

    A Unix socket, which has no address, counts. A name that only resolves to this machine does not: any page can have
    one (DNS rebinding). Nor does what a proxy on this machine passes on: it comes from anywhere.
    """
    if any(name.startswith(_PROXIES) for name in request.headers):
        return False
    client = request.client
    return (client is None or not client.host or _loopback(client.host)) and _names_loopback(request)


def is_foreign(request: Request) -> bool:
    """Whether a page of another site than the one asked makes the request: a browser says so."""
    if request.method == "POST" and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        return True  # a form; a link to a query may be followed
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


class Tokens(Protocol):
    """The tokens that were made for people and programs. All of them raise Retry where the database is away."""

    def bearer(self, secret: str) -> Viewer | None:
        """Who bears this secret; None: it is nobody's, or it was withdrawn, or its time is over."""

    def named(self, name: str) -> Viewer | None:
        """Who has a token under this name."""

    def exist(self) -> bool:
        """Whether one was ever made."""


class Private:
    """The guard of the private side.

    Who may ask bears a token, or is one whom a proxy before us vouches for. Where there never was a token, and no proxy
    is asked, only this machine itself may.
    """

    def __init__(self, token: str | None, tokens: Tokens | None = None, *, proxied: bool = False) -> None:
        """`token`: that of the settings. `proxied`: a proxy says who is logged in."""
        self._token = None if token is None else token.encode()
        self._tokens = tokens
        self._proxied = proxied
        self._guesses = Guesses()

    def check(self, request: Request) -> Viewer:
        """Who asks, which is in `request.state.viewer` from now on. Asks the database.

        Raises Problem (401, 403; 429: too many wrong tokens; 503: the database is away).
        """
        try:
            viewer = self._viewer(request)
        except Retry as error:
            raise Problem(
                503, phrase("nobody can tell who asks: {why}", why=phrased(error)), {"Retry-After": "2"}
            ) from None
        request.state.viewer = viewer
        return viewer

    def holder(self, request: Request, secret: str) -> Viewer | None:
        """Whose secret this is; None: nobody's. Raises Problem 429, Retry."""
        wait = self._guesses.wait(_address(request))
        if not wait and self._is_token(secret):
            return OPERATOR
        # One with 256 bits of chance is let in at any time: who guesses beside it locks nobody out.
        viewer = None if self._tokens is None else self._tokens.bearer(secret)
        if viewer is None:
            self._guesses.wrong(_address(request))
            if wait:
                raise too_many(wait)
        return viewer

    def still_lets_in(self, request: Request) -> bool:
        """Whether who was let in would be again. A database that is away turns nobody out."""
        try:
            self._viewer(request)
        except Problem as problem:
            return problem.status == 429  # somebody else's doing
        except Retry:
            return True
        return True

    def operates(self, request: Request) -> bool:
        """Whether who asks runs this installation: by its settings, whatever the database says."""
        if self._token is None:
            return is_local(request) and not is_foreign(request)
        return self._is_token(_bearer(request) or "")

    def _is_token(self, secret: str) -> bool:
        return self._token is not None and hmac.compare_digest(secret.encode("utf-8", "replace"), self._token)

    def _viewer(self, request: Request) -> Viewer:
        if self._token is None and not self._proxied and not (self._tokens is not None and self._tokens.exist()):
            _refuse_others(request)
            return LOCAL
        if bears_token(request):
            secret = _bearer(request)
            viewer = None if secret is None else self.holder(request, secret)
            if viewer is None:
                raise _unknown(
                    "this bearer token is not LEADLINE_API_TOKEN, and no other that lets in"
                    if secret
                    else "a bearer token is needed"
                )
            return viewer
        viewer = self._in_browser(request)
        if viewer is None:
            raise _unknown("a bearer token is needed")
        refuse_foreign_form(request)
        return viewer

    def _in_browser(self, request: Request) -> Viewer | None:
        """Who is logged in. Raises Problem 403 for somebody whom only the proxy knows."""
        secret = session_of(request)
        viewer = None if secret is None else self.holder(request, secret)
        name = name_by_proxy(request) if self._proxied else None
        if viewer is not None or name is None or self._tokens is None:
            return viewer
        viewer = self._tokens.named(name)
        if viewer is None:
            raise Problem(
                403, phrase("{name!r} has no token here: `leadline token make` gives a name its role", name=name[:80])
            )
        return viewer


def bears_token(request: Request) -> bool:
    """Whether a token is sent, a right one or not; what else `Authorization` may say is for a proxy before us."""
    return request.headers.get("authorization", "").partition(" ")[0].lower() == "bearer"


def _unknown(fault: str) -> Problem:
    challenge = {"WWW-Authenticate": 'Bearer realm="leadline"'}
    return Problem(401, f"{fault}: send `Authorization: Bearer TOKEN`", challenge)


def _bearer(request: Request) -> str | None:
    """The secret that a program sends."""
    secret = request.headers.get("authorization", "").partition(" ")[2].strip()
    return (secret or None) if bears_token(request) else None


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _refuse_others(request: Request) -> None:
    advice = "there is no token: `leadline token make`, or set LEADLINE_API_TOKEN, and send it"
    if not is_local(request):
        only = "only this machine may ask, by its own address (127.0.0.1, [::1], localhost) and through no proxy"
        raise Problem(403, f"{only}, while {advice}")
    if is_foreign(request):
        raise Problem(403, f"a page of another site asks, and {advice}")


def _names_loopback(request: Request) -> bool:
    host = request.headers.get("host", "").lower()
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return name == "localhost" or name.endswith(".localhost") or _loopback(name)


def _loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name, or what a proxy wrote in its place
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
