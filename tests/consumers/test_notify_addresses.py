"""Which addresses are connected to: looked up once, judged, and none of a private network unless that is allowed."""

import socket
from typing import Any

import pytest

from consumers.notify import web
from consumers.notify.parcel import Delivered, Later
from consumers.notify.web import AddressRefused, Answer, Web, addresses_of
from tests.given_receivers import receiving

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
    "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::1", "224.0.0.1", "ff02::1",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "2606:4700::6810:85e5", "::ffff:93.184.216.34"]


def named(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name has these addresses; the names that were looked up."""
    asked: list[str] = []

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_are_refused_unless_allowed(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    named(monkeypatch, PUBLIC[0], address)
    with pytest.raises(AddressRefused, match="allow_private"):
        addresses_of("hook.example", 443, allow_private=False)
    assert addresses_of("hook.example", 443, allow_private=True) == [PUBLIC[0], address]


def test_public_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, *PUBLIC, PUBLIC[0])
    assert addresses_of("hook.example", 443, allow_private=False) == PUBLIC


def test_a_name_without_address_is_said() -> None:
    with pytest.raises(AddressRefused, match=r"nowhere\.invalid has no address"):
        addresses_of("nowhere.invalid", 443, allow_private=True)


def test_it_is_looked_up_once_and_that_address_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        port = receiver.server.server_port
        real = socket.getaddrinfo
        asked: list[str] = []

        def look_up(host: str, *given: Any, **more: Any) -> Any:
            if host != "hook.example":
                return real(host, *given, **more)
            asked.append(host)
            return [(0, 0, 0, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        answer = Web(f"http://hook.example:{port}/a?b=c", allow_private=True).post(b"{}", {})
        assert isinstance(answer, Answer) and web.by_status(answer) == Delivered("200 ok")
        assert asked == ["hook.example"]
        assert receiver.requests[0].headers["host"] == f"hook.example:{port}"
        assert receiver.requests[0].path == "/a?b=c"


def test_the_next_address_is_tried_where_nothing_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        port = receiver.server.server_port
        monkeypatch.setattr(web, "addresses_of", lambda *_: ["127.0.0.9", "127.0.0.1"])
        assert isinstance(Web(f"http://hook.example:{port}/", allow_private=True).post(b"{}", {}), Answer)


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with receiving() as receiver:
        assert isinstance(Web(receiver.url, allow_private=True).post(b"{}", {}), Answer)


def test_a_wait_that_is_asked_for_is_at_most_a_day() -> None:
    assert web._asked("120") == 120
    assert web._asked("999999999") == 86_400
    assert web._asked("soon") is None
    assert web._asked("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert web.by_status(Answer(503, b"", 7.0)) == Later("503", after=7.0)


@pytest.mark.parametrize("secret", ["https://hook.example:s3cret/x", "s3cret"])
def test_an_address_that_is_none_is_not_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="the address") as error:
        Web(secret, allow_private=False)
    assert "s3cret" not in str(error.value)


def test_no_answer_shows_the_address() -> None:
    outcome = Web("http://127.0.0.1:1/robot?key=s3cret", allow_private=True).post(b"{}", {})
    assert isinstance(outcome, Later) and "s3cret" not in outcome.outcome
