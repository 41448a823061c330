"""How staff was in touch between two looks: however often that was, what was asked before is settled by the first."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from store.database.tables import deadlines
from tests.domain.histories import law
from tests.projections.given_sales import MINUTE, Company, Open, local, touchpoint

START = local(2026, 6, 8, 9)
HOURS = 60 * MINUTE
_ACTS = st.sampled_from(["message_received", "message_received", "message_sent", "call_logged", "page_viewed"])
_STEPS = st.lists(st.tuples(_ACTS, st.integers(1, 10)), min_size=2, max_size=24)


def settled(company: Company) -> list[tuple[Any, ...]]:
    """What became of each deadline, and when."""
    with company.world.database.snapshot() as conn:
        query = select(deadlines.c.kind, deadlines.c.cause, deadlines.c.state, deadlines.c.settled, deadlines.c.by)
        return sorted(tuple(map(str, row)) for row in conn.execute(query))


@law(40)
@given(_STEPS)
def test_what_is_answered_between_two_looks_is_answered_as_one_by_one(steps: list[tuple[str, int]]) -> None:
    said, clock = [], START
    for place, (type, minutes) in enumerate(steps):
        clock += minutes * MINUTE
        said.append(touchpoint(clock, type, by=f"staff {place}", path="/", kind="server")._replace(id=str(place)))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        at_once, one_by_one = Company(Path(one), START), Company(Path(other), START)
        at_once.tell(said, clock)
        for each in said:
            one_by_one.tell([each], each.instant)
        assert settled(at_once) == settled(one_by_one)
        at_once.close()
        one_by_one.close()


@pytest.mark.parametrize("late", [False, True])
def test_an_answer_in_time_counts_although_twenty_followed_before_anybody_looked(company: Open, late: bool) -> None:
    sales = company(START)
    asked = touchpoint(START, "message_received", kind="server")
    answers = [touchpoint(START + n * HOURS, "message_sent", by=f"staff {n}") for n in range(1, 21)]
    if late:
        sales.tell([asked], START)
        sales.tell(answers, START + 21 * HOURS)
    else:
        sales.tell([asked, *answers], START + 21 * HOURS)
    assert sales.deadlines() == [("answer", None, "kept", "staff 1")]
    assert sales.told("sla.missed") == []


def test_what_is_asked_while_an_answer_is_late_is_not_asked_again_whenever_that_is_seen(company: Open) -> None:
    sales = company(START)
    asked = [touchpoint(START + n * HOURS, "message_received", kind="server") for n in (0, 1, 8, 10)]
    sales.tell(asked, START + 23 * HOURS)
    assert sales.deadlines() == [("answer", None, "missed", None), ("answer", None, "open", None)]
    assert sales.told("sla.missed") == [("answer", None, "2026-06-08T10:00:00.000000Z")]


def test_nobody_waits_for_an_answer_to_a_machine_nor_has_one_answered(company: Open) -> None:
    sales = company(START)
    machine = {"machine": "bounce"}
    sales.touch(START, "page_viewed", path="/")
    sales.tell([touchpoint(START, "message_received", kind="server")._replace(context=machine)], START + MINUTE)
    assert sales.deadlines() == []
    sales.touch(START + 2 * MINUTE, "message_received", kind="server")
    sales.tell([touchpoint(START + 3 * MINUTE, "message_sent")._replace(context=machine)], START + 4 * MINUTE)
    assert sales.deadlines() == [("answer", None, "open", None)]
