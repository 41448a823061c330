"""Lists of leads: their orders, page by page, their filters, and a count that agrees with them; on both databases."""

from dataclasses import replace
from itertools import permutations
from typing import get_args

import pytest

from domain.errors import NotFound
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint
from projections.queries.cursors import BadCursor, give
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.orders import OrderName
from projections.queries.shapes import OwnerShape
from projections.queries.view import View
from tests.domain.histories import side
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.world import World

OWNERS = "".join(f"[[sales.owners]]\nname = {name!r}\n" for name in ("ana", "bo", "cy"))
ORDERS: tuple[OrderName, ...] = get_args(OrderName)
HISTORY = [
    at(1, "form_submitted", "e:ada@x.de", profile={"name": "ada Lovelace", "title": "CEO"}),
    at(2, "page_viewed", "e:bob@us.example", profile={"name": "Bob"}),
    at(3, "page_viewed", "c:visitor"),
    at(4, "identified", "e:listed@x.de", source="import", profile={"first_name": "Émile", "last_name": "Zola"}),
    at(5, "page_viewed", "e:wang@x.de", profile={"name": "王芳"}),
    at(6, "call_logged", "e:ada@x.de"),
    at(7, "stage_changed", "e:ada@x.de", source="api", to="qualified"),
    at(8, "page_viewed", "e:again@x.de", profile={"name": "ADA lovelace"}),
]
HOUR = 3_600
CLOCK = us(48 * HOUR)
"""By then everybody has cooled."""


@pytest.fixture
def world(world_on_each: World) -> World:
    return world_on_each


