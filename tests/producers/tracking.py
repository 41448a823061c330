"""What the tracker sends, for tests."""

import json
from typing import Any

BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
SENT = "2026-11-21T11:59:59.900Z"
PAGE: dict[str, Any] = {
    "type": "page",
    "messageId": "0123456789abcdef0123456789abcdef",
    "timestamp": "2026-11-21T11:59:58.123Z",
    "anonymousId": "fedcba9876543210fedcba9876543210",
    "context": {
        "page": {
            "url": "https://www.example.com/pricing?plan=team",
            "path": "/pricing",
            "title": "Pricing",
            "referrer": "https://www.example.com/",
        }
    },
}
EVENT = {**PAGE, "type": "track", "event": "Link Clicked", "properties": {"href": "https://partner.example.net/"}}
FORM = {**EVENT, "event": "Form Submitted", "properties": {"email": "A@c.example", "form": "contact", "name": "Ann"}}


def body_of(items: list[Any], sent_at: Any = SENT, *, escaped: bool = False, **around: Any) -> bytes:
    """The request's body as a browser writes it."""
    batch = {"writeKey": "sample-public-key", "sentAt": sent_at, "batch": items, **around}
    return json.dumps(batch, ensure_ascii=escaped, separators=(",", ":")).encode("utf-8", "surrogatepass")
