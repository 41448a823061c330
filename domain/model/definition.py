"""The model: what a company declares about its leads, frozen and validated. A file is read by `parse_model`.

Durations are integer microseconds inside.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic import Field as Default

from domain.conditions.tree import Condition, meaning
from domain.files.durations import DAY
from domain.files.places import located
from domain.files.problems import Mistake, ModelError, Path, not_allowed, unknown
from domain.files.values import read_flag, read_name, read_number, read_text, read_type
from domain.model.channels import channel_names
from domain.model.destinations import Destination
from domain.model.file import explain, names, read_toml, repeated
from domain.model.sales import Owner, Sales
from domain.model.stages import declared, former_names
from domain.model.starter import STARTER
from domain.model.values import (
    Limit,
    check_present,
    read_claims,
    read_grades,
    read_host,
    read_hot_at,
    read_label,
    read_length,
    read_limit,
    read_order,
    read_rearm_at,
    read_required,
    read_timezone,
    read_where,
)
from domain.touchpoints.touchpoint import NEVER

__all__ = [
    "STARTER", "VISITOR", "ChannelRule", "Channels", "Destination", "Exclusion", "Fit", "FitRule", "Funnel", "Limit",
    "Model", "ModelError", "Score", "ScoreRule", "Segment", "Stage", "Step", "parse_model",
]  # fmt: skip

VISITOR: Final = "visitor"
"""The stage of whom nothing identifies yet. Reserved: no file declares it."""

CHANGED: Final = "stage_changed"
_MOVES_BY_ITSELF: Final = f'found "{CHANGED}", allowed is any other type: it says itself where it moves a lead'

_Name = Annotated[str, BeforeValidator(read_name)]
_Flag = Annotated[bool, BeforeValidator(read_flag)]
_Type = Annotated[str, BeforeValidator(read_type)]
_Length = Annotated[int, PlainValidator(read_length)]
_Points = Annotated[float, PlainValidator(read_number)]
_Label = Annotated[str | dict[str, str] | None, PlainValidator(read_label)]
_OfTouchpoint = Annotated[Condition | None, PlainValidator(read_where("touchpoint"))]
_OfPerson = Annotated[Condition, PlainValidator(read_where("person"))]
_OfSource = Annotated[Condition, PlainValidator(read_where("source"))]
_Host = Annotated[str, BeforeValidator(read_host)]
_OfLead = Annotated[Condition, PlainValidator(read_where("segment"))]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(_Part):
    """What a funnel's step asks for, or what enters a stage: a touchpoint of type `on` for which `where` holds."""

    on: _Type
    where: _OfTouchpoint = None


class Stage(_Part):
    """A stage of a lead's life. A detour may be entered from anywhere and left to any earlier stage.

    `requires` are the fields of the person (`profile.company`) without which a move here is refused, `was` former
    names, `enter` what moves a lead here. A retired stage is kept for what happened: nobody is asked into it.
    `hot` None: as `may_be_hot` says.
    """

    name: _Name
    label: _Label = None
    requires: tuple[Annotated[str, BeforeValidator(read_required)], ...] = ()
    won: _Flag = False
    detour: _Flag = False
    was: tuple[_Name, ...] = ()
    retired: _Flag = False
    enter: tuple[Step, ...] = ()
    hot: Annotated[bool | None, PlainValidator(read_flag)] = None

    @property
    def may_be_hot(self) -> bool:
        """Whether a lead in this stage has hot episodes; where the file does not say: not where its way has ended."""
        return self.hot if self.hot is not None else not (self.won or self.detour or self.retired)

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, name: str) -> str:
        if name == VISITOR:
            raise ValueError(not_allowed(name, "any other name: visitor is the stage of whom nothing identifies yet"))
        return name

    @field_validator("enter")
    @classmethod
    def _can_be_entered(cls, enter: tuple[Step, ...], info: ValidationInfo) -> tuple[Step, ...]:
        for flag in ("retired", "detour"):
            if enter and info.data.get(flag):
                raise ValueError(f"found enter beside {flag} = true; allowed only where a lead can be moved forward to")
        changes = [Mistake((place, "on"), _MOVES_BY_ITSELF) for place, step in enumerate(enter) if step.on == CHANGED]
        if changes:
            raise ModelError(changes)
        return enter


class ScoreRule(_Part):
    """Points for a touchpoint of type `on` for which `where` holds."""

    name: Annotated[str, BeforeValidator(read_text)]
    label: _Label = None
    on: _Type
    where: _OfTouchpoint = None
    points: _Points
    limit: Annotated[Limit | None, PlainValidator(read_limit)] = None


class Score(_Part):
    """Heat: how it decays (`half_life`, microseconds), when it makes a lead hot, and the rules that award it.

    `hot_at` is for all grades, or by grade (one not named is never hot); None: nobody is ever hot. Then `rearm_at` is
    None, else it is given or three quarters of the least `hot_at`.
    """

    half_life: _Length = 7 * DAY
    hot_at: Annotated[float | dict[str, float] | None, PlainValidator(read_hot_at)] = None
    rearm_at: float | None = Default(None, validate_default=True)
    promote_to: str | None = None
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


class Profile(_Part):
    """What is known of a person. `claims`: "fill" what no trusted source said, or also "update" what one did."""

    claims: Annotated[str, PlainValidator(read_claims)] = "fill"


