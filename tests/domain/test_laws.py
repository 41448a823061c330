"""The laws of assign and fold, over random histories: order, steps, explanations, what is said by hand, and time."""

from itertools import groupby

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import msgpack

from domain.fold.fold import Fold
from domain.fold.lead import Lead
from domain.fold.score import decayed
from domain.fold.trace import Trace
from domain.model.definition import parse_model
from domain.people.constraints import looks_back, other_side
from domain.people.facts import Facts
from domain.people.order import walk_key
from domain.people.saved import dump_walk, load_walk
from domain.people.walk import Walk, assign
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.given_stories import leads
from tests.domain.histories import FEW, TYPES, facts_of, histories, in_order, law
from tests.domain.stories import SECOND, spans
from tests.given_model import MODEL

DAY = 86_400 * SECOND
ONE_LEAD = ("page_viewed", "form_submitted", "identified", "email_opened", "stage_changed", "score_reset")


@pytest.fixture(scope="module")
def fold() -> Fold:
    less = '\n[[score.rules]]\nname = "away"\non = "identified"\npoints = -7\n'
    return Fold(parse_model(MODEL + less))


# ---- who ---------------------------------------------------------------------------------------------------------


@law(120)
@given(st.data())
def test_leads_do_not_depend_on_the_order_of_arrival(data: st.DataObject) -> None:
    history = data.draw(histories())
    facts = facts_of(history, data.draw(st.sampled_from(FEW)))
    shuffled = data.draw(st.permutations(history))
    first, second = assign(history, facts), assign(shuffled, facts)
    assert first[1] == second[1]
    assert dump_walk(first[0]) == dump_walk(second[0])
    found = leads(history, facts)
    assert len(found) == len(first[1]), "two leads of one id"
    assert sorted(id for ids in found.values() for id in ids) == sorted(touchpoint.id for touchpoint in history)


@law(120)
@given(st.data())
def test_a_walk_that_is_saved_and_goes_on_is_the_whole_walk(data: st.DataObject) -> None:
    history = sorted(data.draw(histories(types=TYPES)), key=walk_key)
    walk = Walk(facts_of(history, data.draw(st.sampled_from(FEW))))
    whole, _ = assign(history, walk.facts)
    for touchpoint in history:
        walk = load_walk(dump_walk(walk), str)
        walk.take(touchpoint)
    assert dump_walk(walk) == dump_walk(whole)


@law(120)
@given(histories(types=(*TYPES, "merged", "unmerged", "unmerged")))
def test_of_what_was_said_about_a_pair_the_later_holds_for_the_whole_history(history: list[Touchpoint]) -> None:
    last: dict[frozenset[Identity], Touchpoint] = {}
    for touchpoint in in_order(history):
        if looks_back(touchpoint):
            last[frozenset((*touchpoint.identities, *other_side(touchpoint)))] = touchpoint
    assume(last)
    said = {touchpoint.id for touchpoint in last.values()}
    only_the_last = [
        each._replace(type="page_viewed") if looks_back(each) and each.id not in said else each for each in history
    ]
    assert leads(history) == leads(only_the_last)
    walk, _ = assign(history, facts_of(history))
    for pair, touchpoint in last.items():
        one, two = (walk.owner.get(identity) for identity in pair)
        if touchpoint.type == "unmerged":
            assert one is None or one is not two


@law(60)
@given(histories(most=8, types=("page_viewed", "merged", "unmerged")))
def test_a_merge_makes_one_lead_and_an_unmerge_two_again(history: list[Touchpoint]) -> None:
    alone = [each._replace(identities=each.identities[:1]) for each in history]
    merges = [each for each in in_order(alone) if looks_back(each)][-1:]
    plain = [each for each in alone if not looks_back(each)]
    assume(merges)
    walk, _ = assign(plain + merges, facts_of(plain + merges))
    one, two = (walk.owner.get(identity) for identity in (*merges[0].identities, *other_side(merges[0])))
    if merges[0].type == "merged":
        assert one is not None and one is two
    else:
        assert one is not None and one is not two
        assert leads(plain + merges) == leads([*plain, merges[0]._replace(type="page_viewed")])


@law(120)
@given(st.data())
def test_a_cluster_alone_gives_the_leads_that_all_touchpoints_together_give(data: st.DataObject) -> None:
    history = data.draw(histories(most=16))
    facts = facts_of(history, data.draw(st.sampled_from(FEW)))
    apart: dict[str, list[str]] = {}
    for cluster in clusters(history, facts):
        apart |= leads(cluster, facts)
    assert apart == leads(history, facts)


