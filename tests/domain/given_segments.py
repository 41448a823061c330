"""Models of one segment, and what a fold says of a lead's stays in it."""

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import us

HOUR = 3_600
DAY = 86_400


def fold_of(when: str, zone: str = "UTC", more: str = "") -> Fold:
    """The fold of a model with a segment `it`."""
    text = f'timezone = "{zone}"\n[[stages]]\nname = "lead"\n[[segments]]\nname = "it"\nwhen = {when}\n{more}'
    return Fold(parse_model(text))


def stays(fold: Fold, *history: Touchpoint, until: float = 4_000 * DAY) -> list[tuple[int, int | None]]:
    """Every stay in the segment until a second after the start, entered and left, as time passes: microseconds."""
    lead = Lead()
    told: list[tuple[int, int | None]] = []

    def look() -> None:
        entered = lead.now.segments.get("it")
        if told and told[-1][1] is None and entered != told[-1][0]:
            told[-1] = (told[-1][0], lead.now.left["it"] if entered is None else entered)
        if entered is not None and (not told or told[-1][0] != entered):
            told.append((entered, None))

    def pass_until(instant: int) -> None:
        while lead.now.due < instant:
            fold.advance(lead, lead.now, lead.now.due)
            look()

    for touchpoint in history:
        pass_until(touchpoint.instant)
        fold.step(lead, (touchpoint,), touchpoint.instant)
        look()
    pass_until(us(until) + 1)
    return told
