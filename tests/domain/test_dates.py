"""Fields that hold dates, and segments that ask for others: in and out at exact instants, by time alone."""

from typing import Any

import pytest

from domain.files.times import span_of
from domain.fold.fold import Fold
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint, rfc3339
from tests.domain.given_segments import DAY, HOUR, fold_of, stays
from tests.domain.stories import at, us

DATE = '{ "profile.ends" = { %s } }'
MIDNIGHT = 6_400
"""Seconds from the stories' start, 14 November 2023 22:13:20 UTC, to the next midnight in UTC."""


def said(second: float, ends: Any) -> Touchpoint:
    return at(second, "identified", "u:1", id=f"{second} {ends!r}", profile={"ends": ends})


def test_within_next_is_entered_so_long_before_a_day_begins_and_left_when_it_is_over() -> None:
    fold = fold_of(DATE % 'within_next = "2d"')
    assert stays(fold, said(0, "2023-11-20")) == [(us(MIDNIGHT + 3 * DAY), us(MIDNIGHT + 6 * DAY))]
    assert stays(fold, said(0, "2023-11-16")) == [(us(0), us(MIDNIGHT + 2 * DAY))]
    assert stays(fold, said(0, "2023-11-13")) == []


def test_a_day_is_the_whole_day_in_the_models_zone() -> None:
    """In Shanghai the day begins eight hours earlier; in Berlin 29 October 2023 has 25 hours."""
    day = DATE % 'within_next = "1s"'
    shanghai = stays(fold_of(day, "Asia/Shanghai"), said(0, "2023-11-20"))
    assert shanghai == [(us(MIDNIGHT + 4 * DAY + 16 * HOUR - 1), us(MIDNIGHT + 5 * DAY + 16 * HOUR))]
    berlin = stays(fold_of(day, "Europe/Berlin"), said(-30 * DAY, "2023-10-29"), until=0)
    (entered, left), = berlin  # fmt: skip
    assert left is not None
    assert rfc3339(entered + 1_000_000) == "2023-10-28T22:00:00.000000Z"
    assert left - entered == (25 * HOUR + 1) * 1_000_000


def test_a_time_with_its_offset_is_one_instant() -> None:
    fold = fold_of(DATE % 'within_next = "1h"', "Asia/Shanghai")
    begins = MIDNIGHT + DAY
    assert stays(fold, said(0, "2023-11-16T00:00:00Z")) == [(us(begins - HOUR), us(begins) + 1)]
    assert stays(fold, said(0, "2023-11-16T01:00:00+01:00")) == stays(fold, said(0, "2023-11-16T00:00:00Z"))


def test_within_last_is_entered_when_a_day_begins_and_left_so_long_after_it() -> None:
    fold = fold_of(DATE % 'within_last = "2d"')
    assert stays(fold, said(0, "2023-11-15")) == [(us(MIDNIGHT), us(MIDNIGHT + 3 * DAY) - 1)]
    moment = stays(fold, said(0, "2023-11-15T00:00:00Z"))
    assert moment == [(us(MIDNIGHT), us(MIDNIGHT + 2 * DAY))]


def test_before_and_after_leave_the_day_itself_out() -> None:
    before, after = (fold_of(DATE % f'{op} = "2023-12-01"', "Europe/Berlin") for op in ("before", "after"))
    for value, is_before, is_after in [
        ("2023-11-30", True, False), ("2023-12-01", False, False), ("2023-12-02", False, True),
        ("2023-11-30T22:59:59.999999Z", True, False), ("2023-11-30T23:00:00Z", False, False),
        ("2023-12-01T22:59:59Z", False, False), ("2023-12-01T23:00:00Z", False, True), ("1949-10-01", True, False),
    ]:  # fmt: skip
        assert bool(stays(before, said(0, value))) is is_before, value
        assert bool(stays(after, said(0, value))) is is_after, value


def test_dates_of_the_file_may_stand_without_quotes() -> None:
    assert stays(fold_of(DATE % "before = 2023-12-01"), said(0, "2023-11-30")) == [(us(0), None)]
    assert stays(fold_of(DATE % "after = 2023-12-01T08:00:00+08:00"), said(0, "2023-12-01")) == []
    assert stays(fold_of(DATE % "after = 2023-12-01T07:59:59+08:00"), said(0, "2023-12-01")) == [(us(0), None)]


