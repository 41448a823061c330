"""What a protocol consists of: where it is spoken, who may speak it, what its messages become, how it is answered."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from producers.reading.arrival import Arrival, Taken
from producers.reading.body import Body


class Sender(Enum):
    """How a protocol tells who sends."""

    WRITE_KEY = "by a write key, which names a source"
    SITE = "by the site that it comes from: the source is a browser"
    SITE_OR_KEY = "by a public write key, as webhooks of form builders come from no site; else by the site"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answered as JSON: what was taken, and what was refused and kept."""


@dataclass(frozen=True, slots=True)
class ThanksPage:
    """A script is answered as JSON; a person sees the first allowed page that `fields` name, else the thanks."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """Answered with an image, whatever became of the request."""

    content: bytes
    media_type: str


Reply = Outcome | ThanksPage | Image
"""How a request is answered whose touchpoints are durable."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path at which a protocol is spoken; `pattern` may hold `{parameter}`. `label` names it in the metrics."""

    pattern: str
    label: str
    methods: tuple[str, ...] = ("POST",)


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way to report touchpoints. The collector makes routes of it, and what it refused is tried again through it.

    `name` names the source where a site is not known; it is then reserved, in `OWN_SOURCES`. `prefix` begins the
    name of each of its doors, which is the path without the first slash. `read` makes the message of a body as sent,
    unpacked; it takes the arrival's door and query, asks for no source, and raises Malformed or Unusable. `taken`
    makes the touchpoints of a message; its last argument is what is kept where they are refused.
    Both are pure, so that the same request becomes the same touchpoints whenever it is tried.
    """

    name: str
    prefix: str
    paths: tuple[Path, ...]
    sender: Sender
    reply: Reply
    read: Callable[[Arrival, bytes], Body]
    taken: Callable[[Arrival, Body, bytes], Taken]
