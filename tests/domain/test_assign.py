"""Identity: the stories of the design, in every order of arrival."""

import itertools

import pytest

from domain.people.constraints import looks_back
from domain.people.order import walk_key
from domain.people.saved import dump_walk, load_walk
from domain.people.walk import assign
from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.given_stories import STORIES, leads
from tests.domain.histories import facts_of, side
from tests.domain.stories import START, at

LATE = START * 2


def sizes(touchpoints: list[Touchpoint]) -> list[int]:
    return sorted((len(history) for history in leads(touchpoints).values()), reverse=True)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_gives_its_leads_in_every_order(name: str) -> None:
    touchpoints, expected = STORIES[name]
    for order in itertools.islice(itertools.permutations(touchpoints), 5040):
        assert {lead: len(history) for lead, history in leads(list(order)).items()} == expected


@pytest.mark.parametrize("name", STORIES)
def test_a_walk_that_is_saved_and_goes_on_is_the_whole_walk(name: str) -> None:
    touchpoints = sorted(STORIES[name][0], key=walk_key)
    for cut in range(1, len(touchpoints)):
        if any(looks_back(t) for t in touchpoints[cut:]):
            continue
        facts = facts_of(touchpoints)
        walk, _ = assign(touchpoints[:cut], facts)
        for touchpoint in touchpoints[cut:]:
            walk = load_walk(dump_walk(walk), str)
            walk.take(touchpoint)
        whole, _ = assign(touchpoints, facts)
        got, want = (
            sorted((str(p.name()), sorted(map(str, p.owned)), p.heads) for p in w.people.values() if p.heads)
            for w in (walk, whole)
        )
        assert got == want


def test_a_cookie_with_a_sixth_person_is_shared_from_then_on() -> None:
    touchpoints = [at(n, "identified", "c:k", f"u:{n}") for n in range(1, 7)] + [at(9, "page_viewed", "c:k")]
    assert facts_of(touchpoints).shared == {touchpoints[0].identities[1]: touchpoints[5].instant}
    found = leads(touchpoints)
    assert found["user_id:6"] == [touchpoints[5].id]
    assert found["shared anonymous_id:k"] == [touchpoints[6].id]
    assert found["user_id:5"] == [touchpoints[4].id]


def test_a_merge_that_a_standing_unmerge_forbids_is_skipped_and_listed() -> None:
    touchpoints = [
        at(1, "merged", "u:1", source="api", **side("u:2")),
        at(2, "merged", "u:2", source="api", **side("u:3")),
        at(3, "unmerged", "u:1", source="api", **side("u:3")),
    ]
    walk, _ = assign(touchpoints)
    assert len(walk.skipped) == 1
    assert walk.owned(walk.owner[touchpoints[0].identities[0]], LATE) != walk.owned(
        walk.owner[touchpoints[2].identities[0]._replace(value="3")], LATE
    )
