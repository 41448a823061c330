"""Tags of leads in lists and on cards, on each database: found by, shown, kept through merges, as of any instant."""

from collections.abc import Iterator

import pytest

from domain.errors import NotFound
from domain.model.definition import parse_model
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.one_lead import lead_called, lead_detail
from projections.queries.view import Reader
from projections.upkeep.activation import activate
from tests.domain.stories import at, us
from tests.projections.world import World

MODEL = """
[[stages]]
name = "lead"
[[tags]]
name = "vip"
[[tags]]
name = "key account"
label = "Key account"
"""


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), us(1_000))
    world.play([[
        at(1, "identified", "e:ada@x.de", profile={"name": "Ada vip"}),
        at(2, "tagged", "e:ada@x.de", source="api", set=["key account", "vip"]),
        at(3, "identified", "e:bo@x.de"), at(4, "tagged", "e:bo@x.de", source="api", set=["vip"]),
        at(5, "identified", "e:cy@x.de", profile={"name": "vip"}),
    ]])  # fmt: skip
    yield world
    assert world.verify().differing == 0
    world.close()


def listed(world: World, **asked: str) -> dict[str, list[str]]:
    """The tags of the leads of a list, by their e-mails."""
    with Reader(world.database, world.events, world.ids).view() as view:
        page = find_leads(view, Filters(**asked), count=True)
    assert page.count == len(page.items)
    return {lead.profile["email"]: lead.tags for lead in page.items}


def card(world: World, email: str, as_of: str | None = None) -> list[str]:
    with Reader(world.database, world.events, world.ids).leads(as_of, None if as_of is None else "now") as view:
        return lead_detail(view, lead_called(view, email)).tags


def test_leads_are_listed_by_a_tag_and_show_theirs_in_the_order_of_the_model(world: World) -> None:
    assert listed(world) == {"ada@x.de": ["vip", "key account"], "bo@x.de": ["vip"], "cy@x.de": []}
    assert listed(world, tag="vip") == {"ada@x.de": ["vip", "key account"], "bo@x.de": ["vip"]}
    assert listed(world, tag="key account").keys() == {"ada@x.de"}
    assert listed(world, tag="vip", q="vip").keys() == {"ada@x.de"}, "the words of a name are no tags"
    assert listed(world, q="account") == {} and listed(world, q="vip").keys() == {"ada@x.de", "cy@x.de"}
    with pytest.raises(NotFound, match="no tag 'vap': the model has vip, key account"):
        listed(world, tag="vap")


def test_what_is_taken_away_is_gone_and_as_of_then_it_is_there(world: World) -> None:
    world.play([[at(9, "tagged", "e:ada@x.de", source="api", unset=["vip"])]])
    assert card(world, "ada@x.de") == ["key account"] and listed(world, tag="vip").keys() == {"bo@x.de"}
    assert card(world, "ada@x.de", "2023-11-14T22:13:28Z") == ["vip", "key account"]
    assert card(world, "ada@x.de", "2023-11-14T22:13:21Z") == []


def test_who_is_merged_has_the_tags_of_both(world: World) -> None:
    pair = [{"kind": "email", "value": "cy@x.de"}]
    world.play([[at(9, "merged", "e:bo@x.de", source="api", **{"with": pair})]])
    assert card(world, "cy@x.de") == ["vip"] == card(world, "bo@x.de")


def test_a_tag_that_the_model_offers_no_more_stays_on_its_leads_and_one_without_any_shows_none(world: World) -> None:
    fewer = parse_model(MODEL.replace('name = "vip"', 'name = "new"'))
    assert fewer.hash == world.model.hash
    activate(world.database, world.ids, fewer)
    assert card(world, "ada@x.de") == ["key account", "vip"]
    activate(world.database, world.ids, parse_model('[[stages]]\nname = "lead"\n'))
    assert card(world, "ada@x.de") == []
