"""What each touchpoint of a history did: points, moves, and what was asked without effect."""

import pytest

from domain.fold.fold import Fold
from domain.fold.moves import NotMoved
from domain.fold.staff import NoEffect
from domain.fold.trace import NO_EFFECT, Effect, Journal, Trace
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, us
from tests.given_model import MODEL

ENTERED = MODEL.replace("won = true", 'won = true\nenter = [ { on = "order_placed" } ]')


def effects(*history: Touchpoint) -> list[Effect]:
    """What each did; the lead is the same as without a journal."""
    fold, journal, trace = Fold(parse_model(ENTERED)), Journal(), Trace()
    assert fold.fold(history, us(99), journal) == fold.fold(history, us(99)) == fold.fold(history, us(99), trace)
    assert (journal.awards, journal.withheld) == (trace.awards, trace.withheld)
    return [journal.effects.get(touchpoint.key, NO_EFFECT) for touchpoint in history]


def moved(to: str, source: str = "api", second: float = 9, **more: object) -> Touchpoint:
    return at(second, "stage_changed", "e:a@x.de", source=source, id=f"{to}@{second}", to=to, **more)


def test_points_and_what_gave_nothing_are_told_of_their_touchpoint() -> None:
    pages = [at(1, "page_viewed", "e:a@x.de", id=str(n)) for n in range(4)]
    bot = at(2, "form_submitted", "e:a@x.de", id="bot", context={"machine": "reported"})
    told = effects(*pages, bot, at(3, "form_submitted", "e:a@x.de"), at(4, "email_delivered", "e:a@x.de"))
    assert [[award.points for award in effect.awards] for effect in told] == [[5], [5], [5], [], [], [12, 3], []]
    assert [[each.why for each in effect.withheld] for effect in told[3:5]] == [["limit"], ["machine: reported"] * 2]
    assert told[-1] == NO_EFFECT and told[0].stage == ("visitor", "lead")


def test_what_two_sources_report_under_one_id_is_told_apart() -> None:
    page = at(1, "page_viewed", "e:a@x.de", id="1", source_name="one")
    told = effects(page, at(2, "form_submitted", "e:a@x.de", id="1", source_name="two"))
    assert [[award.rule for award in effect.awards] for effect in told] == [["page"], ["form", "first form"]]


def test_what_a_later_reset_took_away_was_given() -> None:
    page, reset = at(1, "page_viewed", "e:a@x.de"), at(2, "score_reset", "e:a@x.de", source="api")
    first, last = effects(page, reset)
    assert [award.points for award in first.awards] == [5] and last == NO_EFFECT


@pytest.mark.parametrize(("before", "asks", "why"), [
    ("qualified", moved("qualified"), NotMoved.ALREADY_THERE),
    ("customer", moved("qualified", "policy"), NotMoved.ONLY_FORWARD),
    ("qualified", moved("disqualified", "policy"), NotMoved.ONLY_FORWARD),
    ("disqualified", moved("qualified", "policy"), NotMoved.IN_DETOUR),
    ("qualified", moved("nowhere"), NotMoved.UNKNOWN_STAGE),
    ("qualified", at(9, "stage_changed", "e:a@x.de", source="policy", withdraws="x"), NotMoved.NOTHING_WITHDRAWN),
    ("customer", at(9, "order_placed", "e:a@x.de"), NotMoved.ALREADY_THERE),
    ("disqualified", at(9, "order_placed", "e:a@x.de"), NotMoved.IN_DETOUR),
])  # fmt: skip
def test_what_was_asked_without_effect_says_why(before: str, asks: Touchpoint, why: NotMoved) -> None:
    told = effects(at(0, "identified", "e:a@x.de"), moved(before, second=1), asks)
    assert [effect.stage for effect in told] == [("visitor", "lead"), ("lead", before), None]
    assert told[-1].not_moved == why and not told[-1].awards


def test_a_move_that_happened_says_from_where_to_where_whoever_brought_it_about() -> None:
    told = effects(
        at(0, "identified", "e:a@x.de"),
        moved("qualified", "policy", 1),
        at(2, "stage_changed", "e:a@x.de", source="policy", withdraws="qualified@1"),
        at(3, "order_placed", "e:a@x.de"),
        moved("lead", "api", 4),
    )
    steps = [("visitor", "lead"), ("lead", "qualified"), ("qualified", "lead"), ("lead", "customer"),
             ("customer", "lead")]  # fmt: skip
    assert [(effect.stage, effect.not_moved) for effect in told] == [(step, None) for step in steps]


def test_an_answer_of_somebody_else_or_a_second_one_has_no_effect_and_says_why() -> None:
    def said(second: float, type: str, owner: str) -> Touchpoint:
        return at(second, type, "e:a@x.de", source="api", owner=owner)

    told = effects(
        said(1, "owner_accepted", "ana"),
        said(2, "owner_assigned", "ana"),
        said(3, "owner_accepted", "bo"),
        said(4, "owner_accepted", "ana"),
        said(5, "owner_accepted", "ana"),
        said(6, "owner_rejected", "bo"),
        said(7, "owner_rejected", "ana"),
        said(8, "owner_rejected", "ana"),
    )
    assert [effect.no_effect for effect in told] == [
        NoEffect.NOT_THEIRS, None, NoEffect.NOT_THEIRS, None, NoEffect.ACCEPTED_ALREADY, NoEffect.NOT_THEIRS, None,
        NoEffect.NOT_THEIRS,
    ]  # fmt: skip