@pytest.mark.parametrize(
    "nothing",
    ["soon", "", "2023-11-31", "2023-11-15T08:00:00", "15.11.2023", "2023-11", 20231115, 1_700_000_000, True, None,
     {"day": "2023-11-15"}, [], ["soon"], "9999-12-31", "0000-01-01"],
)  # fmt: skip
def test_what_is_no_date_never_holds_and_its_negation_does(nothing: Any) -> None:
    tables = ('before = "2030-01-01"', 'after = "1970-01-01"', 'within_next = "9d"', 'within_last = "9d"')
    for table in tables:
        assert stays(fold_of(DATE % table), said(0, nothing)) == []
        assert stays(fold_of(f"{{ not = {DATE % table} }}"), said(0, nothing)) == [(us(0), None)]


def test_of_a_list_one_element_is_enough_until_the_last_of_them_ends() -> None:
    fold = fold_of(DATE % 'within_next = "1s"')
    apart = ["2023-11-20", "x", "2023-11-16"]
    assert [left is not None and (left - entered) / 1_000_000 for entered, left in stays(fold, said(0, apart))] == [
        DAY + 1, DAY + 1]  # fmt: skip
    together = stays(fold, said(0, ["2023-11-17", "2023-11-16"]))
    assert together == [(us(MIDNIGHT + DAY - 1), us(MIDNIGHT + 3 * DAY))]
    lead = fold.fold([said(0, ["2023-11-17T00:00:00Z", "2023-11-16T23:59:58.999999Z"])], us(MIDNIGHT + 2 * DAY - 1))
    assert lead.now.due == us(MIDNIGHT + 2 * DAY - 2) - 1
    assert fold.at(lead, lead.now.due).due == us(MIDNIGHT + 2 * DAY) + 1, "one begins when the other ends: no break"


def test_another_date_is_another_stay() -> None:
    fold = fold_of(DATE % 'within_next = "30d"')
    history = said(0, "2023-11-20"), said(DAY, "2025-01-01"), said(2 * DAY, "2023-11-20")
    assert stays(fold, *history) == [
        (us(0), us(DAY)), (us(2 * DAY), us(MIDNIGHT + 6 * DAY)),
    ]  # fmt: skip


def test_a_written_time_is_first_and_last_microsecond() -> None:
    day = span_of("2023-10-29", "Europe/Berlin")
    assert day is not None
    assert (rfc3339(day.first), rfc3339(day.last)) == ("2023-10-28T22:00:00.000000Z", "2023-10-29T22:59:59.999999Z")
    assert span_of("0001-01-01", "UTC") is not None
    assert span_of("9998-12-31", "Asia/Shanghai") is not None
    leap = span_of("2016-12-31T23:59:60Z", "UTC")
    assert leap is not None
    assert rfc3339(leap.first) == "2017-01-01T00:00:00.000000Z"


# ---- segments of segments ----


def nested(*segments: tuple[str, str]) -> Fold:
    named = "".join(f'[[segments]]\nname = "{name}"\nwhen = {when}\n' for name, when in segments)
    return Fold(parse_model(f'[[stages]]\nname = "lead"\n{named}'))


def test_who_leaves_a_segment_by_time_alone_leaves_what_asks_for_it_at_the_same_instant() -> None:
    fold = nested(
        ("it", '{ segment = ["reader", "nobody"], not = { segment = "buyer" } }'),
        ("buyer", '{ did = "order_placed", within = "1h" }'),
        ("reader", '{ did = "page_viewed", within = "1d" }'),
        ("nobody", '{ "profile.x" = 1 }'),
    )
    history = at(0, "page_viewed", "u:1"), at(60, "order_placed", "u:1")
    assert stays(fold, *history) == [(us(0), us(60)), (us(HOUR + 60), us(DAY))]


def test_what_a_segment_counts_is_remembered_once_however_many_ask_for_it() -> None:
    asking = [(f"n{number}", '{ segment = "it" }') for number in range(5)]
    fold = nested(*asking, ("it", '{ did = "page_viewed", at_least = 2 }'), ("also", '{ segment = ["n1", "it"] }'))
    lead = fold.fold([at(second, "page_viewed", "u:1") for second in range(3)], us(9))
    assert list(lead.did.values()) == [[us(1), us(2)]]
    assert set(lead.now.segments.items()) == {(name, us(1)) for name in ("it", "also", *dict(asking))}


def test_what_another_segment_asks_for_stands_in_the_version() -> None:
    def version(name: str) -> str:
        return nested(
            ("a", '{ grade = "A" }'), ("b", '{ grade = "A" }'), ("it", f'{{ segment = "{name}" }}')
        ).model.hash

    assert version("a") != version("b")
