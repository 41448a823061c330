"""`/api/audit`: who took personal data out, made and withdrew tokens, and activated models."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field

from api.parameters import Parameters
from projections.queries.audit import AuditShape, audit_page
from projections.queries.shapes import Page
from projections.queries.view import LIMIT
from store.audit import AuditedAct, keep_line
from store.database.database import Database
from web.viewer import viewer_of


class AuditParameters(Parameters):
    """Which page."""

    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


def audit_routes(database: Database) -> APIRouter:
    """The one route."""
    router = APIRouter(tags=["access"])

    @router.get(
        "/audit", summary="Who took personal data out, made and withdrew tokens, and activated models, newest first"
    )
    def audit(parameters: Annotated[AuditParameters, Query()]) -> Page[AuditShape]:
        with database.snapshot() as conn:
            return audit_page(conn, parameters.limit, parameters.cursor)

    return router


def keep_export(database: Database, request: Request, what: str, rows: int) -> None:
    """Write into the audit that who asks takes so many rows out. Raises Retry: then they do not get them."""
    with database.transaction() as conn:
        keep_line(database, conn, viewer_of(request).name, AuditedAct.EXPORT, what, rows)
