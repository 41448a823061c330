"""Who sends a request: by its write key, or by the site that it comes from."""

from starlette.requests import Request

from domain.touchpoints.touchpoint import Source
from producers.collector import keys, sites
from producers.collector.keys import WriteKeys
from producers.collector.request import DoorRequest
from producers.collector.sites import Sites
from web.private import is_foreign, is_local
from web.problems import Problem


def keys_of(request: DoorRequest) -> list[str]:
    """The write keys in a request's headers and query."""
    write_keys = [] if keys.HEADERS.isdisjoint(request.said) else keys.of_headers(request.headers)
    if request.scope["query_string"]:
        write_keys += [key for key in request.query_params.getlist("writeKey") if key]
    return write_keys


def of_key(request: Request, known: WriteKeys, write_keys: list[str]) -> Source | None:
    """The source of the first known one of these keys; None: none is known. Raises Problem."""
    source = known.source(write_keys)
    if not known.open:
        return source
    if not is_local(request):
        raise Problem(401, "no write keys are configured, so only this machine may send: set LEADLINE_WRITE_KEYS")
    if source is not None and is_foreign(request):
        return Source("browser", source.name)  # any page may be open on this machine: it is no server of ours
    return source


def of_site(request: Request, known: WriteKeys, allowed: Sites, otherwise: str) -> Source:
    """The source of a request without a write key: a browser, named after its site. Raises Problem."""
    origin = sites.origin_in(request.headers)
    if allowed.open and not is_local(request):
        raise Problem(403, "no sites are configured, so only this machine may send: set LEADLINE_SITES")
    if not allowed.allows(origin):
        detail = f"found site {origin or 'unknown'}: it is not in LEADLINE_SITES (told by Origin, else Referer)"
        raise Problem(403, detail)
    name = sites.source_name(origin)
    return Source("browser", name if name and name not in known.servers else otherwise)


def of_public_key(request: DoorRequest, known: WriteKeys, allowed: Sites) -> Source | None:
    """The source of a form's public key. None: its site is asked, as it has no key or is on an allowed site.

    A server's key is refused: what somebody typed is a claim, and ids that they choose are no server's. Raises Problem.
    """
    write_keys = [] if known.open else keys_of(request)
    source = known.source(write_keys) if write_keys else None
    if source is not None and source.kind == "browser":
        return source
    if not write_keys or (not allowed.open and allowed.allows(sites.origin_in(request.headers))):
        return None
    if source is not None:
        raise Problem(401, "this is a server's key, which stands in no form's address: send a public key to /f/")
    raise unknown_key("?writeKey= in the address")


def unknown_key(elsewhere: str = "writeKey in the body") -> Problem:
    """The answer where no key that was sent is known."""
    detail = f"no known write key: send one as the user name of Basic authentication, as X-Write-Key, or as {elsewhere}"
    return Problem(401, detail, {"WWW-Authenticate": 'Basic realm="write key"'})
