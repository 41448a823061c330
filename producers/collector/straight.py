"""The straight way in: what is posted to a fixed path of the collector goes to its door without a router.

Nearly all but those of the tracker come so, and a router that tries pattern after pattern costs as much as what the
door does with them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from producers.collector.request import DoorRequest

Door = Callable[[DoorRequest], Awaitable[Response]]
"""What answers a request. It raises nothing: its answer says what went wrong."""


class StraightWay:
    """Around the application with the router, which gets whatever else comes."""

    def __init__(self, app: Starlette, doors: Mapping[str, Door]) -> None:
        """`doors` by their paths."""
        self._app = app
        self._doors = doors

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """Every route there is, by whichever way it is gone."""
        return self._app.routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        door = self._doors.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if door is None:
            await self._app(scope, receive, send)
        else:
            response = await door(DoorRequest(scope, receive))
            await response(scope, receive, send)
