"""Limits of classes that were drawn over many leads: a decision, written into the model's text and kept until the next.

What a quarter of the leads reaches is the limit of A, what half reach that of B, what three quarters reach that of C.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple, assert_never

import tomlkit
from tomlkit.items import InlineTable

from domain.files.durations import DAY
from domain.model.classes import Drawable, Rfm
from domain.model.definition import Model, parse_model
from domain.touchpoints.touchpoint import EPOCH, Instant

FEWEST: Final = 20
"""Leads with an order from which limits are drawn: of fewer they would say little."""
_CENT: Final = 10_000
"""Of an amount, in millionths."""


class Bought(NamedTuple):
    """What one lead bought: microseconds since the last time, and how often and for how much (millionths) lately."""

    ago: int
    times: int
    money: int


class DrawnLimits(NamedTuple):
    """The limits of A, B and C as a file writes them, and of how many leads they were drawn."""

    limits: Mapping[Drawable, Sequence[Any]]
    leads: int


def draw(rfm: Rfm, bought: Sequence[Bought]) -> DrawnLimits | None:
    """The limits that `quantiles` asks for; None: of too few leads."""
    lately = [each for each in bought if each.times]
    if len(lately) < FEWEST:
        return None
    limits: dict[Drawable, Sequence[Any]] = {}
    for name in rfm.quantiles:
        match name:
            case "recency":
                days = _rising([math.ceil(ago / DAY) for ago in _quartiles([each.ago for each in bought])])
                limits[name] = [f"{day}d" for day in days]
            case "frequency":
                limits[name] = _falling([math.ceil(times) for times in _quartiles([each.times for each in lately])])
            case "money":
                cents = [math.ceil(money / _CENT) for money in _quartiles([each.money for each in lately])]
                limits[name] = [cent / 100 for cent in _falling(cents)]
            case _:
                assert_never(name)
    return DrawnLimits(limits, len(bought))


def with_limits(model: Model, drawn: DrawnLimits, at: Instant) -> Model:
    """The model with limits that were drawn; comments and order of its text stay."""
    return parse_model(_written(model.text, drawn.limits, at, f"drawn over {drawn.leads:,} leads"))


def carry_over(file: Model, active: Model | None) -> Model:
    """The model of a file, with the limits that were drawn for the active one where both ask the same of whom."""
    mine, before = file.rfm, None if active is None else active.rfm
    if active is None or mine is None or before is None or before.drawn is None or mine.drawn is not None:
        return file
    if _question(mine) != _question(before):
        return file
    table: Any = tomlkit.parse(active.text)["rfm"]
    limits: dict[Drawable, Sequence[Any]] = {name: table[name] for name in mine.quantiles if name in table}
    return parse_model(_written(file.text, limits, Instant(before.drawn)))


def _question(rfm: Rfm) -> Any:
    return rfm.model_dump(include={"on", "where", "amount", "within", "quantiles"})


def _written(text: str, limits: Mapping[Drawable, Sequence[Any]], at: Instant, comment: str = "") -> str:
    """The text with these limits; those that come from a text bring their comment."""
    document = tomlkit.parse(text)
    table: Any = document["rfm"]
    for name, values in limits.items():
        item = tomlkit.item(values)
        if comment and not isinstance(table, InlineTable):
            item.comment(comment)
        table[name] = item
    table["drawn"] = EPOCH + timedelta(microseconds=at)
    return tomlkit.dumps(document)


def _quartiles(values: Sequence[int]) -> list[float]:
    """Lower quartile, median, upper quartile, each on the line between the two nearest values."""
    return statistics.quantiles(values, n=4, method="inclusive")


def _rising(limits: Sequence[int]) -> list[int]:
    """Each above the one before, and above 0: where many are alike, quartiles are too."""
    risen: list[int] = []
    for limit in limits:
        risen.append(max(limit, risen[-1] + 1 if risen else 1))
    return risen


def _falling(quartiles: Sequence[int]) -> list[int]:
    """Of rising quartiles the limits of A, B, C."""
    return _rising(quartiles)[::-1]
