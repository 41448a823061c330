"""The model: what a company declares about its leads, frozen and validated. A file is read by `parse_model`.

Durations are integer microseconds inside.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Self

from pydantic import (
    BeforeValidator,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic import Field as Default

from domain.conditions.depends import segments_of
from domain.conditions.tree import Condition, meaning
from domain.files.places import located
from domain.files.problems import Mistake, ModelError, Path, not_allowed
from domain.files.values import read_flag, read_text
from domain.model.chains import check_chains
from domain.model.channels import channel_names
from domain.model.classes import Engagement, Rfm, class_names, label_of, taken
from domain.model.destinations import Destination
from domain.model.file import explain, names, read_toml, repeated
from domain.model.funnels import Funnel, FunnelStep
from domain.model.money import Money, Rate, Revenue
from domain.model.owners import Owner
from domain.model.part import Flag, Label, Name, Part, Points, Step
from domain.model.sales import Activity, Enquiry, Reason, Sales
from domain.model.scoring import Score, ScoreRule
from domain.model.stages import declared, former_names
from domain.model.starter import STARTER
from domain.model.tags import Tag
from domain.model.values import (
    Limit,
    read_bands,
    read_claims,
    read_grades,
    read_host,
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

_OfPerson = Annotated[Condition, PlainValidator(read_where("person"))]
_OfSource = Annotated[Condition, PlainValidator(read_where("source"))]
_Host = Annotated[str, BeforeValidator(read_host)]
_OfLead = Annotated[Condition, PlainValidator(read_where("segment"))]


class Stage(Part):
    """A stage of a lead's life. A detour may be entered from anywhere and left to any earlier stage.

    `requires` are the fields of the person (`profile.company`) without which a move here is refused, `was` former
    names, `enter` what moves a lead here. A retired stage is kept for what happened: nobody is asked into it.
    `hot` None: as `may_be_hot` says.
    """

    name: Name
    label: Label = None
    requires: tuple[Annotated[str, BeforeValidator(read_required)], ...] = ()
    won: Flag = False
    detour: Flag = False
    was: tuple[Name, ...] = ()
    retired: Flag = False
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


class Profile(Part):
    """What is known of a person. `claims`: "fill" what no trusted source said, or also "update" what one did."""

    claims: Annotated[str, PlainValidator(read_claims)] = "fill"


class FitRule(Part):
    """Points of fit for a person for whom `where` holds; none while it is not `enabled`."""

    name: Annotated[str, BeforeValidator(read_text)]
    label: Label = None
    where: _OfPerson
    points: Points
    enabled: Flag = True


class Fit(Part):
    """Grade: the best of A, B, C whose least points the person's fit reaches; else D. Never added to heat."""

    grades: Annotated[dict[str, float], PlainValidator(read_grades)]
    rules: tuple[FitRule, ...] = ()

    @property
    def enabled_rules(self) -> tuple[FitRule, ...]:
        """The rules that give points."""
        return tuple(rule for rule in self.rules if rule.enabled)


class Exclusion(Part):
    """People for whom `where` holds are not leads: never hot, for this reason; unless it is not `enabled`."""

    reason: Annotated[str, BeforeValidator(read_text)]
    label: Label = None
    where: _OfPerson
    enabled: Flag = True


class Segment(Part):
    """The leads for which `when` holds."""

    name: Name
    label: Label = None
    when: _OfLead


class ChannelRule(Part):
    """The sources for which `where` holds come through the channel `name`, which may be one of the default ones."""

    name: Name
    label: Label = None
    where: _OfSource


class Channels(Part):
    """How sources are grouped: the first rule that holds, else the default rules. `ignore` are hosts (with their
    subdomains) that nobody comes from: pages of a payment, of a log-in."""

    ignore: tuple[_Host, ...] = ()
    rules: tuple[ChannelRule, ...] = ()


