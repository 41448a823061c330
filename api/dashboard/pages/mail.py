"""`/mail`: what became of the mail that was sent, and which variant did better."""

from collections.abc import Sequence

from starlette.routing import Route

from api.dashboard.resources import Resources


def routes(resources: Resources) -> Sequence[Route]:
    """Where the page stands."""
    return []
