"""Funnels over HTTP, from touchpoints to numbers: each order of steps, days of a zone, what a closed period says."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api.app import Readers, create_api
from domain.model.definition import parse_model
from domain.touchpoints.touchpoint import Touchpoint, microseconds
from tests.domain.stories import START, at
from tests.projections.world import World
from tests.runtime.asking import Asker
from web.private import Private

DAY = 86_400
ORDERS = ("ordered", "strict", "any")
STEPS = 'steps = [ { on = "page_viewed" }, { on = "form_submitted", within = "14d" }, { on = "demo_held" } ]'
MODEL = (
    """
timezone = "Asia/Shanghai"
[[stages]]
name = "lead"
"""
    + "".join(
        f'[[funnels]]\nname = "{order}"\norder = "{order}"\nwindow = "14d"\n'
        f"{STEPS if order != 'any' else STEPS.replace(chr(44) + ' within = ' + chr(34) + '14d' + chr(34), '')}\n"
        for order in ORDERS
    )
    + """
exclude = [ { on = "call_logged", where = { outcome = "refused" } } ]
"""
)


def on(day: float, type: str, who: str, **more: Any) -> Touchpoint:
    """Something that somebody did on a day of the story."""
    return at(day * DAY, type, f"c:{who}", **more)


def five_people() -> list[Touchpoint]:
    """The clock of their story is day 31."""
    visit, form, demo = "page_viewed", "form_submitted", "demo_held"
    return [
        on(1, visit, "P1"), on(3, form, "P1"), on(16, demo, "P1"),
        on(1, visit, "P2"), on(5, visit, "P2"), on(6, form, "P2"), on(18, demo, "P2"),
        on(1, visit, "P3"), on(2, demo, "P3"), on(3, form, "P3"),
        on(26, visit, "P4"),
        on(2, visit, "P5", seq=1), on(2, form, "P5", seq=0),
    ]  # fmt: skip


@pytest.fixture
def world(migrated_url: str) -> Iterator[World]:
    world = World(migrated_url, parse_model(MODEL), START + 31 * DAY * 1_000_000)
    yield world
    assert world.verify().differing == 0
    world.close()


@pytest.fixture
def api(world: World) -> Asker:
    return Asker(create_api(Readers(world.database, world.events, world.ids), Private("t")), "t")


@pytest.mark.parametrize(("order", "reached", "converted"), [
    ("ordered", [5, 4, 1], 1), ("strict", [5, 3, 1], 1), ("any", [5, 4, 2], 2),
])  # fmt: skip
def test_five_people_in_each_order(world: World, api: Asker, order: str, reached: list[int], converted: int) -> None:
    world.play([five_people()])
    report = api.get(f"/api/funnels/{order}").json()
    assert [step["leads"] for step in report["steps"]] == reached
    assert [step["pending"] for step in report["steps"]] == [1, 0, 0]
    assert (report["entered"], report["converted"], report["pending"]) == (5, converted, 1)
    assert report["dropped"] == 4 - converted
    assert (report["mature"], report["mature_converted"], report["mature_rate"]) == (4, converted, converted / 4)
    [pending] = api.get(f"/api/funnels/{order}/leads?state=pending").json()["items"]
    assert pending["identities"][0]["value"] == "P4" and pending["reached"] == [pending["started_at"]]


def test_the_report_says_what_the_model_asks_for(api: Asker, world: World) -> None:
    world.play([five_people()])
    ordered, unordered = (api.get(f"/api/funnels/{order}").json() for order in ("ordered", "any"))
    assert [step["within"] for step in ordered["steps"]] == [None, "14d", None]
    assert (ordered["exclude"], unordered["exclude"]) == ([], ["call_logged outcome is refused"])
    assert [item["name"] for item in api.get("/api/funnels").json()["items"]] == list(ORDERS)
    assert ordered["bottleneck"] == {
        "step": 3, "on": "demo_held", "label": None, "before": 4, "lost": 3, "share": 0.75, "mature": True,
    }  # fmt: skip
    assert ordered["steps"][1]["took"] == {
        "lower_quartile": 1.5 * DAY, "median": 2.0 * DAY, "upper_quartile": 2.75 * DAY,
    }, "P2 came to the form from the visit of day 1, too"  # fmt: skip


def test_a_day_is_the_models(world: World, api: Asker) -> None:
    """16:30 UTC on the 8th is the 9th in Shanghai."""
    world.clock = microseconds(datetime(2025, 4, 1, tzinfo=UTC))
    world.play([[_at(datetime(2025, 3, 8, 16, 30, tzinfo=UTC), "page_viewed")]])
    for period, entered in (("from=2025-03-09&to=2025-03-10", 1), ("from=2025-03-08&to=2025-03-09", 0)):
        report = api.get(f"/api/funnels/ordered?{period}").json()
        assert report["entered"] == entered and report["from"].endswith("T16:00:00.000000Z")
    report = api.get("/api/funnels/ordered?from=2025-03-03&to=2025-03-17&series=week").json()
    assert [(each["first_day"], each["entered"]) for each in report["series"]] == [
        ("2025-03-03", 1), ("2025-03-10", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(("minute", "converted"), [(0, 1), (1, 0)])
def test_fourteen_days_across_a_change_of_the_clocks_are_336_hours(
    migrated_sqlite_url: str, minute: int, converted: int
) -> None:
    """In New York the 9th of March 2025 has 23 hours: 14 days later it is an hour later there."""
    model = MODEL.replace("Asia/Shanghai", "America/New_York")
    world = World(migrated_sqlite_url, parse_model(model), microseconds(datetime(2025, 4, 30, tzinfo=UTC)))
    world.play([[
        _at(datetime(2025, 3, 1, 17, 0, tzinfo=UTC), "page_viewed"),
        _at(datetime(2025, 3, 10, 17, 0, tzinfo=UTC), "form_submitted"),
        _at(datetime(2025, 3, 15, 17, minute, tzinfo=UTC), "demo_held"),
    ]])  # fmt: skip
    api = Asker(create_api(Readers(world.database, world.events, world.ids), Private("t")), "t")
    assert api.get("/api/funnels/ordered?from=2025-03-01&to=2025-03-02").json()["converted"] == converted
    world.close()


@pytest.mark.parametrize("order", ORDERS)
def test_a_closed_period_says_the_same_a_month_later(world: World, api: Asker, order: str) -> None:
    """What its leads start later, and who else comes, changes nothing of it."""
    world.play([five_people()])
    closed = f"/api/funnels/{order}?from=2023-11-15&to=2023-11-22&series=day&by=last_channel"
    before = api.get(closed).json()
    assert before["entered"] == before["mature"] == 4 and before["pending"] == 0
    world.clock += 30 * DAY * 1_000_000
    again = [on(40 + n, type, who) for n, type in enumerate(("page_viewed", "form_submitted", "demo_held"))
             for who in ("P1", "P3", "P5", "P6")]  # fmt: skip
    world.play([again])
    after = api.get(closed).json()
    assert after.pop("clock") > before.pop("clock")
    assert after == before
    assert api.get(f"/api/funnels/{order}").json()["converted"] == 5, "of all time it is what they came to"


def _at(when: datetime, type: str) -> Touchpoint:
    return at((microseconds(when) - START) / 1_000_000, type, "c:somebody")
