"""Conditions in words, as a preview says what it was asked: nothing may be read in two ways."""

import pytest

from domain.conditions.words import in_words
from domain.model.definition import parse_model


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ('"profile.x" = { exists = true }', "profile.x is there"),
        ('"profile.x" = { exists = false }', "profile.x is not there"),
        ('"profile.x" = { in = ["a", 1, true] }', "profile.x is one of true, 1, a"),
        (
            'any = [{ grade = "A", heat = { lt = 3 } }, { grade = "D" }]',
            "((grade is A and heat is less than 3) or grade is D)",
        ),
        ('not = { any = [{ grade = "A" }, { stage = "lead" }] }', "not (grade is A or stage is lead)"),
        ('not = { grade = "A" }', "not (grade is A)"),
        (
            'did = "order_placed", where = { kind = "new", paid = true }, at_least = 3',
            "did order_placed where (kind is new and paid is true) at least 3 times",
        ),
        (
            'did = ["b", "a"], sum = "amount", at_least = 1.5, at_most = 3, within = "7d"',
            "did a or b with sum of amount at least 1.5 and at most 3 within 7d",
        ),
        ('did = "a", days = true, at_least = 2', "did a on at least 2 days"),
        ('did = "a", values = "utm.source", at_least = 2', "did a with at least 2 different values of utm.source"),
        ('did = "a", same = "path", at_least = 2', "did a at least 2 times with the same path"),
        ('did = "a", at_least = 0, at_most = 0, within = "7d"', "never did a within 7d"),
        ('did = "a", at_least = 1, at_most = 1', "did a exactly once"),
        ('did = "a", at_least = 0, at_most = 1', "did a at most once"),
        ('did = "a", at_least = 0, at_most = 4', "did a at most 4 times"),
        ('did = "a", at_least = 3, at_most = 3', "did a exactly 3 times"),
        ('did = "a", at_least = 2, at_most = 3', "did a at least 2 and at most 3 times"),
        ('did = "a", days = true, at_least = 0, at_most = 0', "never did a"),
        ('did = "a", days = true', "did a on at least one day"),
        ('did = "a", days = true, at_most = 1', "did a on exactly one day"),
        ('did = "a", days = true, at_least = 0, at_most = 1', "did a on at most one day"),
        ('did = "a", sum = "amount", at_least = 5, at_most = 5', "did a with sum of amount exactly 5"),
        ('did = "a", last = { within_last = "30d" }', "did a, the last time within the last 30d"),
        ('"profile.ends" = { before = "2026-01-01" }', "profile.ends before 2026-01-01"),
    ],
)  # fmt: skip
def test_a_condition_in_words(when: str, words: str) -> None:
    model = parse_model(f'stages = [{{ name = "lead" }}]\n[[segments]]\nname = "s"\nwhen = {{ {when} }}\n')
    assert in_words(model.segments[0].when) == words
