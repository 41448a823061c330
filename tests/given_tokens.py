"""Tokens in memory, for a guard without a database."""

from domain.errors import Retry
from web.viewer import Viewer


class Book:
    """Tokens in memory."""

    def __init__(self, *viewers: Viewer) -> None:
        self.viewers = {f"leadline_{viewer.owner}": viewer for viewer in viewers}
        self.ever = bool(viewers)
        self.away = False

    def bearer(self, secret: str) -> Viewer | None:
        self._ask()
        return self.viewers.get(secret)

    def named(self, name: str) -> Viewer | None:
        self._ask()
        return next((viewer for viewer in self.viewers.values() if viewer.name == name), None)

    def exist(self) -> bool:
        self._ask()
        return self.ever

    def _ask(self) -> None:
        if self.away:
            raise Retry("it is away")
