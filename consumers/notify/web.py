"""HTTP to an address that somebody else wrote down: looked up once, judged, and that address is connected to.

No redirects, no proxies, TLS verified against the host's name, answers read up to a limit.
"""

import socket
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv6Address, ip_address
from typing import Final

import httpx2
import orjson

from consumers.notify.parcel import LONGEST, Delivered, Later, Outcome, Undeliverable
from domain.errors import Retry

CONNECT: Final = 5.0
"""Seconds to connect."""
ANSWER: Final = 10.0
"""Seconds to wait for the next bytes of an answer; three times as many for all of it."""
_KEPT: Final = 65_536
"""Bytes of an answer that are read."""
_LONGEST_ASKED: Final = 86_400.0
_NEVER: Final = frozenset({400, 410, 413, 422})
"""What a receiver says of this message, and not of itself."""


class AddressRefused(Retry):
    """The address may not be connected to, or there is none; the message says why."""


def addresses_of(host: str, port: int, allow_private: bool) -> list[str]:
    """The addresses of a host, looked up now. Raises AddressRefused where one of them is not to be connected to."""
    try:
        records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(f"{host} has no address: {error}") from None
    addresses = list(dict.fromkeys(str(each[4][0]) for each in records))
    for address in addresses:
        if not allow_private and not _is_public(address):
            raise AddressRefused(
                f"{host} is {address}, an address of a private network: `allow_private = true` allows it"
            )
    return addresses


def _is_public(address: str) -> bool:
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return ip.is_global and not ip.is_multicast


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    after: float | None
    """Seconds after which to try again, where it says so."""

    @property
    def said(self) -> str:
        """The answer for people."""
        text = " ".join(self.body.decode("utf-8", "replace").split())
        return f"{self.status} {text}"[:LONGEST].rstrip()


class Web:
    """Posts to one URL."""

    def __init__(self, url: str, *, allow_private: bool) -> None:
        """Raises ValueError where it is no URL that may be posted to."""
        try:
            self._url = httpx2.URL(url)
        except httpx2.InvalidURL:  # what it says would show the address, which is a secret
            raise ValueError("the address is no URL") from None
        allowed = ("https", "http") if allow_private else ("https",)
        if self._url.scheme not in allowed or not self._url.host:
            raise ValueError(
                f"the address begins with {self._url.scheme or 'nothing'}://, allowed is https:// (http:// only with"
                " allow_private = true)"
            )
        self._allow_private = allow_private
        self._tls = httpx2.create_ssl_context(trust_env=False)

    def post(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Answer | Later:
        """Post once. Later: there is no answer."""
        url = self._url if query is None else self._url.copy_merge_params(query)
        try:
            addresses = addresses_of(url.host, url.port or {"https": 443, "http": 80}[url.scheme], self._allow_private)
        except AddressRefused as error:
            return Later(str(error))
        timeout = httpx2.Timeout(ANSWER, connect=CONNECT)
        outcome: Answer | Later = Later(f"{url.host} has no address")
        with httpx2.Client(verify=self._tls, timeout=timeout, follow_redirects=False, trust_env=False) as client:
            for address in addresses:
                outcome = self._try(client, url, address, body, headers)
                if not (isinstance(outcome, Later) and not outcome.in_doubt):
                    break
        return outcome

    def _try(
        self, client: httpx2.Client, url: httpx2.URL, address: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer | Later:
        """Post to one address; the host's name goes with it, for TLS and in the header."""
        named = {"Host": url.netloc.decode("ascii"), "User-Agent": "Leadline", **headers}
        until = time.monotonic() + 3 * ANSWER
        try:
            with client.stream(
                "POST", url.copy_with(host=address), content=body, headers=named, extensions={"sni_hostname": url.host}
            ) as response:
                kept = bytearray()
                with suppress(httpx2.TransportError):  # the status is the answer; the rest is for people
                    for block in response.iter_raw(4096):
                        kept += block
                        if len(kept) >= _KEPT or time.monotonic() > until:
                            break
                return Answer(response.status_code, bytes(kept), _asked(response.headers.get("retry-after")))
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            return Later(f"{url.host}: {error or type(error).__name__}"[:LONGEST])
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            return Later(f"{url.host}: {type(error).__name__} {error}".rstrip()[:LONGEST], in_doubt=True)


def _asked(text: str | None) -> float | None:
    """The seconds that a Retry-After asks for, at most a day."""
    if text is None:
        return None
    with suppress(ValueError, TypeError, OverflowError):
        if text.strip().isdigit():
            return min(float(text), _LONGEST_ASKED)
        at = parsedate_to_datetime(text)
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        return min(max(0.0, seconds), _LONGEST_ASKED)
    return None


def code_in(answer: Answer, *keys: str) -> int | None:
    """The number under the first of these keys in an answer that is a JSON object; None: there is none."""
    try:
        body = orjson.loads(answer.body)
    except ValueError:
        return None
    codes = [body[key] for key in keys if isinstance(body.get(key), int)] if isinstance(body, dict) else []
    return codes[0] if codes else None


def by_code(answer: Answer, keys: Sequence[str], busy: Mapping[int, float], of_message: Collection[int]) -> Outcome:
    """What a number in the body says, of a robot that answers 200 to everything; 0: it arrived.

    `busy`: after how many seconds to try again, by number; `of_message`: what is said of the message, not of the robot.
    """
    code = code_in(answer, *keys)
    if code is None:
        return by_status(answer) if answer.status >= 300 else Later(answer.said)
    if code == 0:
        return Delivered(answer.said)
    return Undeliverable(answer.said) if code in of_message else Later(answer.said, after=busy.get(code))


def by_status(answer: Answer) -> Outcome:
    """What a status alone says."""
    match answer.status:
        case status if 200 <= status < 300:
            return Delivered(answer.said)
        case status if 300 <= status < 400:
            return Later(f"{status}: it redirects, and nothing follows: write down where it is")
        case status if status in _NEVER:
            return Undeliverable(answer.said)
        case _:
            return Later(answer.said, after=answer.after)
