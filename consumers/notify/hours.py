"""When a destination is sent nothing. Pure."""

from datetime import datetime

from domain.model.destinations import Hold


def is_held(hold: Hold | None, local: datetime) -> bool:
    """Whether nothing is sent at this local time."""
    if hold is None:
        return False
    if local.weekday() in hold.days:
        return True
    if hold.start is None or hold.end is None:
        return False
    clock = local.time()
    if hold.start < hold.end:
        return hold.start <= clock < hold.end
    return clock >= hold.start or clock < hold.end
