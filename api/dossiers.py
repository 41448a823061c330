"""`/api/leads/{id}/dossier`: what stands behind a lead's card."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.parameters import AsOf
from projections.queries import one_lead
from projections.queries.dossier import DossierShape, dossier
from projections.queries.view import Reader


def dossier_routes(reader: Reader) -> APIRouter:
    """The one route."""
    router = APIRouter(tags=["leads"])

    @router.get("/leads/{lead}/dossier", summary="Who said each identity, orders, what is waited for, hot times")
    def of_lead(lead: str, parameters: Annotated[AsOf, Query()]) -> DossierShape:
        with reader.leads(parameters.as_of, parameters.knowing) as view:
            return dossier(view, one_lead.live_lead(view, lead))

    return router
