"""Feishu's (Lark's) group robot: signed in the body, 100 a minute and 5 a second, 20 kB, `code` in the body."""

import base64
import hashlib
import hmac
import html
import time
from typing import Final

import orjson

from consumers.notify.chat import Chat
from consumers.notify.parcel import Later, Outcome, Parcel
from consumers.notify.web import by_code

_LONGEST: Final = 18_000
_BUSY: Final = 11232
_OF_MESSAGE: Final = frozenset({9499})
"""What is said of a message: it is malformed."""


class FeishuSender(Chat):
    """Posts to a group."""

    interval = 0.61

    def send(self, parcel: Parcel) -> Outcome:
        """Post a text."""
        text = self.text_with_keyword(parcel, _LONGEST)
        people = self.mentioned(parcel)
        text = "\n".join([text, *(f'<at user_id="{html.escape(id)}"></at>' for id in people)])
        sign = {} if self.key is None else signed(self.key, int(time.time()))
        body = orjson.dumps({**sign, "msg_type": "text", "content": {"text": text}})
        answer = self.web.post(body, {"Content-Type": "application/json"})
        return (
            answer if isinstance(answer, Later) else by_code(answer, ("code", "StatusCode"), {_BUSY: 60.0}, _OF_MESSAGE)
        )


def signed(key: str, seconds: int) -> dict[str, str]:
    """What signs a body: HMAC-SHA256 of nothing, with the instant and the key as the key."""
    code = hmac.new(f"{seconds}\n{key}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": str(seconds), "sign": base64.b64encode(code).decode()}
