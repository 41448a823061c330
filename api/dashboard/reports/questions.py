"""What a report may be asked, as a form asks it: what rows are told apart by, and options with their values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from api.dashboard.reports.columns import Titled
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from domain.model.definition import Model
from projections.reports.answer import Report

BY_TEXTS: Final[Mapping[str, str]] = {
    "day": N_("Day"),
    "week": N_("Week"),
    "month": N_("Month"),
    "type": N_("Type of touchpoint"),
    "source": N_("Source"),
    "channel": N_("Channel"),
    "campaign": N_("Campaign"),
    "variant": N_("Variant"),
    "hour": N_("Hour"),
    "weekday": N_("Weekday"),
    "profile": N_("What many customers have"),
    "profile.": N_("A field of the profile"),
    "stage": N_("Stage"),
    "grade": N_("Grade"),
    "segment:": N_("Segment"),
    "first_channel": N_("First channel"),
    "first_source": N_("First source"),
    "first_campaign": N_("First campaign"),
    "last_channel": N_("Last channel"),
    "last_source": N_("Last source"),
    "last_campaign": N_("Last campaign"),
    "cohort": N_("Month of the first order"),
    "owner": N_("Owner"),
    "kind": N_("Kind of deadline"),
}
"""By what `by` may be, in every report."""


class Asking(StrEnum):
    """How a form asks for an option."""

    CHOICE = "choice"
    STAGE = "stage"
    """A choice, or a stage: its values are `stage:NAME`."""
    OF_STAGES = "of stages"
    """The name of a stage."""
    NUMBER = "number"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class OptionTexts:
    """What a page says of an option. `choices`: value -> label, the first where nobody says; `usual`: what is written
    by hand, where nobody says."""

    text: Titled
    asking: Asking
    choices: Mapping[str, str] = field(default_factory=dict)
    usual: str = ""


_SO_FAR: Final = {
    "won": N_("were won"),
    "hot": N_("became hot"),
    "revenue": N_("paid something"),
    "back": N_("came back"),
}

OPTION_TEXTS: Final[Mapping[str, Mapping[str, OptionTexts]]] = {
    "daily": {
        "people": OptionTexts(
            Titled(N_("Count people"), N_("reads every touchpoint of the period")),
            Asking.CHOICE,
            {"no": N_("no"), "yes": N_("yes")},
        ),
    },
    "mail": {
        "test": OptionTexts(
            Titled(N_("Test of a campaign"), N_("a campaign with two variants: these beside each other")), Asking.TEXT
        ),
        "of": OptionTexts(
            Titled(N_("Compare"), N_("what a test compares")),
            Asking.CHOICE,
            {"": N_("as usual"), "clicked": N_("clicked"), "opened": N_("opened"), "converted": N_("converted")},
        ),
    },
    "cohorts": {
        "every": OptionTexts(
            Titled(N_("Every"), N_("how long a cohort is")), Asking.CHOICE, {"week": N_("week"), "month": N_("month")}
        ),
        "reached": OptionTexts(Titled(N_("Who"), N_("how far they came")), Asking.STAGE, _SO_FAR),
        "periods": OptionTexts(
            Titled(N_("Periods"), N_("how many after their own, up to 60")), Asking.NUMBER, usual="12"
        ),
    },
    "paths": {
        "before": OptionTexts(
            Titled(N_("Before they"), N_("the moment at which paths end")),
            Asking.STAGE,
            {"": N_("as usual"), "won": N_("were won"), "lost": N_("were lost")},
        ),
        "start": OptionTexts(
            Titled(N_("From the first"), N_("a type such as form_submitted, or a path such as /pricing")), Asking.TEXT
        ),
        "step": OptionTexts(
            Titled(N_("A step is"), N_("what paths are made of")),
            Asking.CHOICE,
            {"type": N_("a touchpoint"), "page": N_("a page"), "channel": N_("a channel")},
        ),
        "acts": OptionTexts(
            Titled(N_("Of"), N_("whose acts are steps")),
            Asking.CHOICE,
            {"own": N_("what they did"), "all": N_("all that happened")},
        ),
        "length": OptionTexts(Titled(N_("Most steps"), N_("up to 10")), Asking.NUMBER, usual="5"),
        "window": OptionTexts(
            Titled(N_("Within"), N_("how long before or after, such as 30d")), Asking.TEXT, usual="30d"
        ),
        "top": OptionTexts(Titled(N_("Most paths"), N_("up to 100")), Asking.NUMBER, usual="20"),
    },
    "channels": {
        "touch": OptionTexts(
            Titled(N_("They came from"), N_("which of a person's origins tells them apart")),
            Asking.CHOICE,
            {"first": N_("first"), "last": N_("last")},
        ),
        "qualified": OptionTexts(
            Titled(N_("Qualified is"), N_("the stage that makes a lead a qualified one")), Asking.OF_STAGES
        ),
    },
    "quality": {
        "stale": OptionTexts(Titled(N_("Stale after"), N_("days without a touchpoint")), Asking.NUMBER, usual="90"),
    },
}
"""By name of the report, then of the option."""


@dataclass(frozen=True, slots=True)
class FormChoice:
    """A value that can be chosen. `text` is in the reader's language."""

    value: str
    text: str


@dataclass(frozen=True, slots=True)
class AskedOption:
    """A field of the form. `choices`: none where it is written by hand; `usual`: what is meant where it is empty."""

    name: str
    label: str
    about: str
    value: str
    asking: Asking
    usual: str
    choices: Sequence[FormChoice] = ()


def by_label(wording: PageWording, by: str) -> str:
    """What a page calls what rows are told apart by."""
    if by.startswith("segment:"):
        return wording.segment(by.removeprefix("segment:"))
    if by.startswith("profile."):
        return wording.field(by.partition(":")[0])
    return wording.known(BY_TEXTS, by)


def by_choices(report: Report, model: Model, wording: PageWording, asked: str | None) -> list[FormChoice]:
    """All that rows may be told apart by; segments one by one. Of a field of the profile only that which is asked."""
    names: list[str] = []
    for by in report.by:
        if by == "segment:":
            names += [by + segment.name for segment in model.segments]
        elif by != "profile.":
            names.append(by)
    if asked is not None and asked not in names:
        names.append(asked)
    return [FormChoice(name, _of_segments(wording, name)) for name in names]


def _of_segments(wording: PageWording, by: str) -> str:
    label = by_label(wording, by)
    return wording.text(N_("Segment: {name}"), name=label) if by.startswith("segment:") else label


def asked_options(report: Report, model: Model, wording: PageWording, said: Mapping[str, str]) -> list[AskedOption]:
    """The fields of a report's options with what is said."""
    fields = []
    for name in report.options:
        texts = OPTION_TEXTS[report.name][name]
        label, about = (wording.text(text) for text in texts.text)
        choices = _choices(texts, model, wording)
        fields.append(AskedOption(name, label, about, said.get(name, ""), texts.asking, texts.usual, choices))
    return fields


def _choices(texts: OptionTexts, model: Model, wording: PageWording) -> list[FormChoice]:
    choices = [FormChoice(value, wording.text(text)) for value, text in texts.choices.items()]
    names = [stage.name for stage in model.stages]
    match texts.asking:
        case Asking.STAGE:
            came = N_("came to: {stage}")
            choices += [FormChoice(f"stage:{name}", wording.text(came, stage=wording.stage(name))) for name in names]
        case Asking.OF_STAGES:
            usual = FormChoice("", wording.text(N_("as usual")))
            choices = [usual, *(FormChoice(name, wording.stage(name)) for name in names)]
    return choices
