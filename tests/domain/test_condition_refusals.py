"""Conditions that are refused: one test a refusal, with its words."""

from typing import Any

import pytest

from domain.conditions.parse import Scope, parse_condition
from domain.conditions.tree import Op
from domain.files.problems import ModelError


def refused(raw: Any, scope: Scope = "touchpoint", path: str = "where") -> list[str]:
    """The lines that refuse a condition."""
    with pytest.raises(ModelError) as error:
        parse_condition(raw, scope, path, stages=("lead", "customer"))
    return error.value.problems


EXAMPLE = 'a condition: a table such as { path = { starts_with = "/pricing" } }'
LEAD_KEYS = (
    "all, any, not, did, where, sum, max, min, days, values, same, first, last, at_least, at_most, within, "
    "stage, grade, heat, segment"
)
ALL_OPS = ", ".join(list(Op))


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("x > 3", f'where: found "x > 3", allowed is {EXAMPLE}'),
        ({}, f"where: found an empty table, allowed is {EXAMPLE}"),
        ({"x": ["a"]}, "where.x: found a list, allowed is one value, or { in = [...] } for any of several"),
        ({"x": {}}, f"where.x: found an empty table, allowed: a value, or a table of {ALL_OPS}"),
        ({"x": {"startswith": "a"}},
         f'where.x.startswith: unknown operator "startswith" (did you mean starts_with?); allowed: {ALL_OPS}'),
        ({"utm": {"source": "a"}},
         f'where.utm.source: unknown operator "source"; allowed: {ALL_OPS}; '
         'a nested field is quoted whole: "utm.source"'),
        ({"x": {"in": "a"}}, 'where.x.in: found "a", allowed is a list of texts, numbers, true or false'),
        ({"x": {"in": []}}, "where.x.in: found an empty list, allowed is a list of texts, numbers, true or false"),
        ({"x": {"in": [["a"]]}}, "where.x.in: found a list, allowed is a text, a finite number, true or false"),
        ({"x": float("inf")}, "where.x: found inf, allowed is a text, a finite number, true or false"),
        ({"x": {"gt": True}}, "where.x.gt: found true, allowed is a number or a text"),
        ({"x": {"starts_with": ""}}, 'where.x.starts_with: found "", allowed is a text that is not empty'),
        ({"x": {"ends_with": 5}}, "where.x.ends_with: found 5, allowed is a text that is not empty"),
        ({"x": {"contains": False}}, "where.x.contains: found false, allowed is a text that is not empty, or a number"),
        ({"x": {"exists": "yes"}}, 'where.x.exists: found "yes", allowed is true or false'),
        ({"any": {"x": 1}}, f"where.any: found a table, allowed is a list of conditions such as [ {EXAMPLE[29:]} ]"),
        ({"all": []}, f"where.all: found an empty list, allowed is a list of conditions such as [ {EXAMPLE[29:]} ]"),
        ({"not": [{"x": 1}]}, f"where.not: found a list, allowed is {EXAMPLE}"),
        ({"did": "page_viewed"}, "where.did: did asks about the whole history: allowed only in a segment's when"),
        ({"context.ip": "a"},
         'where."context.ip": context is not for conditions; allowed: a property, "profile.<field>", all, any, not'),
        ({"profile": "a"}, 'where.profile: found a field without a name, allowed is such as "profile.country"'),
        ({"a..b": 1}, 'where."a..b": found a field without a name, allowed is such as "profile.country"'),
    ],
)  # fmt: skip
def test_a_touchpoints_where_refuses(raw: Any, line: str) -> None:
    assert refused(raw) == [line]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"country": "CN"},
         'where.country: unknown key "country"; allowed: all, any, not, "profile.<field>" '
         '(the person\'s field is "profile.country")'),
        ({"stage": "lead"},
         'where.stage: unknown key "stage"; allowed: all, any, not, "profile.<field>" '
         '(the person\'s field is "profile.stage")'),
    ],
)  # fmt: skip
def test_a_persons_where_refuses(raw: Any, line: str) -> None:
    assert refused(raw, "person") == [line]


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"path": "/a"},
         f'when.path: unknown key "path"; allowed: {LEAD_KEYS}, "profile.<field>" '
         '(the person\'s field is "profile.path")'),
        ({"stages": "lead"},
         f'when.stages: unknown key "stages" (did you mean stage?); allowed: {LEAD_KEYS}, "profile.<field>"'),
        ({"at_least": 3},
         'when.at_least: found at_least without did; allowed only beside it, as '
         '{ did = "page_viewed", at_least = 3, within = "7d" }'),
        ({"did": "Page Viewed"},
         'when.did: found "Page Viewed", allowed is a touchpoint type in snake_case such as page_viewed '
         "(did you mean page_viewed?)"),
        ({"did": 3}, "when.did: found 3, allowed is a touchpoint type in snake_case such as page_viewed"),
        ({"did": "a", "at_least": "3"}, 'when.at_least: found "3", allowed is a whole number from 0 to 10000'),
        ({"did": "a", "at_least": 0},
         "when.at_least: found 0, allowed is 1 or more; 0 only with at_most, as it always holds"),
        ({"did": "a", "at_most": 0},
         'when.at_most: found 0, allowed is at_least (1) or more (for "never" give at_least = 0 too, or use not)'),
        ({"did": "a", "at_least": 3, "at_most": 2}, "when.at_most: found 2, allowed is at_least (3) or more"),
        ({"did": "a", "same": "path"}, "when.same: found same with at_least 1, allowed is 2 or more: one repeats none"),
        ({"did": "a", "same": "path", "at_least": 2, "at_most": 3},
         "when.at_most: found at_most beside same, allowed is at_least; for less use not"),
        ({"did": "a", "same": "profile.x", "at_least": 2},
         'when.same: found "profile.x", allowed is a property of the touchpoint such as "path"'),
        ({"did": "a", "within": "1w"},
         'when.within: found "1w", allowed is a whole number of s, m, h or d up to 36500d, such as '
         '"90s", "15m", "24h" or "14d"'),
        ({"did": "a", "where": {"x": []}},
         "when.where.x: found a list, allowed is one value, or { in = [...] } for any of several"),
        ({"did": "a", "where": {"did": "b"}},
         "when.where.did: did asks about the whole history: allowed only in a segment's when"),
        ({"stage": ["lead", "custmer"]},
         'when.stage[1]: unknown stage "custmer" (did you mean customer?); allowed: visitor, lead, customer'),
        ({"stage": []}, "when.stage: found an empty list, allowed is the name of a stage or a list of names"),
        ({"grade": "E"}, 'when.grade: unknown grade "E"; allowed: A, B, C, D'),
        ({"heat": 50}, "when.heat: found 50, allowed is a table of gt, gte, lt, lte such as { gte = 50 }"),
        ({"heat": {"eq": 5}}, 'when.heat.eq: unknown operator "eq"; allowed: gt, gte, lt, lte'),
        ({"heat": {"gt": -1}}, "when.heat.gt: found -1, allowed is a number from 0"),
    ],
)  # fmt: skip
def test_a_segments_when_refuses(raw: Any, line: str) -> None:
    assert refused(raw, "segment", "when") == [line]


def test_everything_wrong_is_said_at_once() -> None:
    assert len(refused({"x": [], "all": [{"y": {}}, {"z": {"gt": None}}], "not": 3})) == 4


def test_a_tree_deeper_than_16_is_refused() -> None:
    raw: dict[str, Any] = {"x": 1}
    for _ in range(15):
        raw = {"not": raw}
    parse_condition(raw, "touchpoint")
    assert refused({"not": raw}) == [f"where{'.not' * 16}: nested too deep: allowed are 16 levels"]
