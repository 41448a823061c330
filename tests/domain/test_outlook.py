"""How far a lead is from hot, which single rule would do, and what time alone will do."""

import pytest

from domain.fold.about import LONGEST, about
from domain.fold.fold import Fold
from domain.fold.outlook import Coming, Distance, Never, Passing, coming, distance
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Instant, Touchpoint
from tests.domain.stories import at, us
from tests.given_model import MODEL

DAY = 86_400
ASKED = at(1, "identified", "e:a@x.de")


def left(*history: Touchpoint, model: str = MODEL, clock: float = 2) -> Distance:
    fold = Fold(parse_model(model))
    return distance(fold, fold.fold(history, us(clock)), Instant(us(clock)))


def enough(*history: Touchpoint, model: str = MODEL, clock: float = 2) -> list[str]:
    return [rule.name for rule in left(*history, model=model, clock=clock).enough]


def test_the_distance_is_to_the_threshold_of_the_grade_and_names_what_one_touchpoint_would_do() -> None:
    page = at(1, "page_viewed", "e:a@x.de")
    far = left(page, ASKED)
    assert (far.threshold, far.missing, far.never, far.enough) == (20, 15, None, ())
    near = at(2, "page_viewed", "e:a@x.de"), at(2, "identified", "e:a@x.de", profile={"title": "CEO"})
    assert (left(*near).threshold, left(*near).missing) == (10, 5)
    assert enough(*near) == ["page", "form"], "an open begins no episode, the first form gives 3"


def test_what_one_touchpoint_would_do_is_what_the_fold_then_does() -> None:
    fold = Fold(parse_model(MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = 16")))
    before = [at(n, "page_viewed", "e:a@x.de") for n in (1, 2)]
    for clock in (3, DAY // 4, DAY // 2, DAY):
        lead = fold.fold(before, us(clock))
        would = {rule.name for rule in distance(fold, lead, Instant(us(clock))).enough}
        for rule, type in (("page", "page_viewed"), ("form", "form_submitted")):
            single = [rule for rule in fold.model.score.rules if rule.name != "first form"]
            alone = Fold(fold.model.model_copy(update={"score": fold.model.score.model_copy(update={"rules": single})}))
            after = alone.fold([*before, at(clock, type, "e:a@x.de")], us(clock))
            assert (after.now.hot_since is not None) is (rule in would), (clock, rule)


def test_a_rule_at_its_limit_would_not_do_and_a_limit_per_value_lets_another_value_do() -> None:
    pages = [at(2, "page_viewed", "e:a@x.de", id=str(n), path="/a") for n in range(3)]
    model = MODEL.replace("D = 20", "D = 17")
    assert enough(*pages, model=model) == ["form"]
    per = model.replace('"3 per 24h"', '{ count = 3, per = "path" }')
    assert enough(*pages, model=per) == ["page", "form"]


def test_a_rule_that_asks_for_another_person_or_leads_away_would_not_do() -> None:
    model = MODEL.replace('on = "form_submitted"\npoints = 12', 'on = "form_submitted"\npoints = 22\nASKS', 1)
    assert enough(ASKED, model=model.replace("ASKS", "")) == ["form"]
    asks = 'where = { "profile.country" = "CN", form = "demo" }'
    assert enough(ASKED, model=model.replace("ASKS", asks)) == []
    there = at(1, "identified", "e:a@x.de", profile={"country": "CN"})
    assert enough(there, model=model.replace("ASKS", asks)) == ["form"]
    won = model.replace("ASKS", "").replace("won = true", 'won = true\nenter = [ { on = "form_submitted" } ]')
    assert enough(ASKED, model=won) == []


@pytest.mark.parametrize(("model", "history", "why"), [
    ('[[stages]]\nname = "lead"', (ASKED,), Never.MODEL),
    (MODEL, (at(1, "identified", "e:a@us.example"),), Never.EXCLUDED),
    (MODEL, (ASKED, at(2, "stage_changed", "e:a@x.de", to="customer")), Never.STAGE),
    (MODEL.replace(", D = 20", "").replace("C = 0 }", "C = 5 }"), (ASKED,), Never.GRADE),
])  # fmt: skip
def test_who_is_never_hot_is_told_why(model: str, history: tuple[Touchpoint, ...], why: Never) -> None:
    assert left(*history, model=model) == Distance(None, 0.0, why, ())


def test_a_hot_lead_lacks_nothing_and_below_0_all_is_missing() -> None:
    hot = at(1, "form_submitted", "e:a@x.de"), at(2, "form_submitted", "e:a@x.de")
    assert (left(*hot).missing, left(*hot).enough) == (0, ())
    below = MODEL.replace("points = 5", "points = -5")
    assert left(at(2, "page_viewed", "e:a@x.de"), model=below).missing == 25


def test_opens_alone_bring_nobody_there_and_any_points_then_do() -> None:
    opened = at(2, "email_opened", "e:a@x.de")
    assert (left(opened).missing, enough(opened)) == (0, ["first form", "page", "form"])


def test_what_time_alone_will_do_is_told_in_order_with_the_instants_that_the_fold_then_bears() -> None:
    fold = Fold(parse_model(MODEL))
    history = [at(n, "page_viewed", "e:a@x.de") for n in (1, 2)] + [at(3, "form_submitted", "e:a@x.de")]
    clock = Instant(us(10))
    lead = fold.fold(history, clock)
    changes = coming(fold, lead, clock)
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    told = {(change.what, change.segment): change.at for change in changes}
    assert told.keys() == {
        (Passing.FALLS_BELOW, None), (Passing.COOLS, None), (Passing.LEAVES, "returners"), (Passing.LEAVES, "warm"),
        (Passing.ENTERS, "quiet"),
    }  # fmt: skip
    assert told[(Passing.COOLS, None)] == lead.now.cools_at
    end = fold.at(lead, us(99 * DAY))
    assert told[(Passing.LEAVES, "returners")] == us(DAY + 1) == end.left["returners"]
    assert told[(Passing.ENTERS, "quiet")] == us(DAY + 2) == end.segments["quiet"]
    assert coming(fold, lead, Instant(us(99 * DAY))) == []
    assert lead == fold.fold(history, clock), "looking changes nothing"


def test_a_due_instant_at_which_nothing_changes_is_not_told() -> None:
    fold = Fold(parse_model(MODEL))
    lead = fold.fold([at(1, "page_viewed", "c:k")], us(2))
    told = coming(fold, lead, Instant(us(2)))
    assert Coming(us(DAY + 1), Passing.ENTERS, "quiet") in told
    assert all(change.segment != "returners" for change in told)


@pytest.mark.parametrize(("type", "properties", "expected"), [
    ("page_viewed", {"title": "Prices", "path": "/pricing"}, ("path", "/pricing")),
    ("form_submitted", {"form": "demo", "path": "/x"}, ("form", "demo")),
    ("email_clicked", {"subject": "May", "link": "https://x.example/"}, ("link", "https://x.example/")),
    ("email_opened", {"subject": "May", "link": "https://x.example/"}, ("subject", "May")),
    ("file_downloaded", {"file": "a.pdf"}, ("file", "a.pdf")),
    ("order_placed", {"order_id": 7}, ("order_id", "7")),
    ("page_viewed", {"path": "", "url": ["x"], "title": True}, None),
    ("page_viewed", {"path": "/" * 999}, ("path", "/" * LONGEST)),
])  # fmt: skip
def test_what_it_was_about(type: str, properties: dict[str, object], expected: tuple[str, str] | None) -> None:
    assert about(type, properties) == expected
