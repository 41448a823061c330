"""Sales in the model file: who takes care of a hot lead, until when, and what reminds them. No part of the fold."""

from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, model_validator

from domain.files.durations import HOUR, show_duration
from domain.files.problems import Mistake, ModelError, Path, not_allowed, unknown
from domain.files.values import read_count, read_duration, read_name, read_property
from domain.model.destinations import DAYS
from domain.model.hours import Calendar, Hours, Span, weekly
from domain.model.owners import Owner, Week, read_days, read_hours, read_region
from domain.model.part import Label, Length, Name, OfTouchpoint, Part, TypeName
from domain.model.values import Limit, check_present, read_length, read_limit
from domain.touchpoints.touchpoint import Instant

LONGEST_WEEKS: Final = 26
"""Weeks of working hours that a deadline may last: with holidays among them that is well within `LONGEST` days."""

NOT_READY: Final = "not ready"
"""The reason of a rejection by which a lead may become hot again, once it has earned afresh."""

REPORTS: Final = ("owner", "team", "none")


def _read_stage(raw: Any, info: ValidationInfo) -> str:
    """A stage that the file has, by its present name."""
    if not isinstance(raw, str):
        raise ValueError(not_allowed(raw, "the name of a stage"))
    check_present(raw, info)
    stages = info.context["stages"] if info.context else (raw,)
    if raw not in stages:
        raise ValueError(unknown(raw, stages, "stage"))
    return raw


def _read_reminders(raw: Any, info: ValidationInfo) -> Mapping[str, int]:
    """Durations by stage."""
    if not isinstance(raw, Mapping):
        raise ValueError(not_allowed(raw, 'a table of durations by stage such as { qualified = "3d" }'))
    lengths: dict[str, int] = {}
    problems: list[Mistake] = []
    for stage, length in raw.items():
        try:
            lengths[_read_stage(stage, info)] = read_length(length, info)
        except ValueError as error:
            problems.append(Mistake((stage,), str(error)))
    if problems:
        raise ModelError(problems)
    return lengths


def _read_report(raw: Any) -> str:
    if raw not in REPORTS:
        raise ValueError(not_allowed(raw, ", ".join(f'"{each}"' for each in REPORTS)))
    return str(raw)


def _read_repeats(raw: Any) -> int:
    return read_count(raw, 1)


class Reason(Part):
    """Why an owner rejects a lead for good. `stage`: where that moves it, one without hot episodes."""

    name: Name
    label: Label = None
    stage: Annotated[str, PlainValidator(_read_stage)]


class Enquiry(Part):
    """What asks for an answer: a touchpoint of type `on` for which `where` holds. `within` is working time."""

    on: TypeName
    where: OfTouchpoint = None
    within: Length


class Activity(Part):
    """What an owner is told that a hot or owned lead does: `at_least` touchpoints of type `on` for which `where` holds,
    of one value of `same`, `within` so long; at most as often as `limit` says."""

    name: Annotated[str | None, BeforeValidator(read_name)] = None
    label: Label = None
    on: TypeName
    where: OfTouchpoint = None
    same: Annotated[tuple[str, ...], PlainValidator(read_property)] = ()
    at_least: Annotated[int, PlainValidator(_read_repeats)] = 1
    within: Length = read_duration("24h")
    limit: Annotated[Limit, PlainValidator(read_limit)] = Limit(1, read_duration("24h"))

    @property
    def called(self) -> str:
        """Its name; of one without, the type."""
        return self.name or self.on


