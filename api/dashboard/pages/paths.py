"""`/paths`: what people do before they win, before they are lost, and after a start."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
