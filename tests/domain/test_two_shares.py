"""Two shares are compared as the books do: published intervals and p-values, and laws of any two."""

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.judging.backtest import Portion
from domain.judging.two_shares import TwoShares

PORTIONS = st.integers(1, 60).flatmap(lambda whole: st.builds(Portion, st.integers(0, whole), st.just(whole)))


@pytest.mark.parametrize(("second", "first", "low", "high"), [
    ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0), ((10, 10), (0, 10), 0.6075, 1.0),
])  # fmt: skip
def test_the_interval_is_newcombes(second: tuple[int, int], first: tuple[int, int], low: float, high: float) -> None:
    """Table II of Newcombe (1998), Statistics in Medicine 17, 873: its examples (a) to (h), by method 10."""
    assert TwoShares(Portion(*first), Portion(*second)).between == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(("first", "second", "chance"), [
    ((3, 4), (1, 4), 0.4857),  # Fisher's lady tasting tea (two-sided as by R: ?fisher.test, TeaTasting)
    ((2, 17), (10, 13), 0.0005367),  # convictions of like-sex twins (Fisher 1962): ?fisher.test of R
    ((0, 10), (0, 10), 1.0),
])  # fmt: skip
def test_the_chance_is_fishers(first: tuple[int, int], second: tuple[int, int], chance: float) -> None:
    assert TwoShares(Portion(*first), Portion(*second)).chance == pytest.approx(chance, rel=2e-4)


@given(PORTIONS, PORTIONS)
def test_the_chance_is_what_counting_every_table_gives(first: Portion, second: Portion) -> None:
    part, whole = first.part + second.part, first.whole + second.whole
    ways = [comb(first.whole, count) * comb(second.whole, part - count) for count in range(part + 1)]
    at_most = comb(first.whole, first.part) * comb(second.whole, second.part)
    exact = sum(each for each in ways if each <= at_most) / comb(whole, part)
    assert TwoShares(first, second).chance == pytest.approx(exact, rel=1e-5)


@given(st.integers(1, 2000), st.data())
def test_of_shares_as_alike_as_can_be_the_chance_is_one(whole: int, data: st.DataObject) -> None:
    same = Portion(data.draw(st.integers(0, whole)), whole)
    assert TwoShares(same, same).chance == 1.0


@given(PORTIONS, PORTIONS)
def test_what_is_first_changes_the_sign_alone(first: Portion, second: Portion) -> None:
    there, back = TwoShares(first, second), TwoShares(second, first)
    assert there.difference == pytest.approx(-back.difference)  # type: ignore[operator]
    assert there.between is not None and back.between is not None
    assert there.between == pytest.approx((-back.between[1], -back.between[0]))
    assert there.between[0] - 1e-9 <= there.difference <= there.between[1] + 1e-9  # type: ignore[operator]
    assert there.chance == pytest.approx(back.chance) and there.too_few == back.too_few


@pytest.mark.parametrize(("first", "second", "too_few"), [
    ((5, 10), (5, 10), False), ((4, 10), (5, 10), True), ((9, 100), (1, 100), False), ((8, 100), (1, 100), True),
    ((95, 100), (100, 100), True), ((50, 1000), (0, 2), True), ((0, 0), (0, 0), True),
])  # fmt: skip
def test_a_side_is_too_small_of_which_fewer_than_five_would_be_expected(
    first: tuple[int, int], second: tuple[int, int], too_few: bool
) -> None:
    assert TwoShares(Portion(*first), Portion(*second)).too_few is too_few


def test_of_none_nothing_is_known() -> None:
    nothing = TwoShares(Portion(0, 0), Portion(3, 9))
    assert (nothing.difference, nothing.between, nothing.chance) == (None, None, None)
