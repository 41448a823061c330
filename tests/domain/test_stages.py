"""Stages: what enters them by itself, what they were called, those that are retired, those without hot episodes."""

from typing import Any

import pytest

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.stage import Ladder
from domain.fold.trace import Trace
from domain.model.definition import Model, ModelError, parse_model
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.stories import at, spans, us

MODEL = """
[[stages]]
name = "lead"
[[stages]]
name = "qualified"
was = ["mql", "hot one"]
enter = [ { on = "demo_requested" }, { on = "form_submitted", where = { "profile.title" = "CEO" } } ]
[[stages]]
name = "trial"
retired = true
[[stages]]
name = "customer"
won = true
requires = ["profile.company"]
enter = [ { on = "order_placed", where = { total = { gte = 10 } } } ]
[[stages]]
name = "lost"
detour = true
[score]
half_life = "7d"
hot_at = 20
[[score.rules]]
name = "form"
on = "form_submitted"
points = 30
[[score.rules]]
name = "won"
on = "stage_changed"
where = { to = "customer" }
points = 7
[[segments]]
name = "was qualified"
when = { did = "stage_changed", where = { to = "qualified" } }
[[funnels]]
name = "sale"
window = "9d"
steps = [ { on = "order_placed" }, { on = "stage_changed", where = { from = "qualified", to = "customer" } } ]
"""


@pytest.fixture(scope="module")
def fold() -> Fold:
    return Fold(parse_model(MODEL))


def moved(second: float, to: str, **more: Any) -> Touchpoint:
    return at(second, "stage_changed", "u:1", to=to, **more)


def entered(lead: Lead) -> list[tuple[str, str]]:
    return [(entry.stage, entry.source) for entry in lead.stages]


# ---- enter -------------------------------------------------------------------------------------------------------


def test_what_happens_moves_a_lead_forward_and_counts_as_stage_changed_there(fold: Fold) -> None:
    trace = Trace()
    history = [at(0, "demo_requested", "u:1"), at(5, "order_placed", "u:1", id="order", total=12)]
    lead = fold.fold(history, us(9), trace)
    assert entered(lead) == [("lead", ""), ("qualified", "model"), ("customer", "model")]
    assert lead.now.segments == {"was qualified": us(0)}
    assert (lead.funnels["sale"].step, lead.funnels["sale"].best[-1]) == (2, us(5))
    assert [(award.rule, award.touchpoint, award.at) for award in trace.awards] == [("won", "order", us(5))]
    assert lead.findings == [["missing_required", "customer: profile.company", us(5)]]


def test_it_moves_never_back_never_out_of_a_detour_and_only_where_its_condition_holds(fold: Fold) -> None:
    demo, order = at(5, "demo_requested", "u:1"), at(5, "order_placed", "u:1", total=99)
    assert fold.fold([moved(0, "customer"), demo], us(9)).stage == "customer"
    assert fold.fold([moved(0, "lost"), order], us(9)).stage == "lost"
    assert fold.fold([at(5, "order_placed", "u:1", total=9)], us(9)).stage == "lead"
    assert fold.fold([at(5, "form_submitted", "u:1", profile={"title": "CEO"})], us(9)).stage == "qualified"


def test_of_several_stages_that_a_touchpoint_leads_to_the_last_is_entered() -> None:
    on_demo = 'enter = [ { on = "demo_requested" } ]\n'
    text = "".join(f'[[stages]]\nname = "{name}"\n{on_demo if name != "lead" else ""}' for name in ("lead", "a", "b"))
    lead = Fold(parse_model(text)).fold([at(0, "demo_requested", "u:1")], us(1))
    assert [entry.stage for entry in lead.stages] == ["lead", "b"]


# ---- was ---------------------------------------------------------------------------------------------------------


