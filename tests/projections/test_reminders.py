"""Reminders: those that a person sets, and those that a stage asks of the owner who has a lead in it."""

from sqlalchemy import select

from store.database.tables import deadlines
from tests.projections.given_sales import FRIDAY, MINUTE, TEXT, Company, Open, local, touchpoint

START = local(2026, 6, 8, 9)
MONDAY = local(2026, 6, 8, 12, 30)
TUESDAY = local(2026, 6, 9, 12)
PATIENT = TEXT.replace('accept_within = "4h"', 'accept_within = "90h"')
FIRST = PATIENT.replace('{ nurture = "9h" }', '{ lead = "9h", nurture = "9h" }')


def reminded(sales: Company) -> list[tuple[str | None, str]]:
    """Who was reminded, and when that was due."""
    return [(each["owner"], each["due"]) for each in sales.signals("follow_up.due")]


def test_a_reminder_comes_once_and_not_after_a_call(company: Open) -> None:
    sales = company()
    for name in ("e:wang@x.test", "e:li@x.test"):
        sales.touch(FRIDAY, "reminder_set", name, at="2026-06-08T12:30:00+08:00", note="asks in June")
    sales.touch(FRIDAY + MINUTE, "call_logged", "e:li@x.test")
    sales.wait(MONDAY + MINUTE)
    sales.wait(MONDAY + 2 * MINUTE)
    [due] = sales.signals("follow_up.due")
    assert (due["due"], due["note"]) == ("2026-06-08T04:30:00.000000Z", "asks in June")


def test_a_stage_reminds_its_owner_of_a_lead_that_stays_in_it(company: Open) -> None:
    sales = company(START, PATIENT)
    for name in ("e:wang@x.test", "e:li@x.test"):
        sales.touch(START, "owner_assigned", name, owner="ana")
        sales.touch(START + MINUTE, "stage_changed", name, to="nurture")
    sales.touch(START + 2 * MINUTE, "stage_changed", "e:li@x.test", to="lead")
    sales.wait(TUESDAY)
    sales.wait(TUESDAY + MINUTE)
    assert reminded(sales) == [("ana", "2026-06-09T01:01:00.000000Z")]


def test_of_leads_that_nobody_has_no_stage_reminds_anybody(company: Open) -> None:
    """Whoever imports twenty thousand people is not told of each of them a day later."""
    sales = company(START, FIRST)
    sales.tell([touchpoint(START, "identified", f"e:{n}@x.test", kind="import") for n in range(20)], START + MINUTE)
    sales.touch(START + MINUTE, "stage_changed", "e:1@x.test", to="nurture")
    assert sales.deadlines() == []
    sales.wait(TUESDAY)
    assert reminded(sales) == []


def test_who_gets_a_lead_later_is_reminded_of_it_so_long_after_that(company: Open) -> None:
    sales = company(START, FIRST)
    sales.touch(START, "identified", kind="server")
    sales.touch(START + 60 * MINUTE, "owner_assigned", owner="ana")
    sales.wait(local(2026, 6, 9, 9, 30))
    assert reminded(sales) == []
    sales.wait(TUESDAY)
    assert reminded(sales) == [("ana", "2026-06-09T02:00:00.000000Z")]


def test_whoever_loses_a_lead_is_not_reminded_of_it_and_the_next_owner_is_in_time(company: Open) -> None:
    sales = company(START, FIRST)
    sales.touch(START, "owner_assigned", owner="ana")
    sales.touch(START + 60 * MINUTE, "owner_assigned", owner="bo")
    sales.wait(local(2026, 6, 10, 12))
    assert reminded(sales) == [("bo", "2026-06-09T02:00:00.000000Z")]


def test_an_owner_who_gets_the_lead_again_is_reminded_as_first_said(company: Open) -> None:
    sales = company(START, FIRST)
    sales.touch(START, "demo_requested")
    sales.touch(START + 30 * MINUTE, "score_reset")
    sales.touch(START + 60 * MINUTE, "demo_requested")
    sales.wait(TUESDAY)
    assert sales.told("lead.assigned") == [("ana", "hot"), ("ana", "hot")]
    assert reminded(sales) == [("ana", "2026-06-08T10:00:00.000000Z")]


def test_a_lead_that_lost_its_owner_is_due_to_nobody_although_its_reminder_waits(company: Open) -> None:
    """As of a database of 0.4, in which a stage asked for follow-ups of nobody, too."""
    sales = company(START, FIRST)
    sales.touch(START, "owner_assigned", owner="ana")
    with sales.world.database.transaction() as conn:
        conn.execute(deadlines.update().where(deadlines.c.kind == "follow_up").values(owner=None))
    sales.wait(TUESDAY)
    assert [each for each in reminded(sales) if each[0] is None] == []
    with sales.world.database.snapshot() as conn:
        states = conn.execute(select(deadlines.c.state).where(deadlines.c.owner.is_(None))).scalars().all()
    assert states == ["dropped"]


def test_an_owners_own_reminder_is_theirs_whoever_has_the_lead_and_was_in_touch(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, "identified")
    sales.touch(FRIDAY, "owner_assigned", owner="ana")
    at = "2026-06-08T12:30:00+08:00"
    sales.touch(FRIDAY + MINUTE, "reminder_set", at=at, owner="bo", note="send the offer")
    sales.touch(FRIDAY + 2 * MINUTE, "call_logged", by="ana")
    assert ("follow_up", "bo", "open", None) in sales.deadlines()
    sales.wait(MONDAY + MINUTE)
    sales.wait(MONDAY + 2 * MINUTE)
    [due] = sales.signals("follow_up.due")
    assert (due["owner"], due["note"]) == ("bo", "send the offer")
    assert ("follow_up", "bo", "missed", None) in sales.deadlines()