def clusters(history: list[Touchpoint], facts: Facts) -> list[list[Touchpoint]]:
    """The smallest that there may be: what one touchpoint links lies together."""
    root: dict[Identity, Identity] = {}

    def find(identity: Identity) -> Identity:
        while identity in root:
            identity = root[identity]
        return identity

    for touchpoint in history:
        first, *others = facts.links(touchpoint)
        for other in others:
            if find(other) != find(first):
                root[find(other)] = find(first)
    found: dict[Identity, list[Touchpoint]] = {}
    for touchpoint in history:
        found.setdefault(find(facts.links(touchpoint)[0]), []).append(touchpoint)
    return list(found.values())


@law(120)
@given(st.data())
def test_what_a_machine_did_changes_nothing_of_anything_else(data: st.DataObject) -> None:
    history = data.draw(histories())
    number = data.draw(st.integers(0, len(history) - 1))
    history[number] = machine = history[number]._replace(context={"machine": "honeypot"})
    rest = [touchpoint for touchpoint in history if touchpoint is not machine]
    few = data.draw(st.sampled_from(FEW))
    whole, without = leads(history, facts_of(history, few)), leads(rest, facts_of(rest, few))
    mine = [lead for lead, ids in whole.items() if machine.id in ids]
    assert len(mine) == 1
    left = {lead: [id for id in ids if id != machine.id] for lead, ids in whole.items()}
    assert {lead: ids for lead, ids in left.items() if ids} == without


# ---- what --------------------------------------------------------------------------------------------------------


@law(120)
@given(histories(most=20, types=ONE_LEAD), st.integers(0, 5 * DAY), st.integers(0, 5 * DAY))
def test_one_step_after_another_is_the_fold_and_looking_changes_nothing(
    fold: Fold, history: list[Touchpoint], one: int, two: int
) -> None:
    history = in_order(history)
    middle, until = sorted((history[-1].instant + one, history[-1].instant + two))
    whole = fold.fold(history, until)
    stepped = Lead()
    for instant, group in groupby(history, lambda touchpoint: touchpoint.instant):
        fold.at(stepped, instant)
        stepped = msgpack.decode(msgpack.encode(stepped), type=Lead)
        fold.step(stepped, tuple(group), instant)
    assert stepped == whole
    assert msgpack.encode(stepped) == msgpack.encode(whole)
    once, twice = whole.now.copy(), whole.now.copy()
    fold.advance(whole, once, until)
    fold.advance(whole, twice, middle)
    fold.advance(whole, twice, until)
    assert once == twice


@law(100)
@given(histories(most=20, types=ONE_LEAD))
def test_the_listed_awards_give_the_stored_bits(fold: Fold, history: list[Touchpoint]) -> None:
    history = in_order(history)
    trace = Trace()
    lead = fold.fold(history, history[-1].instant, trace)
    awards = trace.awards
    heat = Lead().heat
    for award in awards:
        heat.add(award.points, award.at, fold.half_life)
    assert heat.value == (lead.heat.value if awards else 0.0)
    assert not awards or heat.at == lead.heat.at
    apart = sum(award.points * 2 ** ((award.at - heat.at) / fold.half_life) for award in awards)
    assert heat.value == pytest.approx(apart, rel=1e-9, abs=1e-9)
    by_rule = {rule.name: lead.heat.shares.get(str(place)) for place, rule in enumerate(fold.model.score.rules)}
    for rule, share in by_rule.items():
        mine = [award for award in awards if award.rule == rule]
        left = sum(award.points * 2 ** ((award.at - heat.at) / fold.half_life) for award in mine)
        assert (share is None) == (not mine)
        if share is not None:
            assert (share.count, share.at) == (len(mine), mine[-1].at)
            assert share.value * 2 ** ((share.at - heat.at) / fold.half_life) == pytest.approx(left, rel=1e-9, abs=1e-9)


@law(100)
@given(histories(most=12, types=ONE_LEAD), st.integers(0, 5 * DAY))
def test_a_lead_is_hot_until_the_instant_at_which_it_cools(fold: Fold, history: list[Touchpoint], later: int) -> None:
    history = in_order(history)
    last = history[-1].instant
    lead = fold.fold(history, last)
    cools_at = lead.now.cools_at
    assert (lead.now.hot_since is None) == (cools_at is None)
    rearm_at = fold.model.score.rearm_at
    assert rearm_at is not None
    for instant in {last, last + later, *((cools_at - 1, cools_at) if cools_at else ())}:
        now = fold.at(lead, instant)
        assert (now.hot_since is not None) == (cools_at is not None and instant < cools_at)
        if cools_at is not None and instant >= cools_at:
            assert spans(now)[-1] == (lead.now.hot_since, cools_at)
    if cools_at is not None:
        heat, tiny = lead.heat, 1e-12
        assert decayed(heat.value, heat.at, fold.half_life, cools_at) <= rearm_at * (1 + tiny)
        assert decayed(heat.value, heat.at, fold.half_life, cools_at - 1) > rearm_at * (1 - tiny)
