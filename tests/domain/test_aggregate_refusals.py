"""Aggregates, dates and segments that are refused: each says what, where, and what is allowed."""

from datetime import date, datetime, time
from typing import Any

import pytest

from domain.conditions.parse import Scope, parse_condition
from domain.conditions.tree import DateOp, Op
from domain.files.problems import ModelError
from domain.model.definition import parse_model

ALL_OPS = ", ".join([*Op, *DateOp])
AGGREGATES = "sum, max, min, days, values, same, first, last"
DATE = (
    'a day such as "2026-12-01" or a time with its offset such as "2026-12-01T08:00:00Z", in the years 1 to 9998'
)  # fmt: skip
DURATION = 'a whole number of s, m, h or d up to 36500d, such as "90s", "15m", "24h" or "14d"'
ELSEWHERE = (
    'depends on the time of asking and on the time zone: allowed only over a "profile.<field>" in a segment\'s when '
    "(as a text a date is compared by gt, lt)"
)


def refused(raw: Any, scope: Scope = "segment") -> list[str]:
    with pytest.raises(ModelError) as error:
        parse_condition(raw, scope, "when", segments=("a", "big customers"))
    return error.value.problems


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"segment": "big customer"},
         'when.segment: unknown segment "big customer" (did you mean big customers?); allowed: a, big customers'),
        ({"segment": ["a", "b"]}, 'when.segment[1]: unknown segment "b"; allowed: a, big customers'),
        ({"segment": []},
         "when.segment: found an empty list, allowed is the name of a segment or a list of names"),
        ({"sum": "amount"},
         "when.sum: found sum without did; allowed only beside it, as "
         '{ did = "page_viewed", at_least = 3, within = "7d" }'),
        ({"did": []},
         "when.did: found an empty list, allowed is a touchpoint type such as page_viewed, or a list of such"),
        ({"did": ["page_viewed", "Form Submitted"]},
         'when.did[1]: found "Form Submitted", allowed is a touchpoint type in snake_case such as page_viewed '
         "(did you mean form_submitted?)"),
        ({"did": "a", "sum": "amount"}, "when.sum: found sum alone, required is at_least or at_most beside it"),
        ({"did": "a", "max": "amount", "within": "7d"},
         "when.max: found max alone, required is at_least or at_most beside it"),
        ({"did": "a", "sum": "profile.amount", "at_least": 1},
         'when.sum: found "profile.amount", allowed is a property of the touchpoint such as "path"'),
        ({"did": "a", "sum": "amount", "at_least": "5"}, 'when.at_least: found "5", allowed is a number'),
        ({"did": "a", "min": "amount", "at_most": 2e12},
         "when.at_most: found 2000000000000.0, allowed is a number up to 1000000000000"),
        ({"did": "a", "sum": "amount", "at_least": 5.5, "at_most": -1},
         "when.at_most: found -1, allowed is at_least (5.5) or more"),
        ({"did": "a", "sum": "x", "max": "x", "at_least": 1},
         f"when.max: found max beside sum, allowed is one of {AGGREGATES}; several conditions stand in all = [...]"),
        ({"did": "a", "days": True, "same": "x", "at_least": 2},
         f"when.same: found same beside days, allowed is one of {AGGREGATES}; several conditions stand in all = [...]"),
        ({"did": "a", "days": False},
         "when.days: found false, allowed is true (to count touchpoints leave it out)"),
        ({"did": "a", "days": 3}, "when.days: found 3, allowed is true or false"),
        ({"did": "a", "days": True, "at_least": 1001},
         "when.at_least: found 1001, allowed is a whole number from 0 to 1000 (each is remembered of every lead)"),
        ({"did": "a", "values": "path", "at_most": 1001},
         "when.at_most: found 1001, allowed is a whole number from 0 to 1000 (each is remembered of every lead)"),
        ({"did": "a", "values": "path", "at_least": 0},
         "when.at_least: found 0, allowed is 1 or more; 0 only with at_most, as it always holds"),
        ({"did": "a", "values": True},
         'when.values: found true, allowed is a property of the touchpoint such as "path"'),
        ({"did": "a", "first": "30d"},
         'when.first: found "30d", allowed is a table of before, after, within_last such as { within_last = "30d" }'),
        ({"did": "a", "last": {}},
         "when.last: found an empty table, allowed is a table of before, after, within_last such as "
         '{ within_last = "30d" }'),
        ({"did": "a", "last": {"within_next": "30d"}},
         "when.last.within_next: found within_next, allowed: before, after, within_last; "
         "what was done lies never ahead"),
        ({"did": "a", "last": {"withinlast": "30d"}},
         'when.last.withinlast: unknown operator "withinlast" (did you mean within_last?); '
         "allowed: before, after, within_last"),
        ({"did": "a", "last": {"within_last": "30d"}, "within": "7d"},
         "when.within: found within beside last, allowed is last alone, with did and where"),
        ({"did": "a", "first": {"before": "2026-02-01"}, "at_least": 2},
         "when.at_least: found at_least beside first, allowed is first alone, with did and where"),
        ({"did": "a", "first": {"after": "2026-02-30"}}, f'when.first.after: found "2026-02-30", allowed is {DATE}'),
        ({"profile.ends": {"before": "tomorrow"}}, f'when."profile.ends".before: found "tomorrow", allowed is {DATE}'),
        ({"profile.ends": {"before": "2026-12-01T08:00:00"}},
         f'when."profile.ends".before: found "2026-12-01T08:00:00", allowed is {DATE}'),
        ({"profile.ends": {"after": datetime(2026, 12, 1, 8)}},
         f'when."profile.ends".after: found 2026-12-01 08:00:00, allowed is {DATE}'),
        ({"profile.ends": {"after": time(8)}}, f'when."profile.ends".after: found 08:00:00, allowed is {DATE}'),
        ({"profile.ends": {"after": 20261201}}, f'when."profile.ends".after: found 20261201, allowed is {DATE}'),
        ({"profile.ends": {"within_next": "1w"}},
         f'when."profile.ends".within_next: found "1w", allowed is {DURATION}'),
        ({"profile.ends": {"within_last": date(2026, 1, 1)}},
         f'when."profile.ends".within_last: found 2026-01-01, allowed is {DURATION}'),
        ({"profile.ends": {"within": "7d"}},
         f'when."profile.ends".within: unknown operator "within" (did you mean within_next?); allowed: {ALL_OPS}'),
        ({"source.campaign": {"before": "2026-12-01"}}, f'when."source.campaign".before: before {ELSEWHERE}'),
        ({"did": "a", "where": {"profile.ends": {"within_next": "7d"}}},
         f'when.where."profile.ends".within_next: within_next {ELSEWHERE}'),
    ],
)  # fmt: skip
def test_a_segments_when_refuses(raw: Any, line: str) -> None:
    assert refused(raw) == [line]


