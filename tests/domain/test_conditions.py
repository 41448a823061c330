"""Conditions: what each operator means, and that no data can make one raise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conditions.compile import NO_SOURCE, compile_where
from domain.conditions.parse import Scope, parse_condition
from domain.conditions.tree import All, AnyOf, Condition, Did, Field, Heat, InGrade, InStage, Not, Of, Op, meaning
from domain.conditions.words import in_words
from domain.files.durations import DAY
from domain.files.problems import ModelError


def holds(raw: dict[str, Any], properties: dict[str, Any] | None = None, **profile: Any) -> bool:
    """Given a condition of a touchpoint, when it is asked about these properties and person, then this."""
    return compile_where(parse_condition(raw, "touchpoint"))(properties or {}, profile, NO_SOURCE)


# ---- what they mean ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value", "expected"),
    [
        ("/pricing", "/pricing", True),
        ("/pricing", "/Pricing", False),
        ({"eq": "a"}, "a", True),
        ({"eq": "a"}, ["b", "a"], True),
        ({"eq": "50"}, 50, False),
        ({"eq": 50}, 50.0, True),
        ({"eq": 50}, "50", True),
        ({"eq": 50}, " 50.0 ", True),
        ({"eq": 50.0}, 50, True),
        ({"eq": 1}, True, False),
        ({"eq": True}, True, True),
        ({"eq": True}, 1, False),
        ({"eq": True}, "true", False),
        ({"eq": ""}, "", True),
        ({"ne": "a"}, "b", True),
        ({"ne": "a"}, ["b", "a"], False),
        ({"ne": "a"}, {"a": 1}, True),
        ({"in": ["a", "b"]}, "b", True),
        ({"in": ["a", 7]}, "7", True),
        ({"in": ["a", True]}, 1, False),
        ({"in": ["a", "b"]}, "c", False),
        ({"not_in": ["a", "b"]}, "c", True),
        ({"not_in": ["a", "b"]}, ["c", "a"], False),
        ({"gt": 50}, 51, True),
        ({"gt": 50}, 50, False),
        ({"gt": 50}, "51", True),
        ({"gt": 50}, "5.1e1", True),
        ({"gt": 50}, "many", False),
        ({"gt": 0}, True, False),
        ({"gt": 50}, ["3", "70"], True),
        ({"gte": 50}, 50, True),
        ({"lt": 50}, 49.9, True),
        ({"lte": 50}, "50", True),
        ({"lte": 50}, "٥٠", False),
        ({"lte": 123456789012345678}, "123456789012345678", True),
        ({"gte": "2026-01-01"}, "2026-03-01T10:00:00Z", True),
        ({"gte": "2026-01-01"}, 2027, False),
        ({"gte": 10, "lt": 20}, 15, True),
        ({"gte": 10, "lt": 20}, 20, False),
        ({"starts_with": "/pri"}, "/pricing", True),
        ({"starts_with": "/pri"}, "/docs", False),
        ({"starts_with": "5"}, 50, False),
        ({"ends_with": ".pdf"}, ["a.txt", "a.pdf"], True),
        ({"contains": "price"}, "our prices", True),
        ({"contains": "price"}, ["our prices"], False),
        ({"contains": "price"}, ["price"], True),
        ({"contains": 7}, ["7"], True),
        ({"contains": 7}, "7", False),
        ({"exists": True}, 0, True),
        ({"exists": True}, "", False),
        ({"exists": True}, [], False),
        ({"exists": False}, "", True),
    ],
)
def test_one_field(raw: Any, value: Any, expected: bool) -> None:
    assert holds({"x": raw}, {"x": value}) is expected
    assert holds({"not": {"x": raw}}, {"x": value}) is not expected


@pytest.mark.parametrize("op", list(Op))
def test_a_missing_field_is_unequal_and_nothing_else(op: str) -> None:
    operand: Any = ["a"] if op in ("in", "not_in") else True if op == "exists" else "a"
    for properties in ({}, {"x": None}):
        assert holds({"x": {op: operand}}, properties) is (op in ("ne", "not_in"))
        assert holds({"x.y.z": {op: operand}}, properties) is (op in ("ne", "not_in"))
    assert holds({"x": {"exists": False}}, {})


@pytest.mark.parametrize("op", ["lt", "lte", "gt", "gte"])
def test_an_empty_text_is_before_and_after_no_date(op: str) -> None:
    assert not holds({"profile.renews": {op: "2026-01-01"}}, renews="")
    assert not holds({"profile.renews": {op: "2026-01-01"}}, renews=[""])
    assert holds({"profile.renews": {"lt": "2026-01-01"}}, renews=["", "2025-12-31"])


def test_a_condition_is_said_in_words() -> None:
    raw = {
        "any": [{"stage": ["lead", "customer"]}, {"grade": "A"}],
        "not": {"heat": {"lt": 2.5}},
        "did": "page_viewed",
        "where": {"path": {"starts_with": "/p"}, "profile.country": {"in": ["CN", "DE"]}},
        "at_most": 3,
        "within": "7d",
    }
    said = in_words(parse_condition(raw, "segment"))
    where = "(path starts with /p and profile.country is one of CN, DE)"
    assert f"did page_viewed where {where} at least 1 and at most 3 times within 7d" in said
    assert "(grade is A or stage is customer or lead)" in said and "not (heat is less than 2.5)" in said


def test_a_dotted_path_walks_nested_objects() -> None:
    assert holds({"utm.source": "ads"}, {"utm": {"source": "ads"}})
    assert not holds({"utm.source": "ads"}, {"utm": ["ads"]})
    assert not holds({"utm.source": "ads"}, {"utm.source": "ads"})


def test_a_bare_field_is_the_touchpoints_and_profile_is_the_person() -> None:
    assert holds({"profile.title": "CEO"}, {"title": "CTO"}, title="CEO")
    assert not holds({"title": "CEO"}, {"title": "CTO"}, title="CEO")
    assert holds({"profile": {"title": "CEO", "country": "CN"}}, title="CEO", country="CN"), "profile.title unquoted"


def test_the_persons_email_is_compared_in_lower_case() -> None:
    assert holds({"profile.email": "Alice@Example.COM"}, email="alice@example.com")
    assert holds({"profile.email": {"ends_with": "@Example.com"}}, email="Alice@example.com")
    assert holds({"profile.email": {"in": ["A@x.com", "B@x.com"]}}, email="b@x.com")
    assert not holds({"email": "Alice@Example.COM"}, {"email": "alice@example.com"}), "a property is exact"


def test_several_keys_hold_together_and_all_any_not_nest() -> None:
    raw = {"path": "/a", "any": [{"n": 1}, {"all": [{"n": 2}, {"not": {"m": 1}}]}]}
    assert holds(raw, {"path": "/a", "n": 1})
    assert holds(raw, {"path": "/a", "n": 2})
    assert not holds(raw, {"path": "/a", "n": 2, "m": 1})
    assert not holds(raw, {"path": "/b", "n": 1})


def test_a_row_has_columns_whatever_they_are_called() -> None:
    where = compile_where(parse_condition({"profile.x": "1", "did": "y", "a.b": {"gt": 2}}, "row"))
    assert where({"profile.x": "1", "did": "y", "a.b": "3"}, {}, NO_SOURCE)
    assert not where({"profile.x": "1", "did": "y", "a": {"b": 3}}, {}, NO_SOURCE)


def test_no_condition_holds_for_everything() -> None:
    assert compile_where(None)({}, {}, NO_SOURCE) is True


def test_what_only_a_lead_can_answer_does_not_compile() -> None:
    for condition in (Did("page_viewed"), InStage(frozenset({"lead"})), InGrade(frozenset("A")), Heat("gt", 1.0)):
        with pytest.raises(TypeError, match="asks about a lead"):
            compile_where(Not(condition))


def test_a_segment_asks_for_history_and_state() -> None:
    raw = {
        "all": [
            {"profile.country": "CN"},
            {"did": "page_viewed", "where": {"path": "/p"}, "at_least": 3, "at_most": 9, "within": "7d", "grade": "A"},
            {"not": {"stage": ["customer", "visitor"]}},
            {"heat": {"gte": 5, "lt": 50}},
        ]
    }
    condition = parse_condition(raw, "segment", stages=("lead", "customer"))
    assert isinstance(condition, All)
    assert set(condition.parts) == {
        Field(("country",), Of.PERSON, "eq", "CN"),
        Did("page_viewed", Field(("path",), Of.TOUCHPOINT, "eq", "/p"), 3, 9, 7 * DAY),
        InGrade(frozenset("A")),
        Not(InStage(frozenset({"customer", "visitor"}))),
        Heat("gte", 5.0),
        Heat("lt", 50.0),
    }


def test_never_did_is_at_least_and_at_most_0() -> None:
    assert parse_condition({"did": "a", "at_least": 0, "at_most": 0}, "segment") == Did("a", None, 0, 0, None)


def test_a_did_may_count_repeats_of_one_value() -> None:
    repeats = parse_condition({"did": "a", "same": "utm.source", "at_least": 3}, "segment")
    assert repeats == Did("a", None, 3, None, None, ("utm", "source"))
    assert in_words(repeats) == "did a at least 3 times with the same utm.source"
    assert meaning(repeats) != meaning(Did("a", None, 3)) == ["did", "a", None, 3, None, None]


# ---- laws ----------------------------------------------------------------------------------------------------------

names = st.sampled_from(["x", "y", "profile.x", "profile.email", "x.y"])
scalars = st.text(max_size=3) | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans()
texts = st.text(min_size=1, max_size=3)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
lists = st.lists(scalars, min_size=1, max_size=3)
operators = st.fixed_dictionaries(
    {},
    optional={
        "eq": scalars, "ne": scalars, "in": lists, "not_in": lists, "gt": numbers | texts, "gte": numbers | texts,
        "lt": numbers | texts, "lte": numbers | texts, "starts_with": texts, "ends_with": texts,
        "contains": texts | numbers, "exists": st.booleans(),
    },
).filter(bool)  # fmt: skip
fields = st.dictionaries(names, scalars | operators, min_size=1, max_size=3)
tables = st.recursive(
    fields,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "all": st.lists(inner, min_size=1, max_size=3),
            "any": st.lists(inner, min_size=1, max_size=3),
            "not": inner,
        },
    ).filter(bool),
    max_leaves=6,
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.from_regex(r"\s?[+-]?[0-9.e]{1,6}\s?"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.sampled_from(["x", "y", "email"]), values)


@given(tables, objects, objects)
def test_a_condition_is_true_or_false_of_any_json(raw: Any, properties: Any, profile: Any) -> None:
    """The guarantee of compile_where: total and pure."""
    condition = parse_condition(raw, "touchpoint")
    where = compile_where(condition)
    before = repr((properties, profile))
    answer = where(properties, profile, NO_SOURCE)
    assert answer is True or answer is False
    assert compile_where(condition)(properties, profile, NO_SOURCE) is answer
    assert repr((properties, profile)) == before
    assert compile_where(Not(condition))(properties, profile, NO_SOURCE) is not answer


@given(tables, objects, objects)
def test_the_compiled_form_agrees_with_a_plain_reading(raw: Any, properties: Any, profile: Any) -> None:
    condition = parse_condition(raw, "touchpoint")
    assert compile_where(condition)(properties, profile, NO_SOURCE) is plain(condition, properties, profile)


def plain(condition: Condition, properties: Any, profile: Any) -> bool:
    """The slow reading: one field at a time, no short cuts."""
    match condition:
        case All(parts):
            return all(plain(part, properties, profile) for part in parts)
        case AnyOf(parts):
            return any(plain(part, properties, profile) for part in parts)
        case Not(part):
            return not plain(part, properties, profile)
        case Field():
            return compile_where(condition)(properties, profile, NO_SOURCE)
    raise AssertionError(condition)


@given(st.lists(fields, min_size=1, max_size=4), st.randoms())
def test_the_order_of_parts_and_repeats_have_no_meaning(parts: list[Any], random: Any) -> None:
    shuffled = [*parts, parts[0]]
    random.shuffle(shuffled)
    for word in ("all", "any"):
        assert parse_condition({word: parts}, "touchpoint") == parse_condition({word: shuffled}, "touchpoint")


@given(st.lists(scalars, min_size=1, max_size=4), st.randoms())
def test_the_order_of_in_has_no_meaning(operands: list[Any], random: Any) -> None:
    shuffled = [*operands, operands[0]]
    random.shuffle(shuffled)
    one = parse_condition({"x": {"in": operands}}, "touchpoint")
    assert repr(one) == repr(parse_condition({"x": {"in": shuffled}}, "touchpoint"))


times = st.dates() | st.datetimes() | st.times()
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | times,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["all", "any", "not", "did", "where", "at_least", "at_most", "within", "stage", "grade", "heat",
                         "segment", "profile", "profile.x", "profile.", ".", "", "x", *list(Op)]),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(junk, st.sampled_from(["touchpoint", "person", "segment", "row"]))
def test_junk_is_a_condition_or_a_model_error(raw: Any, scope: Scope) -> None:
    try:
        hash(parse_condition(raw, scope, "where", stages=("lead",)))
    except ModelError as error:
        assert error.problems
        assert all(line.startswith("where") for line in error.problems)
