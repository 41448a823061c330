"""`/portrait`: who the customers are, and who is none."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
