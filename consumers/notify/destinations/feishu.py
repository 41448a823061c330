"""Feishu's (Lark's) group robot: signed in the body, 100 a minute and 5 a second, 20 kB, `code` in the body."""

import base64
import hashlib
import hmac
import html
import time
from typing import Final

import orjson

from consumers.notify.owners import mentioned
from consumers.notify.parcel import Later, Outcome, Parcel, Setup
from consumers.notify.web import Web, by_code
from consumers.notify.words import Phrases, harmless, in_bytes

_LONGEST: Final = 18_000
_BUSY: Final = 11232
_OF_MESSAGE: Final = frozenset({9499})
"""What is said of a message: it is malformed."""


class FeishuSender:
    """Posts to a group."""

    interval = 0.61
    digests = True

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the address is none."""
        self._web = Web(setup.url, allow_private=setup.destination.allow_private)
        self._sales = setup.sales
        self._words = Phrases(setup.destination.language, setup.zone, setup.labels)
        self._key = setup.keys[0] if setup.keys else None
        self._keyword = setup.destination.keyword

    def send(self, parcel: Parcel) -> Outcome:
        """Post a text."""
        text = harmless(self._words.text(parcel, _LONGEST, in_bytes))
        if self._keyword and self._keyword not in text:
            text = f"{text}\n{self._keyword}"
        people = mentioned(parcel.notes, self._sales, "feishu")
        text = "\n".join([text, *(f'<at user_id="{html.escape(id)}"></at>' for id in people)])
        sign = {} if self._key is None else signed(self._key, int(time.time()))
        body = orjson.dumps({**sign, "msg_type": "text", "content": {"text": text}})
        answer = self._web.post(body, {"Content-Type": "application/json"})
        return (
            answer if isinstance(answer, Later) else by_code(answer, ("code", "StatusCode"), {_BUSY: 60.0}, _OF_MESSAGE)
        )


def signed(key: str, seconds: int) -> dict[str, str]:
    """What signs a body: HMAC-SHA256 of nothing, with the instant and the key as the key."""
    code = hmac.new(f"{seconds}\n{key}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(seconds), "sign": base64.b64encode(code).decode()}
