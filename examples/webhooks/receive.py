"""A receiver of Leadline's webhooks: verifies the signature, drops what it has seen, prints the rest.

    pip install standardwebhooks
    WEBHOOK_KEY=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw python receive.py 8080

A signal counts as seen only once it was handled: what fails is answered 500, and Leadline sends it again.
"""

import os
import sqlite3
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

LARGEST = 1_000_000
"""Longest body, in bytes."""

Handle = Callable[[dict[str, Any]], None]
"""Does something with a message: {"type": ..., "timestamp": ..., "data": {...}}. Raises where it could not."""


def application(key: str, seen_file: str, handle: Handle) -> type[BaseHTTPRequestHandler]:
    """What answers requests: 204 taken (or seen before), 401 not signed with the key, 500 not handled."""
    webhook = Webhook(key)
    seen = sqlite3.connect(seen_file, isolation_level=None)
    seen.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY)")

    def taken(id: str, message: dict[str, Any]) -> None:
        seen.execute("BEGIN IMMEDIATE")
        try:
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (id,)).rowcount:
                handle(message)
            seen.execute("COMMIT")
        except BaseException:
            seen.execute("ROLLBACK")
            raise

    class Receiver(BaseHTTPRequestHandler):
        timeout = 10  # seconds; a sender that says nothing is sent away

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, LARGEST))
            try:
                message = webhook.verify(body, dict(self.headers.items()))
            except WebhookVerificationError as error:
                self.answer(401, str(error))
                return
            try:
                taken(self.headers["webhook-id"], message)
            except Exception as error:
                self.log_error("not handled: %s", error)
                self.answer(500, "not handled")
            else:
                self.answer(204)

        def answer(self, status: int, text: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    return Receiver


def serve(handle: Handle) -> None:
    """Listen on the port that the command line names, until stopped."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8080
    receiver = application(os.environ["WEBHOOK_KEY"], os.environ.get("WEBHOOK_SEEN", "seen.db"), handle)
    with HTTPServer(("127.0.0.1", port), receiver) as server:
        server.serve_forever()


def show(message: dict[str, Any]) -> None:
    """Print one line."""
    data = message["data"]
    print(message["timestamp"], message["type"], data.get("name") or data["lead_now"], flush=True)


if __name__ == "__main__":
    serve(show)
