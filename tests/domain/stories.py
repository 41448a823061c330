"""Short stories of touchpoints, for tests: `at(1, "page_viewed", "c:x")` and the leads that must come out."""

from typing import Any

from domain.fold.lead import Now
from domain.touchpoints.identity import Identity, ordered
from domain.touchpoints.touchpoint import Source, Touchpoint

SECOND = 1_000_000
START = 1_700_000_000 * SECOND
KIND = {"u": "user_id", "e": "email", "p": "phone", "c": "anonymous_id"}


def us(second: float) -> int:
    """The instant so many seconds after the start, in microseconds."""
    return START + int(second * SECOND)


def identity(short: str) -> Identity:
    """`u:1001` is the user_id 1001, `e:` an e-mail, `p:` a phone, `c:` a cookie."""
    kind, _, value = short.partition(":")
    return Identity(KIND[kind], value)


def at(second: float, type: str, *identities: str, source: str = "server", id: str = "", **more: Any) -> Touchpoint:
    """A touchpoint `second` seconds after the start; its id is made of what is given, unless it is given too."""
    instant = us(second)
    name = id or f"{type}@{second}:{'+'.join(identities)}"
    seq = more.pop("seq", 0)
    received = more.pop("received", instant)
    profile = more.pop("profile", {})
    context = more.pop("context", {})
    return Touchpoint(
        id=name,
        source=Source(source, more.pop("source_name", "test")),
        type=type,
        occurred_at=instant,
        received_at=received,
        identities=ordered(identity(short) for short in identities),
        seq=seq,
        profile=profile,
        properties=more,
        context=context,
    )


def spans(now: Now) -> list[tuple[int, int | None]]:
    """Begin and end of the hot episodes that are over."""
    return [(episode.began, episode.ended) for episode in now.episodes]
