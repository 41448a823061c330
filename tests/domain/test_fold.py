"""The fold: given a model, when these touchpoints happen, then this is the lead."""

import pytest
from msgspec.structs import replace

from domain.fold.fold import Fold
from domain.fold.lead import EPISODES
from domain.fold.score import decayed
from domain.fold.trace import Trace
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, spans, us
from tests.given_model import MODEL

DAY = 86_400


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(parse_model(MODEL))


def test_heat_decays_by_its_half_life_and_is_saved_as_a_pair(fold: Fold) -> None:
    lead = fold.fold([at(0, "form_submitted", "e:a@x.de"), at(DAY, "form_submitted", "e:a@x.de")], us(2 * DAY))
    assert lead.heat.value == 15 * 0.5 + 12
    assert lead.heat.at == us(DAY)


def test_a_rolling_limit_frees_the_rule_again(fold: Fold) -> None:
    pages = [at(second, "page_viewed", "c:k") for second in (0, 1, 2, 3, DAY - 1, DAY, DAY + 1)]
    trace = Trace()
    fold.fold(pages, us(9 * DAY), trace)
    assert [award.at for award in trace.awards] == [us(0), us(1), us(2), us(DAY), us(DAY + 1)]


def test_hot_from_the_touchpoint_that_reaches_it_until_it_cools(fold: Fold) -> None:
    lead = fold.fold([at(0, "form_submitted", "e:a@x.de"), at(9, "form_submitted", "e:a@x.de")], us(10))
    assert (lead.grade, lead.now.hot_since) == ("C", us(9))
    cools_at = lead.now.cools_at
    assert cools_at is not None
    assert fold.at(lead, cools_at - 1).hot_since == us(9)
    cooled = fold.at(lead, cools_at)
    assert cooled.hot_since is None and spans(cooled) == [(us(9), cools_at)]


def test_an_episode_keeps_its_peak_and_what_it_began_with(fold: Fold) -> None:
    """Who is told of a hot lead asks how hot it became, and why; the last reasons say nothing of the first."""
    history = [
        at(0, "page_viewed", "e:a@x.de"),
        at(1, "page_viewed", "e:a@x.de"),
        at(9, "form_submitted", "e:a@x.de"),
        at(20, "page_viewed", "e:a@x.de"),
        at(30, "identified", "e:a@x.de", profile={"title": "CEO"}),
        at(40, "stage_changed", "e:a@x.de", to="customer"),
    ]
    hot = fold.fold(history[:5], us(30)).now.hot
    assert hot is not None
    peak = decayed(fold.fold(history[:3], us(9)).heat.value, us(9), fold.half_life, us(20)) + 5
    assert (hot.began, hot.ended, hot.peak, hot.stage, hot.grade) == (us(9), None, peak, "lead", "C")
    assert [reason[:3] for reason in hot.reasons] == [["form", 1, us(9)], ["page", 2, us(1)], ["first form", 1, us(9)]]
    assert sum(reason[3] for reason in hot.reasons) == pytest.approx(fold.fold(history[:3], us(9)).heat.value)
    [over] = fold.fold(history, us(99)).now.episodes
    assert over == replace(hot, ended=us(40))


def test_the_last_two_hundred_episodes_are_kept(fold: Fold) -> None:
    days = [at(day * 4 * DAY, "form_submitted", "e:a@x.de", profile={"title": "CEO"}) for day in range(EPISODES + 3)]
    now = fold.fold(days, days[-1].instant).now
    assert [began for began, _ in spans(now)] == [each.instant for each in days[2:-1]]


def test_an_open_alone_never_makes_hot_and_a_machine_scores_nothing(fold: Fold) -> None:
    opens = [at(0, "email_opened", "e:a@x.de")]
    assert fold.fold(opens, us(1)).now.hot_since is None
    flagged = Touchpoint("m", opens[0].source, "form_submitted", us(1), us(1), opens[0].identities,
                         context={"machine": "honeypot"})  # fmt: skip
    assert fold.fold([flagged], us(2)).heat.value == 0.0


FOR_ALL = MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = 20")
CEO, CLERK = {"title": "CEO"}, {"title": "clerk"}


def hot_since(model: str, *history: Touchpoint) -> float | None:
    """Seconds after the start; None: not hot after its last touchpoint."""
    lead = Fold(parse_model(model)).fold(history, history[-1].instant)
    return None if lead.now.hot_since is None else (lead.now.hot_since - us(0)) / 1_000_000


