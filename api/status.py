"""`/api/status`: how far each part has come, what was put aside or refused, what a doctor would say, room on disk."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from api.phrased import Text
from projections.queries.shapes import Moment, Shape


class ArrowShape(Shape):
    """Something that reads on: up to where it has come, of what there is."""

    name: Annotated[str, Field(description="recorder of a partition, projector, publisher, promoter, a destination")]
    position: int
    end: int
    behind: int
    waiting_since: Annotated[
        Moment | None,
        Field(
            description="when the oldest that waits was recorded or announced; null: nothing waits, or nobody can say"
        ),
    ] = None


class PutAsideShape(Shape):
    """People whose fold failed: their rows are not up to date."""

    cluster: int
    reason: str


class RefusedByDoorShape(Shape):
    """What a door refused and nobody replayed."""

    door: str
    waiting: int


class DestinationStateShape(Shape):
    """Of a destination: what waits, what was given up, when something last arrived."""

    name: str
    waiting: int
    dead: int
    last_success: Moment | None


class SpoolShape(Shape):
    """What a collector keeps on disk while Kafka is away."""

    waiting: Annotated[int, Field(description="records that Kafka has not got yet")]
    used: Annotated[int, Field(description="bytes of its file")]
    limit: Annotated[int, Field(description="bytes that it may hold: `LEADLINE_SPOOL_LIMIT`")]


class SignalPlaceShape(Shape):
    """A signal of the ledger."""

    id: str
    kind: str
    at: Moment
    position: int


class VerificationShape(Shape):
    """What the last verification saw."""

    at: Moment
    position: int
    clock: Moment
    touchpoints: int
    rows: int
    differing: int
    aside: int


class DiskShape(Shape):
    """Room on disk. What cannot be told honestly is null, and `why` says why."""

    used: Annotated[int | None, Field(description="bytes of the database, and of the log where it is a file")]
    free: Annotated[int | None, Field(description="bytes that are left there")]
    grows_per_day: Annotated[
        int | None,
        Field(description="bytes: of the touchpoints of the last seven days, as large as all are on average"),
    ]
    days_until_full: Annotated[float | None, Field(description="if it goes on so")]
    why: Text | None


class CheckShape(Shape):
    """Something that was looked at."""

    what: Text
    how: Text
    wrong: Annotated[bool, Field(description="whether it is one of the `problems`")] = False


class StatusShape(Shape):
    """How the installation is."""

    now: Annotated[Moment, Field(description="the database's time")]
    clock: Annotated[Moment | None, Field(description="that read models are folded to; null: nothing is yet")]
    recorded: Annotated[int, Field(description="position of the newest touchpoint")]
    projected: int
    behind: int
    leads: Annotated[int, Field(description="visitors included")]
    model: Annotated[str | None, Field(description="version of the active model")]
    arrows: list[ArrowShape]
    spool: Annotated[
        SpoolShape | None,
        Field(description="in the data folder of who is asked; null: there is none. Other collectors have their own"),
    ] = None
    aside_count: int
    aside: Annotated[list[PutAsideShape], Field(description="at most a hundred")]
    rejected_count: int
    rejected: Annotated[list[RefusedByDoorShape], Field(description="by door, most first")]
    destinations: list[DestinationStateShape]
    last_signal: SignalPlaceShape | None
    last_delivered_at: Annotated[Moment | None, Field(description="at any destination")]
    verified: Annotated[VerificationShape | None, Field(description="null: never, or by an older release")]
    disk: DiskShape
    checks: Annotated[list[CheckShape], Field(description="as `leadline doctor` lists them")]
    problems: list[str]


def status_routes(status: Callable[[], StatusShape]) -> APIRouter:
    """The route; `status` looks at everything. It raises DatabaseAway."""
    router = APIRouter(tags=["operation"])

    @router.get("/status", summary="How far each part has come, what is aside, late, refused, or wrong")
    def told() -> StatusShape:
        return status()

    return router
