"""The words of `leadline lead`, `leads` and `signals`: how far from hot, what time will do, who, and what about."""

from string import Formatter
from typing import Any, get_args

import pytest

from domain.fold.moves import NotMoved
from domain.fold.outlook import Never, Passing
from domain.fold.staff import NoEffect
from domain.model.definition import parse_model
from projections.queries.orders import OrderName
from projections.queries.shapes import (
    ComingShape,
    DistanceShape,
    EffectShape,
    EnoughShape,
    GaveNothingShape,
    GaveShape,
    IdentityShape,
    LeadShape,
    MovedShape,
    ScoreShape,
    SignalShape,
    TouchpointShape,
)
from runtime.commands.reading import about
from runtime.terminal.explained import coming_in_words, did_in_words, distance_in_words, effect_in_words
from runtime.terminal.sentences import SENTENCES
from runtime.terminal.words import Words, who
from tests.domain.stories import us

MODEL = """
[[stages]]
name = "lead"
label = { en = "New lead", zh = "新线索" }
[[stages]]
name = "spam"
detour = true
[[sales.reasons]]
name = "junk"
label = { en = "Junk", zh = "垃圾" }
stage = "spam"
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
WORDS, CHINESE = (Words(parse_model(MODEL), language) for language in ("en", "zh"))
NOTHING = EffectShape(points=0, gave=[], gave_nothing=[], moved=None, not_moved=None, no_effect=None, machine=None)
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
    ({"never": "stage"}, {}, "never in stage New lead"),
    ({"never": "grade"}, {}, "never with grade B"),
    ({"never": "model"}, {}, "never: the model has no hot_at"),
])  # fmt: skip
def test_how_far_it_is_is_one_sentence(distance: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    assert distance_in_words(score(distance, **more), "lead", WORDS) == sentence


@pytest.mark.parametrize(("distance", "more", "sentence"), [
    ({"threshold": 50, "missing": 12.8, "enough": [FORM]}, {},
     "比 B 级的 50 分低 12.8 分；再有一次即可：提交表单（20 分）"),
    ({"threshold": 50, "missing": 3.5}, {"hot": True}, "热；比 B 级的 50 分低 3.5 分"),
    ({"never": "excluded"}, {"not_a_lead": "student"}, "不会变热，因为不是线索：学生"),
    ({"never": "stage"}, {}, "在阶段“新线索”不会变热"),
])  # fmt: skip
def test_it_is_one_in_chinese_too(distance: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    for language in ("zh", "zh_CN", "zh-Hans"):
        words = Words(parse_model(MODEL), language)
        assert distance_in_words(score(distance, **more), "lead", words) == sentence


def test_every_sentence_is_said_with_the_same_values_in_every_language() -> None:
    english = SENTENCES["en"]
    for texts in SENTENCES.values():
        assert texts.keys() == english.keys()
        for name, text in texts.items():
            assert _values(text) == _values(english[name]), name


def _values(text: str) -> set[str | None]:
    return {field for _, field, _, _ in Formatter().parse(text)} - {None}


def test_whatever_a_reader_may_be_told_has_its_sentence() -> None:
    told = {*NotMoved, *Passing, *NoEffect}
    told |= {f"never.{why}" for why in Never} | {f"leads_title.{name}" for name in get_args(OrderName)}
    assert told <= SENTENCES["en"].keys()


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
    assert coming_in_words(score({}, coming=changes[1:]), CHINESE) == (
        "2023-11-14 22:13:21 离开“Warm ones”；2023-11-14 22:13:22 降温"
    )


@pytest.mark.parametrize(("effect", "english", "chinese"), [
    ({"machine": "honeypot"}, "nothing: a machine (honeypot)", "不计：机器行为（填写了隐藏字段）"),
    ({"machine": "known bot Bing"}, "nothing: a machine (known bot Bing)", "不计：机器行为（已知爬虫 Bing）"),
    ({"machine": "burst"}, "nothing: a machine (burst)", "不计：机器行为（burst）"),
    ({"not_moved": "only_forward"}, "no move: only forward", "阶段未变：只能前进"),
    ({"gave": [GaveShape(rule="form", label=None, points=20)],
      "moved": MovedShape(from_="visitor", to="lead")},
     "+20 Sent a form; visitor > New lead", "+20 提交表单；visitor > 新线索"),
    ({"gave_nothing": [GaveNothingShape(rule="form", label=None, points=20, why="limit", until=us(0))]},
     "Sent a form: limit reached until 2023-11-14 22:13:20", "提交表单：已达上限，直到 2023-11-14 22:13:20"),
])  # fmt: skip
def test_what_a_touchpoint_did_is_told_in_the_readers_language(
    effect: dict[str, Any], english: str, chinese: str
) -> None:
    did = NOTHING.model_copy(update=effect)
    assert (effect_in_words(did, WORDS), effect_in_words(did, CHINESE)) == (english, chinese)


@pytest.mark.parametrize(("type", "said", "english", "chinese"), [
    ("owner_assigned", {"owner": "ana", "due": "2023-11-15T09:00:00Z"},
     "for ana, to accept by 2023-11-15 09:00:00", "分配给 ana，须在 2023-11-15 09:00:00 前接受"),
    ("owner_assigned", {"owner": "ana"}, "for ana", "分配给 ana"),
    ("owner_accepted", {"owner": "berlin", "by": "bo"}, "accepted by bo", "bo 已接受"),
    ("owner_rejected", {"owner": "ana", "reason": "junk"}, "given back by ana: Junk", "ana 已退回：垃圾"),
    ("owner_rejected", {"owner": "ana", "reason": "not ready"}, "given back by ana: not ready", "ana 已退回：时机未到"),
    ("reminder_set", {"at": "2023-11-15T09:00:00Z"}, "reminder for 2023-11-15 09:00:00",
     "提醒时间 2023-11-15 09:00:00"),
    ("noted", {"note": "likes\ntea"}, "note: likes tea", "备注：likes tea"),
    ("page_viewed", {"owner": "ana"}, "", ""),
])  # fmt: skip
def test_what_was_said_of_the_owner_is_told_in_the_readers_language(
    type: str, said: dict[str, Any], english: str, chinese: str
) -> None:
    touchpoint = TouchpointShape.model_construct(type=type, properties=said, effect=NOTHING)
    assert (did_in_words(touchpoint, WORDS), did_in_words(touchpoint, CHINESE)) == (english, chinese)


def test_an_answer_that_counts_for_nothing_says_why() -> None:
    effect = NOTHING.model_copy(update={"no_effect": "not_theirs"})
    touchpoint = TouchpointShape.model_construct(type="owner_accepted", properties={"owner": "ana"}, effect=effect)
    assert did_in_words(touchpoint, WORDS) == "no effect: somebody else has the lead, or nobody"
    assert did_in_words(touchpoint, CHINESE) == "无效：此线索由他人负责或无人负责"


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


@pytest.mark.parametrize(("kind", "subject", "fields", "words"), [
    ("segment.entered", "warm", {"segment": "warm"}, "Warm ones"),
    ("stage.changed", "", {"from": "visitor", "to": "lead"}, "visitor > New lead"),
    ("stage.changed", "", {"to": "gone"}, "gone"),
    ("lead.hot", "", {"heat": 80.0}, None),
    ("lead.assigned", "", {"before": "ana", "owner": "bo"}, "ana > bo"),
    ("lead.assigned", "", {"before": "ana", "owner": None}, "ana > -"),
    ("sla.missed", "accept", {"owner": "ana"}, "accept: ana"),
    ("follow_up.due", "", {"owner": None, "note": "asks in June"}, "asks in June"),
])  # fmt: skip
def test_a_signal_is_about_a_segment_stages_or_owners(
    kind: str, subject: str, fields: dict[str, Any], words: str | None
) -> None:
    assert about(SignalShape.model_construct(kind=kind, subject=subject, **fields), WORDS) == words
