"""Models of one segment, and what a fold says of a lead's stays in it."""

from domain.fold.fold import Fold
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
    """Every stay in the segment until a second after the start, entered and left: microseconds."""
    now = fold.at(fold.fold(history, us(until)), us(until))
    return list(now.spells.get("it", {}).items())
