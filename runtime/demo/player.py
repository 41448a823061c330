"""Plays generated traffic through the real HTTP doors of a server, as fast as they take it."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import Failed
from runtime.demo.generator import Request

CONNECTIONS: Final = 8
TRIES: Final = 5
TIMEOUT: Final = 30.0
"""Seconds that one answer may take."""


@dataclass(frozen=True, slots=True)
class Played:
    """How it went."""

    requests: int
    seconds: float


def play(host: str, port: int, requests: Sequence[Request], progress: Callable[[int, int], None]) -> Played:
    """Send all requests, those of plain forms (which bear no time of their own) after the others. Raises Failed."""
    began = time.monotonic()
    forms = [request for request in requests if request.path.startswith("/f/")]
    calls = [request for request in requests if not request.path.startswith("/f/")]
    player = _Player(host, port, progress, len(requests))
    player.play(calls)
    player.play(forms)
    return Played(len(requests), time.monotonic() - began)


class _Player:
    def __init__(self, host: str, port: int, progress: Callable[[int, int], None], total: int) -> None:
        self._host = host
        self._port = port
        self._progress = progress
        self._total = total
        self._done = 0
        self._taking = threading.Lock()
        self._wrong: str | None = None

    def play(self, requests: Sequence[Request]) -> None:
        """Several connections take turns; requests leave in their order."""
        waiting = iter(requests)
        threads = [threading.Thread(target=self._connection, args=(waiting,)) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._wrong is not None:
            raise Failed(self._wrong)

    def _connection(self, waiting: Iterator[Request]) -> None:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        while self._wrong is None:
            with self._taking:
                request = next(waiting, None)
            if request is None:
                break
            try:
                self._send(connection, request)
            except (OSError, http.client.HTTPException, Failed) as error:
                self._wrong = f"{request.method} {request.path}: {error}"
        connection.close()

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        for attempt in range(TRIES):
            connection.request(request.method, request.path, request.body, dict(request.headers))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status < 400:
                break
            if answer.status not in (429, 503) or attempt == TRIES - 1:
                raise Failed(f"the collector answered {answer.status}: {text[:300].decode('utf-8', 'replace')}")
            time.sleep(float(answer.headers.get("Retry-After", "1")))
        with self._taking:
            self._done += 1
            self._progress(self._done, self._total)
