"""Heat in the model file: how it decays, when it makes a lead hot, and the rules that award it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, field_validator
from pydantic import Field as Default

from domain.files.durations import DAY
from domain.files.problems import not_allowed, unknown
from domain.files.values import read_number, read_text
from domain.model.part import Flag, Label, Length, OfTouchpoint, Part, Points, TypeName
from domain.model.values import Limit, check_present, read_hot_at, read_limit, read_rearm_at


def _read_fresh(raw: Any) -> float:
    points = read_number(raw)
    if points <= 0:
        raise ValueError(not_allowed(raw, "points above 0"))
    return points


class ScoreRule(Part):
    """Points for a touchpoint of type `on` for which `where` holds; none while it is not `enabled`."""

    name: Annotated[str, BeforeValidator(read_text)]
    label: Label = None
    on: TypeName
    where: OfTouchpoint = None
    points: Points
    limit: Annotated[Limit | None, PlainValidator(read_limit)] = None
    enabled: Flag = True


class Score(Part):
    """Heat: how it decays (`half_life`, microseconds), when it makes a lead hot, and the rules that award it.

    `hot_at` is for all grades, or by grade (one not named is never hot); None: nobody is ever hot. Then `rearm_at` is
    None, else it is given or three quarters of the least `hot_at`. `fresh` are the points that a lead which was
    rejected as not ready must earn before it can be hot again; None: a quarter of its threshold.
    """

    half_life: Length = 7 * DAY
    hot_at: Annotated[float | dict[str, float] | None, PlainValidator(read_hot_at)] = None
    rearm_at: float | None = Default(None, validate_default=True)
    promote_to: str | None = None
    fresh: Annotated[float | None, PlainValidator(_read_fresh)] = None
    rules: tuple[ScoreRule, ...] = ()

    @field_validator("rearm_at", mode="plain")
    @classmethod
    def _not_above_hot(cls, raw: Any, info: ValidationInfo) -> float | None:
        if info.data.get("hot_at") is not None:
            return read_rearm_at(raw, info.data["hot_at"])
        if raw is not None and "hot_at" in info.data:
            raise ValueError("found rearm_at without hot_at; allowed only beside it")
        return None if raw is None else read_number(raw)

    @field_validator("promote_to", mode="plain")
    @classmethod
    def _a_stage_ahead(cls, raw: Any, info: ValidationInfo) -> str:
        ahead = info.context["ahead"] if info.context else (raw,)
        if not isinstance(raw, str):
            raise ValueError(not_allowed(raw, "the name of a stage after the first that is no detour"))
        check_present(raw, info)
        if raw not in ahead:
            raise ValueError(unknown(raw, ahead, "stage after the first (or a detour, or retired)"))
        if "hot_at" in info.data and info.data["hot_at"] is None:
            raise ValueError("found promote_to without hot_at; allowed only beside it: becoming hot asks for the stage")
        return raw
