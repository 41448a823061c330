"""The tokens in the database, as the guard of the private side asks for them."""

import threading
from contextlib import suppress
from typing import Final

from domain.errors import LeadlineError
from store.database.database import Database
from store.tokens import PREFIX, Token, any_token, token_named, token_of, write_uses
from web.viewer import Role, Viewer

EVERY: Final = 30.0
"""Seconds between two times that it is written which tokens were used."""


class TokenBook:
    """Asks the database each time: whoever's token is withdrawn is out with their next request, in every process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._uses: dict[str, int] = {}

    def bearer(self, secret: str) -> Viewer | None:
        """Who bears this secret. Raises Retry."""
        if not secret.startswith(PREFIX):
            return None
        with self._database.look() as conn:
            now = self._database.now(conn)
            return self._used(token_of(conn, secret, now), now)

    def named(self, name: str) -> Viewer | None:
        """Who has a token under this name. Raises Retry."""
        with self._database.look() as conn:
            now = self._database.now(conn)
            return self._used(token_named(conn, name, now), now)

    def exist(self) -> bool:
        """Whether one was ever made. Raises Retry."""
        with self._database.look() as conn:
            return any_token(conn)

    def run(self, stop: threading.Event) -> None:
        """Write which tokens were used, now and then, until stopped. No request waits for that."""
        while not stop.wait(EVERY):
            with suppress(LeadlineError):
                self.write_uses()
        with suppress(LeadlineError):
            self.write_uses()

    def write_uses(self) -> None:
        """Write which tokens were used since the last time. Raises Retry; then they are written next time."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with self._database.transaction() as conn:
                write_uses(conn, uses)
        except LeadlineError:
            with self._lock:
                self._uses = {**uses, **self._uses}
            raise

    def _used(self, token: Token | None, now: int) -> Viewer | None:
        if token is None:
            return None
        with self._lock:
            self._uses[token.hash] = now
        return Viewer(token.name, Role(token.role), token.owner)
