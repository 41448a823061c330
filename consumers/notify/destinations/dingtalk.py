"""DingTalk's group robot: signed in the query, 20 a minute (else blocked for ten), `errcode` in the body."""

import base64
import hashlib
import hmac
import time
from typing import Final

import orjson

from consumers.notify.owners import is_mobile, mentioned
from consumers.notify.parcel import Later, Outcome, Parcel, Setup
from consumers.notify.web import Web, by_code
from consumers.notify.words import Phrases, harmless, in_bytes

_LONGEST: Final = 19_000
_BLOCKED: Final = 130101
_OF_MESSAGE: Final = frozenset({40035, 400105, 430101, 430102, 430103, 430104})
"""What is said of a message: its parameters, its type, what it contains."""


class DingtalkSender:
    """Posts to a group."""

    interval = 3.1
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
        people = mentioned(parcel.notes, self._sales, "dingtalk")
        lists = {
            "atMobiles": [id for id in people if is_mobile(id)],
            "atUserIds": [id for id in people if not is_mobile(id)],
        }
        at = {"isAtAll": False, **{name: ids for name, ids in lists.items() if ids}}
        body = orjson.dumps({"msgtype": "text", "text": {"content": text}, "at": at})
        query = None if self._key is None else signed(self._key, time.time_ns() // 1_000_000)
        answer = self._web.post(body, {"Content-Type": "application/json"}, query)
        return answer if isinstance(answer, Later) else by_code(answer, ("errcode",), {_BLOCKED: 600.0}, _OF_MESSAGE)


def signed(key: str, milliseconds: int) -> dict[str, str]:
    """The query that signs a request: HMAC-SHA256 with the key over the instant and the key."""
    code = hmac.new(key.encode(), f"{milliseconds}\n{key}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(code).decode()}
