"""The model file: what it means, its version, and that no text breaks its reader."""

import re
import tomllib
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.conditions.tree import Aggregate, DateOp, Field, Of, Op
from domain.files.durations import DAY, HOUR, SECOND, parse_duration, show_duration
from domain.model.classes import Engagement, Rfm
from domain.model.definition import (
    STARTER,
    Exclusion,
    Fit,
    FitRule,
    Funnel,
    Limit,
    Model,
    ModelError,
    Score,
    ScoreRule,
    Segment,
    Stage,
    Step,
    parse_model,
)
from domain.model.money import Money, Rate, Revenue
from domain.model.owners import Owner
from domain.model.sales import Activity, Enquiry, Reason, Sales
from tests.domain.given_model_files import STAGES, rule, with_stages

EXAMPLES = Path(__file__).parents[2] / "examples"
REFERENCE = EXAMPLES.parent / "docs" / "reference" / "model-file.md"
PARTS = (
    Stage, Score, ScoreRule, Fit, FitRule, Exclusion, Segment, Funnel, Step, Sales, Owner, Reason, Enquiry, Activity,
    Rfm, Engagement, Money, Rate, Revenue,
)  # fmt: skip


# ---- what it means -----------------------------------------------------------------------------------------------


def test_only_stages_are_required() -> None:
    model = parse_model('[[stages]]\nname = "lead"')
    assert [stage.name for stage in model.stages] == ["lead"]
    assert model.timezone == "UTC"
    assert (model.score.half_life, model.score.hot_at, model.score.rearm_at) == (7 * DAY, None, None)
    assert (model.fit.grades, model.fit.rules) == ({}, ())
    assert (model.score.rules, model.not_a_lead, model.segments, model.funnels) == ((), (), (), ())


def test_a_whole_file_keeps_its_text_and_its_values() -> None:
    model = parse_model(STARTER)
    assert model.text == STARTER
    assert [(stage.name, stage.won, stage.detour) for stage in model.stages] == [
        ("lead", False, False), ("qualified", False, False), ("customer", True, False), ("disqualified", False, True),
    ]  # fmt: skip
    assert model.stages[1].requires == ("profile.company",)
    assert model.stages[0].label == "New lead"
    pricing = model.score.rules[1]
    assert (pricing.name, pricing.on, pricing.points) == ("viewed pricing", "page_viewed", 10.0)
    assert pricing.where == Field(("path",), Of.TOUCHPOINT, "starts_with", "/pricing")
    assert pricing.limit == Limit(3, 24 * HOUR)
    assert model.fit.grades == {"A": 20.0, "B": 10.0, "C": 0.0}
    assert model.not_a_lead[0].reason == "employee"
    assert (model.funnels[0].order, model.funnels[0].window) == ("ordered", 30 * DAY)
    assert [step.on for step in model.funnels[0].steps] == ["page_viewed", "form_submitted", "stage_changed"]


def test_the_examples_are_models() -> None:
    files = sorted(EXAMPLES.glob("*/*.toml"))
    assert EXAMPLES / "b2b-software" / "leadline.toml" in files
    for file in files:
        text = file.read_text(encoding="utf-8")
        if "stages" in tomllib.loads(text):  # the others are mappings
            parse_model(text)


def test_what_the_reference_shows_is_as_it_says() -> None:
    page = REFERENCE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", page, re.S | re.M)
    assert len(blocks) == 21
    for block in blocks:
        assert parse_model(block if "[[stages]]" in block else STAGES + block)
    keys = [field.alias or key for part in PARTS for key, field in part.model_fields.items()]
    assert [
        word for word in (*keys, *Op, *DateOp, *Aggregate, "did", "all", "any", "not") if f"`{word}`" not in page
    ] == []


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("once", Limit(1)),
        ("once per 24h", Limit(1, DAY)),
        ("1 per 1d", Limit(1, DAY)),
        ("3 per 90s", Limit(3, 90 * SECOND)),
    ],
)
def test_a_limit(text: str, limit: Limit) -> None:
    assert parse_model(rule(f'limit = "{text}"')).score.rules[0].limit == limit


def test_a_rearm_that_is_not_given_is_three_quarters_of_the_least_hot() -> None:
    assert parse_model(with_stages("[score]\nhot_at = 80")).score.rearm_at == 60.0
    score = parse_model(with_stages("[score]\nhot_at = { C = 120, A = 60 }")).score
    assert (score.hot_at, score.rearm_at) == ({"A": 60.0, "C": 120.0}, 45.0)


