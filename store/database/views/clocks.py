"""What views need of the pair that rows stand at, and of the active model: its clock, its half-life, its days."""

from typing import Any, Final

from sqlalchemy import BigInteger, ColumnElement, Double, FromClause, Integer, ScalarSelect, cast, func, select

from store.database.derived import Derived
from store.database.tables import model_parts, zone_offsets

DAY: Final = 86_400_000_000
HOUR: Final = 3_600_000_000
"""Microseconds."""


def clock_of(tables: Derived) -> ScalarSelect[int]:
    """The instant that the rows stand at."""
    return select(tables.projector.c.clock).scalar_subquery()


def setting(name: str) -> ScalarSelect[Any]:
    """The number of a setting of the active model."""
    return _part("setting", name, model_parts.c.number)


def setting_text(name: str) -> ScalarSelect[Any]:
    """The text of a setting of the active model."""
    return _part("setting", name, model_parts.c.says)


def _part(kind: str, name: str, column: ColumnElement[Any]) -> ScalarSelect[Any]:
    return select(column).where(model_parts.c.kind == kind, model_parts.c.name == name).scalar_subquery()


def local(instant: ColumnElement[int], offsets: FromClause = zone_offsets) -> ColumnElement[int]:
    """An instant as the clocks of the model's zone show it, microseconds since their 1970; or as `offsets` say."""
    ahead = select(cast(offsets.c.seconds, BigInteger) * 1_000_000).where(offsets.c.since <= instant)
    return instant + ahead.order_by(offsets.c.since.desc()).limit(1).scalar_subquery()


def day_of(instant: ColumnElement[int], offsets: FromClause = zone_offsets) -> ColumnElement[int]:
    """The day on which an instant lies in the model's zone, since 1970."""
    return cast((local(instant, offsets) + DAY) // DAY - 1, Integer)  # it may be in 1969, which would be rounded up


def hour_of(instant: ColumnElement[int], offsets: FromClause = zone_offsets) -> ColumnElement[int]:
    """Its hour there, 0 to 23."""
    return (local(instant, offsets) + DAY) % DAY // HOUR


def weekday_of(day: ColumnElement[int]) -> ColumnElement[int]:
    """The weekday of a day: 1 is Monday, 7 Sunday."""
    return (day + 3) % 7 + 1


def halvings(tables: Derived, since: ColumnElement[int]) -> ColumnElement[float]:
    """How many half-lives have passed since an instant."""
    passed = cast(clock_of(tables) - since, Double)
    half_lives: ColumnElement[Any] = passed / setting("half_life")
    return half_lives


def spent(since: ColumnElement[int], until: ColumnElement[int], tables: Derived) -> ColumnElement[int]:
    """How long something took; of what goes on (`until` null) how long it has."""
    return func.coalesce(until, clock_of(tables)) - since
