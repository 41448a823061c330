"""What a setting's text is read as, and what is said where it cannot be."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from domain.files.durations import ALLOWED, parse_duration
from domain.touchpoints.phone import regions
from producers.collector.keys import WriteKeys
from producers.collector.keys import parse as parse_keys
from producers.collector.sites import Sites
from producers.collector.sites import parse as parse_sites
from producers.reading.conventions import parse_forms

_READ_OTHERWISE: Final = frozenset({
    "authorization", "cookie", "host", "origin", "forwarded", "x-forwarded-for", "x-forwarded-host",
    "x-forwarded-proto",
})  # fmt: skip
"""Headers that say something else than who is logged in."""


class Bind(NamedTuple):
    """Where a server listens. Port 0 lets the system choose a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


_PRESSED: Final = re.compile(r"""[^\s<>"'`()\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069]+""")
"""Of which a program that makes texts pressable takes all."""
_LINK_KEYS: Final = 20
_LINK_KEY: Final = 16
_MOST_WORKERS: Final = 1_000
_POSTGRES: Final = "postgresql://USER:PASSWORD@HOST:PORT/NAME"


def listed(value: object) -> list[str]:
    """A comma-separated text, or a list of a settings file."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return [part.strip() for part in value]
    raise ValueError("allowed is a comma-separated text, or in the settings file a list of texts")


def bind(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, colon, port = value.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("allowed is HOST:PORT, such as 127.0.0.1:8787 or [::1]:8787")
    return Bind(host.removeprefix("[").removesuffix("]"), int(port))


def write_keys(value: object) -> WriteKeys:
    return parse_keys(",".join(listed(value)))


def sites(value: object) -> Sites:
    return parse_sites(",".join(listed(value)))


def region(value: object) -> str:
    text = value.strip().upper() if isinstance(value, str) else ""
    if text not in regions():
        raise ValueError("allowed is a region's two letters, such as DE, US or CN")
    return text


def duration(value: object) -> str:
    text = value.strip() if isinstance(value, str) else str(value)
    try:
        parse_duration(text)
    except ValueError:
        raise ValueError(f"allowed is {ALLOWED}") from None
    return text


def forms(value: object) -> Mapping[str, Mapping[str, str]]:
    return parse_forms(listed(value))


def database(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    scheme, _, rest = text.partition("://") if isinstance(text, str) else ("", "", "")
    if scheme not in ("postgresql", "postgresql+psycopg2", "postgres"):
        raise ValueError(f"allowed is {_POSTGRES}; without it: SQLite in LEADLINE_DATA")
    try:
        urlsplit(f"postgresql://{rest}").port  # noqa: B018  reads it
        make_url(f"postgresql://{rest}")
    except (ValueError, ArgumentError):
        raise ValueError(
            f"allowed is {_POSTGRES}: PORT is a number up to 65535, and of USER and PASSWORD all but letters, digits"
            " and - . _ ~ is percent-encoded ([ is %5B, @ is %40, / is %2F)"
        ) from None
    return SecretStr(f"postgresql://{rest}")


def without_password(url: str) -> str:
    """A database URL without its password and query."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return url
    host = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    return f"{parts.scheme}://{user}{host}{parts.path}"


def kafka(value: object) -> tuple[str, ...]:
    servers = tuple(listed(value))
    if value and not servers:
        raise ValueError("allowed is HOST:PORT,HOST:PORT,...")
    for server in servers:
        host, _, port = server.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
            raise ValueError(f"{server!r} is no address: allowed is HOST:PORT,HOST:PORT,...")
    return servers


def public_url(value: object) -> object:
    """An address that stands in every message: whole to whoever presses it, and without a password."""
    problem = "allowed is an address such as https://leads.example.com, without a password, a query, spaces or quotes"
    if not isinstance(value, str) or not _PRESSED.fullmatch(value):
        raise ValueError(problem)
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port or an address that is none
        raise ValueError(problem) from None
    if not whole or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(problem)
    return parts.geturl().rstrip("/")


def link_key(value: object) -> tuple[SecretStr, ...]:
    texts = [SecretStr(text) for text in listed(value)]
    if not 1 <= len(texts) <= _LINK_KEYS or any(len(text) < _LINK_KEY for text in texts):
        raise ValueError(f"allowed are up to {_LINK_KEYS} texts of at least {_LINK_KEY} characters, comma-separated")
    return tuple(texts)


def proxies(value: object) -> tuple[str, ...]:
    addresses = tuple(listed(value))
    for part in addresses:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(f"{part!r} is no address: allowed are such as 10.0.0.7 or 10.0.0.0/8") from None
    return addresses


def header(value: object) -> str | None:
    name = str(value).strip()
    if not name:
        return None
    if re.fullmatch(r"[A-Za-z0-9-]{1,100}", name) is None or name.lower() in _READ_OTHERWISE:
        raise ValueError("allowed is the name of a header that only the proxy sets, such as X-Forwarded-Email")
    return name


def workers(value: object) -> int | str:
    text = str(value).strip()
    if text.isdecimal() and 1 <= int(text) <= _MOST_WORKERS:
        return int(text)
    try:
        parts = urlsplit(text)
        if parts.scheme in ("tcp", "tls") and parts.hostname and parts.port:
            return text
    except ValueError:
        pass
    raise ValueError(f"allowed is a number of processes up to {_MOST_WORKERS}, or an address such as tcp://host:8786")


def id_key(value: object) -> object:
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str) or len(text.encode()) < 16:
        raise ValueError("allowed is a text of at least 16 bytes, or at least 32 hexadecimal digits")
    return SecretStr(text)