@pytest.mark.parametrize("scope", ["touchpoint", "person", "row"])
def test_dates_are_asked_in_segments_alone(scope: Scope) -> None:
    assert refused({"profile.ends": {"after": "2026-12-01"}}, scope) == [
        f'when."profile.ends".after: after {ELSEWHERE}'
    ]


def model(*segments: str) -> str:
    return '[[stages]]\nname = "lead"\n' + "".join(
        f'[[segments]]\nname = "{name}"\nwhen = {{ segment = {asked} }}\n'
        for name, _, asked in (segment.partition(" asks ") for segment in segments)
    )


@pytest.mark.parametrize(
    ("segments", "line"),
    [
        (['a asks "a"'], "segments[0].when: found a segment that asks for itself: a -> a; "),
        (['z asks "a"', 'a asks ["b"]', 'b asks ["c"]', 'c asks "a"'],
         "segments[1].when: found a segment that asks for itself: a -> b -> c -> a; "),
        (['c asks "b"', 'b asks "a"', 'a asks "c"'],
         "segments[0].when: found a segment that asks for itself: c -> b -> a -> c; "),
    ],
)  # fmt: skip
def test_segments_that_ask_for_themselves_are_refused_with_the_whole_cycle(segments: list[str], line: str) -> None:
    with pytest.raises(ModelError) as error:
        parse_model(model(*segments))
    assert error.value.problems == [f"{line}allowed are segments that ask for others"]


def test_a_cycle_within_not_all_and_any_is_found_too() -> None:
    text = (
        '[[stages]]\nname = "lead"\n[[segments]]\nname = "a"\n'
        'when = { all = [ { grade = "A" }, { not = { segment = "b" } } ] }\n'
        '[[segments]]\nname = "b"\nwhen = { any = [ { grade = "B" }, { segment = "a" } ] }\n'
    )
    with pytest.raises(ModelError, match="a -> b -> a"):
        parse_model(text)


def test_sixteen_segments_may_ask_for_each_other_in_a_row() -> None:
    chain = [f'n{number} asks "n{number + 1}"' for number in range(15)]
    last = '[[segments]]\nname = "n15"\nwhen = { grade = "A" }\n'
    assert len(parse_model(model(*chain) + last).segments) == 16
    with pytest.raises(ModelError) as error:
        parse_model(model('first asks "n0"', *chain) + last)
    assert error.value.problems == [
        "segments[0].when: found the first of a chain of 17 segments of which each asks for the next, allowed are 16"
    ]
