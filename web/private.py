"""Who may ask what is not for the public: whoever bears the token; where there is none, only this machine itself."""

import hmac
import ipaddress
from typing import Final

from starlette.requests import Request

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


class Private:
    """The guard of the private side. `token` None: there is none, and only this machine may ask."""

    def __init__(self, token: str | None) -> None:
        self._token = None if token is None else token.encode()

    def check(self, request: Request) -> Viewer:
        """Who asks, which is in `request.state.viewer` from now on. Raises Problem (401, 403)."""
        viewer = self._viewer(request)
        request.state.viewer = viewer
        return viewer

    def allows(self, request: Request) -> bool:
        """Whether this one may ask."""
        try:
            self.check(request)
        except Problem:
            return False
        return True

    def _viewer(self, request: Request) -> Viewer:
        if self._token is None:
            _refuse_others(request)
            return LOCAL
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self._token):
            fault = "this bearer token is not LEADLINE_API_TOKEN" if token else "a bearer token is needed"
            challenge = {"WWW-Authenticate": 'Bearer realm="leadline"'}
            raise Problem(401, f"{fault}: send `Authorization: Bearer TOKEN`", challenge)
        return OPERATOR


def _refuse_others(request: Request) -> None:
    advice = "there is no token: set LEADLINE_API_TOKEN, and send it"
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
