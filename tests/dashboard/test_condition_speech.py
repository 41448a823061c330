"""Conditions are said in every language: every node, every operator, with the labels of the model."""

import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from babel.messages.extract import extract_from_dir

from api.dashboard.texts import Texts
from api.dashboard.words.condition_speech import PageSpeech
from api.dashboard.words.wording import PageWording
from domain.conditions.tree import (
    ORDERS,
    Aggregate,
    All,
    AmountOf,
    AnyOf,
    Condition,
    DateField,
    DateOp,
    Did,
    DidAmount,
    DidDistinct,
    DidWhen,
    EndOf,
    Field,
    Heat,
    InGrade,
    InSegment,
    InStage,
    Not,
    Of,
    Op,
)
from domain.conditions.words import Speech, in_words
from domain.files.durations import DAY
from domain.model.definition import parse_model
from scripts.texts import CONDITIONS

MODEL = parse_model("""
[[stages]]
name = "lead"
label = { en = "New lead", zh = "新线索" }
[[segments]]
name = "fans"
label = { en = "Fans", zh = "粉丝" }
when = { heat = { gte = 80 } }
[[segments]]
name = "deep"
label = { en = "Deep", zh = "深度" }
when = { all = [ { "profile.company" = { exists = true } },
  { any = [ { stage = "lead" }, { segment = "fans" } ] },
  { did = "page_viewed", where = { path = { starts_with = "/9" } }, at_least = 3, within = "7d" } ] }
""")
STRANGE = "profile.9"
"""A field that nobody translates; digits are read in every language."""


def operand(op: Op) -> Any:
    return True if op is Op.EXISTS else ("1", 2, True) if op in (Op.IN, Op.NOT_IN) else "3"


def dated(op: DateOp) -> Any:
    return 3 * DAY if op in (DateOp.WITHIN_NEXT, DateOp.WITHIN_LAST) else "2026-12-01"


def everything() -> Iterator[Condition]:
    """Every node with every operator that it may have, and with what changes how it is said."""
    grade = InGrade(frozenset({"4"}))
    yield from (Field(("9",), of, op, operand(op)) for of in (Of.TOUCHPOINT, Of.PERSON) for op in Op)
    yield from (Field((each,), Of.SOURCE, Op.EQ, "1") for each in ("source", "medium", "campaign", "content", "term"))
    yield Field(("channel",), Of.SOURCE, Op.EQ, "direct")
    yield Field(("to",), Of.TOUCHPOINT, Op.EQ, "lead")
    yield Field(("9",), Of.PERSON, Op.EXISTS, False)
    yield from (DateField("9", op, dated(op)) for op in DateOp)
    yield from (All(()), AnyOf(()), Not(grade), Not(AnyOf((grade, InStage(frozenset({"lead"}))))))
    yield from (All((grade, grade, grade)), AnyOf((grade, All((grade, grade)), grade)))
    yield from (InStage(frozenset({"lead", "visitor"})), grade, InSegment(frozenset({"fans"})))
    yield from (Heat(op, 2.5) for op in ORDERS)
    yield from (Did("page_viewed", where) for where in (None, grade, All((grade, grade))))
    yield from (
        Did("call_logged", None, least, most, DAY) for least, most in ((2, None), (0, 0), (0, 1), (1, 1), (3, 3))
    )
    yield Did(("call_logged", "page_viewed"), same=("9",), at_least=2)
    for aggregate in get_args(AmountOf):
        bounds = ((1, None), (None, 2), (1, 2), (2, 2))
        yield from (DidAmount("page_viewed", None, aggregate, ("9",), *each, None) for each in bounds)
    for least, most in ((2, None), (0, 0), (0, 1), (1, 1), (1, None)):
        yield from (DidDistinct("page_viewed", None, path, least, most, DAY) for path in ((), ("9",)))
    for end in get_args(EndOf):
        yield from (DidWhen("page_viewed", None, end, op, dated(op)) for op in DateOp)


class Hearing(Speech):
    """Plain English; what texts it is asked for is kept."""

    def __init__(self) -> None:
        self.heard: set[str] = set()

    def say(self, text: str, **parts: str) -> str:
        self.heard.add(text)
        return super().say(text, **parts)


def test_everything_that_there_is_is_said() -> None:
    """Of these tests: whoever adds a node or an operator finds here what else must know it."""
    nodes = list(everything())
    assert {type(each) for each in nodes} == set(get_args(Condition))
    assert {each.op for each in nodes if isinstance(each, Field)} == set(Op)
    assert {each.op for each in nodes if isinstance(each, DateField)} == set(DateOp)
    assert {each.of for each in nodes if isinstance(each, DidAmount)} == set(get_args(AmountOf)) <= set(Aggregate)
    hearing = Hearing()
    for each in nodes:
        in_words(each, hearing)
    marked = {each[2] for each in extract_from_dir(CONDITIONS, [("**.py", "python")], {}, {"say": None})}
    assert hearing.heard == marked


def page_speech(tag: str) -> PageSpeech:
    return PageSpeech(PageWording(MODEL, Texts().languages[tag], 0))


@pytest.mark.parametrize("condition", list(everything()), ids=lambda each: in_words(each)[:60])
def test_in_chinese_nothing_is_left_in_english(condition: Condition) -> None:
    said = in_words(condition, page_speech("zh-CN"))
    assert said and not re.search(r"[A-Za-z{}]", said), said
    assert in_words(condition, page_speech("en"))


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("en", "Company is there and (segment is “Fans” or stage is New lead) and "
               "did “Viewed a page” where the path starts with /9 at least 3 times within 7 days"),
        ("zh-CN", "公司有值，并且（属于分群“粉丝”或阶段是新线索），并且7天内做过“浏览页面”（路径以 /9 开头）至少 3 次"),
    ],
)  # fmt: skip
def test_a_page_says_labels_and_reads_in_one_way(tag: str, said: str) -> None:
    parts = in_words(MODEL.segments[1].when, page_speech(tag))
    assert sorted(re.split(" and |，并且", parts)) == sorted(re.split(" and |，并且", said))


def test_countries_are_called_as_people_call_them() -> None:
    where = Field(("company_country",), Of.PERSON, Op.IN, ("DE", "AT", "elsewhere"))
    assert in_words(where, page_speech("en")) == "Company country is one of Germany, Austria, elsewhere"
    assert in_words(where, page_speech("zh-CN")) == "公司所在国家是德国，奥地利，elsewhere 之一"
    assert in_words(where, Speech()) == "profile.company_country is one of DE, AT, elsewhere"
