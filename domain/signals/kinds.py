"""The one table of signal kinds: its topic, what it closes, what it bears. All else follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Literal, assert_never


class Topic(StrEnum):
    """The topics that carry signals: their names are a contract."""

    HOT_LEADS = "leadline.hot-leads"
    SEGMENT_CHANGES = "leadline.segment-changes"
    STAGE_CHANGES = "leadline.stage-changes"
    HAND_OVERS = "leadline.hand-overs"

    @property
    def view(self) -> str:
        """The view of the ledger that shows the topic's messages: `hot_leads`, ..."""
        return self.removeprefix("leadline.").replace("-", "_")


class SignalKind(StrEnum):
    """What is announced; the value is the CloudEvents type."""

    HOT = "lead.hot"
    RETRACTED = "lead.hot.retracted"
    COOLED = "lead.cooled"
    PROMOTABLE = "lead.promotable"
    STAGE = "stage.changed"
    ENTERED = "segment.entered"
    LEFT = "segment.left"
    ASSIGNED = "lead.assigned"
    MISSED = "sla.missed"
    FOLLOW_UP = "follow_up.due"
    ACTIVE = "lead.active"

    __hash__ = str.__hash__  # an enumeration's own is a Python function: these are keys on the projector's hot path


HOT: Final = SignalKind.HOT
RETRACTED: Final = SignalKind.RETRACTED
COOLED: Final = SignalKind.COOLED
PROMOTABLE: Final = SignalKind.PROMOTABLE
STAGE: Final = SignalKind.STAGE
ENTERED: Final = SignalKind.ENTERED
LEFT: Final = SignalKind.LEFT
ASSIGNED: Final = SignalKind.ASSIGNED
MISSED: Final = SignalKind.MISSED
FOLLOW_UP: Final = SignalKind.FOLLOW_UP
ACTIVE: Final = SignalKind.ACTIVE

MODEL: Final = "model"
"""Reason of what a change of the model brought about, and nothing that happened to the lead."""
MERGED: Final = "merged"
"""Reason of an end: its lead became one with another, for which the same was announced before."""
GONE: Final = "gone"
"""Reason of an end: nobody is left whom it was announced of."""
REJECTED: Final = "rejected"
"""Reason of an end: the lead's owner rejected it."""
_ENDS: Final = (MERGED, GONE, REJECTED)


@dataclass(frozen=True, slots=True)
class Datum:
    """A field of a signal's data. An `instant` is microseconds in the domain, RFC 3339 in the ledger."""

    name: str
    type: Literal["text", "number", "instant", "flag", "label", "reasons", "person", "source"]
    about: str
    always: bool = True
    """Whether every signal of the kind bears it."""
    null: bool = False
    """Whether it may be null: not known, or not there yet."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a kind of signal is. `opens`: it stays open until one that closes it; `closes`: the kind that it ends."""

    topic: Topic
    opens: bool
    closes: SignalKind | None
    about: str
    data: tuple[Datum, ...]


_SEGMENT: Final = Datum("segment", "text", "the segment's name")
_REASON: Final = Datum("reason", "text", "why, where it is nothing that the lead did: `model`, `merged`, `gone`", False)

_PERSON: Final = Datum(
    "person",
    "person",
    "who: `name`, `company`, `title`, `email`, `phone`, each null where it is not known; `unsubscribed`: when they "
    "last unsubscribed from mail or complained about one, null: never",
    False,
)
_STANDING: Final = (
    _PERSON,
    Datum("first_source", "source", "where the lead came from first; null: nobody knows", False, null=True),
    Datum("last_source", "source", "where the lead came from last; null: nobody knows", False, null=True),
    Datum("stage", "text", "the stage", False),
    Datum("grade", "text", "the grade", False),
    Datum("model", "text", "the version of the model that judged so", False),
)
"""What every kind says of the lead, unless nobody is left whom it is about."""


