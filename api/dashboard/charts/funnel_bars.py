"""Pictures of a funnel: of those who came to a step who went on, who may still come, and who is gone.

They stretch with what they stand in: all places are percent, and nothing in them is written.
"""

from typing import Final, NamedTuple

from markupsafe import Markup, escape

MAY_COME: Final = "may-come"
"""The id of the hatching, which a page with such pictures has once (`HATCHING`)."""
_BAR: Final = 64.0
"""Percent of the width that a step's bar has; the rest is the way to the next step."""


class FunnelSplit(NamedTuple):
    """Those who came to a step, apart."""

    on: int
    """Came to the next one; of the last step all."""
    pending: int
    gone: int

    @property
    def leads(self) -> int:
        """All of them."""
        return sum(self)


HATCHING: Final = Markup(
    '<svg class="hatching" width="0" height="0" aria-hidden="true"><defs>'
    f'<pattern id="{MAY_COME}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="between" width="7" height="7"/><rect class="stripe" width="3" height="7"/></pattern></defs></svg>'
)


def step_column(split: FunnelSplit, whole: int, said: str, *, last: bool) -> Markup:
    """The bar of one step, standing, of a funnel in which `whole` leads started; behind it the way to the next step."""
    marks, top = [], 100 - _percent(split.leads, whole)
    for name, leads in (("gone", split.gone), ("pending", split.pending), ("on", split.on)):
        height = _percent(leads, whole)
        if leads:
            marks.append(_rect(name, 0, top, _BAR, height))
        top += height
    way = _percent(split.on, whole)
    if split.on and not last:
        marks.append(_rect("way", _BAR, 100 - way, 100 - _BAR, way))
    return _picture("funnel-column", said, marks)


def lying_bar(split: FunnelSplit, whole: int, said: str = "") -> Markup:
    """The same lying, of a width in which `whole` leads have place. Without words it is only to be looked at."""
    marks, left = [], 0.0
    for name, leads in (("on", split.on), ("pending", split.pending), ("gone", split.gone)):
        width = _percent(leads, whole)
        if leads:
            marks.append(_rect(name, left, 0, width, 100))
        left += width
    return _picture("funnel-bar", said, marks)


def _picture(name: str, said: str, marks: list[str]) -> Markup:
    read = f'role="img" aria-label="{escape(said)}"' if said else 'aria-hidden="true"'
    return Markup(f'<svg class="{name}" {read}>{"".join(marks)}</svg>')


def _rect(name: str, x: float, y: float, width: float, height: float) -> str:
    fill = f' fill="url(#{MAY_COME})"' if name == "pending" else ""
    size = f'x="{x:.2f}%" y="{y:.2f}%" width="{width:.2f}%" height="{height:.2f}%"'
    return f'<rect class="{name}"{fill} {size}/>'


def _percent(leads: int, whole: int) -> float:
    return 100 * leads / whole if whole else 0.0
