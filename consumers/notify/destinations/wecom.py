"""WeCom's group robot: text of at most 2,048 bytes, 20 a minute, errors as `errcode` inside HTTP 200."""

from typing import Final

import orjson

from consumers.notify.chat import Chat
from consumers.notify.owners import is_mobile
from consumers.notify.parcel import Later, Outcome, Parcel
from consumers.notify.web import by_code
from consumers.notify.words import harmless, in_bytes

_LONGEST: Final = 2_048
_BUSY: Final = 45009
_OF_MESSAGE: Final = frozenset({40008, 40058, 44004, 45002})
"""What is said of a message: its type, its parameters, empty, too long."""


class WecomSender(Chat):
    """Posts to a group."""

    interval = 3.1

    def send(self, parcel: Parcel) -> Outcome:
        """Post a text: also WeChat shows it, which knows no markdown of robots."""
        text = harmless(self.words.text(parcel, _LONGEST, lambda text: in_bytes(harmless(text))))
        people = self.mentioned(parcel)
        lists = {
            "mentioned_list": [id for id in people if not is_mobile(id)],
            "mentioned_mobile_list": [id for id in people if is_mobile(id)],
        }
        said = {"content": text, **{name: ids for name, ids in lists.items() if ids}}
        body = orjson.dumps({"msgtype": "text", "text": said})
        answer = self.web.post(body, {"Content-Type": "application/json"})
        return answer if isinstance(answer, Later) else by_code(answer, ("errcode",), {_BUSY: 60.0}, _OF_MESSAGE)
