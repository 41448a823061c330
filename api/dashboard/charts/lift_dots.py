"""How much more, or less, frequent something is among some than among all: a dot, and between what it lies.

Places are percent of the width: in the middle as frequent as among all, each way a doubling or a halving as far.
"""

from math import log
from typing import Final

from markupsafe import Markup, escape

MOST: Final = 4.0
"""The factor at the right edge; at the left edge stands its inverse. What is beyond stands at the edge as an arrow."""
TICKS: Final = (0.25, 0.5, 1.0, 2.0, 4.0)


def place_of(factor: float) -> float:
    """Percent of the width."""
    if factor <= 1 / MOST:
        return 0.0
    return 50 + 50 * log(min(factor, MOST)) / log(MOST)


def lift_dot(lift: float, low: float | None, high: float | None, said: str) -> Markup:
    """The picture of one lift, with its interval where that is known."""
    marks = ['<line class="even" x1="50%" x2="50%" y1="0" y2="100%"/>']
    if low is not None and high is not None:
        marks.append(f'<line class="between" x1="{place_of(low):.2f}%" x2="{place_of(high):.2f}%" y1="50%" y2="50%"/>')
    side = "more" if low is not None and low > 1 else "less" if high is not None and high < 1 else "unsure"
    marks.append(_mark(lift, side))
    return Markup(f'<svg class="lift" role="img" aria-label="{escape(said)}">{"".join(marks)}</svg>')


def _mark(lift: float, side: str) -> str:
    """A dot; where the edge is nearer than the place would be, an arrow there, which points beyond it."""
    if 1 / MOST <= lift <= MOST:
        return f'<circle class="{side}" cx="{place_of(lift):.2f}%" cy="50%" r="5"/>'
    x, points = ("100%", "-5,-6 5,0 -5,6") if lift > MOST else ("0%", "5,-6 -5,0 5,6")
    return f'<svg class="edge" x="{x}" y="50%"><polygon class="beyond {side}" points="{points}"/></svg>'
