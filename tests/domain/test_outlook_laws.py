"""Laws of the outlook over random models and histories: it says what the fold then does."""

import pytest

from domain.fold.fold import Fold
from domain.fold.outlook import MOST, Passing, coming, distance
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant
from tests.domain.random_models import Draw
from tests.domain.stories import us


@pytest.mark.parametrize("seed", range(40))
def test_what_time_will_do_is_what_the_fold_shows_then_and_not_before(seed: int) -> None:
    draw = Draw(seed)
    fold = Fold(parse_model(draw.model()))
    for _ in range(10):
        history = draw.history()
        clock = Instant(max(history[-1].instant, us(draw.until())))
        lead = fold.fold(history, clock)
        changes = coming(fold, lead, clock)
        told = [(change.at, change.what, change.segment) for change in changes if change.what != Passing.FALLS_BELOW]
        seen = []
        for at in sorted({change.at for change in changes}):
            before, after = fold.at(lead, at - 1), fold.at(lead, at)
            if before.hot_since is not None and after.hot_since is None:
                seen.append((at, Passing.COOLS, None))
            for name in sorted(before.segments.keys() ^ after.segments.keys()):
                seen.append((at, Passing.LEAVES if name in before.segments else Passing.ENTERS, name))
        assert told == seen
        if len(changes) < MOST and changes:
            end, then = fold.at(lead, us(10**9)), fold.at(lead, changes[-1].at)
            assert (end.segments.keys(), end.hot_since) == (then.segments.keys(), then.hot_since), (
                "no more than is told"
            )


@pytest.mark.parametrize("seed", range(40))
def test_the_distance_says_who_is_never_hot_and_what_is_missing(seed: int) -> None:
    draw = Draw(seed)
    fold = Fold(parse_model(draw.model()))
    for _ in range(10):
        history = draw.history()
        clock = Instant(max(history[-1].instant, us(draw.until())))
        lead = fold.fold(history, clock)
        left, hot = distance(fold, lead, clock), fold.at(lead, clock).hot_since is not None
        assert (left.threshold is None) is (left.never is not None)
        assert not (hot and (left.never or left.enough))
        assert left.missing >= 0 and (left.threshold is not None or left.missing == 0)
