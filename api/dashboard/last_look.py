"""What is new since a reader's last look: a cookie of their browser remembers when that was.

A look ends when nothing was looked at for half an hour: loading the page again takes no mark away.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from domain.files.durations import MINUTE

COOKIE: Final = "leadline_look"
PAUSE: Final = 30 * MINUTE
_YEAR: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class LastLook:
    """`before`: when the look before this one ended (None: this is the first); `now`: of this one. Microseconds."""

    before: int | None
    now: int

    @classmethod
    def of(cls, request: Request, now: int) -> "LastLook":
        """As the cookie says; a strange one says nothing."""
        before, _, latest = request.cookies.get(COOKIE, "").partition("-")
        if not (latest.isdecimal() and latest.isascii() and len(latest) < 20):
            return cls(None, now)
        if now - int(latest) > PAUSE:
            return cls(int(latest), now)
        known = before.isdecimal() and before.isascii() and len(before) < 20
        return cls(int(before) if known else None, now)

    def is_new(self, since: int | None) -> bool:
        """Whether something that began at an instant is new to them; at the first look nothing is."""
        return self.before is not None and since is not None and since > self.before

    def keep(self, response: Response) -> None:
        """Remember this look."""
        value = f"{'' if self.before is None else self.before}-{self.now}"
        response.set_cookie(COOKIE, value, max_age=_YEAR, samesite="lax", httponly=True)
