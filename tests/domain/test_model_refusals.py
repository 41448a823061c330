"""Model files that are refused: one test a refusal, with its words."""

import pytest

from domain.files.durations import ALLOWED
from domain.model.definition import ModelError, parse_model
from tests.domain.given_model_files import STAGES, rule, with_stages


def refused(text: str) -> list[str]:
    """The lines that refuse a file."""
    with pytest.raises(ModelError) as error:
        parse_model(text)
    assert str(error.value) == "\n".join(error.value.problems)
    return error.value.problems


TOML_PROBLEMS = [
    ('stages = [\n  "a"\n', "line 3 (end of the file): Unclosed array; the file is no TOML"),
    ('x = \n', "line 1, column 5: Invalid value; the file is no TOML"),
    ('[score]\nhot_at = 5\n[score]\n', "line 3, column 7: Cannot declare ('score',) twice; the file is no TOML"),
    ("a = 1\nb = '\ud800'\n", "line 2: found a character that is no Unicode text, allowed is UTF-8"),
    ("x = " + "[" * 5000, "the file is no TOML that can be read: tables or lists nested too deep"),
    ("#" * 1_000_001, "the file has 1000001 characters, allowed are 1000000"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), TOML_PROBLEMS)
def test_what_is_no_toml(text: str, line: str) -> None:
    assert refused(text) == [line]


