"""What staff logs, by a command, settles what was asked of owners, and is the lead's own act where the lead wrote."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.commands.working import LogTalk, to_log
from domain.touchpoints.touchpoint import rfc3339
from producers.commands import CommandRefused
from tests.projections.given_sales import MINUTE, TEXT, Company, local
from tests.runtime.given_commander import Desk, desk_of

MONDAY = local(2026, 6, 8, 9)
HOUR = 60 * MINUTE
TAGS = '[[tags]]\nname = "price"\n'


@pytest.fixture
def sales(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, MONDAY, TEXT.replace("[score]", f"{TAGS}[score]"))
    yield company
    company.close()


@pytest.fixture
def desk(sales: Company, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(sales, tmp_path) as desk:
        yield desk


def test_who_accepted_and_logs_a_call_has_worked_the_lead(sales: Company, desk: Desk) -> None:
    sales.touch(MONDAY, "demo_requested")
    sales.touch(MONDAY + MINUTE, "owner_accepted", owner="ana")
    called = MONDAY + 5 * MINUTE
    sales.wait(MONDAY + HOUR)
    lead = desk.do(to_log(LogTalk(kind="call_logged", at=rfc3339(called), by="ana", tags=["price"], note="she is in")))
    assert ("work", "ana", "kept", "ana") in sales.deadlines() and lead.last_touch == called
    sales.wait(MONDAY + 20 * HOUR)
    assert sales.told("sla.missed") == []


def test_a_message_that_the_lead_wrote_elsewhere_asks_for_an_answer_and_is_their_act(
    sales: Company, desk: Desk
) -> None:
    sales.touch(MONDAY, "identified")
    wrote = MONDAY + HOUR
    sales.wait(wrote + MINUTE)
    lead = desk.do(to_log(LogTalk(kind="message_received", at=rfc3339(wrote), note="by WeChat")))
    assert lead.last_seen == wrote
    assert sales.deadlines() == [("answer", None, "open", None)]
    lead = desk.do(to_log(LogTalk(kind="message_sent", by="bo")))
    assert sales.deadlines() == [("answer", None, "kept", "bo")] and lead.last_seen == wrote


def test_a_day_is_of_the_models_zone_and_what_was_said_is_in_no_row_but_the_event(sales: Company, desk: Desk) -> None:
    sales.touch(MONDAY, "identified")
    desk.do(to_log(LogTalk(kind="meeting_held", at="2026-06-07", participants=["Ms Wang"], note="in the lobby")))
    [held] = [row for row in sales.world.rows("touches") if row.type == "meeting_held"]
    assert held.at == local(2026, 6, 7, 0) and held.properties == "{}"
    with pytest.raises(CommandRefused, match="at: found 2026-06-08T16:00:00"):
        desk.ask(to_log(LogTalk(kind="meeting_held", at="2026-06-09")))
    with pytest.raises(CommandRefused, match="did you mean price"):
        desk.ask(to_log(LogTalk(kind="meeting_held", tags=["prize"])))
