"""Known bots: whether a user agent is one's that says what it is, by the published list of `crawler-user-agents`.

The door asks and writes the answer down, so another edition of the list changes nobody who is recorded.
"""

import re
from functools import cache, lru_cache
from typing import Any, Final

from crawleruseragents import CRAWLER_USER_AGENTS_DATA

_LONGEST: Final = 300
"""Characters of a user agent that are looked at."""
_REMEMBERED: Final = 4_096
_TOGETHER: Final = 50
"""Patterns that are one expression: all of them in one are slower."""

_SAYS_SO: Final = (
    "bot", "crawl", "spider", "slurp", "http:", "https:", "www.", "@", "headless", "preview", "externalhit",
    "lighthouse", "google", "compatible;", "monitor", "synthetic", "phantomjs",
)  # fmt: skip
"""What stands in the user agent of what says that it is no person: the list alone takes phones and browsers for bots
(a build of Android, ViewSonic, Sogou's browser), and so do these words alone (CUBOT)."""

_LIBRARY: Final = "http-library"
"""How the list tags libraries of HTTP: an application of one's own sends what people did with them, too."""

_FOR_A_PERSON: Final = frozenset({"GoogleImageProxy", "YahooMailProxy", "Google-Read-Aloud"})
"""Patterns of what fetches at the moment at which a person looks."""


@lru_cache(_REMEMBERED)
def known_bot(user_agent: str) -> str:
    """The name by which a known bot calls itself; "" for all others."""
    user_agent = user_agent[:_LONGEST]
    lowered = user_agent.lower()
    if not any(word in lowered for word in _SAYS_SO):
        return ""
    names = (pattern.search(user_agent) for pattern in _patterns())
    return next((name.group().strip(" /(") for name in names if name is not None), "")


def machine(*user_agents: Any) -> dict[str, str]:
    """What a context says of a machine by its user agents, the first known bot of them; {}: none is one."""
    for user_agent in user_agents:
        if isinstance(user_agent, str) and (name := known_bot(user_agent)):
            return {"machine": f"known bot {name}"}
    return {}


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    listed = [
        entry["pattern"]
        for entry in CRAWLER_USER_AGENTS_DATA
        if _LIBRARY not in entry.get("tags", ()) and entry["pattern"] not in _FOR_A_PERSON
    ]
    return tuple(re.compile("|".join(listed[start : start + _TOGETHER])) for start in range(0, len(listed), _TOGETHER))
