"""Who takes care of a lead, as its touchpoints say; and how one that was rejected becomes hot again."""

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Instant, Source, Touchpoint
from tests.domain.stories import spans

MINUTE = 60_000_000
MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
[[stages]]
name = "nurture"
detour = true
hot = true
[[stages]]
name = "lost"
detour = true
[score]
hot_at = 80
half_life = "3650d"
[[score.rules]]
name = "ten"
on = "ten"
points = 10
[[score.rules]]
name = "much"
on = "much"
points = 84
[[score.rules]]
name = "opened"
on = "email_opened"
points = 50
"""
WANG = (Identity("email", "wang@example.com"),)


def at(minute: int, type: str, kind: str = "api", name: str = "api", **said: object) -> Touchpoint:
    """A touchpoint of the one lead of these stories."""
    instant = Instant(minute * MINUTE)
    source = Source(kind, name)
    return Touchpoint(f"{minute}-{type}", source, type, instant, instant, WANG, properties=said)


def fold(*history: Touchpoint, model: str = MODEL, until: int = 10_000) -> Lead:
    """The lead of a history."""
    return Fold(parse_model(model)).fold(sorted(history, key=lambda each: each.order), until * MINUTE)


def test_who_was_assigned_last_has_the_lead_and_the_answer_of_another_counts_nothing() -> None:
    assigned = at(1, "owner_assigned", "policy", "promote", owner="ana", due="1970-01-01T04:01:00Z", assigned="s:1")
    lead = fold(assigned, at(2, "owner_accepted", owner="bo"), at(3, "owner_rejected", owner="bo", reason="not ready"))
    assert lead.owner is not None and (lead.owner.owner, lead.owner.accepted_at) == ("ana", None)
    assert lead.rejection is None
    lead = fold(assigned, at(2, "owner_accepted", owner="ana"), at(3, "owner_accepted", owner="ana", by="cy"))
    assert lead.owner is not None and (lead.owner.accepted_at, lead.owner.by) == (2 * MINUTE, "ana")
    lead = fold(assigned, at(2, "owner_accepted", owner="ana"), at(4, "owner_assigned", owner="bo"))
    assert lead.owner is not None and (lead.owner.owner, lead.owner.accepted_at) == ("bo", None)


def test_an_answer_that_arrives_before_its_assignment_counts_once_that_is_there() -> None:
    answer = at(2, "owner_accepted", owner="ana")
    assert fold(answer).owner is None
    lead = fold(answer, at(1, "owner_assigned", owner="ana"))
    assert lead.owner is not None and lead.owner.accepted_at == 2 * MINUTE


def test_rejected_as_not_ready_it_is_hot_again_when_it_earned_a_quarter_of_its_threshold_since() -> None:
    story = [
        at(1, "much"), at(2, "owner_assigned", owner="ana"), at(3, "owner_rejected", owner="ana", reason="not ready"),
    ]  # fmt: skip
    lead = fold(*story)
    assert (lead.now.hot_since, spans(lead.now), lead.owner) == (None, [(1 * MINUTE, 3 * MINUTE)], None)
    assert fold(*story, at(4, "ten")).now.hot_since is None
    assert fold(*story, at(4, "ten"), at(5, "email_opened"), at(6, "email_opened")).now.hot_since is None
    lead = fold(*story, at(4, "ten"), at(5, "ten"))
    assert lead.now.hot_since == 5 * MINUTE
    assert lead.rejection is not None and lead.rejection.over


def test_fresh_says_how_much_and_heat_must_be_above_the_threshold_too() -> None:
    story = [at(1, "much"), at(2, "owner_assigned", owner="ana"), at(3, "owner_rejected", owner="ana")]
    fresh = MODEL.replace("hot_at = 80", "hot_at = 80\nfresh = 30")
    assert fold(*story, at(4, "ten"), at(5, "ten"), model=fresh).now.hot_since is None
    assert fold(*story, at(4, "ten"), at(5, "ten"), at(6, "ten"), model=fresh).now.hot_since == 6 * MINUTE
    cooled = fold(*story, at(4, "score_reset"), at(5, "ten"), at(6, "ten"), at(7, "ten"))
    assert cooled.now.hot_since is None


def test_rejected_for_good_it_is_not_hot_until_a_person_moves_it_back_and_it_earns() -> None:
    story = [
        at(1, "much"), at(2, "owner_assigned", owner="ana"), at(3, "owner_rejected", owner="ana", reason="competitor"),
        at(4, "stage_changed", "policy", "policy", to="lost"), at(5, "much"),
    ]  # fmt: skip
    lead = fold(*story)
    assert (lead.stage, lead.now.hot_since) == ("lost", None)
    back = [*story, at(6, "stage_changed", to="lead")]
    assert fold(*back).now.hot_since is None
    assert fold(*back, at(7, "ten")).now.hot_since == 7 * MINUTE


def test_a_policy_moves_a_rejected_lead_backward_and_one_that_promotes_does_not() -> None:
    qualified = at(1, "stage_changed", to="qualified")
    assert fold(qualified, at(2, "stage_changed", "policy", "policy", to="nurture")).stage == "nurture"
    assert fold(qualified, at(2, "stage_changed", "policy", "promote", to="nurture")).stage == "qualified"


def test_staff_in_touch_is_remembered_the_last_eight_times() -> None:
    lead = fold(*(at(n, "call_logged", by="ana") for n in range(1, 12)))
    assert lead.contacts == [[n * MINUTE, "ana"] for n in range(4, 12)]
