"""The listening socket, bound before anything else starts, so that a taken port is a clear refusal; and room for it."""

import errno
import resource
import socket
from typing import Final

from domain.errors import Refused
from runtime.setting_values import Bind

_MOST_CONNECTIONS: Final = 10_000
_OWN_FILES: Final = 400
"""Open files that are left to databases, logs and Kafka (of a small limit two fifths)."""
_MOST_FILES: Final = 1_000_000


def room(most: int | None) -> int:
    """How many connections are served at a time: below the limit of open files, which is raised as far as allowed.

    A fifth more is heard, to be told that there is no room.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = min(_MOST_FILES, hard if hard != resource.RLIM_INFINITY else _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(most or _MOST_CONNECTIONS, (files - min(_OWN_FILES, files * 2 // 5)) * 5 // 6)


def listen(bind: Bind) -> socket.socket:
    """A bound socket. Raises Refused, which says what is wrong with the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(bind.host, bind.port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Refused(f"LEADLINE_BIND: {bind.host!r} is no address of this machine ({error.strerror})") from None
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(2048)
    except OSError as error:
        bound.close()
        raise Refused(_bind_problem(bind, error)) from None
    bound.set_inheritable(False)
    return bound


def address_of(bound: socket.socket) -> str:
    """`http://HOST:PORT` of a bound socket."""
    name = bound.getsockname()
    return f"http://{Bind(name[0], name[1])}"


def _bind_problem(bind: Bind, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"LEADLINE_BIND: port {bind.port} of {bind.host} is taken: stop what listens there, or name another"
        case errno.EACCES:
            return f"LEADLINE_BIND: port {bind.port} may not be bound by this user: name one above 1023"
        case errno.EADDRNOTAVAIL:
            return f"LEADLINE_BIND: {bind.host} is no address of this machine: 127.0.0.1, 0.0.0.0 or one of its own"
        case _:
            return f"LEADLINE_BIND: {bind} cannot be bound: {error.strerror}"
