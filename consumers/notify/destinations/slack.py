"""Slack's incoming webhooks: blocks, one message a second; errors are statuses with a word."""

from typing import Final

import orjson

from consumers.notify.chat import Chat
from consumers.notify.parcel import Later, Outcome, Parcel
from consumers.notify.web import by_status

_TITLE: Final = 150
"""Characters of a header block."""
_SECTION: Final = 3_000
"""Characters of a section block."""


class SlackSender(Chat):
    """Posts to a channel."""

    interval = 1.0

    def send(self, parcel: Parcel) -> Outcome:
        """Post a header and a section."""
        mentions = " ".join(f"<@{id}>" for id in self.mentioned(parcel))
        text = self.words.text(parcel, _SECTION - len(mentions) - 1, lambda text: len(_escaped(text)))
        title, _, rest = text.partition("\n")
        header = title if len(title) <= _TITLE else title[: _TITLE - 1] + "…"
        blocks: list[object] = [{"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}]
        if section := "\n".join(filter(None, [_escaped(rest), mentions])):
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": section}})
        body = orjson.dumps({"text": _escaped(title), "blocks": blocks})
        answer = self.web.post(body, {"Content-Type": "application/json"})
        if isinstance(answer, Later):
            return answer
        if answer.status == 410:  # the channel is archived: of the channel, not of this message
            return Later(answer.said)
        return by_status(answer)


def _escaped(text: str) -> str:
    """Slack's three control characters; without them nobody is mentioned."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
