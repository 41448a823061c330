"""Handing over: owners get hot leads in turn, must accept in working time, and what they say takes effect, once."""

from datetime import datetime
from typing import Any

import pytest

from domain.model.definition import parse_model
from projections.upkeep.activation import ActivationRefused, activate
from store.database import bulk
from store.database.tables import deadlines
from store.events.store import EventStore
from tests.domain.histories import side
from tests.projections.given_sales import FRIDAY, MINUTE, TEXT, Open, local, touchpoint

MONDAY = local(2026, 6, 8, 12, 30)
HOT = "demo_requested"


def test_a_hot_lead_gets_an_owner_and_the_message_says_who_and_until_when(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    [hot] = sales.signals("lead.hot")
    [assigned] = sales.signals("lead.assigned")
    assert (hot["owner"], hot["due"], hot["assigned"]) == ("ana", "2026-06-08T04:30:00.000000Z", assigned["id"])
    assert (assigned["owner"], assigned["reason"], assigned["hot"]) == ("ana", "hot", hot["id"])
    [lead] = sales.world.rows("leads")
    assert (lead.owner, lead.owner_due, lead.accepted_at) == ("ana", MONDAY, None)


@pytest.mark.parametrize(("zone", "calendar", "start", "due"), [
    ("Asia/Shanghai", "CN", "2026-06-05T17:30+08:00", "2026-06-08T12:30+08:00"),
    ("Asia/Shanghai", "CN", "2026-02-13T17:30+08:00", "2026-02-14T12:30+08:00"),
    ("Asia/Shanghai", "CN", "2026-09-30T17:30+08:00", "2026-10-08T12:30+08:00"),
    ("Europe/Berlin", "DE-BE", "2026-04-02T17:30+02:00", "2026-04-07T12:30+02:00"),
    ("Europe/Berlin", "DE-BE", "2026-03-27T17:30+01:00", "2026-03-30T10:30+00:00"),
])  # fmt: skip
def test_who_does_not_accept_in_working_time_loses_the_lead_at_that_instant(
    company: Open, zone: str, calendar: str, start: str, due: str
) -> None:
    begin, end = (int(datetime.fromisoformat(each).timestamp()) * 1_000_000 for each in (start, due))
    sales = company(begin, TEXT.replace("Asia/Shanghai", zone).replace('"CN"', f'"{calendar}"'))
    sales.touch(begin, HOT)
    sales.wait(end - MINUTE)
    assert sales.told("sla.missed") == []
    sales.wait(end + MINUTE)
    [missed] = sales.signals("sla.missed")
    assert datetime.fromisoformat(missed["due"]) == datetime.fromisoformat(due)
    assert (missed["deadline"], missed["owner"], missed["next"]) == ("accept", "ana", "bo")
    assert sales.told("lead.assigned") == [("ana", "hot"), ("bo", "missed")]
    [lead] = sales.world.rows("leads")
    assert lead.owner == "bo"


def test_accepted_a_minute_before_is_in_time_and_a_minute_after_is_not(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY, HOT, "e:li@x.test")
    accepted = {"e:wang@x.test": ("ana", MONDAY - MINUTE), "e:li@x.test": ("bo", MONDAY + MINUTE)}
    for name, (owner, when) in accepted.items():
        sales.touch(when, "owner_accepted", name, owner=owner)
    assert sales.told("sla.missed") == [("accept", "bo", "2026-06-08T04:30:00.000000Z")]
    assert ("accept", "ana", "kept", "ana") in sales.deadlines()


def test_what_is_said_late_in_time_is_taken_with_the_minute_in_which_it_was_said(company: Open) -> None:
    """A look at 12:35 sees an acceptance of 12:29 and none of 12:31."""
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY, HOT, "e:li@x.test")
    said = [
        touchpoint(MONDAY - MINUTE, "owner_accepted", owner="ana"),
        touchpoint(MONDAY + MINUTE, "owner_accepted", "e:li@x.test", owner="bo"),
    ]
    sales.tell(said, MONDAY + 5 * MINUTE)
    assert sales.told("sla.missed") == [("accept", "bo", "2026-06-08T04:30:00.000000Z")]
    assert sales.told("lead.assigned")[-1] == ("ana", "missed")


