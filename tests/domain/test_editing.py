"""A model file changed by fields: exactly the asked keys change, and nothing else of the text."""

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.files.problems import ModelError
from domain.model.definition import STARTER, parse_model
from domain.model.editing import FieldKind, ModelField, edited, fields_of

EXAMPLES = [*(Path(__file__).parents[2] / "examples").glob("*/leadline.toml")]
NAMED = st.sampled_from(("viewed pricing", "sent a form", "价格", 'he said "hi"'))
COMMENT = st.sampled_from(("", "", "  # why it is so", " # 为什么", "# points = 7"))
LABELS = (
    'label = { en = "One", zh = "一" }', 'label = "One"', "", 'label.en = "One"', 'label = {zh="一", de="Eins"}',
    'label.en = "One"\nlabel.zh = "一"',
)  # fmt: skip
LIMITS = ('limit = "3 per 24h"', "", 'limit = { count = 2, within = "24h", per = "path" }', "limit.count = 2")


@st.composite
def entry(draw: st.DrawFn, header: str, *more: str) -> list[str]:
    """An entry of a list with its keys in any order, comments among them."""
    optional = ["points = 5", draw(st.sampled_from(LABELS)), draw(st.sampled_from(LIMITS)), *more]
    if draw(st.booleans()):
        optional.append(f"enabled = {draw(st.sampled_from(('true', 'false')))}")
    keys = [f"name = {toml(draw(NAMED))}", 'on = "page_viewed"', *draw(st.permutations(optional))]
    lines = [f"[[{header}]]" + draw(COMMENT)]
    for key in filter(None, keys):
        lines += draw(st.sampled_from(([], [], ["# a line of its own"], [""])))
        lines.append(key + draw(COMMENT))
    return [*lines, *draw(st.sampled_from(([], ["", "# ---- the next part ----", ""], [""])))]


@st.composite
def files(draw: st.DrawFn) -> str:
    """A file whose parts stand in any order; not all are valid models."""
    hot_at = draw(st.sampled_from(("hot_at = 80", "hot_at = { A = 60, B = 80.5 }", "hot_at.A = 60", "")))
    score = ["[score]", 'half_life = "7d"' + draw(COMMENT), *([hot_at + draw(COMMENT)] if hot_at else []), ""]
    fit = ["[fit]", "grades = { A = 20, B = 10 }" + draw(COMMENT), "# of fit"]
    rules = draw(st.lists(entry("score.rules", "where = { path = '/x' }"), max_size=3))
    fits = draw(st.lists(entry("fit.rules"), max_size=2))
    stages = [*draw(entry("stages")), *draw(entry("stages", "won = true"))]
    first, second = (score, *rules), (fit, *fits)
    parts = draw(
        st.permutations(([line for part in first for line in part], [line for part in second for line in part]))
    )
    if draw(st.booleans()):  # [score], then others, then its rules
        parts = [score, *parts[1:], *fits, *rules] if parts[0][0] == "[score]" else [fit, score, *fits, *rules]
    text = "\n".join(["# the head", *stages, *(line for part in parts for line in part), "# the end"])
    text = text.replace("\n", "\r\n") if draw(st.booleans()) else text
    return (
        ("\ufeff" if draw(st.booleans()) else "")
        + text
        + draw(st.sampled_from(("", "\n", "\n\n"))).replace("\n", "\r\n" if "\r\n" in text else "\n")
    )