class Sales(Part):
    """Who takes care of hot leads, and until when. Without owners nobody is asked. Durations are working time.

    `work_within` None: who accepted has no deadline. `recycle_to`: where `not ready` moves a lead (None: it stays).
    """

    owners: tuple[Owner, ...] = ()
    fallback: Annotated[str | None, BeforeValidator(read_name)] = None
    accept_within: Length = read_duration("4h")
    work_within: Annotated[int | None, PlainValidator(read_length)] = None
    hours: Annotated[Week, PlainValidator(read_hours)] = ((Span(time.min, time.min),),) * len(DAYS)
    calendar: Annotated[str | None, PlainValidator(read_region)] = None
    holidays: Annotated[frozenset[date], PlainValidator(read_days)] = frozenset()
    workdays: Annotated[frozenset[date], PlainValidator(read_days)] = frozenset()
    recycle_to: Annotated[str | None, PlainValidator(_read_stage)] = None
    reasons: tuple[Reason, ...] = ()
    answer: tuple[Enquiry, ...] = ()
    activity: tuple[Activity, ...] = ()
    remind_after: Annotated[Mapping[str, int], PlainValidator(_read_reminders)] = {}
    report_by: Annotated[Literal["owner", "team", "none"], PlainValidator(_read_report)] = "team"

    @model_validator(mode="after")
    def _names_are_there(self) -> Self:
        """Who is named is an owner who may be asked."""
        owners = {owner.name: owner for owner in self.owners}
        problems: list[Mistake] = []
        if self.fallback is not None and self.fallback not in owners:
            problems.append(Mistake(("fallback",), unknown(self.fallback, tuple(owners), "owner")))
        elif self.fallback is not None and owners[self.fallback].retired:
            problems.append(Mistake(("fallback",), not_allowed(self.fallback, "an owner who is not retired")))
        for place, owner in enumerate(self.owners):
            for number, member in enumerate(owner.members):
                path = ("owners", place, "members", number)
                if member not in owners:
                    problems.append(Mistake(path, unknown(member, tuple(owners), "owner")))
                elif owners[member].members:
                    problems.append(Mistake(path, not_allowed(member, "a person: a team has no teams in it")))
        for place, reason in enumerate(self.reasons):
            if reason.name == NOT_READY:
                allowed = 'any other name: "not ready" is always there, and moves a lead to recycle_to'
                problems.append(Mistake(("reasons", place, "name"), not_allowed(reason.name, allowed)))
        problems += self._too_long()
        both = self.holidays & self.workdays
        if both:
            problems.append(Mistake(("workdays",), f"found {min(both)} among the holidays too; allowed is one of both"))
        if problems:
            raise ModelError(problems)
        return self

    def _too_long(self) -> Iterator[Mistake]:
        """Working time that somebody may never have: a lead whose deadline cannot be computed could not be shown."""
        shortest = min((owner.hours or self.hours for owner in self.owners), key=weekly, default=self.hours)
        most = LONGEST_WEEKS * min(weekly(shortest), weekly(self.hours))
        lengths: list[tuple[Path, int | None]] = [
            (("accept_within",), self.accept_within),
            (("work_within",), self.work_within),
            *((("answer", place, "within"), each.within) for place, each in enumerate(self.answer)),
            *((("remind_after", stage), length) for stage, length in self.remind_after.items()),
        ]
        for path, length in lengths:
            if length is not None and length > most:
                allowed = f"working time of at most {LONGEST_WEEKS} weeks, here {most // HOUR}h"
                yield Mistake(path, not_allowed(show_duration(length), allowed))

    def owner(self, name: str | None) -> Owner | None:
        """The owner of a name; None: there is none."""
        return next((owner for owner in self.owners if owner.name == name), None)

    def stage_after(self, reason: str) -> str | None:
        """Where a rejection for this reason moves a lead; None: nowhere."""
        if reason == NOT_READY:
            return self.recycle_to
        return next((each.stage for each in self.reasons if each.name == reason), None)

    def due(self, zone: str, owner: Owner | None, start: Instant, length: int) -> Instant:
        """When `length` of working time (microseconds) is over, of an owner or of everybody. Raises NoHours."""
        calendar = Calendar((owner.calendar if owner else None) or self.calendar, self.holidays, self.workdays)
        hours = (owner.hours if owner else None) or self.hours
        return Hours(zone, hours, calendar).over(start, length)
