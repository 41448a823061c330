"""What the body of a request is read as: JSON, known keys alone, and texts that can be stored."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, model_validator

from producers.reading.body import clean


class JsonRoute(APIRoute):
    """A route whose body is JSON whatever its Content-Type says: `curl -d` says that it is a form.

    A page of another site can send such a body without asking first, but gets no further than the guard of the private
    side: it bears no token, and without one the browser's `Origin` and `Sec-Fetch-Site` tell.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, which sees JSON."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            others = [header for header in request.scope["headers"] if header[0] != b"content-type"]
            scope = {**request.scope, "headers": [*others, (b"content-type", b"application/json")]}
            return await handler(Request(scope, request.receive))

        return handle


class JsonBody(BaseModel):
    """A body. A key that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class CleanBody(JsonBody):
    """A body of which all is kept, or may be."""

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        return storable(value)


def storable(value: Any) -> Any:
    """The value as it is kept. Raises ValueError."""
    try:
        return clean(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
