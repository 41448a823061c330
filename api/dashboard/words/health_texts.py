"""Texts about the installation that come as data, marked for translation: parts, jobs, findings, what is wrong."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from api.dashboard.words.well_known import N_
from store.jobs import JobState


class PartText(NamedTuple):
    """What a part is called (with the place that it works for), and what it does."""

    called: str
    does: str


PARTS: Final[Mapping[str, PartText]] = {
    "recorder of ": PartText(N_("Recorder of {place}"), N_("writes down what the log took")),
    "projector": PartText(N_("Projector"), N_("makes leads of touchpoints, and signals")),
    "publisher": PartText(N_("Publisher"), N_("writes signals to the topics")),
    "promoter": PartText(N_("Promoter"), N_("asks for what signals bring about: stages, owners")),
    "destination ": PartText(N_("Destination {place}"), N_("looks through the signals for what it is told")),
}
"""By how the status names them; where a place follows, it is the rest of that name."""

JOBS: Final[Mapping[str, str]] = {
    "verify": N_("Verification"),
    "rejected replay": N_("Refused input, tried again"),
    "model diff": N_("Comparison of two models"),
    "draw classes": N_("Limits of classes, drawn anew"),
    "segment preview": N_("A segment, tried"),
    "funnel": N_("A funnel, tried"),
    "past view": N_("A view of the past"),
}

STATES: Final[Mapping[str, str]] = {
    JobState.RUNNING.value: N_("running"),
    JobState.DONE.value: N_("done"),
    JobState.FAILED.value: N_("failed"),
    JobState.CANCELLED.value: N_("cancelled"),
    JobState.LOST.value: N_("lost: its process ended"),
}

FINDING_KINDS: Final[Mapping[str, str]] = {
    "missing_field": N_("A field is missing that a stage requires"),
    "missing_required": N_("Came to a stage without what it requires"),
    "promotion_waits": N_("Is hot, and waits for what the next stage requires"),
    "amount_not_read": N_("An amount is not read"),
    "stale": N_("Not heard of for long"),
    "bounced": N_("Mail comes back"),
    "same_email": N_("Several leads have one e-mail address"),
    "same_phone": N_("Several leads have one phone number"),
    "claim_not_bound": N_("Somebody claimed an identity that is another's"),
    "claim_joined": N_("Two leads became one by what a browser said"),
    "alias_skipped": N_("Two names were not joined"),
    "shared": N_("Too many people use one identity"),
    "merge_skipped": N_("Not merged: they were taken apart by hand"),
    "unknown_stage": N_("Asked into a stage that the model has not"),
    "retired_stage": N_("Asked into a stage that is retired"),
}
"""What the kinds of the report `quality` are called."""
