"""`/funnels`, `/funnels/{name}`: how far leads come, who may still come, and who is lost."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
