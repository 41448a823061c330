"""How rules would have done: which deals and which episodes count, what is pending, and what is too few to tell."""

import random

import pytest

from domain.files.durations import DAY
from domain.fold.fold import Fold
from domain.judging.backtest import Days, Numbers, Period, Portion, TrackRecord
from domain.judging.outcome import Hot, LeadOutcome, outcome, won_stages
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant
from tests.domain.stories import at, us
from tests.given_model import MODEL

MONTH = Period(100 * DAY, 130 * DAY, 10 * DAY, 150 * DAY)


def lead(*began: float, won: float | None = None, grade: str = "B", channel: str = "direct") -> LeadOutcome:
    """A lead that became hot on these days, and was won on that day."""
    hot = [Hot(Instant(int(day * DAY)), "A") for day in began]
    return LeadOutcome(hot, None if won is None else int(won * DAY), grade, channel)


def counted(*leads: LeadOutcome, period: Period = MONTH) -> TrackRecord:
    record = TrackRecord()
    for each in leads:
        record.count(each, period)
    return record


@pytest.mark.parametrize(("each", "won", "won_hot"), [
    (lead(90, won=100), 1, 1),
    (lead(90, won=130), 0, 0),
    (lead(90, won=99.9), 0, 0),
    (lead(won=110), 1, 0),
    (lead(110, won=110), 1, 0),
    (lead(111, won=110), 1, 0),
    (lead(5, won=110), 1, 1),
    (lead(110), 0, 0),
])  # fmt: skip
def test_a_deal_won_in_the_period_counts_and_it_was_hot_if_an_episode_began_before(
    each: LeadOutcome, won: int, won_hot: int
) -> None:
    assert counted(each).all.recall == Portion(won_hot, won)


@pytest.mark.parametrize(("each", "hot", "hot_won", "pending"), [
    (lead(100, won=110), 1, 1, 0),
    (lead(100, won=110.1), 1, 0, 0),
    (lead(100), 1, 0, 0),
    (lead(99.9, won=105), 0, 0, 0),
    (lead(130, won=131), 0, 0, 0),
    (lead(99, 120), 1, 0, 0),
    (lead(101, 120, won=125), 1, 0, 0),
    (lead(110, won=105), 0, 0, 0),
])  # fmt: skip
def test_who_became_hot_in_the_period_counts_once_by_the_first_time_and_is_right_if_won_in_time(
    each: LeadOutcome, hot: int, hot_won: int, pending: int
) -> None:
    numbers = counted(each).all
    assert (numbers.hot, numbers.hot_won, numbers.pending) == (hot, hot_won, pending)


def test_who_still_has_time_is_pending_also_when_won_already_so_that_the_share_is_no_better_than_it_will_be() -> None:
    early = MONTH._replace(clock=125 * DAY)
    numbers = counted(lead(115), lead(115.1), lead(120, won=121), period=early).all
    assert (numbers.hot, numbers.hot_won, numbers.pending) == (1, 0, 2)


def test_days_go_from_the_last_time_it_became_hot_and_quartiles_lie_between_neighbours() -> None:
    leads = [lead(90, 100, won=101), lead(100, won=102), lead(100, won=103), lead(100, 110, won=104)]
    assert counted(*leads).all.days == Days(4, 1.75, 2.5, 3.25)
    assert counted(lead(100, won=102)).all.days == Days(1, 2.0, 2.0, 2.0)
    assert counted(lead(100)).all.days is None


def test_a_lead_stands_under_the_grade_that_it_became_hot_with_else_under_that_of_now() -> None:
    record = counted(lead(100, won=110, channel="email"), lead(won=110, grade="C"))
    assert {grade: numbers.recall for grade, numbers in record.grades.items()} == {
        "A": Portion(1, 1),
        "C": Portion(0, 1),
    }
    assert {name: numbers.hot for name, numbers in record.channels.items()} == {"email": 1, "direct": 0}


def test_parts_add_up_in_any_order() -> None:
    dice = random.Random(7)
    leads = [lead(dice.uniform(90, 140), won=dice.uniform(90, 160), grade=dice.choice("ABCD")) for _ in range(200)]
    whole = counted(*leads)
    parts = [counted(*leads[place : place + 13]) for place in range(0, 200, 13)]
    dice.shuffle(parts)
    total = TrackRecord()
    for part in parts:
        total.add(part)
    for numbers in (whole.all, total.all, *whole.grades.values(), *total.grades.values(), *total.channels.values()):
        numbers.waits.sort()
    assert total.all == whole.all and total.grades == whole.grades and total.all.days == whole.all.days


@pytest.mark.parametrize(("share", "low", "high"), [
    (Portion(0, 10), 0.0, 0.2775), (Portion(5, 10), 0.2366, 0.7634), (Portion(81, 263), 0.2553, 0.3662),
])  # fmt: skip
def test_a_share_lies_within_wilsons_interval(share: Portion, low: float, high: float) -> None:
    """The last line is the example of Newcombe (1998), Statistics in Medicine 17, 857, table I."""
    assert share.between == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_fewer_than_twenty_tells_too_little_and_one_of_none_nothing() -> None:
    assert (Portion(19, 19).too_few, Portion(20, 20).too_few) == (True, False)
    assert [(Portion(0, n).between or ())[0] for n in range(1, 99)] == [0.0] * 98
    assert [(Portion(n, n).between or ())[1] for n in range(1, 99)] == [1.0] * 98
    assert (Portion(0, 0).share, Portion(0, 0).between, Numbers().recall.too_few) == (None, None, True)


def test_a_visitors_episode_counts_from_when_the_visitor_is_known() -> None:
    """Nobody could have been called before."""
    model = parse_model(MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = 10"))
    fold, won = Fold(model), won_stages(model)
    history = [
        at(0, "form_submitted", "c:k"),
        at(60, "identified", "c:k", "e:a@x.de"),
        at(90, "stage_changed", "e:a@x.de", to="customer"),
        at(95, "stage_changed", "e:a@x.de", to="lead"),
        at(99, "stage_changed", "e:a@x.de", to="customer"),
    ]
    story = fold.fold(history, us(99))
    found = outcome(story, fold.at(story, us(99)), won)
    assert found == LeadOutcome([Hot(Instant(us(60)), "C")], us(90), "C", "direct")
    later = [history[0], at(9 * 86_400, "identified", "c:k", "e:a@x.de")]
    story = fold.fold(later, later[-1].instant)
    assert outcome(story, story.now, won) == LeadOutcome([], None, "C", "direct")
    story = fold.fold(history[:1], us(1))
    assert outcome(story, story.now, won) is None
