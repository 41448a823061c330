"""Sources in the read models: in each order of arrival, after a merge and an unmerge, and with another model."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.touchpoints.touchpoint import Touchpoint
from tests.domain.histories import side
from tests.domain.stories import at, us
from tests.given_model import MODEL
from tests.projections.switching import Switching
from tests.projections.world import World

SHOP = "https://www.shop.example"


def page(second: float, url: str, referrer: str = "", *who: str) -> Touchpoint:
    return at(second, "page_viewed", *(who or ("c:k",)), source="browser", url=SHOP + url, referrer=referrer)


VISITS = [
    page(1, "/?bd_vid=77", "https://www.baidu.com/link"),
    page(2, "/prices", f"{SHOP}/?bd_vid=77"),
    at(3, "form_submitted", "c:k", "e:a@x.example", source="browser", url=f"{SHOP}/form"),
    page(4, "/"),
    page(5, "/?utm_source=news&utm_medium=email&utm_campaign=May"),
    at(6, "stage_changed", "e:a@x.example", source="api", to="customer"),
]


def sources(world: World) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {
        (row.which, row.stage): (row.since, row.channel, row.source, row.campaign) for row in world.rows("lead_sources")
    }


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (4, 0, 5, 2, 1, 3), (3, 5, 0, 4, 2, 1)])
def test_the_rows_are_the_same_in_every_order_of_arrival(world: World, order: Sequence[int]) -> None:
    world.play([[VISITS[place]] for place in order], restart=True)
    baidu, mail = ("paid_search", "baidu", None), ("email", "news", "May")
    assert sources(world) == {
        ("first", ""): (us(1), *baidu),
        ("last", ""): (us(5), *mail),
        ("identified", ""): (us(3), *baidu),
        ("stage", "lead"): (us(3), *baidu),
        ("stage", "customer"): (us(6), *mail),
    }
    (lead,) = world.leads()
    assert (lead.first_channel, lead.last_channel) == ("paid_search", "email")
    assert not world.verify().differences


def test_a_merge_takes_the_earlier_persons_first_source_and_an_unmerge_gives_it_back(world: World) -> None:
    world.play([
        [page(3, "/?gclid=1", "", "u:1"), at(4, "page_viewed", "u:3")],
        [at(1, "event_attended", "u:2", source="import", campaign="Hannover", medium="trade fair")],
    ])  # fmt: skip
    assert [(lead.first_channel, lead.last_channel) for lead in world.leads()] == [
        ("event", "event"), ("paid_search", "paid_search"), ("direct", "direct"),
    ]  # fmt: skip
    world.play([[at(9, "merged", "u:1", source="api", **side("u:2"))]])
    assert {key: row[1] for key, row in sources(world).items() if key[0] != "stage"} == {
        ("first", ""): "event", ("last", ""): "paid_search", ("identified", ""): "event",
    }  # fmt: skip
    assert not world.verify().differences
    world.play([[at(10, "unmerged", "u:1", source="api", **side("u:2"))]])
    assert [lead.first_channel for lead in world.leads()] == ["event", "paid_search", "direct"]


CAME_BY_MAIL = """
[channels]
ignore = ["baidu.com"]
[[channels.rules]]
name = "newsletter"
where = { "source.source" = "news" }
[[segments]]
name = "mailed"
when = { "source.channel" = "newsletter" }
"""


def test_another_model_regroups_the_past(switching: Switching) -> None:
    world = switching.world
    world.play([VISITS, [page(7, "/", "https://m.baidu.com/", "c:j")]])
    assert [lead.last_channel for lead in world.leads()] == ["email", "organic_search"]
    switching.to(MODEL + CAME_BY_MAIL)
    assert [lead.last_channel for lead in world.leads()] == ["newsletter", "direct"]
    assert [row.segment for row in world.rows("segment_members") if row.segment == "mailed"] == ["mailed"]
    world.play([[page(8, "/?utm_source=news", "", "c:j")]])
    assert [lead.last_channel for lead in world.leads()] == ["newsletter", "newsletter"]
    assert not world.verify().differences
