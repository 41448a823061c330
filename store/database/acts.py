"""Whose act a row of `touches` is, as the fold tells it of a touchpoint."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from domain.touchpoints.acts import DONE_TO_THEM, LOGGED_FOR_THEM, OUR_SOURCES, SAYS_WHO_THEY_ARE


def is_their_own_act(touches: Any) -> ColumnElement[bool]:
    """Whether the person did it; of the columns of `touches`. What a machine did is not theirs."""
    by_browser = touches.source_kind == "browser"
    return and_(
        touches.machine.is_(None),
        touches.type.not_in(sorted(DONE_TO_THEM)),
        or_(touches.source_kind.not_in(sorted(OUR_SOURCES)), touches.type == LOGGED_FOR_THEM),
        or_(by_browser, touches.type.not_in(sorted(SAYS_WHO_THEY_ARE))),
    )
