"""Bounds that a request names: instants, and the period between two; what is wrong with them is told by name."""

from projections.queries.periods import bound
from web.problems import Problem


def bound_of(name: str, text: str | None, zone: str) -> int | None:
    """Microseconds of a bound (None: it was not given); days begin in that time zone. Raises Problem."""
    try:
        return None if text is None else bound(text, zone)
    except ValueError as error:
        raise Problem(400, f"{name}: {error}") from None


def period_of(start: str | None, end: str | None, zone: str) -> tuple[int | None, int | None]:
    """The bounds of a period, `from` and `to`. Raises Problem."""
    bounds = bound_of("from", start, zone), bound_of("to", end, zone)
    if bounds[0] is not None and bounds[1] is not None and bounds[0] > bounds[1]:
        raise Problem(400, f"from: {start} is later than to, {end}; allowed is up to it")
    return bounds
