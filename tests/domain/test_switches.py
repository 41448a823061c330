"""Rules that are switched off: kept in the file, without effect, and part of the version."""

import pytest

from domain.fold.fold import Fold
from domain.fold.outlook import distance
from domain.judging.differences import Side
from domain.model.definition import ModelError, parse_model
from tests.domain.stories import at, us

FILE = """
[[stages]]
name = "lead"
[score]
hot_at = 20
[[score.rules]]
name = "page"
on = "page_viewed"
points = 5
[[score.rules]]
name = "form"
on = "form_submitted"
points = 30
[fit]
grades = { A = 10 }
[[fit.rules]]
name = "boss"
where = { "profile.title" = "CEO" }
points = 10
[[not_a_lead]]
reason = "us"
where = { "profile.company" = "We" }
"""
HISTORY = [
    at(1, "page_viewed", "e:a@x.de", path="/"),
    at(2, "form_submitted", "e:a@x.de", profile={"title": "CEO", "company": "We"}),
]


def off(entry: str) -> str:
    """The file with one entry switched off, named by its last line."""
    assert entry in FILE
    return FILE.replace(entry, f"{entry}\nenabled = false")


RULE, FIT, EXCLUSION = "points = 30", 'where = { "profile.title" = "CEO" }', 'where = { "profile.company" = "We" }'


def test_a_rule_that_is_switched_off_gives_nothing() -> None:
    lead = Fold(parse_model(off(RULE))).fold(HISTORY, us(9))
    assert [award.rule for award in lead.awards] == ["page"] and lead.heat.value == 5
    assert [award.rule for award in Fold(parse_model(FILE)).fold(HISTORY, us(9)).awards] == ["page", "form"]


def test_a_fit_rule_and_an_exclusion_that_are_switched_off_judge_nobody() -> None:
    lead = Fold(parse_model(FILE)).fold(HISTORY, us(9))
    assert (lead.fit, lead.grade, lead.not_a_lead) == (10, "A", "us")
    fold = Fold(parse_model(off(FIT)))
    lead = fold.fold(HISTORY, us(9))
    assert (lead.fit, lead.grade, lead.not_a_lead) == (0, "D", "us")
    assert Side(fold, lead, fold.at(lead, us(9))).fit() == {}
    assert Fold(parse_model(off(EXCLUSION))).fold(HISTORY, us(9)).not_a_lead is None


def test_what_would_make_a_lead_hot_is_no_rule_that_is_switched_off() -> None:
    for text, enough in ((off(EXCLUSION), ["form"]), (off(EXCLUSION).replace(RULE, f"{RULE}\nenabled = false"), [])):
        fold = Fold(parse_model(text))
        assert [rule.name for rule in distance(fold, fold.fold(HISTORY[:1], us(9)), us(9)).enough] == enough


@pytest.mark.parametrize("entry", [RULE, FIT, EXCLUSION])
def test_a_switch_is_a_part_of_the_version_and_the_default_is_not(entry: str) -> None:
    version = parse_model(FILE).hash
    assert parse_model(off(entry)).hash != version
    assert parse_model(FILE.replace(entry, f"{entry}\nenabled = true")).hash == version
    with pytest.raises(ModelError, match="enabled"):
        parse_model(FILE.replace(entry, f'{entry}\nenabled = "no"'))
