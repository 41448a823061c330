"""A model file with a few numbers changed: what is read otherwise, what stays, and what is refused."""

import pytest

from domain.files.durations import DAY
from domain.model.definition import ModelError, parse_model
from domain.model.variant import Variant
from tests.given_model import MODEL

FOR_ALL = MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = 20")
BUT_D = MODEL.replace("hot_at = { A = 10, B = 15, C = 20, D = 20 }", "hot_at = { A = 10, B = 20 }")


def test_without_a_change_it_is_the_files_model() -> None:
    assert not Variant(MODEL).changed
    assert Variant(MODEL).model() == parse_model(MODEL)


def test_points_and_half_life_are_read_otherwise_and_nothing_else() -> None:
    model = Variant(MODEL, points=(("form", 20), ("open", 0)), half_life="14d").model()
    written = MODEL.replace("points = 12", "points = 20").replace("points = 30", "points = 0")
    assert model.hash == parse_model(written.replace('half_life = "1d"', 'half_life = "14d"')).hash
    assert model.text == MODEL
    assert model.score.half_life == 14 * DAY


@pytest.mark.parametrize(("text", "hot_at", "rearm_at"), [
    (FOR_ALL, 40.0, 10.0),
    (FOR_ALL.replace("rearm_at = 5\n", ""), 40.0, 30.0),
    (MODEL, {"A": 40.0, "B": 40.0, "C": 40.0, "D": 40.0}, 20.0),
    (BUT_D, {"A": 40.0, "B": 40.0}, 20.0),
    ('[[stages]]\nname = "lead"', 40.0, 30.0),
])  # fmt: skip
def test_the_threshold_is_that_of_every_grade_that_can_be_hot_and_rearm_at_keeps_its_share(
    text: str, hot_at: object, rearm_at: float
) -> None:
    score = Variant(text, hot_at=40).model().score
    assert (score.hot_at, score.rearm_at) == (hot_at, rearm_at)


@pytest.mark.parametrize(("variant", "problem"), [
    (Variant(MODEL, points=(("fprm", 1),)), "unknown rule \"fprm\" \\(did you mean form\\?\\); allowed: page, form"),
    (Variant(MODEL, hot_at=-1), "score.hot_at.A: found -1"),
    (Variant(MODEL, half_life="soon"), "score.half_life"),
    (Variant(MODEL, points=(("form", 1e99),)), "points"),
    (Variant("score = 1", hot_at=1), "score"),
    (Variant(MODEL.replace("A = 10", 'A = "x"'), hot_at=1), "score.hot_at.A"),
])  # fmt: skip
def test_what_no_file_may_say_is_refused(variant: Variant, problem: str) -> None:
    with pytest.raises(ModelError, match=problem):
        variant.model()
