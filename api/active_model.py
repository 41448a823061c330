"""`/api/model`: the active model, readable; which was active since when, and the text of each."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from api.parameters import DaysParameters, Parameters
from projections.queries import model as model_query
from projections.queries import model_history
from projections.queries.model import ModelShape
from projections.queries.model_history import ActivatedTextShape, ActivationShape
from projections.queries.shapes import Page
from projections.queries.view import LIMIT, Reader


class FiredParameters(DaysParameters):
    """The days of which it is told how often rules gave points: without any the last 28."""


class ActivationsParameters(Parameters):
    """A page of the activations."""

    limit: Annotated[int, Field(ge=1, le=LIMIT)] = 100
    cursor: Annotated[str | None, Field(description="`next` of the page before")] = None


def active_model_routes(reader: Reader) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["model"])

    @router.get("/model", summary="The active model, conditions in words, and how often its rules gave points")
    def active(parameters: Annotated[FiredParameters, Query()]) -> ModelShape:
        with reader.view() as view:
            return model_query.active(view, parameters.days(view.model.timezone))

    @router.get("/model/history", summary="Activations of models, the newest first")
    def history(parameters: Annotated[ActivationsParameters, Query()]) -> Page[ActivationShape]:
        with reader.view() as view:
            return model_history.history(view.conn, limit=parameters.limit, cursor=parameters.cursor)

    @router.get("/model/history/{activation}", summary="One activation, with the text of the model file")
    def activated(activation: Annotated[int, Path(ge=1, le=2**31 - 1)]) -> ActivatedTextShape:
        with reader.view() as view:
            return model_history.activated(view.conn, activation)

    return router
