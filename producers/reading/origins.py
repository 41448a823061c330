"""Origins of web addresses, and the addresses on allowed ones."""

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urljoin, urlsplit

import idna

_PORTS: Final = {"http": 80, "https": 443}
_UNSAFE: Final = re.compile(r"[\x00-\x20\\\x7f]")


def origin_of(address: str) -> str | None:
    """The origin of a web address in one spelling, as browsers write it: `https://host`, the host in ASCII (IDNA), with
    the port where it is not the usual one."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
        if host and not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii")
    except (ValueError, idna.IDNAError):
        return None
    if parts.scheme not in _PORTS or not host or parts.username is not None or _UNSAFE.search(parts.netloc):
        return None
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _PORTS[parts.scheme]) else f":{port}")


def target(address: object, referer: str, allowed: Collection[str]) -> str | None:
    """The address that a form may send its visitor to, or None. A relative one is the referring site's own.

    `allowed` are origins; where there are none, any counts.
    """
    if not isinstance(address, str) or not address.strip() or _UNSAFE.search(address.strip()):
        return None
    try:
        address = urljoin(referer, address.strip())
    except ValueError:
        return None
    origin = origin_of(address)
    return address if origin is not None and (not allowed or origin in allowed) else None