def toml(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def typed_in(field: ModelField) -> st.SearchStrategy[str]:
    match field.kind:
        case FieldKind.SWITCH:
            return st.sampled_from(("on", ""))
        case FieldKind.NUMBER:
            return st.sampled_from(("7", "-3.5", "", "1e3", "many", field.shown))
        case FieldKind.TEXT:
            return st.sampled_from(("", "2 per 7d", "新", 'with "quotes" # and = more', field.shown))


def meant(field: ModelField, typed: str) -> Any:
    """What a file says where this was typed; None: nothing."""
    match field.kind:
        case FieldKind.SWITCH:
            return typed == "on"
        case FieldKind.NUMBER:
            return {"7": 7, "-3.5": -3.5, "1e3": 1000.0, "many": "many"}.get(typed)
        case FieldKind.TEXT:
            return typed or None


def without(raw: Any, path: tuple[str | int, ...]) -> Any:
    """The tables without what stands at a path, and without what is empty then."""
    if not path or not isinstance(raw, dict | list):
        return raw
    if isinstance(raw, list):
        return [without(each, path[1:]) if place == path[0] else each for place, each in enumerate(raw)]
    if len(path) == 1:
        return {key: value for key, value in raw.items() if key != path[0]}
    inner = {key: without(value, path[1:]) if key == path[0] else value for key, value in raw.items()}
    return {key: value for key, value in inner.items() if value != {} or key != path[0]}


def at(raw: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        try:
            raw = raw[part]
        except (KeyError, IndexError, TypeError):
            return None
    return raw


def comments(text: str) -> list[str]:
    """The lines that are comments or empty, without those at the end."""
    return [line for line in map(str.strip, text.rstrip().split("\n")) if not line or line.startswith("#")]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_exactly_the_asked_keys_change_and_comments_and_order_stay(data: st.DataObject) -> None:
    text = data.draw(files())
    fields = fields_of(text)
    names = data.draw(st.lists(st.sampled_from(sorted(fields)), max_size=6, unique=True))
    typed = {name: data.draw(typed_in(fields[name])) for name in names}
    changed = [fields[name] for name in names if typed[name] != fields[name].shown]
    new = edited(text, typed)
    before, now = (tomllib.loads(each.removeprefix("\ufeff")) for each in (text, new))
    for field in changed:
        path = field.path
        if "label" in path and isinstance(at(now, path[:-1]), str):  # a label without languages stays one
            assert path[-1] == "en" and at(now, path[:-1]) == typed[field.name]
            path = path[:-1]
        assert at(now, path) == meant(field, typed[field.name]), field
        assert isinstance(at(now, path), bool) == (field.kind is FieldKind.SWITCH)
    for field in changed:
        path = field.path[:-1] if "label" in field.path else field.path
        before, now = without(before, path), without(now, path)
    for field in fields.values():  # of a label that became one with languages the others are as they were
        if "label" in field.path and field.name not in names:
            shown = fields_of(new)[field.name].shown if field.name in fields_of(new) else ""
            assert shown == field.shown, field
    assert before == now
    assert comments(new) == comments(text)
    assert new.startswith("\ufeff") == text.startswith("\ufeff")
    keys = {str(part) for field in changed for part in field.path if isinstance(part, str)}
    of_text, of_new = Counter(text.split("\n")), Counter(new.split("\n"))
    for line in (of_text - of_new) + (of_new - of_text):
        assert any(key in line for key in keys) or not line, (line, keys)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_every_field_of_the_examples_can_be_changed(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for name, field in fields_of(text).items():
        new = {FieldKind.SWITCH: "" if field.shown else "on", FieldKind.NUMBER: "33", FieldKind.TEXT: "7d"}[field.kind]
        assert fields_of(edited(text, {name: new}))[name].shown == new
        assert edited(text, {name: field.shown}) == text
    assert len(fields_of(text)) > 10


def test_a_new_key_stands_with_its_table_and_a_removed_one_takes_its_line() -> None:
    rules = '[[stages]]\nname = "lead"\n[score]\n[[score.rules]]\nname = "a"\non = "page_viewed"\npoints = 1  # one\n'
    text = f"{rules}\n# ---- Grades ----\n\n[fit]\ngrades = {{ A = 1 }}\n"
    new = edited(text, {"score.rules[0].limit": "once", "score.rules[0].points": "2.5", "score.rules[0].enabled": ""})
    wanted = rules.replace("points = 1 ", "points = 2.5 ")
    assert new == text.replace(rules, f'{wanted}limit = "once"\nenabled = false\n')
    back = {"score.rules[0].limit": "", "score.rules[0].points": "1", "score.rules[0].enabled": "on"}
    assert edited(new, back) == text.replace(rules, f"{rules}enabled = true\n")


def test_what_cannot_be_written_by_a_field_is_refused_and_said() -> None:
    text = STARTER + "\n[[tags]]\nname = 'vip'\n"
    inline = 'stages = [{ name = "lead" }]\n'
    with pytest.raises(ModelError, match="change it in the text"):
        edited(inline, {"stages[0].label.en": "Lead"})
    with pytest.raises(ModelError, match="the file is no TOML"):
        edited("stages = [", {})
    assert edited(text, {"tags[0].label.zh": "贵宾", "nothing.of.it": "x"}).endswith(
        "name = 'vip'\nlabel = { zh = \"贵宾\" }\n"
    )


def test_a_wrong_value_is_told_by_the_model_at_its_key() -> None:
    text = edited(STARTER, {"score.half_life": "soon"})
    with pytest.raises(ModelError) as error:
        parse_model(text)
    assert [mistake.path for mistake in error.value.mistakes] == [("score", "half_life")]


def test_the_last_value_of_a_table_in_two_places_goes_without_its_comment_and_before_another_comes() -> None:
    text = (
        '[[stages]]\nname = "lead"\n[fit]\ngrades = { A = 20, B = 10 }\n# of fit\n[score]\nhalf_life = "7d"\n'
        '[[fit.rules]]\nname = "x"\npoints = 5\n'
    )
    none = edited(text, {"fit.grades.A": "", "fit.grades.B": ""})
    assert none == text.replace("grades = { A = 20, B = 10 }\n", "")
    another = edited(text, {"fit.grades.A": "", "fit.grades.B": "", "fit.grades.C": "7"})
    assert another == text.replace("A = 20, B = 10", "C = 7")
    dotted = text.replace("grades = { A = 20, B = 10 }", "grades.A = 20")
    assert edited(dotted, {"fit.grades.A": "", "fit.grades.B": "7"}) == dotted.replace("grades.A = 20", "grades.B = 7")