def test_when_nobody_is_left_it_goes_to_the_fallback_and_then_stays(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    for _ in range(4):
        sales.wait(sales.world.clock + 7 * 24 * 60 * MINUTE)
    assert sales.told("lead.assigned") == [("ana", "hot"), ("bo", "missed"), ("boss", "missed")]
    assert [each.get("fallback", False) for each in sales.signals("lead.assigned")] == [False, False, True]
    assert len(sales.told("sla.missed")) == 3


def test_rejected_as_not_ready_it_is_moved_and_hot_again_after_twenty_new_points(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY + MINUTE, "owner_rejected", owner="ana", reason="not ready")
    [cooled] = sales.signals("lead.cooled")
    assert cooled["reason"] == "rejected"
    assert sales.told("lead.assigned") == [("ana", "hot"), (None, "rejected")]
    [lead] = sales.world.rows("leads")
    assert (lead.stage, lead.owner) == ("nurture", None)
    sales.touch(FRIDAY + 2 * MINUTE, "page_viewed", path="/a")
    assert len(sales.signals("lead.hot")) == 1
    sales.touch(FRIDAY + 3 * MINUTE, "page_viewed", path="/b")
    assert len(sales.signals("lead.hot")) == 2
    assert sales.told("lead.assigned")[-1] == ("bo", "hot")


def test_a_retraction_ends_the_wait_and_cooling_does_not(company: Open) -> None:
    sales = company(text=TEXT + '[[not_a_lead]]\nreason = "student"\nwhere = { "profile.title" = "Student" }\n')
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY, HOT, "e:li@x.test")
    sales.touch(FRIDAY + MINUTE, "score_reset", "e:li@x.test")
    student = touchpoint(FRIDAY + MINUTE, "identified", kind="server")._replace(profile={"title": "Student"})
    sales.tell([student], FRIDAY + 2 * MINUTE)
    assert [each["kind"] for each in sales.signals("lead.hot.retracted", "lead.cooled")] == [
        "lead.cooled", "lead.hot.retracted",
    ]  # fmt: skip
    sales.wait(MONDAY + MINUTE)
    assert sales.told("sla.missed") == [("accept", "bo", "2026-06-08T04:30:00.000000Z")]
    assert ("accept", "ana", "dropped", None) in sales.deadlines()


def test_a_lead_that_has_an_owner_keeps_them(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY + MINUTE, "owner_accepted", owner="ana")
    sales.touch(FRIDAY + 2 * MINUTE, "score_reset")
    sales.touch(FRIDAY + 3 * MINUTE, HOT)
    assert sales.told("lead.assigned") == [("ana", "hot"), ("ana", "hot")]
    accept = [each for each in sales.deadlines() if each[0] == "accept"]
    assert accept == [("accept", "ana", "kept", "ana"), ("accept", "ana", "open", None)]


def test_who_is_full_is_passed_over_until_a_lead_of_theirs_is_won(company: Open) -> None:
    full = TEXT.replace('name = "ana"', 'name = "ana"\ncapacity = 1').replace(
        'name = "bo"', 'name = "bo"\ncapacity = 1'
    )
    sales = company(text=full)
    for n in range(3):
        sales.touch(FRIDAY + n * MINUTE, HOT, f"e:{n}@x.test")
    assert sales.told("lead.assigned") == [("ana", "hot"), ("bo", "hot"), ("boss", "hot")]
    assert [each.get("fallback", False) for each in sales.signals("lead.hot")] == [False, False, True]
    sales.touch(FRIDAY + 5 * MINUTE, "stage_changed", "e:0@x.test", to="customer")
    sales.touch(FRIDAY + 6 * MINUTE, HOT, "e:3@x.test")
    assert sales.told("lead.assigned")[-1] == ("ana", "hot")


def test_who_is_away_that_day_is_passed_over(company: Open) -> None:
    sales = company(text=TEXT.replace('name = "ana"', 'name = "ana"\naway = [["2026-06-05", "2026-06-05"]]'))
    sales.touch(FRIDAY, HOT)
    sales.touch(local(2026, 6, 8, 9), HOT, "e:li@x.test")
    assert sales.told("lead.assigned") == [("bo", "hot"), ("ana", "hot")]


def test_a_person_gives_it_to_somebody_else(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY + MINUTE, "owner_assigned", owner="bo")
    assert sales.told("lead.assigned") == [("ana", "hot"), ("bo", "by_hand")]
    sales.wait(MONDAY + 2 * MINUTE)
    assert [owner for _, owner, _ in sales.told("sla.missed")] == ["bo"]