@pytest.mark.parametrize("before, after", [(CEO, CLERK), (CLERK, CEO)])
def test_a_change_of_grade_that_does_not_lower_the_threshold_begins_no_episode(
    before: dict[str, str], after: dict[str, str]
) -> None:
    form = at(0, "form_submitted", "e:a@x.de", profile=before)
    by_open = at(9, "email_opened", "e:a@x.de", profile=after)
    assert hot_since(FOR_ALL, form, by_open) is None
    without_points = [at(9, "email_opened", "e:a@x.de"), at(19, "identified", "e:a@x.de", profile=after)]
    assert hot_since(FOR_ALL, form, *without_points) is None


def test_a_worse_grade_begins_no_episode_where_opens_have_brought_the_heat_above_its_threshold() -> None:
    page = at(0, "page_viewed", "e:a@x", profile=CEO)
    worse = at(9, "identified", "e:a@x", profile=CLERK)
    assert hot_since(MODEL, page, at(1, "email_opened", "e:a@x"), worse) is None


def test_a_change_of_grade_or_exclusion_that_lowers_the_threshold_begins_an_episode() -> None:
    form = at(0, "form_submitted", "u:1", profile={"title": "clerk", "email": "a@us.example"})
    no_longer_ours = at(9, "identified", "u:1", profile={"email": "a@x.example"})
    promoted = at(19, "identified", "u:1", profile=CEO)
    assert hot_since(MODEL, form, no_longer_ours) is None
    assert hot_since(MODEL, form, no_longer_ours, promoted) == 19
    more = at(1, "form_submitted", "u:1")
    assert hot_since(MODEL, form, more) is None
    assert hot_since(MODEL, form, more, no_longer_ours) == 9


def test_another_reason_to_be_no_lead_begins_no_episode_when_it_goes_but_the_last_does() -> None:
    other = '\n[[not_a_lead]]\nreason = "student"\nwhere = { "profile.title" = "student" }\n'
    form = at(0, "form_submitted", "u:1", profile={"email": "a@us.example", "title": "student"})
    more = at(1, "form_submitted", "u:1")
    left = at(2, "identified", "u:1", profile={"email": "a@x.example"})
    graduated = at(3, "identified", "u:1", profile=CLERK)
    assert hot_since(MODEL + other, form, more, left) is None
    assert hot_since(MODEL + other, form, more, left, graduated) == 3


def test_what_was_earned_before_a_reset_begins_no_episode_after_it() -> None:
    form = at(0, "form_submitted", "e:a@x.de", profile=CLERK)
    reset = at(0, "score_reset", "e:a@x.de", source="api", seq=1)
    by_open = at(0, "email_opened", "e:a@x.de", seq=2)
    assert hot_since(MODEL, form, reset, by_open) is None
    assert hot_since(MODEL, form, reset, at(5, "email_opened", "e:a@x.de", profile=CEO)) is None
    assert hot_since(MODEL, form, reset, by_open, at(9, "form_submitted", "e:a@x.de")) == 9


def test_a_lead_knows_when_it_last_earned_points(fold: Fold) -> None:
    form, by_open = at(0, "form_submitted", "e:a@x.de"), at(9, "email_opened", "e:a@x.de")
    assert fold.fold([by_open], us(9)).heat.earned_at is None
    assert fold.fold([form, by_open], us(9)).heat.earned_at == us(0)
    assert fold.fold([form, by_open, at(19, "score_reset", "e:a@x.de", source="api")], us(19)).heat.earned_at is None


def test_grade_moves_the_threshold_and_employees_are_never_hot(fold: Fold) -> None:
    form = at(0, "form_submitted", "e:a@x.de", profile={"title": "CEO"})
    assert fold.fold([form], us(1)).now.hot_since == us(0)
    own = at(0, "form_submitted", "e:a@us.example", profile={"title": "CEO"})
    lead = fold.fold([own], us(1))
    assert (lead.not_a_lead, lead.now.hot_since) == ("employee", None)


def test_a_reset_starts_the_sum_anew(fold: Fold) -> None:
    history = [at(0, "form_submitted", "e:a@x.de"), at(1, "score_reset", "e:a@x.de", source="api"),
               at(2, "page_viewed", "e:a@x.de")]  # fmt: skip
    trace = Trace()
    assert fold.fold(history, us(3), trace).heat.value == 5
    assert [award.rule for award in trace.awards] == ["page"]


