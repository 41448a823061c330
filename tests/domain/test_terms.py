"""Terms: what somebody is found by, and what a search asks for."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fold.terms import LONGEST, READ, TERMS, asked_for, terms_of


def found_by(q: str, *texts: str) -> bool:
    """Whether somebody of these texts is found by a search."""
    terms, asked = terms_of(texts), asked_for(q)
    return bool(asked) and all(any(term.startswith(each) for term in terms) for each in asked)


@pytest.mark.parametrize(("q", "text"), [
    ("ada", "Ada Lovelace"),
    ("LOVE", "Ada Lovelace"),
    ("love ada", "Ada Lovelace"),
    ("mull", "Jörg Müller"),
    ("müller", "MULLER"),
    ("strasse", "Straße 7"),
    ("istanbul", "İSTANBUL A.Ş."),
    ("a.ş", "İSTANBUL A.Ş."),
    ("ада", "Ада Лавлейс"),
    ("3m", "3M Company"),
    ("王芳", "王芳"),
    ("王", "王芳"),
    ("芳", "王芳"),
    ("小芳", "王小芳"),
    ("王小芳", "王小芳"),
    ("科技", "上海星辰科技有限公司"),
    ("有限公司", "上海星辰科技有限公司"),
    ("星辰 上海", "上海星辰科技有限公司"),
    ("ibm", "IBM中国"),
    ("中国", "IBM中国"),
    ("タナ", "ﾀﾅｶ"),
    ("田中", "田中太郎"),
    ("김민", "김민수"),
    ("수", "김민수"),
    ("नम", "नमस्ते"),
    ("ada@x.de", "ada@x.de"),
    ("lovelace", "ada.lovelace@x-corp.de"),
    ("corp", "ada.lovelace@x-corp.de"),
    ("o'bri", "O'Brien"),
    ("ＡＤＡ", "ada"),
    ("محمد", "مُحَمَّد أحمد"),
    ("احمد", "مُحَمَّد أحمد"),
    ("مُحَمَّد", "محمد"),
    ("محـــمد", "محمد"),
    ("\u05d3\u05d5\u05d3", "\u05d3\u05b8\u05bc\u05d5\u05b4\u05d3 \u05db\u05d4\u05df"),
    ("soren", "Søren Łukasz"),
    ("lukasz", "Søren Łukasz"),
    ("SØREN", "Soren"),
    ("isik", "ışık"),
    ("ışık", "IŞIK"),
    ("aegir thor", "Ægir Þór"),
    ("山田太郎", "山田 太郎"),
    ("田太", "山田\u3000太郎"),
    ("约翰史密斯", "约翰·史密斯"),
    ("山田 太郎", "山田太郎"),
    ("ada", "❤\ufe0fAda"),
    ("葛城", "葛\U000e0100城"),
])  # fmt: skip
def test_found(q: str, text: str) -> None:
    assert found_by(q, text)


@pytest.mark.parametrize(("q", "text"), [
    ("velace", "Ada Lovelace"),
    ("ada bob", "Ada Lovelace"),
    ("芳王", "王芳"),
    ("王芳", "王小芳"),
    ("王小芳", "王芳小"),
    ("x", "ada@y.de"),
    ("❤\ufe0f", "☎\ufe0f Tel"),
    ("王国", "王芳 IBM 中国"),
])  # fmt: skip
def test_not_found(q: str, text: str) -> None:
    assert not found_by(q, text)


@pytest.mark.parametrize("nothing", ["", "  ", "!?", "...", "\u0301", "❤\ufe0f", "\u094d"])
def test_what_asks_for_nothing(nothing: str) -> None:
    assert asked_for(nothing) == []


def test_bounds() -> None:
    many = [" ".join(f"w{n}" for n in range(100)), "x" * 1_000, "王" * 1_000]
    terms = terms_of(many)
    assert len(terms) == TERMS and max(map(len, terms)) <= LONGEST
    assert terms_of(["x" * 1_000]) == ["x" * LONGEST] == asked_for("x" * 1_000)


@given(st.text(max_size=READ), st.data())
def test_who_is_asked_for_by_the_beginnings_of_their_words_is_found(text: str, data: st.DataObject) -> None:
    """Whatever the script: where the terms are not too many, each finds the text, and so does the text itself."""
    terms = terms_of([text])
    if not terms or len(terms) == TERMS:
        return
    term = data.draw(st.sampled_from(terms))
    length = data.draw(st.integers(1, len(term)))
    begin = term[:length]
    if category(begin[-1])[0] in "LN":
        assert found_by(begin, text)
    assert set(asked_for(text)) <= set(terms)


@given(st.text(max_size=60))
def test_terms_can_be_stored(text: str) -> None:
    for term in terms_of([text]):
        assert "\x00" not in term and term == term.strip() and term.encode()
