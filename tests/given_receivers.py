"""Servers that destinations speak to: real sockets, answers as a test lays down, requests kept."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Request(NamedTuple):
    """What arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    method: str = "POST"

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Answer(NamedTuple):
    """What is answered. `close`: the connection is cut instead; `wait`: until this is set."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = {}
    close: bool = False
    wait: threading.Event | None = None


class Receiver:
    """Answers by `answer`, a function of the request that a test may exchange."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answer: Callable[[Request], Answer] = lambda request: Answer()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(
                    self.path, {name.lower(): value for name, value in self.headers.items()}, body, self.command
                )
                receiver.requests.append(request)
                answer = receiver.answer(request)
                if answer.wait is not None:
                    answer.wait.wait(60)
                if answer.close:
                    self.connection.close()
                    return
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_PUT = do_POST

            def log_message(self, *_: Any) -> None:
                """Nothing: a test looks at the requests."""

            def handle(self) -> None:
                """A peer that is gone, or was sent away, is no error of this server."""
                with suppress(OSError, ValueError):
                    super().handle()

            def finish(self) -> None:
                """Likewise."""
                with suppress(OSError, ValueError):
                    super().finish()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def accepted(self) -> list[Any]:
        """What a receiver that honours the key has taken: verified by the public library, each id once, in order."""
        taken: dict[str, Any] = {}
        for request in self.requests:
            said = Webhook(KEY).verify(request.body, dict(request.headers))
            taken.setdefault(request.headers["webhook-id"], said)
        return list(taken.values())


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver at work."""
    receiver = Receiver()
    if tls is not None:
        receiver.server.socket = tls.wrap_socket(
            receiver.server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join(10)