def test_a_move_under_a_former_name_is_a_move_to_the_stage_as_it_is_called_now(fold: Fold) -> None:
    history = [moved(0, "mql"), moved(5, "customer", **{"from": "hot one"}), at(5, "order_placed", "u:1", seq=-1)]
    lead = fold.fold(sorted(history, key=lambda each: each.order), us(9))
    assert [entry.stage for entry in lead.stages] == ["lead", "qualified", "customer"]
    assert lead.now.segments == {"was qualified": us(0)}
    assert lead.funnels["sale"].step == 2
    promoted = fold.fold([moved(0, "mql", source="policy")], us(9))
    assert promoted.stage == "qualified"
    assert [finding[0] for finding in lead.findings] == ["missing_required"]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ('was = ["mql"', 'was = ["lead"',
         'stages[1].was[0]: found "lead", allowed is a name of its own (stages[0].name has this one)'),
        ('"hot one"]', '"mql"]',
         'stages[1].was[1]: found "mql", allowed is a name of its own (stages[1].was[0] has this one)'),
        ('"hot one"]', '"visitor"]',
         'stages[1].was[1]: found "visitor", allowed is any other name: visitor is the stage of whom nothing '
         "identifies yet"),
        ('was = ["mql", "hot one"]', 'was = "mql"',
         'stages[1].was: found "mql", allowed is a list of former names such as ["client"]'),
        ('where = { to = "qualified" }', 'where = { to = "mql" }',
         'segments[0].when.where.to: found "mql", allowed is "qualified": that is what this stage is called now'),
        ('did = "stage_changed", where = { to = "qualified" }',
         'did = ["form_submitted", "stage_changed"], where = { to = "mql" }',
         'segments[0].when.where.to: found "mql", allowed is "qualified": that is what this stage is called now'),
        ('{ from = "qualified", to = "customer" }', '{ not = { from = { in = ["lead", "mql"] } } }',
         'funnels[0].steps[1].where.not.from.in[1]: found "mql", allowed is "qualified": that is what this stage is '
         "called now"),
        ('where = { to = "customer" }', 'where = { any = [ { path = "mql" }, { to = "mql" } ] }',
         'score.rules[1].where.any[1].to: found "mql", allowed is "qualified": that is what this stage is called now'),
        ('did = "stage_changed", where = { to = "qualified" }', 'stage = ["customer", "mql"]',
         'segments[0].when.stage[1]: found "mql", allowed is "qualified": that is what this stage is called now'),
        ("hot_at = 20", 'hot_at = 20\npromote_to = "mql"',
         'score.promote_to: found "mql", allowed is "qualified": that is what this stage is called now'),
        ("hot_at = 20", 'hot_at = 20\npromote_to = "trial"',
         'score.promote_to: unknown stage after the first (or a detour, or retired) "trial"; '
         "allowed: qualified, customer"),
        ('name = "trial"', 'name = "trial"\nenter = [ { on = "a" } ]',
         "stages[2].enter: found enter beside retired = true; allowed only where a lead can be moved forward to"),
        ("detour = true", 'detour = true\nenter = [ { on = "a" } ]',
         "stages[4].enter: found enter beside detour = true; allowed only where a lead can be moved forward to"),
        ('{ on = "demo_requested" }', '{ on = "stage_changed" }',
         'stages[1].enter[0].on: found "stage_changed", allowed is any other type: it says itself where it moves a '
         "lead"),
        ('{ on = "demo_requested" }', '{ when = "demo_requested" }',
         "stages[1].enter[0].on: missing, required is a touchpoint type, such as on = \"page_viewed\""),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say_of_its_stages(before: str, after: str, line: str) -> None:
    assert before in MODEL
    with pytest.raises(ModelError) as refused:
        parse_model(MODEL.replace(before, after, 1))
    assert line in refused.value.problems


def test_stages_that_are_all_retired_or_begin_with_a_detour_are_refused() -> None:
    retired = '[[stages]]\nname = "old"\nretired = true\n'
    with pytest.raises(ModelError, match="all of them are retired"):
        parse_model(retired)
    with pytest.raises(ModelError, match=r"stages\[1\].detour: found true"):
        parse_model(retired + '[[stages]]\nname = "lost"\ndetour = true\n')
    assert Ladder(parse_model(retired + '[[stages]]\nname = "new"\n').stages).first == "new"


# ---- retired -----------------------------------------------------------------------------------------------------