def test_stages_facts_take_effect_and_policy_only_moves_forward(fold: Fold) -> None:
    history = [
        at(0, "page_viewed", "e:a@x.de"),
        at(1, "stage_changed", "e:a@x.de", to="customer"),
        at(2, "stage_changed", "e:a@x.de", to="qualified", source="policy"),
        at(3, "stage_changed", "e:a@x.de", to="disqualified"),
        at(4, "stage_changed", "e:a@x.de", to="customer", source="policy"),
        at(5, "stage_changed", "e:a@x.de", to="qualified", source="api"),
        at(6, "stage_changed", "e:a@x.de", to="nowhere"),
    ]
    lead = fold.fold(history, us(9))
    assert [entry.stage for entry in lead.stages] == ["lead", "customer", "disqualified", "qualified"]
    assert [finding[:2] for finding in lead.findings] == [
        ["missing_required", "qualified: profile.company"], ["unknown_stage", "nowhere"],
    ]  # fmt: skip


def test_a_withdrawn_promotion_goes_back(fold: Fold) -> None:
    history = [
        at(0, "page_viewed", "e:a@x.de"),
        at(1, "stage_changed", "e:a@x.de", to="qualified", source="policy", id="promotion"),
        at(2, "stage_changed", "e:a@x.de", withdraws="promotion", source="policy"),
    ]
    assert [entry.stage for entry in fold.fold(history, us(9)).stages] == ["lead", "qualified", "lead"]
    moved_on = [*history[:2], at(1.5, "stage_changed", "e:a@x.de", to="customer"), history[2]]
    assert fold.fold(moved_on, us(9)).stage == "customer"


def test_a_visitor_has_stage_visitor(fold: Fold) -> None:
    lead = fold.fold([at(0, "page_viewed", "c:k")], us(1))
    assert (lead.stage, lead.identified, lead.stages) == ("visitor", False, [])


def test_a_lead_keeps_when_it_was_first_identified_whatever_stage_it_was_in(fold: Fold) -> None:
    history = [
        at(0, "page_viewed", "c:k"),
        at(1, "stage_changed", "c:k", to="qualified"),
        at(2, "page_viewed", "c:k", "e:a@x.de"),
        at(3, "form_submitted", "e:a@x.de", "u:7"),
    ]
    lead = fold.fold(history, us(9))
    assert (lead.identified_at, [entry.stage for entry in lead.stages]) == (us(2), ["qualified"])
    assert fold.fold(history, us(1)).identified_at is None


def test_a_page_a_form_and_an_identify_of_one_millisecond_complete_the_funnel(fold: Fold) -> None:
    for order in (("page_viewed", "form_submitted", "identified"), ("identified", "form_submitted", "page_viewed")):
        history = [at(0, type, "e:a@x.de", seq=seq) for seq, type in enumerate(order)]
        assert fold.fold(history, us(1)).funnels["signup"].step == 3


def test_a_funnel_window_includes_its_end_and_the_furthest_then_earliest_attempt_counts(fold: Fold) -> None:
    late = [at(0, "page_viewed", "e:a@x.de"), at(2 * DAY, "form_submitted", "e:a@x.de")]
    assert fold.fold(late, us(9 * DAY)).funnels["signup"].step == 2
    later = [late[0], at(2 * DAY + 0.000001, "form_submitted", "e:a@x.de")]
    assert fold.fold(later, us(9 * DAY)).funnels["signup"].step == 1
    both = [late[0], at(DAY, "page_viewed", "e:a@x.de"), *late[1:], at(2 * DAY + 1, "identified", "e:a@x.de")]
    attempts = fold.fold(both, us(9 * DAY)).funnels["signup"]
    assert (attempts.step, attempts.best[1]) == (3, us(DAY))
    assert fold.fold(both[:3], us(9 * DAY)).funnels["signup"].best[1] == us(0)


def test_segments_flip_at_their_instants_however_late_one_looks(fold: Fold) -> None:
    lead = fold.fold([at(0, "page_viewed", "c:k"), at(10, "page_viewed", "c:k")], us(20))
    assert lead.now.segments == {"returners": us(10), "warm": us(0)}
    assert "returners" in fold.at(lead, us(DAY) - 1).segments
    assert "returners" not in fold.at(lead, us(DAY)).segments
    assert fold.at(lead, us(90 * DAY)).segments == {"quiet": us(DAY + 10)}


@pytest.mark.parametrize(
    ("before", "after"), [([0], [False]), ([1], [1.0]), ({"a": [1]}, {"a": [True]}), (0, False), ([[1]], [[True]])]
)
def test_a_value_that_only_looks_alike_is_learnt(fold: Fold, before: object, after: object) -> None:
    said = [at(n, "identified", "u:1", profile={"x": value}) for n, value in enumerate((before, after))]
    assert repr(fold.fold(said, us(9)).profile) == repr({"x": after})
