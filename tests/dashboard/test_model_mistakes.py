"""What is wrong with a model file is said in the reader's language: every field of the editor, typed wrong."""

import re

from api.dashboard.model_editing import faults_of
from api.dashboard.texts import Texts
from api.dashboard.words.model_mistakes import mistake_text
from api.dashboard.words.wording import PageWording
from domain.files.problems import ModelError
from domain.model.definition import parse_model
from domain.model.editing import edited, fields_of
from tests.dashboard.given_model_pages import FILE

TEXT = FILE.replace("grades = { A = 10 }", "grades = { A = 10, B = 5 }")
WORDING = PageWording(parse_model(TEXT), Texts().languages["zh-CN"], 0)


def chinese(text: str) -> str:
    return str(mistake_text(WORDING, text))


def faults(name: str, typed: str) -> list[str]:
    """What is said of a field of which something wrong was typed."""
    try:
        parse_model(edited(TEXT, {name: typed}), is_new=True)
    except ModelError as error:
        return [fault.text for fault in faults_of(error, TEXT)]
    return []


def test_what_is_typed_wrong_into_any_field_is_said_in_chinese() -> None:
    english = set()
    names = {re.sub(r"\[\d+\]", "[]", name): name for name in fields_of(TEXT)}  # one of each list
    found = {fault for name in names.values() for typed in ("zz/z", "-1", "") for fault in faults(name, typed)}
    assert len(found) > 10
    for fault in found:
        if 'lang="en"' in (said := chinese(fault)) or not re.match(r"第 \d+ 行，", said):
            english.add(said)
    assert not english, "\n".join(english)


def test_what_the_file_says_stays_as_it_is_and_is_escaped() -> None:
    fault = 'line 45, score.rules[0] "<b>" points: found "zzz", allowed is a number'
    assert chinese(fault) == "第 45 行，score.rules[0] &#34;&lt;b&gt;&#34; points：写的是 &#34;zzz&#34;，应为数值"
    unknown = 'stages[0]: unknown key "hott" (did you mean hot?); allowed: name, hot'
    assert chinese(unknown).startswith("stages[0]：未知的键 &#34;hott&#34;（是否指 hot？）")
    braces = 'found "x", allowed is a table of least points such as { A = 20, B = 10, C = 0 }'
    assert chinese(braces).endswith("如 { A = 20, B = 10, C = 0 }")


def test_what_nobody_knows_is_marked_as_english() -> None:
    assert chinese("found 3, allowed is something new") == '写的是 3，应为<span lang="en">something new</span>'
    assert chinese("so says another program") == '<span lang="en">so says another program</span>'
