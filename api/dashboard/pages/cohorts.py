"""`/cohorts`: of those who became known in one week or month, how many came how far, and when."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
