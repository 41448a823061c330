"""A real SMTP server: mails kept, answers as a test lays down."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.services.service import free_ports


class Mailbox:
    """What arrived. `answers` overrule: the command's name ("RCPT", "DATA") to the answer."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.answers: dict[str, str] = {}
        self.passwords: list[str] = []
        self.called: list[str] = []
        """As what who delivers calls itself."""
        self.password = "a password"
        self.url = ""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take or refuse a recipient."""
        answer = self.answers.get(address) or self.answers.get("RCPT")
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take or refuse a mail."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.called.append(session.host_name)
        self.recipients.append(list(envelope.rcpt_tos))
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        if "CLOSE" in self.answers:
            server.transport.abort()
        return "250 taken"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        """Whether the password is the right one."""
        self.passwords.append(given.password.decode())
        right = given.password.decode() == self.password
        return AuthResult(success=right, handled=right)


@contextmanager
def mailing(make: Callable[[], Mailbox] = Mailbox) -> Iterator[Mailbox]:
    """A mail server at work."""
    mailbox, port = make(), free_ports(1)[0]
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=port, authenticator=mailbox.authenticate, auth_require_tls=False
    )
    controller.start()
    mailbox.url = f"smtp://post%40example.com@127.0.0.1:{port}"
    try:
        yield mailbox
    finally:
        controller.stop()
