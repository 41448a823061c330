"""The shapes of the answers of `/api` and of `--json`: a contract with their readers. More fields may be added."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from domain.touchpoints.touchpoint import rfc3339

Moment = Annotated[
    int,
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    Field(json_schema_extra={"type": "string", "format": "date-time"}, description="RFC 3339, UTC"),
]
"""Integer microseconds UTC in Python, RFC 3339 text in an answer."""

Item = TypeVar("Item")


class Shape(BaseModel):
    """An answer or a part of one."""

    model_config = ConfigDict(frozen=True)


class Page(Shape, Generic[Item]):
    """A list: `next` is the cursor of what follows, null at the end."""

    items: list[Item]
    next: str | None = None


def _of_now(value: object) -> bool:
    return value is None


class AsOfShape(Shape):
    """What an answer says that was asked as of an instant; other answers have none of it."""

    as_of: Annotated[Moment | None, Field(description="the instant that was asked for", exclude_if=_of_now)] = None
    knowing: Annotated[
        Literal["then", "now"] | None,
        Field(description="by what was recorded up to that instant, or by all that is", exclude_if=_of_now),
    ] = None
    position: Annotated[
        int | None, Field(description="up to which place of what is recorded it was known", exclude_if=_of_now)
    ] = None


class IdentityShape(Shape):
    """One name under which sources know the person."""

    kind: str
    value: str


class SourceShape(Shape):
    """Where a lead came from, and since when that held; of what nobody said null."""

    since: Moment
    channel: Annotated[str, Field(description="direct: no source is known")]
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    content: str | None = None
    term: str | None = None


class ReasonShape(Shape):
    """What one rule of the model gave a lead since the last reset, all its awards together."""

    rule: str
    label: Any = None
    count: Annotated[int, Field(description="how many awards")]
    last: Annotated[Moment, Field(description="of the last award")]
    now: Annotated[float, Field(description="what is left of the points, decayed to the clock")]


class OwnerShape(Shape):
    """Who takes care of a lead. `due`: until when they must have accepted; null: nobody said."""

    name: str
    since: Moment
    due: Moment | None
    accepted_at: Annotated[Moment | None, Field(description="null: not yet")]


class LeadShape(Shape):
    """One person, as the lead card shows them at the projector's clock."""

    id: str
    identities: Annotated[list[IdentityShape], Field(description="in lists at most the first twenty")]
    identity_count: Annotated[int, Field(description="how many there are")]
    profile: dict[str, Any]
    stage: str
    stage_since: Moment
    identified: bool
    heat: Annotated[float, Field(description="decayed to the clock, never below 0")]
    grade: str
    fit: Annotated[float, Field(description="points of the fit rules: what the grade is made of")]
    hot: bool
    announced: Annotated[
        bool,
        Field(description="hot, and somebody was told: not where only another model made it hot"),
    ]
    hot_since: Moment | None
    cools_at: Annotated[Moment | None, Field(description="when it cools if nothing more happens")]
    not_a_lead: Annotated[str | None, Field(description="the reason, if excluded")]
    first_touch: Moment
    last_touch: Moment
    touches: int
    last_seen: Annotated[Moment | None, Field(description="the person's own last act; null: they did nothing")]
    changed_at: Annotated[Moment, Field(description="when a touchpoint, or time alone, last changed something")]
    reasons: Annotated[
        list[ReasonShape], Field(description="the rules that gave most, at most five, the strongest first")
    ]
    findings: Annotated[list[Any], Field(description="data-quality findings")]
    first_channel: Annotated[str, Field(description="of the first source; direct: there is none")]
    last_channel: str
    owner: Annotated[OwnerShape | None, Field(description="who takes care of it; null: nobody")] = None
    tags: Annotated[list[str], Field(description="what people call it, in the order of the model")] = []
    due: Annotated[
        Moment | None,
        Field(description="until when something is to be done about it next; null: nothing is, or as of an instant"),
    ] = None


class LeadPage(Page[LeadShape]):
    """A list of leads."""

    count: Annotated[int | None, Field(description="how many leads the filters hold for, if asked")] = None


class StageShape(Shape):
    """A stage that a lead was in."""

    stage: str
    at: Moment
    source: Annotated[str, Field(description="kind of the source that reported it; empty for the first")]


class LeadDetail(LeadShape, AsOfShape):
    """A lead with its stages, segments and sources."""

    stages: list[StageShape]
    segments: list[str]
    first_source: SourceShape
    last_source: SourceShape
    identified_source: Annotated[SourceShape | None, Field(description="the last one at becoming identified")]
    stage_sources: Annotated[dict[str, SourceShape], Field(description="the last one at first entering each stage")]
    clock: Annotated[Moment, Field(description="the instant that heat is decayed to")]


class GaveShape(Shape):
    """Points that a rule gave."""

    rule: str
    label: Any = None
    points: float


class GaveNothingShape(GaveShape):
    """A rule that held and gave nothing, and why, as in the score of a lead."""

    why: str
    until: Moment | None