def test_a_fact_that_names_a_retired_stage_takes_effect_and_is_a_finding_after_the_activation() -> None:
    active = parse_model(MODEL).active_since(us(5))
    before, after = moved(5, "trial"), moved(6, "trial")
    assert (Fold(active).fold([before], us(9)).stage, Fold(active).fold([before], us(9)).findings) == ("trial", [])
    assert Fold(active).fold([before, after], us(9)).findings == [["retired_stage", "trial", us(6)]]
    assert Fold(parse_model(MODEL)).fold([after], us(9)).findings == []


def test_what_a_policy_once_decided_is_not_taken_back_by_retiring_the_stage(fold: Fold) -> None:
    assert fold.fold([at(0, "identified", "u:1"), moved(1, "trial", source="policy")], us(9)).stage == "trial"


# ---- hot ---------------------------------------------------------------------------------------------------------


def form(second: float, **more: Any) -> Touchpoint:
    return at(second, "form_submitted", "u:1", **more)


@pytest.mark.parametrize("stage", ["customer", "lost", "trial"])
def test_entering_a_stage_without_hot_episodes_ends_one_and_leaving_it_begins_none_until_points_are_earned(
    fold: Fold, stage: str
) -> None:
    history = [form(0), moved(5, stage), form(6), moved(8, "lead"), at(9, "identified", "u:1", profile={"a": 1})]
    assert fold.fold(history, us(4)).now.hot_since == us(0)
    there = fold.fold(history, us(7)).now
    assert (there.hot_since, spans(there)) == (None, [(us(0), us(5))])
    assert fold.fold(history, us(9)).now.hot_since is None
    assert fold.fold([*history, form(10)], us(10)).now.hot_since == us(10)


def test_a_stage_that_is_only_passed_through_in_one_instant_ends_the_episode_too(fold: Fold) -> None:
    now = fold.fold([form(0), moved(5, "lost"), moved(5, "lead", seq=1)], us(9)).now
    assert (now.hot_since, spans(now)) == (None, [(us(0), us(5))])


def test_a_better_grade_after_leaving_such_a_stage_begins_no_episode_before_points_do() -> None:
    graded = MODEL.replace("hot_at = 20", "hot_at = { A = 5, D = 20 }") + (
        '[fit]\ngrades = { A = 1 }\n[[fit.rules]]\nname = "t"\nwhere = { "profile.title" = "CEO" }\npoints = 1\n'
    )
    history = [form(0), moved(5, "lost"), moved(6, "lead"), at(7, "identified", "u:1", profile={"title": "CEO"})]
    fold = Fold(parse_model(graded))
    assert fold.fold(history, us(9)).now.hot_since is None
    assert fold.fold([history[0], *history[3:]], us(9)).now.hot_since == us(0)
    assert fold.fold([*history, form(8)], us(9)).now.hot_since == us(8)


def test_hot_is_said_or_follows_from_the_kind_of_stage() -> None:
    def cold(text: str) -> bool:
        return not parse_model(f'[[stages]]\nname = "lead"\n[[stages]]\nname = "x"\n{text}').stages[1].may_be_hot

    assert [cold(text) for text in ("", "won = true", "detour = true", "retired = true")] == [False, True, True, True]
    assert not cold("won = true\nhot = true") and cold("hot = false")


# ---- the version -------------------------------------------------------------------------------------------------


def model_of(text: str) -> Model:
    return parse_model(f'[[stages]]\nname = "lead"\n[[stages]]\nname = "x"\n{text}')


def test_the_version_has_what_the_fold_reads_of_a_stage() -> None:
    plain = model_of("").hash
    assert model_of("hot = true").hash == plain
    assert model_of("won = true").hash == model_of("won = true\nhot = false").hash == "3b6b1dd5893c7667"
    ways = ("won = true", "hot = false", "won = true\nhot = true", "detour = true", "detour = true\nwon = true")
    assert len({plain, *(model_of(text).hash for text in ways)}) == len(ways) + 1
    said = [model_of(text).hash for text in ('was = ["y"]', "retired = true", 'enter = [ { on = "a" } ]')]
    assert len({plain, *said}) == 4
