"""The words of `leadline lead`, `leads` and `signals`: how far from hot, what time will do, who, and what about."""

from typing import Any

import pytest

from domain.model.definition import parse_model
from projections.queries.shapes import (
    ComingShape,
    DistanceShape,
    EnoughShape,
    IdentityShape,
    LeadShape,
    ScoreShape,
    SignalShape,
)
from runtime.commands.reading import about
from runtime.explained import coming_in_words, distance_in_words
from runtime.words import Words, who
from tests.domain.stories import us

MODEL = """
[[stages]]
name = "lead"
label = "New lead"
[[score.rules]]
name = "form"
label = { en = "Sent a form", zh = "提交表单" }
on = "form_submitted"
points = 20
[[not_a_lead]]
reason = "student"
label = { en = "A student", zh = "学生" }
where = { "profile.email" = { ends_with = ".edu" } }
[[segments]]
name = "warm"
label = "Warm ones"
when = { heat = { gte = 40 } }
"""
WORDS = Words(parse_model(MODEL), "en")
FORM = EnoughShape(rule="form", on="form_submitted", points=20)


def score(distance: dict[str, Any], **more: Any) -> ScoreShape:
    left = DistanceShape(**{"threshold": None, "missing": 0, "never": None, "enough": [], **distance})
    return ScoreShape.model_construct(
        **{"hot": False, "grade": "B", "not_a_lead": None, "coming": [], "distance": left, **more}
    )


@pytest.mark.parametrize(("distance", "more", "sentence"), [
    ({"threshold": 50, "missing": 12.8, "enough": [FORM]}, {},
     "12.8 below the 50 of grade B; one more would do: Sent a form (20)"),
    ({"threshold": 50, "missing": 12.8}, {}, "12.8 below the 50 of grade B"),
    ({"threshold": 50, "enough": [FORM]}, {},
     "at or above the 50 of grade B, not hot until points are earned; one more would do: Sent a form (20)"),
    ({"threshold": 50}, {"hot": True}, "hot; at or above the 50 of grade B"),
    ({"threshold": 50, "missing": 3.5}, {"hot": True}, "hot; 3.5 below the 50 of grade B"),
    ({"never": "excluded"}, {"not_a_lead": "student"}, "never while not a lead: A student"),
    ({"never": "stage"}, {}, "never in this stage"),
    ({"never": "grade"}, {}, "never with grade B"),
    ({"never": "model"}, {}, "never: the model has no hot_at"),
])  # fmt: skip
def test_how_far_it_is_is_one_sentence(distance: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    assert distance_in_words(score(distance, **more), WORDS) == sentence


def test_what_time_alone_will_do_is_told_in_order() -> None:
    changes = [
        ComingShape(at=us(0), what="falls_below"),
        ComingShape(at=us(1), what="leaves", segment="warm"),
        ComingShape(at=us(2), what="cools"),
    ]
    assert coming_in_words(score({}, coming=changes), WORDS) == (
        "heat falls below the threshold at 2023-11-14 22:13:20; leaves Warm ones at 2023-11-14 22:13:21; "
        "cools at 2023-11-14 22:13:22"
    )


@pytest.mark.parametrize(("profile", "called"), [
    ({"name": "Ada"}, "Ada"),
    ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
    ({"first_name": "芳", "last_name": "王"}, "王芳"),
    ({"full_name": "Ada L"}, "Ada L"),
    ({"company": "Engines"}, "ada@x.de"),
])  # fmt: skip
def test_people_are_called_by_their_names_however_these_were_said(profile: dict[str, Any], called: str) -> None:
    email = IdentityShape(kind="email", value="ada@x.de")
    assert who(LeadShape.model_construct(id="1", identities=[email], profile=profile)) == called


@pytest.mark.parametrize(("subject", "fields", "words"), [
    ("warm", {"segment": "warm"}, "Warm ones"),
    ("", {"from": "visitor", "to": "lead"}, "visitor > New lead"),
    ("", {"to": "gone"}, "gone"),
    ("", {"heat": 80.0}, None),
])  # fmt: skip
def test_a_signal_is_about_a_segment_or_stages(subject: str, fields: dict[str, Any], words: str | None) -> None:
    assert about(SignalShape.model_construct(subject=subject, **fields), WORDS) == words