TABLES = "a list of one or more tables, each written as "
SHAPES = [
    ("", 'stages: missing, required is at least one stage, such as [[stages]] with name = "lead"'),
    ("stages = []", f"stages: found an empty list, allowed is {TABLES}[[stages]]"),
    ('[stages]\nname = "a"', f"stages: found a table, allowed is {TABLES}[[stages]]"),
    ('stages = ["a"]', 'stages[0]: found "a", allowed is a table'),
    ("timezon = 1\n" + STAGES,
     'timezon: unknown key "timezon" (did you mean timezone?); '
     "allowed: timezone, stages, profile, score, fit, not_a_lead, channels, segments, bands, rfm, engagement, "
     "funnels, money, destinations, sales, tags"),
    ('timezone = "Asia/Shanghi"\n' + STAGES,
     'timezone: found "Asia/Shanghi", allowed is the name of a time zone such as "Asia/Shanghai" '
     "(did you mean Asia/Shanghai?)"),
    ("timezone = 8\n" + STAGES, 'timezone: found 8, allowed is the name of a time zone such as "Asia/Shanghai"'),
    (with_stages("[[stages]]\nwon = true"), 'stages[3].name: missing, required is a name, such as name = "pricing"'),
    (with_stages('[[stages]]\nname = "lead"'),
     'stages[3].name: found "lead", allowed is a name of its own (stages[0] has this one)'),
    (with_stages('[[stages]]\nname = "visitor"'),
     'stages[3].name: found "visitor", allowed is any other name: visitor is the stage of whom nothing identifies yet'),
    (with_stages('[[stages]]\nname = "a/b"'),
     'stages[3].name: found "a/b", allowed is a name without a slash (it stands in the addresses of the API)'),
    (with_stages('[[stages]]\nname = " a"'),
     'stages[3].name: found " a", allowed is a name of 1 to 100 characters, no control characters, '
     "no spaces around it"),
    (with_stages("[[stages]]\nname = 5"), "stages[3].name: found 5, allowed is a name"),
    (with_stages('[[stages]]\nname = "b"\nwon = "yes"'), 'stages[3].won: found "yes", allowed is true or false'),
    (with_stages('[[stages]]\nname = "b"\nlabel = 3'),
     "stages[3].label: found 3, allowed is a text, or a table from language to text "
     'such as { en = "Lead", zh = "线索" }'),
    (with_stages('[[stages]]\nname = "b"\nlabel = { en_US = "B" }'),
     'stages[3].label.en_US: found "en_US", '
     'allowed is a language such as "en" or "zh-Hant"'),
    (with_stages('[[stages]]\nname = "b"\nrequires = "profile.company"'),
     'stages[3].requires: found "profile.company", allowed is a list of fields such as ["profile.company"]'),
    (with_stages('[[stages]]\nname = "b"\nrequires = ["company"]'),
     'stages[3].requires[0]: found "company", allowed is a field of the person such as "profile.company" '
     '(did you mean "profile.company"?)'),
    ('[[stages]]\nname = "lost"\ndetour = true\n[[stages]]\nname = "lead"',
     "stages[0].detour: found true, allowed is a stage that is no detour first: there an identified person begins"),
]  # fmt: skip
SCORES = [
    ("score = 5\n" + STAGES, "score: found 5, allowed is a table"),
    (with_stages("[score]\nhot = 5"),
     'score.hot: unknown key "hot" (did you mean hot_at?); '
     "allowed: half_life, hot_at, rearm_at, promote_to, fresh, rules"),
    (with_stages("[score]\nhalf_life = 7"), f"score.half_life: found 7, allowed is {ALLOWED}"),
    (with_stages('[score]\nhalf_life = "0d"'), f'score.half_life: found "0d", allowed is {ALLOWED}'),
    (with_stages("[score]\nhot_at = 0"),
     "score.hot_at: found 0, allowed is a number above 0, or a table of such by grade"),
    (with_stages("[score]\nhot_at = nan"),
     "score.hot_at: found nan, allowed is a number above 0, or a table of such by grade"),
    (with_stages("[score]\nhot_at = true"),
     "score.hot_at: found true, allowed is a number above 0, or a table of such by grade"),
    (with_stages("[score]\nhot_at = {}"),
     "score.hot_at: found an empty table, allowed is a number above 0, or a table by grade such as { A = 60, B = 80 }"),
    (with_stages("[score]\nhot_at = { E = 5 }"), 'score.hot_at.E: unknown grade "E"; allowed: A, B, C, D'),
    (with_stages("[score]\nhot_at = { A = -5 }"), "score.hot_at.A: found -5, allowed is a number above 0"),
    (with_stages("[score]\nhot_at = { A = 60, B = 80 }\nrearm_at = 61"),
     "score.rearm_at: found 61, allowed is a number above 0, below hot_at (60)"),
    (with_stages("[score]\nhot_at = 60\nrearm_at = 0"),
     "score.rearm_at: found 0, allowed is a number above 0, below hot_at (60)"),
    (with_stages("[score]\nrearm_at = 60"), "score.rearm_at: found rearm_at without hot_at; allowed only beside it"),
    (with_stages('[score]\npromote_to = "customer"'),
     "score.promote_to: found promote_to without hot_at; allowed only beside it: becoming hot asks for the stage"),
    (with_stages('[score]\nhot_at = 5\npromote_to = "custom"'),
     'score.promote_to: unknown stage after the first (or a detour, or retired) "custom" '
     '(did you mean customer?); allowed: customer'),
    (with_stages('[score]\nhot_at = 5\npromote_to = "lost"'),
     'score.promote_to: unknown stage after the first (or a detour, or retired) "lost"; allowed: customer'),
    (with_stages("[score]\nhot_at = 5\npromote_to = 1"),
     "score.promote_to: found 1, allowed is the name of a stage after the first that is no detour"),
    (with_stages("[score]\n[score.rules]"), f"score.rules: found an empty table, allowed is {TABLES}[[score.rules]]"),
    (rule('when = "x"'),
     'score.rules[0].when: unknown key "when" (did you mean where?); '
     "allowed: name, label, on, where, points, limit, enabled"),
    (rule('on = "Demo Requested"'),
     'score.rules[0].on: found "Demo Requested", allowed is a touchpoint type in snake_case such as page_viewed '
     "(did you mean demo_requested?)"),
    (rule('points = "10"'), 'score.rules[0].points: found "10", allowed is a number'),
    (rule("points = inf"), "score.rules[0].points: found inf, allowed is a number"),
    (rule("points = -1e-9"),
     "score.rules[0].points: found -1e-09, allowed is a number (not closer to 0 than 0.000001)"),
    (rule("points = 1e13"), "score.rules[0].points: found 10000000000000.0, allowed is a number up to 1000000000000"),
    (rule("where = {}"),
     'score.rules[0].where: found an empty table, allowed is a condition: a table such as '
     '{ path = { starts_with = "/pricing" } }'),
    (with_stages('[[score.rules]]\nname = "r"\non = "a"\npoints = 1\n' * 2),
     'score.rules[1].name: found "r", allowed is a name of its own (score.rules[0] has this one)'),
    *(
        (rule(f'limit = "{limit}"'),
         f'score.rules[0].limit: found "{limit}", allowed is "once", "once per 24h" or "3 per 24h" '
         '(1 to 10000 times per duration), or { count = 1, within = "24h", per = "path" }')
        for limit in ("3", "twice", "0 per 24h", "3 per day", "3 per 0s", "3  per 24h", "10001 per 24h")
    ),
    (rule("limit = 3"),
     'score.rules[0].limit: found 3, allowed is "once", "once per 24h" or "3 per 24h" (1 to 10000 times per duration), '
     'or { count = 1, within = "24h", per = "path" }'),
]  # fmt: skip
FIT = '[fit]\ngrades = { A = 20, B = 10, C = 0 }\n[[fit.rules]]\nname = "r"\npoints = 1\n'
PERSON = 'a condition: a table such as { "profile.country" = "CN" }'
PEOPLE = [
    (with_stages("[fit]"),
     "fit.grades: missing, required is least points, such as grades = { A = 20, B = 10, C = 0 }"),
    (with_stages("[fit]\ngrades = 5"),
     "fit.grades: found 5, allowed is a table of least points such as { A = 20, B = 10, C = 0 }"),
    (with_stages("[fit]\ngrades = { A = 1, D = 0 }"),
     "fit.grades.D: D is the grade of all the rest and takes no points; allowed: A, B, C"),
    (with_stages("[fit]\ngrades = { E = 1 }"), 'fit.grades.E: unknown grade "E"; allowed: A, B, C'),
    (with_stages("[fit]\ngrades = { A = 10, B = 10 }"), "fit.grades.B: found 10, allowed is less than the 10 of A"),
    (with_stages('[fit]\ngrades = { A = "x" }'), 'fit.grades.A: found "x", allowed is a number'),
    (with_stages(FIT),
     'fit.rules[0].where: missing, required is a condition, such as where = { "profile.country" = "CN" }'),
    (with_stages(FIT + 'where = { path = "/a" }'),
     'fit.rules[0].where.path: unknown key "path"; allowed: all, any, not, "profile.<field>" '
     '(the person\'s field is "profile.path")'),
    (with_stages(FIT + 'where = 1'), f"fit.rules[0].where: found 1, allowed is {PERSON}"),
    (with_stages('[[not_a_lead]]\nwhere = { "profile.a" = 1 }'),
     'not_a_lead[0].reason: missing, required is a text, such as reason = "employee"'),
    (with_stages('[[not_a_lead]]\nreason = ""\nwhere = { "profile.a" = 1 }'),
     'not_a_lead[0].reason: found "", allowed is a text of 1 to 200 characters, no control characters, '
     "no spaces around it"),
]  # fmt: skip
FUNNEL = '[[funnels]]\nname = "f"\n'
STEP = 'steps = [{ on = "a" }]\n'
LISTS = [
    (with_stages('[[segments]]\nname = "s"'),
     "segments[0].when: missing, required is a condition, such as "
     'when = { did = "page_viewed", at_least = 3, within = "7d" }'),
    (with_stages('[[segments]]\nname = "s"\nwhen = { stage = "custmer" }'),
     'segments[0].when.stage: unknown stage "custmer" (did you mean customer?); '
     "allowed: visitor, lead, customer, lost"),
    (with_stages('[[segments]]\nname = "s"\nwhen = { segment = "t" }'),
     'segments[0].when.segment: unknown segment "t"; allowed: s'),
    (with_stages('[[segments]]\nname = "s"\nwhen = { all = [ { "profile.a" = 1 }, { "profile.b" = { is = 2 } } ] }'),
     'segments[0].when.all[1]."profile.b".is: unknown operator "is"; allowed: eq, ne, in, not_in, gt, gte, lt, lte, '
     'starts_with, ends_with, contains, exists, before, '
     'after, within_next, within_last; a nested field is quoted whole: "profile.b_is"'),
    (with_stages('[[segments]]\nname = "s"\nwhen = { "profile.company.employees" = { gte = 5 } }'),
     'segments[0].when."profile.company.employees": a person\'s fields are flat: '
     'allowed is "profile.company_employees"'),
    (with_stages('[[segments]]\nname = "s"\nwhen = { profile.company.employees = { gte = 5 } }'),
     'segments[0].when.profile.company.employees: unknown operator "employees"; allowed: eq, ne, in, not_in, gt, gte, '
     'lt, lte, starts_with, ends_with, contains, exists, before, '
     'after, within_next, within_last; a nested field is quoted whole: "profile.company_employees"'),
    (with_stages('[[stages]]\nname = "b"\nrequires = ["profile.company.name"]'),
     'stages[3].requires[0]: found "profile.company.name", allowed is a field of the person such as "profile.company" '
     '(did you mean "profile.company_name"?)'),
    (with_stages("[score]\nhot_at = 50\nrearm_at = 50"),
     "score.rearm_at: found 50, allowed is a number above 0, below hot_at (50)"),
    (with_stages(FUNNEL + STEP), 'funnels[0].window: missing, required is a duration, such as window = "14d"'),
    (with_stages(FUNNEL + 'window = "1d"'),
     "funnels[0].steps: missing, required is a list of steps, such as "
     'steps = [ { on = "page_viewed" }, { on = "form_submitted" } ]'),
    (with_stages(FUNNEL + 'window = "1d"\nsteps = []'),
     "funnels[0].steps: found an empty list, allowed is a list of steps, such as "
     'steps = [ { on = "page_viewed" }, { on = "form_submitted" } ]'),
    (with_stages("[bands]\namount = [3, 2]\n"),
     "bands: amount: found a list, allowed is a list of up to 48 numbers in ascending order"),
    (with_stages("[bands]\nprofile.amount = 5\n"),
     "bands: amount: found 5, allowed is a list of up to 48 numbers in ascending order"),
    (with_stages(FUNNEL + 'window = "1d"\norder = "loose"\n' + STEP),
     'funnels[0].order: found "loose", allowed is "ordered", "strict", "any"'),
    (with_stages(FUNNEL + 'window = "1d"\nsteps = [{ on = "a", within = "1h" }]'),
     "funnels[0].steps[0].within: found within, allowed is none here: no step comes before the first"),
    (with_stages(FUNNEL + 'window = "1d"\norder = "any"\nsteps = [{ on = "a" }, { on = "b", within = "1h" }]'),
     'funnels[0].steps[1].within: found within, allowed is none here: with order "any" no step comes before another'),
    (with_stages(FUNNEL + 'window = "1d"\norder = "any"\nsteps = [' + '{ on = "a" }, ' * 11 + "]"),
     'funnels[0].steps: found 11 steps, allowed with order "any" are 10: '
     "what a lead met of them is remembered one by one"),
    (with_stages(FUNNEL + 'window = "1d"\nexclude = [{ on = "a", within = "1h" }]\n' + STEP),
     'funnels[0].exclude[0].within: unknown key "within"; allowed: on, where'),
    (with_stages(FUNNEL + 'window = "1d"\nsteps = [{ on = "a", if = 1 }]'),
     'funnels[0].steps[0].if: unknown key "if"; allowed: on, where, label, within'),
    (with_stages((FUNNEL + 'window = "1d"\n' + STEP) * 2),
     'funnels[1].name: found "f", allowed is a name of its own (funnels[0] has this one)'),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), [*SHAPES, *SCORES, *PEOPLE, *LISTS])
def test_a_file_is_refused_in_words(text: str, line: str) -> None:
    assert refused(text) == [line]


def test_everything_wrong_in_a_file_is_said_at_once() -> None:
    text = with_stages(
        '[[stages]]\nname = "lead"\nwon = 1\n[score]\nhot_at = 5\nrearm_at = 6\n'
        '[[score.rules]]\nname = "r"\non = "X"\npoints = 1\nwhere = { a = [], b = {} }\n'
        '[[segments]]\nname = "s"\nwhen = { stage = "x" }\n[[segments]]\nname = "s"\nwhen = { heat = 1 }\n'
    )
    assert [line.split(":")[0] for line in refused(text)] == [
        "stages[3].won", "score.rearm_at", "score.rules[0].on", "score.rules[0].where.a", "score.rules[0].where.b",
        "segments[0].when.stage", "segments[1].when.heat", "stages[3].name", "segments[1].name",
    ]  # fmt: skip