def test_a_label_is_a_text_or_one_for_each_language() -> None:
    model = parse_model('[[stages]]\nname = "a"\nlabel = { en = "A", zh-Hant = "甲" }')
    assert model.stages[0].label == {"en": "A", "zh-Hant": "甲"}


def test_a_byte_order_mark_and_windows_lines_are_fine() -> None:
    assert parse_model("\ufeff" + STARTER.replace("\n", "\r\n")).hash == parse_model(STARTER).hash


def test_a_name_in_another_unicode_form_is_the_same_name() -> None:
    named = STARTER + '\n[[segments]]\nname = "demo"\nwhen = { did = "démo_demandée", at_least = 1 }\n'
    assert parse_model(normalize("NFD", named)).hash == parse_model(normalize("NFC", named)).hash


@pytest.mark.parametrize(
    ("text", "microseconds"), [("90s", 90 * SECOND), ("15m", 900 * SECOND), ("24h", DAY), ("14d", 14 * DAY)]
)
def test_a_duration(text: str, microseconds: int) -> None:
    assert parse_duration(text) == microseconds
    assert parse_duration(show_duration(microseconds)) == microseconds


@pytest.mark.parametrize("text", ["", "0s", "7", "1w", "1.5h", "-1d", "1 d", "36501d", "٣d", "9" * 13 + "s", "1D"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration: allowed is a whole number of s, m, h or d"):
        parse_duration(text)


# ---- the version ---------------------------------------------------------------------------------------------------

RULE_R = 'name = "r"\non = "a"\nwhere = { x = 1, y = "b" }\npoints = 10\nlimit = "once per 24h"\n'
RULE_S = 'name = "s"\non = "b"\npoints = 5\n'
SMALL = (
    f"{STAGES}[score]\nhot_at = 80\n[[score.rules]]\n{RULE_R}[[score.rules]]\n{RULE_S}"
    '[[segments]]\nname = "g"\nwhen = { did = "a", within = "24h" }\n'
    '[[funnels]]\nname = "f"\nwindow = "14d"\nsteps = [{ on = "a" }, { on = "b" }]\n'
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('name = "lead"', 'name = "lead"   # a comment\n\nlabel = "Lead"'),
        ('name = "lead"', 'label = { en = "Lead" }\nname = "lead"\nrequires = []\nwon = false'),
        ("hot_at = 80", "hot_at = 80.0\nrearm_at = 60\nhalf_life = \"168h\""),
        ('x = 1, y = "b"', 'y = { eq = "b" }, x = 1.0'),
        ('{ x = 1, y = "b" }', '{ all = [ { y = "b" }, { x = 1 }, { x = 1 } ] }'),
        ('"once per 24h"', '"1 per 1d"'),
        ('within = "24h"', 'within = "1d", at_least = 1'),
        ('window = "14d"', 'order = "ordered"\nwindow = "336h"\nlabel = "F"'),
        ('name = "g"', 'name = "g"\nlabel = { zh = "组" }'),
        ('name = "r"', 'name = "r"\nlabel = { zh = "规则" }'),
        ('{ on = "a" }', '{ on = "a", label = "First" }'),
        ("[score]", '[[tags]]\nname = "vip"\nlabel = { zh = "贵宾" }\n[score]'),
    ],
)  # fmt: skip
def test_what_has_no_meaning_is_not_in_the_version(before: str, after: str) -> None:
    assert before in SMALL
    assert parse_model(SMALL.replace(before, after, 1)).hash == parse_model(SMALL).hash


def test_the_time_zone_is_in_the_version_since_every_touch_has_a_day() -> None:
    versions = [parse_model(f'timezone = "{zone}"\n{STAGES}').hash for zone in ("UTC", "Asia/Tokyo", "Asia/Shanghai")]
    assert len(set(versions)) == 3
    assert versions[0] == parse_model(STAGES).hash


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('name = "lead"', 'name = "prospect"'),
        ('name = "lead"', 'name = "lead"\nwon = true'),
        ('name = "lead"', 'name = "lead"\nrequires = ["profile.a"]'),
        ("hot_at = 80", "hot_at = 81"),
        ("hot_at = 80", "hot_at = 80\nrearm_at = 59"),
        ("x = 1", "x = true"),
        ("x = 1", 'x = "1"'),
        ("points = 10", "points = 10.5"),
        ('"once per 24h"', '"once"'),
        ('name = "r"', 'name = "q"'),
        (f"{RULE_R}[[score.rules]]\n{RULE_S}", f"{RULE_S}[[score.rules]]\n{RULE_R}"),
        ('[{ on = "a" }, { on = "b" }]', '[{ on = "b" }, { on = "a" }]'),
        ("[score]\n", "[fit]\ngrades = { A = 1 }\n[score]\n"),
        ('within = "24h"', 'within = "24h", days = true'),
    ],
)  # fmt: skip
def test_what_has_meaning_is_in_the_version(before: str, after: str) -> None:
    assert before in SMALL
    assert parse_model(SMALL.replace(before, after, 1)).hash != parse_model(SMALL).hash


