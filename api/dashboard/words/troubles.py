"""What is wrong with an installation and what to do about it, as one reads it at three in the morning: worst first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from api.dashboard.words.health_wording import HealthWording, with_code
from api.dashboard.words.well_known import N_
from api.status import CheckShape, StatusShape
from domain.files.durations import DAY, MINUTE

LATE: Final = MINUTE
"""Of the read models' clock: a projector moves it every few seconds."""
BEHIND: Final = 5 * MINUTE
"""What waits for longer is not on its way."""
SOON: Final = 14.0
"""Days until the disk is full."""

_ROOTS: Final = ("database", "log", "projector", "projector's clock", "read models")
"""What others follow from: said first."""
_TOLD_TOGETHER: Final = "cluster"
"""Each that was put aside is a line of the doctor's."""

_ASIDE: Final = N_("Of {number} people or groups nothing new is shown: their fold failed. All others go on.")
_ASIDE_DO: Final = N_("Report the reason below. They are folded again by themselves when the cause is mended.")
_LATE: Final = N_("Leads stand still since {time}: no projector works.")
_LATE_DO: Final = N_(
    "Start `leadline serve`, or on Kafka `leadline project`; if it runs, its log says what it waits for."
)
_BEHIND: Final = N_("{part} is {number} behind, since {time}.")
_BEHIND_DO: Final = N_("Its process does not run, or its log says what it waits for.")
_SPOOL: Final = N_("{number} touchpoints wait on this disk: Kafka does not take them.")
_SPOOL_DO: Final = N_("Bring Kafka back. They are sent on by themselves, and none is lost until the spool is full.")
_DIFFERING: Final = N_("The last verification found {number} rows that are not what was recorded.")
_DIFFERING_DO: Final = N_("`leadline rebuild` makes them anew; please report which they were, it is a fault.")
_FULL: Final = N_("The disk is full in {span} if it goes on so.")
_FULL_DO: Final = N_("Make room, or move the data folder to a larger disk.")


@dataclass(frozen=True, slots=True)
class Trouble:
    """`to_do`: what helps; "": what is said says so."""

    what: Markup
    to_do: Markup


def troubles(status: StatusShape, wording: HealthWording) -> list[Trouble]:
    """Worst first; none: all is well."""
    wrong = [check for check in status.checks if check.wrong and not check.what.startswith(_TOLD_TOGETHER)]
    first = [_of_check(check, wording) for check in wrong if check.what in _ROOTS]
    last = [_of_check(check, wording) for check in wrong if check.what not in _ROOTS]
    return [*first, *_by_numbers(status, wording), *last]


def _of_check(check: CheckShape, wording: HealthWording) -> Trouble:
    what, how = wording.told(check.what), wording.told(check.how)
    return Trouble(Markup("{}: {}").format(what, how), Markup(""))


def _by_numbers(status: StatusShape, wording: HealthWording) -> Iterator[Trouble]:
    def trouble(what: str, to_do: str, **values: object) -> Trouble:
        return Trouble(with_code(wording.text(what, **values)), with_code(wording.text(to_do)))

    late = status.recorded > 0 and (status.clock is None or status.now - status.clock > LATE)
    if late:
        since = status.clock if status.clock is not None else status.now
        yield trouble(_LATE, _LATE_DO, time=wording.moment(since))
    for arrow in status.arrows:
        if (
            arrow.waiting_since is None
            or status.now - arrow.waiting_since <= BEHIND
            or (late and arrow.name == "projector")
        ):
            continue
        number, time = wording.number(arrow.behind), wording.moment(arrow.waiting_since)
        yield trouble(_BEHIND, _BEHIND_DO, part=wording.part(arrow.name), number=number, time=time)
    if status.spool is not None and status.spool.waiting:
        yield trouble(_SPOOL, _SPOOL_DO, number=wording.number(status.spool.waiting))
    if status.aside_count:
        yield trouble(_ASIDE, _ASIDE_DO, number=wording.number(status.aside_count))
    if status.verified is not None and status.verified.differing:
        yield trouble(_DIFFERING, _DIFFERING_DO, number=wording.number(status.verified.differing))
    days = status.disk.days_until_full
    if days is not None and days < SOON:
        yield trouble(_FULL, _FULL_DO, span=wording.span(days * DAY / 1_000_000))
