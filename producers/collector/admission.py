"""Who may send, and how much of what they send is kept: what the settings say to every door of the collector."""

from dataclasses import dataclass

from domain.touchpoints.mail_link import MailLinkKeys
from producers.collector.keys import WriteKeys
from producers.collector.sites import Sites
from producers.reading.conventions import NONE, Conventions


@dataclass(frozen=True, slots=True)
class Admission:
    """`keys.parse(LEADLINE_WRITE_KEYS)`, `sites.parse(LEADLINE_SITES)`, and the rest."""

    keys: WriteKeys
    sites: Sites
    kept_header: int = 2_000
    """Characters that are kept of a request's User-Agent, and of its Referer."""
    conventions: Conventions = NONE
    queue_bytes: int = 64 << 20
    """Of touchpoints and refusals that wait for the log."""
    mail_keys: MailLinkKeys | None = None
    """Of links in mails; None: there are none."""