def listed(view: View, order: OrderName = "heat", filters: Filters | None = None, limit: int = 100) -> list[str]:
    """Who is listed, by name, e-mail or cookie; put together of pages of so many."""
    names: list[str] = []
    cursor = None
    while cursor is not None or not names:
        page = find_leads(view, filters or Filters(), order=order, limit=limit, cursor=cursor)
        names += [each.profile.get("name") or each.identities[0].value for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    return names


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_orders_page_by_page(world: World, limit: int) -> None:
    world.play([HISTORY])
    with world.view() as view:
        heat = listed(view, "heat", limit=limit)
        assert heat[:2] == ["ada Lovelace", "ADA lovelace"] and heat[-1] == "listed@x.de"
        assert listed(view, "last_seen", limit=limit) == [
            "ADA lovelace", "王芳", "visitor", "Bob", "ada Lovelace", "listed@x.de"
        ]  # fmt: skip
        assert listed(view, "stage_since", limit=limit) == [
            "ADA lovelace", "ada Lovelace", "王芳", "listed@x.de", "Bob", "visitor"
        ]  # fmt: skip
        by_name = listed(view, "name", limit=limit)
        assert {name.lower() for name in by_name[:2]} == {"ada lovelace"}
        assert by_name[2:] == ["Bob", "listed@x.de", "王芳", "visitor"]


@pytest.mark.parametrize("order", ORDERS)
def test_leads_of_one_key_keep_their_places(world: World, order: OrderName) -> None:
    """Of all that is ordered by they have the same: only their ids tell them apart."""
    world.play([[at(1, "page_viewed", f"e:p{n}@x.de", profile={"name": "Ada"}) for n in range(7)]])
    with world.view() as view:
        whole = [each.id for each in find_leads(view, order=order).items]
        assert sorted(whole, reverse=order != "name") == whole
        paged, cursor = [], None
        for _ in range(4):
            page = find_leads(view, order=order, limit=2, cursor=cursor)
            paged += [each.id for each in page.items]
            cursor = page.next
        assert paged == whole and cursor is None


@pytest.mark.parametrize(("given", "taken"), list(permutations(ORDERS, 2)))
def test_a_cursor_of_another_order_is_refused(world: World, given: OrderName, taken: OrderName) -> None:
    world.play([HISTORY])
    with world.view() as view:
        cursor = find_leads(view, order=given, limit=1).next
        with pytest.raises(BadCursor):
            find_leads(view, order=taken, cursor=cursor)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("key", [True, False, "\x00", 2**63, [], {}])
def test_an_edited_cursor_is_refused_by_both_databases(world: World, order: OrderName, key: object) -> None:
    cursor = give(f"leads by {order}", key, "00000000-0000-0000-0000-000000000000")
    with world.view() as view, pytest.raises(BadCursor):
        find_leads(view, order=order, cursor=cursor)


OWNED = [
    *HISTORY,
    at(9, "owner_assigned", "e:ada@x.de", source="api", owner="ana", due="2023-11-15T00:00:00Z"),
    at(10, "owner_assigned", "e:wang@x.de", source="policy", owner="bo"),
    at(11, "owner_accepted", "e:wang@x.de", source="api", owner="bo"),
]


@pytest.mark.parametrize("order", ORDERS)
def test_leads_by_who_takes_care_of_them(world: World, order: OrderName) -> None:
    world.play([OWNED])
    with world.view() as whole:
        view = replace(whole, model=parse_model(MODEL + OWNERS))
        assert listed(view, order, Filters(owner="ana")) == ["ada Lovelace"]
        assert listed(view, order, Filters(owner="bo", stage="lead")) == ["王芳"]
        assert listed(view, order, Filters(owner="cy")) == []
        assert len(listed(view, order, Filters(owner="none"))) == 4
        with pytest.raises(NotFound, match="no owner 'dan': the model has none, ana, bo, cy"):
            find_leads(view, Filters(owner="dan"))


def test_a_lead_says_who_takes_care_of_it(world: World) -> None:
    world.play([OWNED])
    with world.view() as view:
        owners = {each.identities[0].value: each.owner for each in find_leads(view).items}
    due = 1_700_006_400_000_000
    assert owners["ada@x.de"] == OwnerShape(name="ana", since=us(9), due=due, accepted_at=None)
    assert owners["wang@x.de"] == OwnerShape(name="bo", since=us(10), due=None, accepted_at=us(11))
    assert owners["bob@us.example"] is None


FILTERS = [
    (Filters(), 6),
    (Filters(excluded=True), 1),
    (Filters(excluded=False), 5),
    (Filters(announced=True), 1),
    (Filters(announced=False), 5),
    (Filters(hot=True, announced=True, excluded=False), 1),
    (Filters(stage="qualified"), 1),
    (Filters(identities={"email": "ada@x.de"}), 1),
    (Filters(identities={"email": "nobody@x.de"}), 0),
    (Filters(segment="quiet"), 2),
    (Filters(changed_since=us(5)), 3),
    (Filters(changed_since=us(8)), 1),
    (Filters(changed_since=us(8) + 1), 0),
    (Filters(changed_since=us(5), stage="lead"), 2),
]


@pytest.mark.parametrize("order", ORDERS)
def test_the_count_agrees_with_the_list(world: World, order: OrderName) -> None:
    world.play([HISTORY])
    with world.view() as view:
        for filters, count in FILTERS:
            page = find_leads(view, filters, order=order, limit=2, count=True)
            assert page.count == count == len(listed(view, order, filters, limit=2) if count else page.items), filters
        assert find_leads(view).count is None


def test_time_alone_changes_a_lead_at_the_instant_at_which_it_does(world: World) -> None:
    world.play([HISTORY])
    with world.view() as view:
        [before] = find_leads(view, Filters(identities={"email": "ada@x.de"})).items
    world.clock = CLOCK
    world.project()
    with world.view() as view:
        [after] = find_leads(view, Filters(identities={"email": "ada@x.de"})).items
        assert before.changed_at == before.last_touch == us(7)
        assert before.last_seen == after.last_seen == us(1)
        assert before.cools_at is not None and after.last_touch == us(7)
        assert us(7) < before.cools_at <= after.changed_at <= CLOCK
        assert after.id in {each.id for each in find_leads(view, Filters(changed_since=before.cools_at)).items}


TORN = [
    at(1, "page_viewed", "u:1"),
    at(2, "page_viewed", "u:2"),
    at(3, "identified", "u:3", "c:3"),
    at(9, "merged", "u:1", source="api", **side("u:2")),
    at(10, "unmerged", "u:1", source="api", **side("u:2")),
]


def changed(world: World) -> dict[str, int]:
    """When each lead last changed, by its highest identity's value."""
    with world.view() as view:
        return {lead.identities[0].value: lead.changed_at for lead in find_leads(view).items}


@pytest.mark.parametrize("batches", [[TORN], [[each] for each in TORN], [[each] for each in reversed(TORN)]])
def test_an_unmerge_changes_both_sides_at_its_instant(world: World, batches: list[list[Touchpoint]]) -> None:
    world.play(batches)
    assert changed(world) == {"1": us(10), "2": us(10), "3": us(3)}
    world.restart()
    world.play([[at(11, "page_viewed", "u:1")]])
    assert changed(world) == {"1": us(11), "2": us(10), "3": us(3)}
    world.play([[at(12, "unmerged", "u:1", source="api", **side("u:2"))]])
    assert changed(world) == {"1": us(12), "2": us(12), "3": us(3)}, "whose history is the same"
    assert not world.verify().differences


def test_what_is_said_in_vain_or_of_two_who_never_were_one_concerns_both(world: World) -> None:
    world.play([TORN[:3], [at(20, "unmerged", "u:1", source="api", **side("u:3"))]])
    assert changed(world) == {"1": us(20), "2": us(2), "3": us(20)}
    joined = [at(30 + n, "merged", f"u:{n}", source="api", **side(f"u:{n + 1}")) for n in (1, 2)]
    world.play([joined])
    assert changed(world) == {"1": us(32), "3": us(32)}, "of the two merges one is skipped"
    assert not world.verify().differences


def test_the_keys_follow_what_becomes_known(world: World) -> None:
    """The stage and the name come, change and go again."""
    deliveries = [
        at(1, "page_viewed", "c:1"),
        at(2, "identified", "c:1", "e:a@x.de", profile={"name": "Zoe"}),
        at(3, "identified", "e:a@x.de", profile={"name": "Ada"}),
        at(4, "page_viewed", "e:a@x.de"),
        at(5, "identified", "e:a@x.de", profile={"name": None}),
    ]
    keys = []
    for each in deliveries:
        world.play([[each]])
        keys += [(row.stage_since, row.name) for row in world.rows("sort_keys")]
    assert keys == [(None, None), (us(2), "zoe"), (us(2), "ada"), (us(2), "ada"), (us(2), None)]
