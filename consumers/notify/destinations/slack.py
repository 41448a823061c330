"""Slack's incoming webhooks: blocks, one message a second; errors are statuses with a word."""

from typing import Final

import orjson

from consumers.notify.owners import mentioned
from consumers.notify.parcel import Later, Outcome, Parcel, Setup
from consumers.notify.web import Web, by_status
from consumers.notify.words import Phrases

_TITLE: Final = 150
"""Characters of a header block."""
_SECTION: Final = 3_000
"""Characters of a section block."""


class SlackSender:
    """Posts to a channel."""

    interval = 1.0
    digests = True

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the address is none."""
        self._web = Web(setup.url, allow_private=setup.destination.allow_private)
        self._sales = setup.sales
        self._words = Phrases(setup.destination.language, setup.zone, setup.labels)

    def send(self, parcel: Parcel) -> Outcome:
        """Post a header and a section."""
        mentions = " ".join(f"<@{id}>" for id in mentioned(parcel.notes, self._sales, "slack"))
        text = self._words.text(parcel, _SECTION - len(mentions) - 1, lambda text: len(_escaped(text)))
        title, _, rest = text.partition("\n")
        header = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
        blocks: list[object] = [{"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}]
        if section := "\n".join(filter(None, [_escaped(rest), mentions])):
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": section}})
        body = orjson.dumps({"text": _escaped(title), "blocks": blocks})
        answer = self._web.post(body, {"Content-Type": "application/json"})
        if isinstance(answer, Later):
            return answer
        if answer.status == 410:  # the channel is archived: of the channel, not of this message
            return Later(answer.said)
        return by_status(answer)


def _escaped(text: str) -> str:
    """Slack's three control characters; without them nobody is mentioned."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
