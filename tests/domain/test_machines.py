"""Machines count nowhere: given what one did among a person's history, then the lead is as if it were not there."""

import pytest
from msgspec.structs import replace

from domain.fold.explain import explain
from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import NEVER, Touchpoint
from tests.domain.stories import at, us

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "customer"
hot = true
enter = [ { on = "order_placed" } ]
[score]
half_life = "1d"
hot_at = 10
[[score.rules]]
name = "page"
on = "page_viewed"
points = 5
[[score.rules]]
name = "left"
on = "email_unsubscribed"
points = -3
[[segments]]
name = "quiet"
when = { not = { did = "page_viewed" } }
[[segments]]
name = "opened"
when = { did = "email_opened" }
[[funnels]]
name = "bought"
window = "2d"
steps = [ { on = "page_viewed" }, { on = "order_placed" } ]
"""
BOT = {"context": {"machine": "reported"}}


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(parse_model(MODEL))


@pytest.mark.parametrize(
    "did",
    [
        at(3, "page_viewed", "u:9", "c:k", profile={"title": "CEO"}, **BOT),
        at(3, "email_opened", "e:a@x.de", **BOT),
        at(3, "order_placed", "e:a@x.de", **BOT),
        at(3, "stage_changed", "e:a@x.de", to="customer", **BOT),
        at(3, "score_reset", "e:a@x.de", source="api", **BOT),
        at(2, "page_viewed", "e:b@x.de", seq=5, **BOT),
        at(99, "page_viewed", "e:a@x.de", **BOT),
        at(0, "page_viewed", "e:a@x.de", **BOT),
    ],
)
def test_what_a_machine_did_leaves_the_lead_as_it_is(fold: Fold, did: Touchpoint) -> None:
    people = [at(second, "page_viewed", "c:k") for second in (1, 2, 4)]
    history = sorted([*people, did], key=lambda touchpoint: touchpoint.order)
    lead = fold.fold(history, us(100))
    assert lead.first_machine == did.instant
    assert replace(lead, first_machine=NEVER, withheld=[]) == fold.fold(people, us(100))


def test_whom_only_machines_touched_is_a_visitor_in_no_segment_with_their_first_and_last_touch(fold: Fold) -> None:
    lead = fold.fold([at(second, "page_viewed", "e:a@x.de", **BOT) for second in (1, 2, 3)], us(9))
    assert (lead.stage, lead.identified, lead.touches, lead.profile) == ("visitor", False, 0, {})
    assert (lead.first_touch, lead.last_touch) == (us(1), us(3))
    assert fold.at(lead, us(99)).segments == {}


def test_the_first_touch_of_a_person_is_theirs_whatever_machines_did_before(fold: Fold) -> None:
    lead = fold.fold([at(1, "page_viewed", "c:k", **BOT), at(5, "form_submitted", "c:k")], us(9))
    assert (lead.first_touch, lead.last_touch, lead.touches) == (us(5), us(5), 1)
    assert lead.now.segments == {"quiet": us(5)}


@pytest.mark.parametrize("type", ["email_unsubscribed", "email_complained", "email_bounced", "consent_changed"])
def test_what_is_said_for_a_person_counts_whoever_delivered_it(fold: Fold, type: str) -> None:
    delivered = fold.fold([at(1, type, "e:a@x.de", **BOT)], us(9))
    assert replace(delivered, first_machine=NEVER) == fold.fold([at(1, type, "e:a@x.de")], us(9))
    assert fold.fold([at(1, "email_unsubscribed", "e:a@x.de", **BOT)], us(9)).heat.value == -3


def test_what_a_machine_would_have_earned_is_listed_with_its_reason(fold: Fold) -> None:
    explanation = explain(fold, [at(1, "page_viewed", "c:k", **BOT), at(2, "page_viewed", "c:k")], us(9))
    assert explanation.lead != Lead() and [point.award.at for point in explanation.points] == [us(2)]
    [nothing] = explanation.withheld
    assert (nothing.rule, nothing.at, nothing.points, nothing.why) == ("page", us(1), 5, "machine: reported")
