"""What a touchpoint may bring about: moves that take no effect, opens, withdrawals, and what shares an instant."""

import pytest

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.people.findings import findings
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us
from tests.given_model import MODEL

DAY = 86_400
MOVED = """
[[score.rules]]
name = "moved"
on = "stage_changed"
where = { to = "qualified" }
points = 30
[fit]"""


def folded(*history: Touchpoint, model: str = MODEL, until: float = 2 * DAY) -> Lead:
    return Fold(parse_model(model)).fold(history, us(until))


def test_a_move_by_policy_that_takes_no_effect_gives_no_points() -> None:
    moves = [
        at(0, "page_viewed", "e:a@x.de"),
        at(1, "stage_changed", "e:a@x.de", to="customer"),
        at(2, "stage_changed", "e:a@x.de", to="qualified", source="policy"),
    ]
    lead = folded(*moves, model=MODEL.replace("[fit]", MOVED, 1))
    assert (lead.stage, lead.heat.value, lead.now.hot_since) == ("customer", folded(moves[0]).heat.value, None)


def test_a_withdrawal_undoes_a_move_by_policy_alone() -> None:
    page = at(0, "page_viewed", "e:a@x.de")
    withdrawn = at(2, "stage_changed", "e:a@x.de", withdraws="x", source="policy")
    by_person = at(1, "stage_changed", "e:a@x.de", to="customer", source="api", id="x")
    assert folded(page, by_person, withdrawn).stage == "customer"
    by_policy = at(1, "stage_changed", "e:a@x.de", to="qualified", source="policy", id="x")
    assert folded(page, by_policy, withdrawn).stage == "lead"


@pytest.mark.parametrize("type", ["email_delivered", "email_bounced", "call_logged"])
def test_opens_make_nobody_hot_with_the_help_of_what_scores_nothing(type: str) -> None:
    opened = [at(n, "email_opened", "e:a@x.de") for n in range(3)]
    assert folded(*opened, at(5, type, "e:a@x.de")).now.hot_since is None
    profile = {"email": "a@x.de", "title": "CEO"}  # a better grade needs less heat
    assert folded(*opened, at(5, "identified", "e:a@x.de", profile=profile)).now.hot_since is None


def test_who_returns_in_the_instant_in_which_the_window_ends_never_left() -> None:
    pages = [at(0, "page_viewed", "c:k"), at(10, "page_viewed", "c:k"), at(DAY, "page_viewed", "c:k")]
    assert folded(*pages).now.segments["returners"] == us(10)


def test_a_merge_that_was_forbidden_is_listed_with_both() -> None:
    u, e = [{"kind": "user_id", "value": "1"}], [{"kind": "email", "value": "a@x.test"}]
    walk, histories = assign(
        [
            at(1, "page_viewed", "u:1"),
            at(2, "page_viewed", "e:a@x.test"),
            at(3, "unmerged", "u:1", source="api", **{"with": e}),
            at(4, "page_viewed", "c:k"),
            at(5, "merged", "c:k", source="api", **{"with": u}),
            at(6, "merged", "c:k", source="api", **{"with": e}),
        ]
    )
    listed = {walk.people[number].name().kind: findings(walk, walk.people[number]) for number in histories}
    finding = ["merge_skipped", "anonymous_id:k with email:a@x.test: they were unmerged", us(6)]
    assert listed == {"user_id": [finding], "email": [finding]}


def test_what_is_kept_apart_by_hand_says_nothing_about_the_person() -> None:
    together = at(1, "identified", "u:1", "e:a@x.de")
    apart = at(2, "unmerged", "e:a@x.de", source="api", **{"with": [{"kind": "user_id", "value": "1"}]})
    _, histories = assign([together, apart])
    profiles = [folded(*history).profile for history in histories.values()]
    assert sorted(profile.get("email", "-") for profile in profiles) == ["-", "a@x.de"]
