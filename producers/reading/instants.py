"""Times as clients send them, and the correction for clients whose clock is wrong. All in microseconds."""

import math
import re
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

from domain.touchpoints.touchpoint import EARLIEST, Instant, microseconds

LATEST: Final = microseconds(datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC))
"""The last instant that an envelope holds."""

LATENCY: Final = 60_000_000
"""A request that was sent up to a minute before its receipt was under way; more is a clock that is wrong."""

_NUMBER: Final = re.compile(r"-?[0-9]{9,19}(\.[0-9]+)?\Z")
_UNITS: Final = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
_YEAR: Final = 366 * 86_400_000_000
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = "|".join(_MONTHS)
_DATED: Final = re.compile(
    rf"""(?:(?:mon|tue|wed|thu|fri|sat|sun),?[ ]+)?
    (?:(?P<day>\d{{1,2}})[ -](?P<month>{_MONTH}) | (?P<month2>{_MONTH})[ ](?P<day2>\d{{1,2}}),?)
    [ -](?P<year>\d{{4}})[ ]+(?P<time>\d\d:\d\d(?::\d\d)?)
    [ ]*(?:(?:GMT|UTC|UT|Z)?(?P<offset>[+-]\d\d:?\d\d) | GMT | UTC | UT | Z)
    (?:[ ]\([^)]*\))?\Z""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_ISO: Final = re.compile(
    r"""[0-9]{4}-?(?:[0-9]{2}-?[0-9]{2} | W[0-9]{2}-?[0-9])
    (?:[T_\ ]?[0-9]{2}[0-9:.,]*)?
    (?:Z | [+-][0-9]{2}(?::?[0-9]{2})*(?:\.[0-9]+)?)?\Z""",
    re.VERBOSE,
)
_BROWSERS: Final = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z\Z")
"""As browsers write it, of a day that there may not be."""
_ZONE: Final = re.compile(r"(?<=[0-9]) *(?:UTC|GMT|Z)\Z|(?<=[0-9]) +(?=[+-][0-9]{2}:?[0-9]{2}\Z)")
_LEAP: Final = re.compile(r"(.*[T ][0-9]{2}:[0-9]{2}):60((?:\.[0-9]+)?(?:Z|[+-].*)?)\Z")
_MIDNIGHT: Final = re.compile(r"[T ]24:00(:00(\.0+)?)?(?=Z|[+-]|\Z)")


def instant(value: object) -> Instant | None:
    """The instant that a client's text or number means, or None where it means none.

    ISO 8601 (no zone: UTC), `Tue, 18 Nov 2026 09:30:00 GMT`, what a browser writes of a date (`Tue Nov 18 2026 09:30:00
    GMT+0100 (CET)`), and seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size. A
    zone's name is no offset, and a time of which a part is not understood is none: nothing is guessed. The result lies
    in the years 1970 to 9998.
    """
    if isinstance(value, str):
        return _text(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _number(value)


def of_browser(text: str) -> Instant | None:
    """The instant of what a browser writes of a date in JSON, to the millisecond. None: it is written otherwise."""
    if _BROWSERS.match(text) is None:
        return None
    try:
        return microseconds(datetime.fromisoformat(text))
    except ValueError:  # a day that there is not
        return None


def is_unset(value: object) -> bool:
    """Whether this is what programs write where they have no time: nothing, 0, or the first day of the calendar."""
    if isinstance(value, str):
        if value[:1] == "2":
            return False
        return value.strip() in ("", "0") or value.strip().startswith("0001-01-01")
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value == 0)


def sent(value: object, claimed: Instant | None, received: Instant) -> Instant | None:
    """When a request was sent by its client's clock, or None where it does not say, or this is nobody's clock.

    It is nobody's where it is years from the receipt, and the time of what happened is much nearer to that.
    """
    instant_ = None if is_unset(value) else instant(value)
    if instant_ is None:
        return None
    off = abs(instant_ - received)
    if not is_near(instant_, received) and (claimed is None or abs(claimed - received) * 2 < off):
        return None
    return instant_


def is_right(sent: Instant, received: Instant) -> bool:
    """Whether the clock is right by which a request was sent."""
    return received - LATENCY <= sent <= received


def is_near(instant_: Instant, received: Instant) -> bool:
    """Whether it is within a year of the receipt, as even a wrong clock nearly always is."""
    return abs(instant_ - received) <= _YEAR


def _number(value: int | float) -> Instant | None:
    if not math.isfinite(value) or abs(value) >= 10**20:
        return None
    for bound, unit in _UNITS:
        if abs(value) < bound:
            return _clamped(round(value * unit))
    return _clamped(round(value / 1000))


def _text(text: str) -> Instant | None:
    return _told(text) if len(text) <= 64 else None


@lru_cache(4_096)
def _told(text: str) -> Instant | None:
    """What a text of bearable length means; often one that was just read, as of all that came with one request."""
    try:
        if (common := of_browser(text)) is not None:
            return common
        if _NUMBER.match(text):
            return _number(float(text) if "." in text else int(text))
        return _clamped(written(text, UTC))
    except (ValueError, OverflowError):
        return None


def written(text: str, zone: tzinfo) -> Instant:
    """The instant of an ISO 8601 text, or of a date as mail and browsers write it. One without a zone is of `zone`.

    Raises ValueError where any part of it is not understood.
    """
    if (dated := _DATED.match(text)) is not None:
        return _dated(dated)
    text, seconds = _ZONE.sub(lambda zone: "Z" if zone[0].strip() else "", text.upper()), 0
    if not _ISO.match(text):
        raise ValueError("no ISO 8601")
    if _MIDNIGHT.search(text):
        text, seconds = _MIDNIGHT.sub("T00:00:00", text), 86_400
    elif (leap := _LEAP.match(text)) is not None:
        text, seconds = f"{leap[1]}:59{leap[2]}", 1
    when = datetime.fromisoformat(text)
    whole = microseconds(when if when.tzinfo else when.replace(tzinfo=zone))
    return Instant(whole + seconds * 1_000_000)


def _dated(dated: re.Match[str]) -> Instant:
    """`18 Nov 2026 09:30:00 +0100` or `Nov 18 2026 09:30:00 GMT+0100`: day and month stand on either side."""
    day, month = (dated["day"], dated["month"]) if dated["day"] else (dated["day2"], dated["month2"])
    offset = dated["offset"] or "+0000"
    date = f"{dated['year']}-{_MONTHS.index(month.lower()) + 1:02}-{int(day):02}"
    text = f"{date}T{dated['time']}{offset[:3]}:{offset[-2:]}"
    return microseconds(datetime.fromisoformat(text))


def _clamped(value: int) -> Instant:
    return Instant(min(max(value, EARLIEST), LATEST))


def occurred(claimed: Instant | None, sent: Instant | None, received: Instant) -> Instant:
    """When it happened by our clock. `claimed` and `sent` are by the client's, which may be wrong.

    The clock is wrong if it sent the request after its receipt, or more than `LATENCY` before. The whole request
    then moves by one amount, so that a back-dated touchpoint keeps its distance. Otherwise the claim holds as it is,
    and what is sent again keeps its time.
    """
    if claimed is None:
        return received
    if sent is None or is_right(sent, received):
        return claimed
    return _clamped(received - (sent - claimed))
