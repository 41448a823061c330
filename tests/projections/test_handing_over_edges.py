"""Handing over where something is late, was done by hand, or came while nobody looked."""

import pytest

from tests.projections.given_sales import FRIDAY, MINUTE, Open, local, touchpoint

MONDAY = local(2026, 6, 8, 12, 30)
HOT = "demo_requested"
DAY = 24 * 60 * MINUTE


def test_who_was_given_a_lead_by_hand_and_misses_it_loses_it_and_no_hot_signal_is_named(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, "owner_assigned", owner="ana")
    sales.wait(MONDAY + MINUTE)
    assert sales.told("lead.assigned") == [("ana", "by_hand"), ("bo", "missed")]
    assert all("hot" not in each for each in sales.signals("lead.assigned", "sla.missed"))


def test_a_reminder_that_was_set_while_no_projector_ran_is_given(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, "page_viewed", path="/")
    later = touchpoint(FRIDAY + MINUTE, "reminder_set", at="2026-06-10T09:00:00+08:00", note="call them")
    sales.tell([later], FRIDAY + 3 * DAY)
    sales.wait(FRIDAY + 6 * DAY)
    assert sales.told("follow_up.due") == [("2026-06-10T01:00:00.000000Z",)]
    sales.touch(FRIDAY + 7 * DAY, "page_viewed", path="/")
    assert len(sales.told("follow_up.due")) == 1


def test_of_a_visitor_no_activity_is_told_though_they_are_hot(company: Open) -> None:
    sales = company()
    for minute, path in enumerate(("/a", "/a", "/a")):
        sales.touch(FRIDAY, HOT, "c:visitor")
        sales.touch(FRIDAY + minute * MINUTE, "page_viewed", "c:visitor", path=path)
    assert sales.signals("lead.active") == []


@pytest.mark.parametrize(("moved", "stage"), [(1, "nurture"), (3, "customer")])
def test_a_lead_that_a_person_moved_since_its_rejection_stays_where_they_moved_it(
    company: Open, moved: int, stage: str
) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.tell([
        touchpoint(FRIDAY + 2 * MINUTE, "owner_rejected", owner="ana", reason="not ready"),
        touchpoint(FRIDAY + moved * MINUTE, "stage_changed", to="customer"),
    ], FRIDAY + 5 * MINUTE)  # fmt: skip
    [lead] = sales.world.rows("leads")
    assert lead.stage == stage
