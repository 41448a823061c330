"""Mail by SMTP: a text and an HTML part. TLS wherever the server offers it; a password never without it.

A mail bears the same Message-ID at every attempt. An answer after the text was handed over tells; without one nobody
knows whether it arrived.
"""

import hashlib
import html
import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import idna

from consumers.notify.owners import addresses, loser_of, owner_of
from consumers.notify.parcel import LONGEST, Delivered, Later, Outcome, Parcel, Setup, Undeliverable
from consumers.notify.web import ANSWER, AddressRefused, addresses_of
from consumers.notify.words import Phrases, Wording
from domain.model.destinations import OWNER
from domain.touchpoints.touchpoint import Instant, moment


class _Letter(NamedTuple):
    """What goes in one mail, to whom; `whose`: the names of those whose addresses these are."""

    key: str
    told: Wording
    to: tuple[str, ...]
    whose: str


_PORTS: Final = {"smtp": 587, "smtps": 465}


class MailSender:
    """Hands mails to one server."""

    interval = 6.0

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the address is none, or nobody the sender."""
        url = urlsplit(setup.url)
        if url.scheme not in _PORTS or not url.hostname:
            raise ValueError("the address is no mail server such as smtp://user@mail.example.com:587")
        self._host, self._port = url.hostname, url.port or _PORTS[url.scheme]
        self._user = unquote(url.username) if url.username else None
        self._keys = setup.keys
        self._tls = ssl.create_default_context() if url.scheme == "smtps" else None
        self._allow_private = setup.destination.allow_private
        self._to = tuple(address for address in setup.destination.to if address != OWNER)
        self._to_owner = OWNER in setup.destination.to
        self._on = setup.destination.on
        self._sales = setup.sales
        self.digests = not self._to_owner
        """To owners go their own leads alone, each in a mail of its own."""
        sender = setup.destination.sender or self._user or ""
        if "@" not in parseaddr(sender)[1]:
            raise ValueError('the user is no e-mail address: name the sender, as sender = "leads@example.com"')
        self._from = _travelling(sender)
        self._domain = _ascii(parseaddr(sender)[1].rpartition("@")[2])
        self._words = Phrases(setup.destination.language, setup.zone, setup.labels)

    def send(self, parcel: Parcel) -> Outcome:
        """Hand a mail to the server, and to whom lost the lead by it one of their own."""
        first, *others = self._letters(parcel)
        outcome = self._hand_over(first, parcel.now)
        for letter in others:
            if isinstance(outcome, Later):
                return outcome
            other = self._hand_over(letter, parcel.now)
            if isinstance(other, Later):
                return other
            if isinstance(outcome, Delivered):
                outcome = Delivered(f"{outcome.outcome}; {other.outcome}"[:LONGEST])
        return outcome

    def _letters(self, parcel: Parcel) -> list["_Letter"]:
        """What goes to whom, at least one; whom it says to be the owner comes first."""
        owners = [owner for owner in map(owner_of, parcel.notes) if owner] if self._to_owner else []
        losers = [(note, loser_of(note.signal, self._on)) for note in parcel.notes if self._to_owner]
        lost = [
            _Letter(f"{parcel.key}:lost", self._words.lost(note), self._addresses(loser), loser)
            for note, loser in losers
            if loser
        ]
        if lost and not owners and not self._to:
            return lost
        to = tuple(dict.fromkeys([*self._to, *chain.from_iterable(map(self._addresses, owners))]))
        return [_Letter(parcel.key, self._words.told(parcel), to, ", ".join(owners) or "nobody"), *lost]

    def _addresses(self, owner: str) -> tuple[str, ...]:
        return addresses(owner, self._sales)

    def _hand_over(self, letter: "_Letter", now: Instant) -> Outcome:
        if not letter.to:
            return Undeliverable(f"{letter.whose}: no e-mail address in [[sales.owners]]"[:LONGEST])
        mail = self._mail(letter, now)
        try:
            address = addresses_of(self._host, self._port, self._allow_private)[0]
            connection = _Connection(self._host, self._port, address, self._tls, self._domain)
        except AddressRefused as error:
            return Later(str(error))
        except (OSError, smtplib.SMTPException) as error:
            return Later(f"{self._host}: {error}"[:LONGEST])
        try:
            return self._handed(connection, mail, letter.to)
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code, _said(error.smtp_code, error.smtp_error))
        except (OSError, smtplib.SMTPException) as error:
            return Later(f"{self._host}: {type(error).__name__} {error}"[:LONGEST], in_doubt=connection.handed)
        finally:
            connection.close()

    def _handed(self, connection: "_Connection", mail: EmailMessage, to: Sequence[str]) -> Outcome:
        connection.ehlo_or_helo_if_needed()
        if self._tls is None and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        elif self._tls is None and self._keys and not self._allow_private:
            return Later(f"{self._host} offers no TLS: the password is not sent in the clear")
        if self._user and self._keys:
            self._log_in(connection, self._user)
        code, said = connection.mail(parseaddr(self._from)[1])
        if code != 250:
            return Later(_said(code, said))
        refused: list[str] = []
        codes: list[int] = []
        for recipient in to:
            code, said = _offered(connection, recipient)
            if code not in (250, 251):
                refused.append(f"{recipient}: {_said(code, said)}")
                codes.append(code)
        if len(refused) == len(to):
            return _by_code(max(codes) if min(codes) >= 500 else min(codes), "; ".join(refused)[:LONGEST])
        connection.handed = True
        code, said = connection.data(mail.as_bytes(policy=SMTP))
        connection.handed = False
        if code != 250:
            return _by_code(code, _said(code, said))
        return Delivered(("; ".join([_said(code, said), *refused]))[:LONGEST])

    def _log_in(self, connection: "_Connection", user: str) -> None:
        """With the first key that is taken: two are given while a password is changed."""
        for key in self._keys[:-1]:
            try:
                connection.login(user, key)
            except smtplib.SMTPAuthenticationError:
                continue
            return
        try:
            connection.login(user, self._keys[-1])
        except smtplib.SMTPAuthenticationError as error:  # of the account, not of this mail
            raise smtplib.SMTPException(_said(error.smtp_code, error.smtp_error)) from None

    def _mail(self, letter: "_Letter", now: Instant) -> EmailMessage:
        told = letter.told
        mail = EmailMessage()
        mail["Subject"] = " ".join(told.title.split())[:250]
        mail["From"], mail["To"] = self._from, ", ".join(map(_travelling, letter.to))
        mail["Date"] = format_datetime(moment(now))
        mail["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:40]}@{self._domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n".join([told.title, "", *told.lines]) + "\n", cte="quoted-printable")
        mail.add_alternative(_page(told), subtype="html", cte="quoted-printable")
        return mail


class _Connection(smtplib.SMTP):
    """To the address that was judged, with the host's name for TLS.

    It calls itself by the sender's domain: this machine's name is nobody's business, and servers refuse one that nobody
    knows.
    """

    def __init__(self, host: str, port: int, address: str, tls: ssl.SSLContext | None, domain: str) -> None:
        self._judged, self._wraps = address, tls
        self.handed = False
        """Whether the text was handed over, and no answer is known."""
        super().__init__(host, port, local_hostname=domain, timeout=ANSWER)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        plain = socket.create_connection((self._judged, port), timeout)
        return plain if self._wraps is None else self._wraps.wrap_socket(plain, server_hostname=host)


def _ascii(domain: str) -> str:
    """A domain as it travels. Raises ValueError."""
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError as error:
        raise ValueError(f"the domain {domain!r} is none: {error}") from None


def _travelling(address: str) -> str:
    """An address as it travels; as it is where its domain is none."""
    name, _, domain = address.rpartition("@")
    try:
        return f"{name}@{_ascii(domain)}"
    except ValueError:
        return address


def _offered(connection: smtplib.SMTP, recipient: str) -> tuple[int, bytes]:
    """What the server says to a recipient; 553 where the address cannot be said to it."""
    try:
        return connection.rcpt(_travelling(recipient))
    except UnicodeEncodeError:
        return 553, b"the address has letters that do not travel"


def _by_code(code: int, said: str) -> Outcome:
    """5xx is said of the mail for good, anything else passes."""
    return Undeliverable(said) if 500 <= code < 600 else Later(said)


def _said(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())}"[:LONGEST]


def _page(told: Wording) -> str:
    """The message as HTML: large enough for a phone, links that can be pressed, nothing that is loaded."""
    lines = "".join(f"<p>{'<br>'.join(map(_linked, line.splitlines()))}</p>" for line in told.lines)
    style = "font:16px/1.5 sans-serif;max-width:40em"
    return f'<div style="{style}"><p style="font-size:20px"><b>{html.escape(told.title)}</b></p>{lines}</div>'


def _linked(line: str) -> str:
    text = html.escape(line)
    return f'<a href="{text}">{text}</a>' if line.startswith(("https://", "http://")) else text
