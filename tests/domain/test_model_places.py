"""What is wrong with a model file is told where its author looks for it: the line, and the name of the entry."""

import pytest

from domain.model.definition import ModelError, parse_model

FILE = '''\
[[stages]]
name = "lead"

[[score.rules]]
name = "viewed pricing"
on = "page_viewed"
points = 1
[[score.rules]]          # the second one
name = "sent"
on = "form_submitted"
points = "many"

[fit]
grades = { A = "x" }
[[funnels]]
name = "signup"
label = """
[[funnels]]
window = "soon"
"""
window = "later"
[[funnels.steps]]
on = "page_viewed"
[[funnels.steps]]
on = "page viewed"
[["segments"]]
name = "big"
when = { all = [
  { "profile.employees" = { gt = 5 } },
  { did = "page_viewed", within = "soon" },
] }
'''


def lines(text: str) -> list[str]:
    with pytest.raises(ModelError) as raised:
        parse_model(text)
    return [line.partition(": ")[0] for line in raised.value.lines]


def test_every_problem_bears_its_line_and_the_name_of_its_entry() -> None:
    assert set(lines(FILE)) == {
        "line 14, fit.grades.A",
        'line 11, score.rules[1] "sent" points',
        'line 17, funnels[0] "signup" label',
        'line 21, funnels[0] "signup" window',
        'line 25, funnels[0] "signup" steps[1].on',
        'line 28, segments[0] "big" when.all[1].within',
    }


def test_what_is_missing_is_told_at_its_entry() -> None:
    assert lines('[[stages]]\nname = "lead"\n[[segments]]\nname = "all"\n') == ['line 3, segments[0] "all" when']
    assert lines('timezone = "UTC"\n') == ["stages"]


@pytest.mark.parametrize(("written", "reason"), [
    ("name = “lead”", "“ is a full-width or curly character"),
    ("name ＝ 'lead'", "＝ is a full-width or curly character"),
    ("points = 1,5", "a decimal number has a point"),
    ("name = lead", "a text stands in quotes"),
    ("[stages]", "double brackets"),
])  # fmt: skip
def test_a_syntax_error_shows_its_line_and_the_usual_reason(written: str, reason: str) -> None:
    with pytest.raises(ModelError) as raised:
        parse_model(f'[stages]\nname = "a"\n{written}\n')
    _, shown, why = raised.value.lines
    assert shown == f"  3 | {written}" and reason in why
