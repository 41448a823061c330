"""Limits of score rules: for all touchpoints or for each value of a property, and what they held back is told."""

from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.fold.score import VALUES
from domain.fold.trace import Trace
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us

DAY = 86_400


def fold_with(limit: str) -> Fold:
    rule = f'[[score.rules]]\nname = "page"\non = "page_viewed"\npoints = 5\nlimit = {limit}\n'
    return Fold(parse_model(f'[[stages]]\nname = "lead"\n{rule}'))


def awarded(limit: str, *history: Touchpoint) -> list[str]:
    trace = Trace()
    fold_with(limit).fold(history, us(99 * DAY), trace)
    return [award.touchpoint for award in trace.awards]


def page(second: float, path: object) -> Touchpoint:
    return at(second, "page_viewed", "c:k", id=f"{second}{path!r}", path=path)


def test_a_limit_per_value_counts_each_value_alone() -> None:
    history = [page(0, "/a"), page(1, "/b"), page(2, "/a"), page(DAY, "/a"), page(DAY, "/b")]
    per_day = '{ count = 1, within = "24h", per = "path" }'
    assert awarded(per_day, *history) == ["0'/a'", "1'/b'", "86400'/a'"]
    assert awarded('{ count = 1, per = "path" }', *history) == ["0'/a'", "1'/b'"]
    assert awarded("{ count = 1 }", *history) == awarded('"once"', *history) == ["0'/a'"]


def test_values_are_told_apart_as_json_and_touchpoints_without_the_property_share_one_count() -> None:
    once = '{ count = 1, per = "path" }'
    values: list[object] = [1, True, "1", [1], {"a": 1}, None, 1]
    assert len(awarded(once, *[page(second, value) for second, value in enumerate(values)])) == 6
    assert len(awarded(once, at(0, "page_viewed", "c:k"), at(1, "page_viewed", "c:k"), page(2, None))) == 1
    nested = [at(second, "page_viewed", "c:k", utm={"source": name}) for second, name in enumerate("aab")]
    assert len(awarded('{ count = 1, per = "utm.source" }', *nested)) == 2


def test_a_rule_remembers_so_many_values_of_a_lead_and_not_for_longer_than_it_must() -> None:
    many = [page(second, f"/{second}") for second in range(VALUES + 5)]
    assert len(awarded('{ count = 1, per = "path" }', *many)) == VALUES
    later = [page(DAY + VALUES + second, f"/later/{second}") for second in range(VALUES)]
    per_day = '{ count = 1, within = "24h", per = "path" }'
    assert len(awarded(per_day, *many, *later)) == 2 * VALUES
    assert len(fold_with(per_day).fold([*many, *later], us(99 * DAY)).heat.awarded) == VALUES


def test_what_a_limit_held_back_is_explained_with_when_it_may_give_again() -> None:
    history = [page(0, "/a"), page(1, "/a"), page(2, "/a")]
    held_back = explain(fold_with('"2 per 24h"'), history, us(9)).withheld
    assert [(each.at, each.points, each.why, each.until) for each in held_back] == [(us(2), 5, "limit", us(DAY))]
    assert [each.until for each in explain(fold_with('"once"'), history, us(9)).withheld] == [None, None]
    per = explain(fold_with('{ count = 1, within = "1h", per = "path" }'), history, us(9)).withheld
    assert [each.until for each in per] == [us(3600), us(3600)]


def test_a_reset_begins_the_points_anew_and_says_what_it_took_away() -> None:
    reset = at(5, "score_reset", "c:k", source="api")
    explanation = explain(fold_with('"once"'), [page(0, "/a"), page(1, "/a"), reset], us(9))
    assert (explanation.points, explanation.heat) == ((), 0)
    assert [(each.at, each.why) for each in explanation.withheld] == [(us(0), "reset"), (us(1), "limit")]
