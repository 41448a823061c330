"""Asks an ASGI application over HTTP, without a socket."""

from typing import Any

import anyio
import httpx2
from starlette.types import ASGIApp


class Asker:
    """A client with a bearer token."""

    def __init__(self, app: ASGIApp, token: str | None = None, *, raises: bool = False) -> None:
        """`raises`: what the application raises at its server fails the test."""
        self._app = app
        self._raises = raises
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self._ask("GET", path, headers)

    def post(self, path: str, json: Any = None, **headers: str) -> httpx2.Response:
        return self._ask("POST", path, headers, json)

    def delete(self, path: str, **headers: str) -> httpx2.Response:
        return self._ask("DELETE", path, headers)

    def _ask(self, method: str, path: str, headers: dict[str, str], json: Any = None) -> httpx2.Response:
        async def ask() -> httpx2.Response:
            transport = httpx2.ASGITransport(self._app, raise_app_exceptions=self._raises)
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8787") as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, path, headers={**self._headers, **named}, json=json)

        return anyio.run(ask)


def problem(answer: httpx2.Response, status: int, *words: str) -> dict[str, Any]:
    """The problem document of an answer, which has these words in its detail."""
    document: dict[str, Any] = answer.json()
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert (answer.status_code, document["status"]) == (status, status), answer.text
    assert document["type"] and document["title"]
    for word in words:
        assert word in document["detail"], document["detail"]
    return document
