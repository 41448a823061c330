"""TLS of destinations: verified against the host's name, though the address was looked up before."""

import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller

from consumers.notify import web
from consumers.notify.destinations.registry import sender_of
from consumers.notify.parcel import Delivered, Later, Messenger, Parcel, note_of
from consumers.notify.sample import sample
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant
from tests.consumers.notifying import STAGES, webhook
from tests.given_ledger import AT
from tests.given_mail_server import Mailbox
from tests.given_receivers import KEY, Receiver, receiving
from tests.services.absent import without
from tests.services.service import ServiceUnavailable, free_ports


def certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate of a host that nobody but this test trusts, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        without(ServiceUnavailable("openssl is not here: certificates cannot be made"))
    cert, key = folder / f"{host}.pem", folder / f"{host}.key"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={host}"]
    more = ["-addext", f"subjectAltName=DNS:{host}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *words, *more], check=True, capture_output=True)
    return cert, key


def served(folder: Path, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(folder, host))
    return context


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as servers:
        yield servers


def sent(sender: Messenger) -> object:
    return sender.send(Parcel("test", (note_of(sample(Instant(AT)), frozenset()),), Instant(AT)))


def messenger(url: str, kind: str = "webhook", more: str = "") -> Messenger:
    (destination,) = parse_model(STAGES + webhook(kind=kind, more=more)).destinations
    return sender_of(destination, {"LEADLINE_BERLIN_URL": url, "LEADLINE_BERLIN_KEY": KEY}, ZoneInfo("UTC"))


def over_tls(servers: ExitStack, folder: Path, host: str) -> tuple[Receiver, str]:
    """A receiver that shows a host's certificate, and its address under the name localhost."""
    receiver = servers.enter_context(receiving(served(folder, host)))
    return receiver, f"https://localhost:{receiver.server.server_port}/hook"


@pytest.mark.parametrize(("host", "arrives"), [("localhost", True), ("elsewhere.example", False)])
def test_the_certificate_is_the_hosts(
    tmp_path: Path, servers: ExitStack, monkeypatch: pytest.MonkeyPatch, host: str, arrives: bool
) -> None:
    receiver, url = over_tls(servers, tmp_path, host)
    trusting = ssl.create_default_context(cafile=str(tmp_path / f"{host}.pem"))
    monkeypatch.setattr(web.httpx2, "create_ssl_context", lambda **_: trusting)
    outcome = sent(messenger(url))
    assert isinstance(outcome, Delivered) is arrives, outcome
    assert len(receiver.requests) == int(arrives)
    if arrives:
        assert receiver.requests[0].headers["host"] == f"localhost:{receiver.server.server_port}"


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path, servers: ExitStack) -> None:
    receiver, url = over_tls(servers, tmp_path, "localhost")
    outcome = sent(messenger(url))
    assert isinstance(outcome, Later) and not outcome.in_doubt
    assert receiver.requests == []


@pytest.mark.parametrize("trusted", [True, False])
def test_a_password_goes_to_the_host_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool) -> None:
    mailbox, port = Mailbox(), free_ports(1)[0]
    mailbox.password = KEY
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.authenticate, require_starttls=True,
        tls_context=served(tmp_path, "localhost"),
    )  # fmt: skip
    if trusted:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "localhost.pem"))
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    controller.start()
    try:
        mail = messenger(f"smtp://post%40example.com@localhost:{port}", "mail", 'to = "a@example.com"')
        outcome = sent(mail)
    finally:
        controller.stop()
    assert isinstance(outcome, Delivered if trusted else Later), outcome
    assert mailbox.passwords[:1] == ([KEY] if trusted else [])


def test_a_password_is_not_sent_in_the_clear() -> None:
    mailbox, port = Mailbox(), free_ports(1)[0]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.authenticate, auth_require_tls=False
    )
    controller.start()
    try:
        mail = messenger(f"smtp://post%40example.com@localhost:{port}", "mail", 'to = "a@example.com"')
        mail._allow_private = False  # type: ignore[attr-defined]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("consumers.notify.destinations.mail.addresses_of", lambda *_: ["127.0.0.1"])
            outcome = sent(mail)
    finally:
        controller.stop()
    assert isinstance(outcome, Later) and "no TLS" in outcome.outcome
    assert mailbox.passwords == []
