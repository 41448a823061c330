"""Whom to call, on both databases: parts follow each other page by page, and the counts are of the same leads."""

from projections.queries.call_list import CallGroup, call_list, due_next, headcount
from projections.queries.filters import Filters
from tests.domain.stories import at
from tests.projections.world import World

SHOWN = Filters(closed=False, excluded=False)


def test_pages_go_through_the_parts_and_the_counts_agree(world_on_each: World) -> None:
    world_on_each.play([
        [at(0, "form_submitted", "e:ada@x.test"), at(1, "form_submitted", "e:ada@x.test")],
        [at(2, "form_submitted", "e:won@x.test"), at(3, "form_submitted", "e:won@x.test")],
        [at(4, "stage_changed", "e:won@x.test", to="customer", source="api")],
        [at(5, "form_submitted", "e:us@us.example", profile={"email": "us@us.example"})],
        [at(6, "page_viewed", "c:1")],
        [at(7, "identified", "e:quiet@x.test")],
    ])  # fmt: skip
    with world_on_each.view() as view:
        items, cursor = [], None
        while True:
            page = call_list(view, SHOWN, ("ana",), limit=1, cursor=cursor)
            items += page.items
            cursor = page.next
            if cursor is None:
                break
        groups = [item.group for item in items]
        assert groups == sorted(groups, key=list(CallGroup).index)
        assert all(item.lead.hot == (item.group is not CallGroup.REST) for item in items)
        hot, rest = (
            headcount(view, Filters(hot=True, closed=False)),
            headcount(view, Filters(hot=False, closed=False, excluded=False)),
        )
        assert (hot.leads, rest.people, rest.visitors) == (groups.count(CallGroup.HOT), 1, 1)
        assert len(items) == hot.leads + rest.leads and hot.leads == 1
        assert headcount(view, SHOWN, 1).beyond and not headcount(view, SHOWN, 3).beyond
        assert headcount(view, Filters(closed=True)).leads == 1
        assert due_next(view, [item.lead.id for item in items]) == {}
