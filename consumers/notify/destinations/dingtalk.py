"""DingTalk's group robot: signed in the query, 20 a minute (else blocked for ten), `errcode` in the body."""

import base64
import hashlib
import hmac
import time
from typing import Final

import orjson

from consumers.notify.chat import Chat
from consumers.notify.owners import is_mobile
from consumers.notify.parcel import Later, Outcome, Parcel
from consumers.notify.web import by_code

_LONGEST: Final = 19_000
_BLOCKED: Final = 130101
_OF_MESSAGE: Final = frozenset({40035, 400105, 430101, 430102, 430103, 430104})
"""What is said of a message: its parameters, its type, what it contains."""


class DingtalkSender(Chat):
    """Posts to a group."""

    interval = 3.1

    def send(self, parcel: Parcel) -> Outcome:
        """Post a text."""
        text = self.text_with_keyword(parcel, _LONGEST)
        people = self.mentioned(parcel)
        lists = {
            "atMobiles": [id for id in people if is_mobile(id)],
            "atUserIds": [id for id in people if not is_mobile(id)],
        }
        at = {"isAtAll": False, **{name: ids for name, ids in lists.items() if ids}}
        body = orjson.dumps({"msgtype": "text", "text": {"content": text}, "at": at})
        query = None if self.key is None else signed(self.key, time.time_ns() // 1_000_000)
        answer = self.web.post(body, {"Content-Type": "application/json"}, query)
        return answer if isinstance(answer, Later) else by_code(answer, ("errcode",), {_BLOCKED: 600.0}, _OF_MESSAGE)


def signed(key: str, milliseconds: int) -> dict[str, str]:
    """The query that signs a request: HMAC-SHA256 with the key over the instant and the key."""
    code = hmac.new(key.encode(), f"{milliseconds}\n{key}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(milliseconds), "sign": base64.b64encode(code).decode()}
