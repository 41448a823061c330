"""A webhook as Standard Webhooks describes it (standardwebhooks.com): signed JSON, one signal a request.

`webhook-id` is the signal's id, the same at every attempt: whoever verifies and drops repeats hears of each once.
"""

from datetime import UTC, datetime

import orjson
from standardwebhooks.webhooks import Webhook

from consumers.notify.parcel import Later, Outcome, Parcel, Setup
from consumers.notify.web import Web, by_status
from domain.touchpoints.touchpoint import rfc3339


class WebhookSender:
    """Posts and signs; with two keys, while one is rotated, with both."""

    interval = 0.0
    digests = False

    def __init__(self, setup: Setup) -> None:
        """Raises ValueError where the address or a key is none."""
        self._web = Web(setup.url, allow_private=setup.destination.allow_private)
        if not setup.keys:
            raise ValueError("there is no signing key")
        try:
            self._keys = [Webhook(key) for key in setup.keys]
        except Exception:
            raise ValueError("the signing key is no base64, such as whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") from None

    def send(self, parcel: Parcel) -> Outcome:
        """Post each note (there is one)."""
        (note,) = parcel.notes
        body = orjson.dumps({"type": note.kind.value, "timestamp": rfc3339(note.signal.at), "data": note.message()})
        answer = self._web.post(body, self._headers(parcel.key, body))
        return answer if isinstance(answer, Later) else by_status(answer)

    def _headers(self, key: str, body: bytes) -> dict[str, str]:
        now = datetime.now(UTC)
        signed = " ".join(each.sign(key, now, body.decode()) for each in self._keys)
        return {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signed,
        }
