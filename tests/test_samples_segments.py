"""What the how-to page on segments shows: each block is a model, and people go through its segments as it says."""

import re
from collections.abc import Iterator

import pytest

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import NEVER, Instant, Touchpoint
from tests.domain.stories import at, us
from tests.given_samples import sample

DAY = 86_400
RENEWALS = sample("make-segments.md", '[[segments]]\nname = "renews soon"')
LIFECYCLE = sample("make-segments.md", '[[segments]]\nname = "lifecycle new"')
ABC = sample("make-segments.md", '[[segments]]\nname = "ABC A"')
CLASSES = sample("make-segments.md", "[rfm]")
ENGAGED = sample("make-segments.md", '[[segments]]\nname = "regular"')


def fold_of(block: str) -> Fold:
    return Fold(parse_model(f'[[stages]]\nname = "lead"\n[[stages]]\nname = "customer"\nwon = true\n{block}'))


def order(day: float, amount: float = 10) -> Touchpoint:
    return at(day * DAY, "order_placed", "u:1", id=f"order {day}", amount=amount)


def through(fold: Fold, *history: Touchpoint) -> Iterator[tuple[float, set[str]]]:
    """The day of every change, also by time alone, and the segments from then on."""
    lead, before, coming = Lead(), set[str](), list(history)
    while coming or lead.now.due < NEVER:
        if coming and coming[0].instant <= lead.now.due:
            touchpoint = coming.pop(0)
            instant = touchpoint.instant
            fold.step(lead, (touchpoint,), instant)
        else:
            instant = Instant(lead.now.due)
            fold.advance(lead, lead.now, instant)
        if set(lead.now.segments) != before:
            before = set(lead.now.segments)
            yield (instant - us(0)) / DAY / 1_000_000, before


@pytest.mark.parametrize("block", [RENEWALS, LIFECYCLE, ABC, CLASSES, ENGAGED])
def test_each_block_is_a_model(block: str) -> None:
    names = re.findall('^name = "(.*)"$', block, re.MULTILINE)
    segments = [segment.name for segment in fold_of(block).model.segments]
    assert segments[: len(names)] == names


def test_who_ordered_is_in_one_segment_of_the_lifecycle_at_every_moment() -> None:
    changes = list(through(fold_of(LIFECYCLE), order(0), order(20), order(300)))
    assert changes == [
        (0, {"lifecycle new"}), (30, {"lifecycle active"}), (110, {"lifecycle at risk"}), (200, {"lifecycle lost"}),
        (300, {"lifecycle active"}), (390, {"lifecycle at risk"}), (480, {"lifecycle lost"}),
    ]  # fmt: skip


def test_abc_is_of_a_year_and_counts_refunds() -> None:
    changes = list(through(fold_of(ABC), order(0, 800), order(10, 4_500.5), order(20, -400), order(400, 1)))
    assert changes == [
        (0, {"ABC C"}), (10, {"ABC A"}), (20, {"ABC B"}), (375, {"ABC C"}), (385, set()), (400, {"ABC C"}),
        (765, set()),
    ]  # fmt: skip


def test_best_customers_are_those_of_class_a_in_all_three() -> None:
    changes = list(through(fold_of(CLASSES), *[order(day, 1_000) for day in range(5)]))
    first = next(day for day, segments in changes if "best customers" in segments)
    after = next(day for day, segments in changes if day > first and "best customers" not in segments)
    assert (first, after) == (4, 34), "until the last order is thirty days ago"


def test_a_contract_that_ends_soon_is_in_for_thirty_days_and_its_last_day() -> None:
    fold = fold_of(RENEWALS)
    history = (
        at(0, "stage_changed", "u:1", source="api", to="customer", profile={"contract_ends": "2024-03-01"}),
        at(100 * DAY, "page_viewed", "u:1", path="/"),
    )
    begins = (6_400 + 77 * DAY) / DAY  # 31 January 2024, 00:00 UTC
    both = {"renews soon", "renews soon and is silent"}
    assert list(through(fold, *history)) == [
        (begins, both), (100, {"renews soon"}), (begins + 31, set()),
    ]  # fmt: skip


def test_who_comes_on_fewer_days_fades() -> None:
    days = [at(day * DAY, "page_viewed", "u:1", path=f"/{day}") for day in (0, 1, 2, 3)]
    assert list(through(fold_of(ENGAGED), *days)) == [(3, {"regular"}), (30, {"fading"}), (60, set())]