class MovedShape(Shape):
    """A move from stage to stage."""

    from_: Annotated[str, Field(serialization_alias="from")]
    to: str


class EffectShape(Shape):
    """What a touchpoint did by the active model."""

    points: Annotated[float, Field(description="that it gave; a later reset may have taken them away")]
    gave: list[GaveShape]
    gave_nothing: list[GaveNothingShape]
    moved: MovedShape | None
    not_moved: Annotated[
        str | None,
        Field(
            description="why it moved nobody, where it asked for that: already_there, only_forward, in_detour, "
            "unknown_stage, moved_since, nothing_withdrawn"
        ),
    ]
    no_effect: Annotated[
        str | None,
        Field(
            description="why an owner's answer took none: not_theirs (another or nobody has the lead), accepted_already"
        ),
    ]
    machine: Annotated[str | None, Field(description="how it is known that a machine did it: it counts nowhere")]


class TouchpointShape(Shape):
    """One thing that happened, as its source reported it."""

    id: str
    type: str
    source: dict[str, str]
    occurred_at: Moment
    received_at: Moment
    identities: list[IdentityShape]
    properties: dict[str, Any]
    profile: dict[str, Any]
    context: dict[str, Any]
    effect: EffectShape


class TimelinePage(Page[TouchpointShape], AsOfShape):
    """A part of a lead's timeline."""


class AboutShape(Shape):
    """What a touchpoint was about: the property that tells most, and its value as text (at most 200 characters)."""

    property: str
    value: str


class AwardShape(Shape):
    """Points that one touchpoint got from one rule. `now`: what is left of them; these add up to the heat shown.

    Of a lead whose heat is below 0 the last one, without touchpoint and type, says what is missing to the 0 shown.
    """

    rule: str
    label: Any = None
    touchpoint: str
    type: str
    about: AboutShape | None = None
    at: Moment
    points: float
    now: float


class WithheldShape(Shape):
    """A rule that held for a touchpoint and gave nothing: `why` is "limit", or "machine: " and the reason; "reset": it
    gave points, and a later reset took them away."""

    rule: str
    label: Any = None
    touchpoint: str
    type: str
    about: AboutShape | None = None
    at: Moment
    points: Annotated[float, Field(description="what it would have given")]
    why: str
    until: Annotated[Moment | None, Field(description="when the limit lets it give again; null: never")]


class FitShape(Shape):
    """A fit rule that the profile meets."""

    rule: str
    label: Any = None
    points: float


class EnoughShape(Shape):
    """A rule that would make the lead hot with one touchpoint of this type now."""

    rule: str
    label: Any = None
    on: str
    points: float


class DistanceShape(Shape):
    """How far the lead is from hot."""

    threshold: Annotated[float | None, Field(description="the heat at which it becomes hot; null: never")]
    missing: Annotated[float, Field(description="what is missing to the threshold; 0: nothing")]
    never: Annotated[
        Literal["model", "excluded", "stage", "grade"] | None,
        Field(description="why it is never hot: the model has no hot_at, it is excluded, its stage or grade has none"),
    ]
    enough: Annotated[list[EnoughShape], Field(description="each alone would do; the fewest points first")]


class ComingShape(Shape):
    """What time alone will change: the lead cools, its heat falls to the threshold, it enters or leaves a segment."""

    at: Moment
    what: Literal["cools", "falls_below", "enters", "leaves"]
    segment: str | None = None


class ScoreShape(AsOfShape):
    """Every point explained. `items` are in the order of the fold, and so is what gave nothing, `withheld`.

    A page holds so many of both together; only the items of all pages add up to the heat.
    """

    lead: str
    heat: float
    half_life: str
    hot: bool
    cools_at: Moment | None
    grade: str
    fit: float
    fit_items: list[FitShape]
    not_a_lead: str | None
    not_a_lead_label: Any = None
    distance: DistanceShape
    coming: Annotated[list[ComingShape], Field(description="the next first, at most ten")]
    clock: Moment
    items: list[AwardShape]
    withheld: list[WithheldShape]
    next: str | None = None


class MemberShape(LeadShape):
    """A lead in a segment, as it is now; of a past instant, when that stay in the segment began and ended."""

    entered_at: Moment
    left_at: Annotated[Moment | None, Field(description="null: it is still in it")] = None


class SignalShape(Shape):
    """Something announced. `kind` is the CloudEvents type; further fields are the announcement's own (reasons, ...)."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    kind: str
    lead: Annotated[str, Field(description="under which it was announced")]
    lead_now: Annotated[str, Field(description="the lead that it is about now")]
    at: Moment
    subject: Annotated[str, Field(description="the segment; empty where it is about none")]
    closes: Annotated[str | None, Field(description="id of the signal that this one ends")]
    link: Annotated[str | None, Field(description="where people read about the lead; null without LEADLINE_PUBLIC_URL")]
    answer_link: Annotated[
        str | None,
        Field(description="where the owner who is asked answers; null: nobody is, or LEADLINE_LINK_KEY is not set"),
    ]
    position: Annotated[int, Field(description="place in the ledger: the event id of the stream")]