class Model(Part):
    """A company's model. `hash` is its version; `text` the file it was read from, word for word."""

    timezone: Annotated[str, PlainValidator(read_timezone)] = "UTC"
    stages: Annotated[tuple[Stage, ...], Default(min_length=1)]
    profile: Profile = Profile()
    score: Score = Score.model_validate({})
    fit: Fit = Fit.model_construct(grades={}, rules=())
    not_a_lead: tuple[Exclusion, ...] = ()
    channels: Channels = Channels()
    segments: tuple[Segment, ...] = ()
    """Those that the file declares, and then those that its classes make."""
    bands: Annotated[dict[str, tuple[float, ...]], PlainValidator(read_bands)] = {}
    """Limits by field of the person, by which reports tell leads apart where nobody gives others."""
    rfm: Rfm | None = None
    engagement: Engagement | None = None
    funnels: tuple[Funnel, ...] = ()
    money: Money = Money()
    destinations: tuple[Destination, ...] = ()
    sales: Sales = Sales()
    tags: tuple[Tag, ...] = ()
    _text: str = PrivateAttr("")
    _activated_at: int = PrivateAttr(NEVER)

    @field_validator("segments")
    @classmethod
    def _ask_for_others(cls, segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
        check_chains({segment.name: segments_of(segment.when) for segment in segments})
        return segments

    @model_validator(mode="after")
    def _rejected_leads_go_somewhere(self) -> Self:
        """Where a rejection moves a lead, it can become hot again, or not, as the reason says."""
        stages = {stage.name: stage for stage in self.stages}
        asked: list[tuple[Path, str | None, bool]] = [(("recycle_to",), self.sales.recycle_to, True)]
        asked += [(("reasons", place, "stage"), each.stage, False) for place, each in enumerate(self.sales.reasons)]
        problems = []
        for path, name, hot in asked:
            if name in stages and (stages[name].retired or stages[name].may_be_hot != hot):
                allowed = "a stage with hot = true" if hot else "a stage with hot = false, such as a detour"
                problems.append(Mistake(("sales", *path), not_allowed(name, allowed)))
        if problems:
            raise ModelError(problems)
        return self

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

    def with_parts(self, *, segments: tuple[Segment, ...], funnels: tuple[Funnel, ...]) -> Self:
        """This model with other segments and funnels, which are valid: to be tried, never kept."""
        other = self.model_copy(update={"segments": segments, "funnels": funnels})
        other.__dict__.pop("hash", None)
        return other

    @cached_property
    def hash(self) -> str:
        """Hash of what the fold reads: not labels, comments, layout, or defaults written out; 16 hex digits."""
        zone = {"timezone": self.timezone} if self.timezone != "UTC" else {}
        money = {"money": meant} if (meant := _meaning(self.money)) else {}
        folded = _meaning(self) | zone | money
        plain = json.dumps(folded, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(plain.encode()).hexdigest()[:16]

    def __hash__(self) -> int:
        return hash(self.hash)


_KEYS: Final[Mapping[Path, tuple[str, ...]]] = {
    path: tuple(field.alias or name for name, field in part.model_fields.items())
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
        (("rfm",), Rfm),
        (("engagement",), Engagement),
        (("funnels",), Funnel),
        (("funnels", "steps"), FunnelStep),
        (("funnels", "exclude"), Step),
        (("money",), Money),
        (("money", "rates"), Rate),
        (("money", "revenue"), Revenue),
        (("destinations",), Destination),
        (("tags",), Tag),
        (("sales",), Sales),
        (("sales", "owners"), Owner),
        (("sales", "reasons"), Reason),
        (("sales", "answer"), Enquiry),
        (("sales", "activity"), Activity),
    )
}


def parse_model(text: str, *, is_new: bool = False) -> Model:
    """The model that a file's text declares. Raises ModelError with everything that is wrong, and nothing else.

    `is_new`: it was not activated yet, so that it is refused for what a former release let pass, too.
    """
    return model_of(read_toml(text), text, is_new=is_new)


def model_of(raw: Mapping[str, Any], text: str, *, is_new: bool = False) -> Model:
    """The model that the tables of a file's text declare, as they are or changed. Raises ModelError."""
    problems: list[Mistake] = []
    known = declared_names(raw)
    try:
        model = Model.model_validate(raw, context={**known, "is_new": is_new})
    except ValidationError as error:
        problems.extend(explain(error, _KEYS))
    problems.extend(repeated(raw))
    problems.extend(taken(raw))
    problems.extend(former_names(raw, known["former"]))
    if problems:
        raise ModelError(problems, [located(mistake, text) for mistake in problems])
    classes = (*(model.rfm.segments() if model.rfm else ()), *(model.engagement.segments() if model.engagement else ()))
    if classes:
        made = (Segment(name=name, label=label_of(name), when=when) for name, when in classes)
        model = model.model_copy(update={"segments": (*model.segments, *made)})
    model._text = text
    return model


def declared_names(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The names that the tables of a file declare, of which its parts may be read alone: the context of validation."""
    stages = declared(raw)
    return {
        "stages": stages.names, "ahead": stages.ahead, "former": stages.former, "channels": channel_names(raw),
        "segments": (*names(raw, ("segments",)), *class_names(raw)), "owners": names(raw, ("sales", "owners")),
    }  # fmt: skip


_NOT_FOLDED: Final = frozenset(
    {"label", "timezone", "bands", "rfm", "engagement", "money", "report_in", "rates", "destinations", "sales", "tags"}
)
"""Keys that the fold does not read, or not as they are: classes are segments, and of the zone and of money `hash` says
what stands in read models."""


def _meaning(value: Any) -> Any:
    """A part of the model as JSON without what the fold does not read; defaults are left out, so that a key added by a
    later release leaves the hashes of models that do not use it."""
    match value:
        case Part():
            fields = type(value).model_fields
            given = {name: getattr(value, name) for name in fields if name not in _NOT_FOLDED}
            if isinstance(value, Stage):
                given["hot"] = None if value.may_be_hot else False
                ends = not (value.may_be_hot or value.detour or value.retired)  # as nearly always by being won
                given["won"] = False if value.won == ends else value.won or None
            return {name: _meaning(part) for name, part in given.items() if part != fields[name].default}
        case Limit(count, within, per):
            return [count, within, *per] if per else [count, within]
        case tuple():
            return [_meaning(part) for part in value]
        case _:
            return meaning(value) if isinstance(value, Condition) else value
