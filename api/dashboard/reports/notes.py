"""Notes of reports in the reader's language: each is found again by what it says, its names as people read them."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from api.dashboard.reports.values import number_text, numbered_day
from api.dashboard.words.templated import Templates
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording

NOTES: Final[Sequence[str]] = (
    # money
    N_("{what}: in {currency}, each amount at the rate of its day"),
    N_("{what}: {count} in {currency} not converted, [money] has no rate of their days"),
    N_("what is of several currencies has a row for each: its other numbers are the same in each"),
    # channels
    N_("qualified: entered {stage}"),
    N_("cost: it is imported by channel and campaign, of a source nobody knows it"),
    N_("cost: {amount} {currency} of no campaign are in no row"),
    # cohorts
    N_("reached: were won by the end of that {every}. Period 0 is the {every} in which they became known."),
    N_("reached: became hot by the end of that {every}. Period 0 is the {every} in which they became known."),
    N_("reached: paid something by the end of that {every}. Period 0 is the {every} in which they became known."),
    N_(
        "reached: came to stage {stage} by the end of that {every}. Period 0 is the {every} in which they became known."
    ),
    N_(
        "reached: came back in that {every} and did something themselves. Period 0 is the {every} in which they became"
        " known."
    ),
    N_("cohorts are whole: who became known from {first} to before {end}"),
    # daily
    N_("people are not counted: people=yes does, and reads every touchpoint of the period"),
    # mail
    N_("converted: within 7 days of a click, so whoever clicked in the last 7 days still may"),
    N_(
        "the share of people who {measured}, {second} minus {first}: lowest and highest bound it with 95% confidence"
        " (Newcombe's hybrid score interval); chance is the p-value of Fisher's exact test, two-sided"
    ),
    N_(
        "too few to tell: if both variants were the same, fewer than {least} people of {variant} would be expected"
        " either to have {measured} or not to have"
    ),
    N_("without a variant, and left out: {count} people"),
    N_("had both variants, and count with {variant}: {count} people; a difference looks smaller"),
    # paths
    N_("{count} leads were won for the first time in the period."),
    N_("{count} leads were lost (came to {stages}) for the first time in the period."),
    N_("{count} leads came to {stage} for the first time in the period."),
    N_("{count} leads began with {start} for the first time in the period."),
    N_("Of {count} of them the window is not over: their paths may still go on."),
    # portrait
    N_("Nobody became known in the period."),
    N_("{count} leads became known: {won} won, {lost} lost, {open} neither so far."),
    N_("Only {count} were won: of fewer than {few} too little can be told."),
    N_("Not shown: {refused}."),
    N_("{field}: bands of about as many leads each; by=profile.{example}:5000,10000 says others."),
    N_("Nobody was won of those who became known in the period: name a field (by=profile.FIELD)."),
    N_("Left out, since they say who somebody is: {fields}."),
    N_("Left out, since fewer have them: {fields}."),
    # response times
    N_("who: their teams, as report_by of the model says"),
    N_("who: nobody, as report_by of the model says"),
    # quality
    N_("stale: not heard of for more than {count} days"),
    N_("shared: {identities} and {count} more"),
    N_("shared: {identities}"),
)
"""Every note that a report writes; of two that fit the first is meant. Names in braces are what varies in it."""

_AMOUNTS: Final[Mapping[str, str]] = {
    "cost": N_("cost"),
    "revenue": N_("revenue"),
    "amount": N_("amount"),
    "returns": N_("returns"),
}
_EVERY: Final[Mapping[str, str]] = {"week": N_("week"), "month": N_("month")}
_MEASURED: Final[Mapping[str, str]] = {"opened": N_("opened"), "clicked": N_("clicked"), "converted": N_("converted")}
TEMPLATES: Final = Templates(NOTES)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def note_text(wording: PageWording, note: str) -> str:
    """A note as people read it; one that nobody marked as it is."""
    if (found := TEMPLATES.found(note)) is None:
        return note
    template, said = found
    names = _names(wording)
    return wording.text(template, **{name: names.get(name, str)(value) for name, value in said.items()})


def _day(wording: PageWording, day: str) -> str:
    """A day as people write it; a variant of a mail, which may stand there too, as it is."""
    return wording.date(numbered_day(day)) if _DAY.fullmatch(day) else day


def _names(wording: PageWording) -> Mapping[str, Callable[[str], str]]:
    """How the values of some places are said."""
    counts = ("count", "won", "lost", "open", "amount")
    return {
        **dict.fromkeys(counts, partial(number_text, wording)),
        "first": partial(_day, wording),
        "end": partial(_day, wording),
        "start": lambda start: start if start.startswith("/") else wording.touchpoint(start),
        "what": lambda what: wording.known(_AMOUNTS, what),
        "stage": wording.stage,
        "stages": lambda stages: ", ".join(map(wording.stage, stages.split(", "))),
        "every": lambda every: wording.known(_EVERY, every),
        "measured": lambda measured: wording.known(_MEASURED, measured),
        "field": wording.field,
        "fields": lambda fields: ", ".join(map(wording.field, fields.split(", "))),
    }