def test_who_accepts_and_does_nothing_is_told_of(company: Open) -> None:
    sales = company(local(2026, 6, 8, 9))
    start = sales.world.clock
    sales.touch(start, HOT)
    sales.touch(start, HOT, "e:li@x.test")
    for name, owner in (("e:wang@x.test", "ana"), ("e:li@x.test", "bo")):
        sales.touch(start + MINUTE, "owner_accepted", name, owner=owner)
    sales.touch(start + 60 * MINUTE, "call_logged", "e:li@x.test", by="bo")
    sales.wait(local(2026, 6, 9, 12))
    assert sales.told("sla.missed") == [("work", "ana", "2026-06-08T09:01:00.000000Z")]
    assert ("work", "bo", "kept", "bo") in sales.deadlines()


def test_who_calls_first_and_accepts_then_did_something(company: Open) -> None:
    start = local(2026, 6, 8, 9)
    sales = company(start)
    sales.touch(start, HOT)
    sales.touch(start + 5 * MINUTE, "call_logged", by="ana")
    sales.touch(start + 6 * MINUTE, "owner_accepted", owner="ana")
    sales.wait(local(2026, 6, 10, 12))
    assert sales.told("sla.missed") == []
    assert ("work", "ana", "kept", "ana") in sales.deadlines()