class FitRule(_Part):
    """Points of fit for a person for whom `where` holds."""

    name: Annotated[str, BeforeValidator(read_text)]
    label: _Label = None
    where: _OfPerson
    points: _Points


class Fit(_Part):
    """Grade: the best of A, B, C whose least points the person's fit reaches; else D. Never added to heat."""

    grades: Annotated[dict[str, float], PlainValidator(read_grades)]
    rules: tuple[FitRule, ...] = ()


class Exclusion(_Part):
    """People for whom `where` holds are not leads: never hot, for this reason."""

    reason: Annotated[str, BeforeValidator(read_text)]
    label: _Label = None
    where: _OfPerson


class Segment(_Part):
    """The leads for which `when` holds."""

    name: _Name
    label: _Label = None
    when: _OfLead


class ChannelRule(_Part):
    """The sources for which `where` holds come through the channel `name`, which may be one of the default ones."""

    name: _Name
    label: _Label = None
    where: _OfSource


class Channels(_Part):
    """How sources are grouped: the first rule that holds, else the default rules. `ignore` are hosts (with their
    subdomains) that nobody comes from: pages of a payment, of a log-in."""

    ignore: tuple[_Host, ...] = ()
    rules: tuple[ChannelRule, ...] = ()


class FunnelStep(Step):
    """A step of a funnel, as people call it."""

    label: _Label = None


class Funnel(_Part):
    """Steps taken in order, all within `window` (microseconds, its end included) of the first."""

    name: _Name
    label: _Label = None
    order: Annotated[str, PlainValidator(read_order)] = "ordered"
    window: _Length
    steps: Annotated[tuple[FunnelStep, ...], Default(min_length=1)]


class Model(_Part):
    """A company's model. `hash` is its version; `text` the file it was read from, word for word."""

    timezone: Annotated[str, PlainValidator(read_timezone)] = "UTC"
    stages: Annotated[tuple[Stage, ...], Default(min_length=1)]
    profile: Profile = Profile()
    score: Score = Score.model_validate({})
    fit: Fit = Fit.model_construct(grades={}, rules=())
    not_a_lead: tuple[Exclusion, ...] = ()
    channels: Channels = Channels()
    segments: tuple[Segment, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    destinations: tuple[Destination, ...] = ()
    sales: Sales = Sales()
    _text: str = PrivateAttr("")
    _activated_at: int = PrivateAttr(NEVER)

    @property
    def text(self) -> str:
        """The file's text; "" of a model made in Python."""
        return self._text

    @property
    def activated_at(self) -> int:
        """Since when it is active, microseconds; one that is only tried: never."""
        return self._activated_at

    def active_since(self, instant: int) -> Self:
        """This model, active since an instant."""
        active = self.model_copy()
        active._activated_at = instant
        return active

    @cached_property
    def hash(self) -> str:
        """Hash of what the fold reads: not labels, comments, layout, or defaults written out; 16 hex digits."""
        plain = json.dumps(_meaning(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    def __hash__(self) -> int:
        return hash(self.hash)


_KEYS: Final[Mapping[Path, tuple[str, ...]]] = {
    path: tuple(part.model_fields)
    for path, part in (
        ((), Model),
        (("stages",), Stage),
        (("stages", "enter"), Step),
        (("profile",), Profile),
        (("score",), Score),
        (("score", "rules"), ScoreRule),
        (("fit",), Fit),
        (("fit", "rules"), FitRule),
        (("not_a_lead",), Exclusion),
        (("channels",), Channels),
        (("channels", "rules"), ChannelRule),
        (("segments",), Segment),
        (("funnels",), Funnel),
        (("funnels", "steps"), FunnelStep),
        (("destinations",), Destination),
        (("sales",), Sales),
        (("sales", "owners"), Owner),
    )
}


def parse_model(text: str) -> Model:
    """The model that a file's text declares. Raises ModelError with everything that is wrong, and nothing else."""
    raw = read_toml(text)
    stages = declared(raw)
    context = {
        "stages": stages.names, "ahead": stages.ahead, "former": stages.former, "channels": channel_names(raw),
        "segments": names(raw, ("segments",)),
    }  # fmt: skip
    problems: list[Mistake] = []
    try:
        model = Model.model_validate(raw, context=context)
    except ValidationError as error:
        problems.extend(explain(error, _KEYS))
    problems.extend(repeated(raw))
    problems.extend(former_names(raw, stages.former))
    if problems:
        raise ModelError(problems, [located(mistake, text) for mistake in problems])
    model._text = text
    return model


_NOT_FOLDED: Final = frozenset({"label", "timezone", "won", "destinations", "sales"})
"""Keys that the fold does not read: `won` only says what `hot` is where that is not given."""


def _meaning(value: Any) -> Any:
    """A part of the model as JSON without what the fold does not read; defaults are left out, so that a key added by a
    later release leaves the hashes of models that do not use it."""
    match value:
        case _Part():
            fields = type(value).model_fields
            given = {name: getattr(value, name) for name in fields if name not in _NOT_FOLDED}
            if isinstance(value, Stage):
                given["hot"] = None if value.may_be_hot else False
            return {name: _meaning(part) for name, part in given.items() if part != fields[name].default}
        case Limit(count, within, per):
            return [count, within, *per] if per else [count, within]
        case tuple():
            return [_meaning(part) for part in value]
        case _:
            return meaning(value) if isinstance(value, Condition) else value
