"""`did` with `same`: one value of a property again and again, within a window, of bounded memory."""

from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.score import VALUES
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us

DAY = 86_400


def fold_with(within: str = "", same: str = "path") -> Fold:
    window = f', within = "{within}"' if within else ""
    when = f'{{ did = "page_viewed", same = "{same}", at_least = 3{window} }}'
    return Fold(parse_model(f'[[stages]]\nname = "lead"\n[[segments]]\nname = "again"\nwhen = {when}\n'))


def page(second: float, path: object) -> Touchpoint:
    return at(second, "page_viewed", "c:k", id=f"{second}{path!r}", path=path)


def since(fold: Fold, *history: Touchpoint, until: float) -> int | None:
    lead = fold.fold(history, us(until))
    return fold.at(lead, us(until)).segments.get("again")


def test_only_the_same_value_counts_together() -> None:
    apart = [page(n, f"/{n % 2}") for n in range(4)]
    assert since(fold_with(), *apart, until=9) is None
    assert since(fold_with(), *apart, page(4, "/0"), until=9) == us(4)


@pytest.mark.parametrize("value", [None, "", []])
def test_what_has_no_value_repeats_none(value: object) -> None:
    assert since(fold_with(), *[page(n, value) for n in range(5)], until=9) is None


def test_values_are_told_apart_as_json_and_may_be_nested() -> None:
    assert since(fold_with(), page(0, 1), page(1, True), page(2, "1"), until=9) is None
    nested = [at(n, "page_viewed", "c:k", id=str(n), article={"id": 7}, n=n) for n in range(3)]
    assert since(fold_with(same="article.id"), *nested, until=9) == us(2)


def test_it_ends_when_the_window_of_the_last_value_that_repeats_ends() -> None:
    fold = fold_with("1d")
    history = [page(0, "/a"), page(1, "/a"), page(2, "/a"), page(100, "/b"), page(200, "/b"), page(300, "/b")]
    lead = fold.fold(history, us(400))
    assert lead.now.due == us(DAY + 100), "not before: /b still repeats when /a no longer does"
    assert fold.at(lead, us(DAY + 100) - 1).segments == {"again": us(2)}
    ended = fold.at(lead, us(DAY + 500))
    assert (ended.segments, ended.left) == ({}, {"again": us(DAY + 100)})


def test_so_many_values_are_remembered_and_the_one_longest_not_seen_is_forgotten() -> None:
    often = [page(0, "/a"), page(1, "/a")]
    others = [page(2 + n, f"/{n}") for n in range(VALUES)]
    fold, last = fold_with(), page(VALUES + 9, "/a")
    assert since(fold, *often, *others[:-1], last, until=999) == us(VALUES + 9)
    assert since(fold, *often, *others, last, until=999) is None
    seen_again = [*often, *others[:-1], page(VALUES + 5, "/a"), page(VALUES + 6, "/new"), last]
    assert since(fold, *seen_again, until=999) == us(VALUES + 5)
    remembered = fold.fold([*often, *others], us(999)).did
    assert len(remembered) == VALUES + 2 and len(remembered["0"]) == VALUES


def test_of_those_that_were_last_seen_at_one_instant_the_same_goes_in_whatever_order_they_came() -> None:
    fold = fold_with()
    first = [page(0, f"/{n}") for n in range(VALUES)]
    lead = fold.fold([*first, page(1, "/new")], us(9))
    other = fold.fold([*reversed(first), page(1, "/new")], us(9))
    assert lead.did.keys() == other.did.keys() and len(lead.did) == VALUES + 2


class _NotWalked(dict[str, list[int]]):
    """What a lead remembers, where each entry must be asked for by its key."""

    def _refuse(self) -> Any:
        raise AssertionError("all that is remembered of a lead is walked through, also what others ask for")

    __iter__ = keys = items = values = _refuse  # type: ignore[assignment]


def test_what_other_conditions_remember_costs_nothing() -> None:
    fold = fold_with("1d")
    lead = Lead(did=_NotWalked())
    for n in range(VALUES + 20):
        fold.step(lead, (page(n, f"/{n % (VALUES + 10)}"),), us(n))
    assert len(lead.did) == VALUES + 2