def test_a_customer_is_not_passed_on_because_nobody_accepted(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    sales.touch(FRIDAY + MINUTE, "stage_changed", to="customer")
    sales.wait(MONDAY + MINUTE)
    assert sales.told() == [("ana", "hot")]
    assert ("accept", "ana", "dropped", None) in sales.deadlines()


def test_an_enquiry_is_answered_in_time_or_told_of(company: Open) -> None:
    start = local(2026, 6, 8, 9)
    sales = company(start)
    sales.touch(start, "message_received", kind="server")
    sales.touch(start, "message_received", "e:li@x.test", kind="server")
    sales.touch(start + MINUTE, "message_received", kind="server")
    sales.touch(start + 60 * MINUTE, "message_sent", "e:li@x.test", by="bo")
    sales.wait(start + 10 * 60 * MINUTE)
    assert sales.told("sla.missed") == [("answer", None, "2026-06-08T10:00:00.000000Z")]
    assert [each for each in sales.deadlines() if each[0] == "answer"] == [
        ("answer", None, "missed", None), ("answer", None, "kept", "bo"),
    ]  # fmt: skip


def test_of_a_lead_that_was_answered_again_and_again_only_the_last_is_read(
    company: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = local(2026, 6, 1, 9)
    sales = company(start)
    for n in range(20):
        sales.touch(start + n * 12 * 60 * MINUTE, "message_received", kind="server")
        sales.touch(start + (n * 12 + 1) * 60 * MINUTE, "message_sent", by="bo")
    read: list[int] = []
    select_in = bulk.select_in

    def counted(conn: Any, table: Any, *given: Any) -> Any:
        rows = select_in(conn, table, *given)
        read.extend([len(rows)] if table is deadlines else [])
        return rows

    monkeypatch.setattr(bulk, "select_in", counted)
    sales.touch(sales.world.clock + MINUTE, "message_received", kind="server")
    assert 0 < max(read) < 10
    assert [each[2] for each in sales.deadlines()] == ["kept"] * 20 + ["open"]


def test_what_a_history_that_is_imported_asked_for_long_ago_is_not_waited_for(company: Open) -> None:
    sales = company()
    sales.tell([touchpoint(FRIDAY - 3 * 24 * 60 * MINUTE, "message_received", kind="import")], FRIDAY)
    assert sales.deadlines() == []


def test_the_same_article_three_times_is_told_once_a_day(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    for n, path in enumerate("abaaba"):
        sales.touch(FRIDAY + (n + 1) * MINUTE, "page_viewed", path=f"/{path}", kind="browser")
    assert sales.told("lead.active") == [("again and again", 3)]
    assert sales.signals("lead.active")[0]["about"] == "/a"


def test_of_activity_only_the_last_of_a_history_is_read_unless_several_people_share_it(
    company: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    of_trails = EventStore.of_trails

    def counted(*given: Any) -> Any:
        touchpoints = of_trails(*given)
        read.append(len(touchpoints))
        return touchpoints

    monkeypatch.setattr(EventStore, "of_trails", counted)
    sales = company()
    old = [touchpoint(FRIDAY - (100 + n) * 60 * MINUTE, "page_viewed", path="/old") for n in range(50)]
    sales.tell(old, FRIDAY - 60 * MINUTE)
    sales.touch(FRIDAY, HOT)
    read.clear()
    for n in range(1, 4):
        sales.touch(FRIDAY + n * MINUTE, "page_viewed", path="/a", kind="browser")
    assert sales.told("lead.active") == [("again and again", 3)]
    assert max(read) <= 5, "the demo, who was assigned, and the pages of the last two days"
    sales.touch(FRIDAY + 4 * MINUTE, "merged", **side("e:li@x.test"))
    sales.touch(FRIDAY + 5 * MINUTE, "unmerged", **side("e:li@x.test"))
    sales.touch(FRIDAY + 6 * MINUTE, HOT, "e:li@x.test")
    for n in range(7, 10):
        sales.touch(FRIDAY + n * MINUTE, "page_viewed", "e:li@x.test", path="/a", kind="browser")
    assert sales.told("lead.active") == [("again and again", 3), ("again and again", 3)]


def test_nobody_hears_of_the_activity_of_a_lead_that_is_neither_hot_nor_owned(company: Open) -> None:
    sales = company()
    for n in range(3):
        sales.touch(FRIDAY + n * MINUTE, "page_viewed", path="/a", kind="browser")
    assert sales.told("lead.active") == []


# ---- another file ------------------------------------------------------------------------------------------------


def test_another_sales_table_holds_from_its_activation_on_and_nothing_is_refolded(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    later = parse_model(TEXT.replace('[[sales.owners]]\nname = "bo"', '[[sales.owners]]\nname = "cy"'))
    done = activate(sales.world.database, sales.world.ids, later)
    assert not done.refolded
    sales.touch(FRIDAY + MINUTE, HOT, "e:li@x.test")
    assert sales.told("lead.assigned") == [("ana", "hot"), ("cy", "hot")]


def test_who_has_leads_may_not_vanish_from_the_file(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT)
    ana = '[[sales.owners]]\nname = "ana"\n'
    with pytest.raises(ActivationRefused, match=r"no owner 'ana', who has 1 leads: keep them with `retired = true`"):
        activate(sales.world.database, sales.world.ids, parse_model(TEXT.replace(ana, "")))
    retired = parse_model(TEXT.replace(ana, ana + "retired = true\n"))
    activate(sales.world.database, sales.world.ids, retired)
    sales.touch(FRIDAY + MINUTE, HOT, "e:li@x.test")
    assert sales.told("lead.assigned") == [("ana", "hot"), ("bo", "hot")]


def test_who_is_hot_only_by_another_model_gets_no_owner_until_they_are_told(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, "page_viewed", path="/a")
    easier = parse_model(TEXT.replace("hot_at = 80", "hot_at = 5"))
    activate(sales.world.database, sales.world.ids, easier)
    sales.world.model = easier
    sales.world.restart()
    sales.wait(FRIDAY + MINUTE)
    assert sales.told("lead.assigned") == []
    sales.touch(FRIDAY + 2 * MINUTE, "page_viewed", path="/b")
    assert sales.told("lead.assigned") == [("ana", "hot")]


# ---- merge and unmerge -------------------------------------------------------------------------------------------


def test_of_two_owners_of_one_person_one_stays_and_both_hear_of_it(company: Open) -> None:
    sales = company()
    sales.touch(FRIDAY, HOT, "e:a@x.test")
    sales.touch(FRIDAY + MINUTE, HOT, "e:b@x.test")
    sales.touch(FRIDAY + 2 * MINUTE, "merged", "e:a@x.test", **side("e:b@x.test"))
    [lead] = sales.world.rows("leads")
    assert lead.owner == "bo"
    assert sales.told("lead.assigned")[2:] == [(None, "merged"), ("bo", "history")]
    assert [each for each in sales.deadlines() if each[2] == "open"] == [("accept", "bo", "open", None)]
    sales.touch(FRIDAY + 3 * MINUTE, "unmerged", "e:a@x.test", **side("e:b@x.test"))
    assert sorted(lead.owner for lead in sales.world.rows("leads")) == ["ana", "bo"]
