"""`/sources`: which channels and campaigns bring leads, and what they cost and return."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
