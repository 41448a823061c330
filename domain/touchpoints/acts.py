"""Whose act a touchpoint is: the person's own, or something that was done to or said about them."""

from typing import Final

from domain.touchpoints.claims import RESERVED, STAFF
from domain.touchpoints.touchpoint import Touchpoint

DONE_TO_THEM: Final = RESERVED | STAFF | {"email_sent", "email_delivered", "email_bounced"}
"""Types that are never the person's act, whoever reports them."""

SAYS_WHO_THEY_ARE: Final = frozenset({"identified", "grouped"})
"""Types that are the person's act only where their own browser reports them: a log-in. Elsewhere a CRM or a list says
what it knows of somebody who did nothing."""

OUR_SOURCES: Final = frozenset({"policy", "api"})
"""Kinds of sources whose touchpoints are asked for by a rule or by staff."""

LOGGED_FOR_THEM: Final = "message_received"
"""The type that is the person's act though staff reports it, who logged what they wrote."""


def is_own_act(touchpoint: Touchpoint) -> bool:
    """Whether the person did it. An import's or a server's page view, form or order is theirs, whenever it is told."""
    type, kind = touchpoint.type, touchpoint.source.kind
    if type in DONE_TO_THEM or (kind in OUR_SOURCES and type != LOGGED_FOR_THEM):
        return False
    return kind == "browser" or type not in SAYS_WHO_THEY_ARE