def test_rules_exclusions_and_steps_have_labels_that_are_not_in_the_version() -> None:
    file = (
        '[[stages]]\nname = "lead"\n[fit]\ngrades = { A = 1 }\n'
        '[[fit.rules]]\nname = "f"\nlabel = "Fits"\npoints = 1\nwhere = { "profile.a" = 1 }\n'
        '[[not_a_lead]]\nreason = "x"\nlabel = { en = "Ours", zh = "自己人" }\nwhere = { "profile.b" = 1 }\n'
    )
    model = parse_model(file)
    assert (model.fit.rules[0].label, model.not_a_lead[0].label) == ("Fits", {"en": "Ours", "zh": "自己人"})
    bare = "\n".join(line for line in file.splitlines() if not line.startswith("label"))
    assert parse_model(bare).hash == model.hash


def test_the_version_is_the_same_for_ever() -> None:
    """Read models and signals name it: a change here is a new version of every model in use."""
    assert parse_model(SMALL).hash == "6570377e32919c3c"


# ---- laws ------------------------------------------------------------------------------------------------------------

KEYS = [
    "timezone", "stages", "name", "label", "requires", "won", "detour", "score", "half_life", "hot_at", "rearm_at",
    "promote_to", "rules", "on", "where", "points", "limit", "fit", "grades", "A", "D", "not_a_lead", "reason",
    "segments", "when", "did", "all", "any", "not", "within", "at_least", "funnels", "order", "window", "steps",
    "profile.x", "",
]  # fmt: skip
leaves = (
    st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["lead", "once", "3 per 24h", "7d", "ordered", "page_viewed", "UTC", "10 per 9999999d"])
    | st.datetimes()
    | st.dates()
)
junk = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=30,
)
shaped = st.fixed_dictionaries(
    {
        "stages": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["lead", "a", 1])}, optional={"detour": leaves})
        )
    },
    optional={
        "score": junk,
        "fit": junk,
        "segments": st.lists(st.fixed_dictionaries({"name": junk, "when": junk}), max_size=3),
        "funnels": st.lists(st.fixed_dictionaries({"name": leaves, "window": leaves, "steps": junk}), max_size=3),
        "timezone": leaves,
    },
)


@given(st.dictionaries(st.sampled_from(KEYS), junk, max_size=5) | shaped)
def test_any_toml_is_a_model_or_a_model_error(raw: dict[str, Any]) -> None:
    """The guarantee of parse_model: never another exception."""
    model_or_problems(toml(raw))


@given(st.text(max_size=60))
def test_any_text_is_a_model_or_a_model_error(text: str) -> None:
    model_or_problems(text)


def model_or_problems(text: str) -> None:
    try:
        model = parse_model(text)
    except ModelError as error:
        assert error.problems
        assert all(line and "\n" not in line for line in error.problems)
    else:
        assert isinstance(model, Model)
        assert len(model.hash) == 16
        assert hash(model) == hash(parse_model(text))


def toml(value: Any) -> str:
    """A TOML document of a table whose values are all written inline."""
    return "\n".join(f"{text(key)} = {inline(one)}" for key, one in value.items())


def inline(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return text(value)
        case list():
            return f"[{', '.join(map(inline, value))}]"
        case dict():
            return f"{{ {', '.join(f'{text(key)} = {inline(one)}' for key, one in value.items())} }}"
        case int() | float():
            return repr(value)
        case _:
            return str(value.isoformat())


def text(value: str) -> str:
    """A TOML string in which everything but plain letters is escaped."""
    return '"' + "".join(c if c.isalnum() and c.isascii() else f"\\U{ord(c):08x}" for c in value) + '"'