def traits(kind: SignalKind) -> Traits:
    """The row of the table. A kind that has none does not pass the type checker."""
    data: tuple[Datum, ...]
    match kind:
        case SignalKind.HOT:
            data = (
                Datum("since", "instant", "when the episode began"),
                Datum("heat", "number", "heat at the decision's instant"),
                Datum("hot_at", "number", "the heat at which a lead of this grade becomes hot"),
                Datum("cools_at", "instant", "when it cools, if nothing happens until then", null=True),
                Datum(
                    "reasons",
                    "reasons",
                    "what gave most: `rule`, `label` (or null), `count`, `points`, `now`, `last`, `touchpoint`",
                ),
                Datum("owner", "text", "who takes care of the lead; null: nobody yet", null=True),
                Datum("due", "instant", "until when they must have accepted; null: nobody said", null=True),
                Datum("assigned", "text", "the id of the `lead.assigned` that says so", False),
                Datum("fallback", "flag", "true: no owner was free, so the fallback has it", False),
                Datum("promote_to", "text", "the stage into which the lead is asked", False),
                Datum("waits_for", "text", "what that stage requires and the lead lacks: asked when it comes", False),
                *(replace(datum, always=True) for datum in _STANDING),
            )
            return Traits(Topic.HOT_LEADS, True, None, "a lead became hot", data)
        case SignalKind.RETRACTED:
            reason = Datum("reason", "text", "why it does not count; `model`: another model was activated")
            return Traits(Topic.HOT_LEADS, False, HOT, "what made it hot no longer counts", (reason, *_STANDING))
        case SignalKind.COOLED:
            ended = Datum("ended", "instant", "when the episode ended", False)
            return Traits(Topic.HOT_LEADS, False, HOT, "a hot lead cooled", (ended, _REASON, *_STANDING))
        case SignalKind.PROMOTABLE:
            data = (
                Datum("hot", "text", "the id of the lead's open `lead.hot`"),
                Datum("promote_to", "text", "the stage into which the lead is asked now"),
                *_STANDING,
            )
            return Traits(Topic.HOT_LEADS, False, None, "what a hot lead's promotion waited for has come", data)
        case SignalKind.ENTERED:
            since = Datum("since", "instant", "when the lead entered it")
            data = (_SEGMENT, since, _REASON, *_STANDING)
            return Traits(Topic.SEGMENT_CHANGES, True, None, "a lead entered a segment", data)
        case SignalKind.LEFT:
            ended = Datum("ended", "instant", "when the lead left it", False)
            data = (_SEGMENT, ended, _REASON, *_STANDING)
            return Traits(Topic.SEGMENT_CHANGES, False, ENTERED, "a lead left a segment", data)
        case SignalKind.STAGE:
            data = (
                Datum("from", "text", "the stage that was announced before; `visitor` if none was"),
                Datum("to", "text", "the stage that it is in now"),
                Datum("since", "instant", "when the lead entered it", False),
                _REASON,
                *_STANDING,
            )
            return Traits(Topic.STAGE_CHANGES, True, STAGE, "a lead changed its stage", data)
        case SignalKind.ASSIGNED:
            data = (
                Datum("owner", "text", "who takes care of the lead from now on; null: nobody", null=True),
                Datum("due", "instant", "until when they must have accepted; null: nobody said", null=True),
                Datum("before", "text", "who had it before; null: nobody", null=True),
                Datum(
                    "reason",
                    "text",
                    "`hot`: it is their turn; `missed`: the one before did not accept in time; `by_hand`: a person said"
                    " so; `history`: a merge or an unmerge brought it; `rejected`, `merged`, `gone`: nobody has it",
                ),
                Datum("fallback", "flag", "true: nobody else was free", False),
                Datum("hot", "text", "the id of the `lead.hot` that it is about", False),
                Datum("rejected", "text", "why the one before rejected it", False),
                *_STANDING,
            )
            return Traits(Topic.HAND_OVERS, True, ASSIGNED, "a lead got an owner, or has none any more", data)
        case SignalKind.MISSED:
            data = (
                Datum("deadline", "text", "`accept`, `work` or `answer`: what was to be done"),
                Datum("owner", "text", "who was to do it; null: nobody", null=True),
                Datum("asked", "instant", "since when"),
                Datum("due", "instant", "until when"),
                Datum("next", "text", "who has the lead now, where it went on", False),
                Datum("hot", "text", "the id of the `lead.hot` that led to it", False),
                *_STANDING,
            )
            return Traits(Topic.HAND_OVERS, False, None, "an owner missed a deadline", data)
        case SignalKind.FOLLOW_UP:
            data = (
                Datum("owner", "text", "who is reminded; null: nobody has the lead", null=True),
                Datum("asked", "instant", "since when"),
                Datum("due", "instant", "the instant of the reminder"),
                Datum("note", "text", "what they noted", null=True),
                *_STANDING,
            )
            return Traits(Topic.HAND_OVERS, False, None, "a lead was to be followed up by now", data)
        case SignalKind.ACTIVE:
            data = (
                Datum("activity", "text", "the activity's name"),
                Datum("label", "label", "what people call it", False),
                Datum("owner", "text", "who has the lead; null: nobody", null=True),
                Datum("happened", "instant", "when"),
                Datum("about", "text", "the path, form, mail or link", False),
                Datum("count", "number", "how often"),
                Datum("touchpoint", "text", "the last touchpoint's id"),
                *_STANDING,
            )
            return Traits(
                Topic.HAND_OVERS, False, None, "a hot or owned lead did what its owner asked to hear of", data
            )
        case _:
            assert_never(kind)


TRAITS: Final = {kind: traits(kind) for kind in SignalKind}
"""The table, by kind."""


def announces(kind: SignalKind) -> SignalKind:
    """The kind of announcement that a signal opens or closes: of a lead and subject, one is open at a time."""
    return TRAITS[kind].closes or kind


def opens(kind: SignalKind, data: Mapping[str, Any]) -> bool:
    """Whether a signal stays open itself: one that ends what became another's (`merged`, `gone`) does not."""
    return TRAITS[kind].opens and data.get("reason") not in _ENDS
