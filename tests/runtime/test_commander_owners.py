"""Commands know who has a lead from the moment that it is announced, before its history says so."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.commands.commander import Command
from api.commands.handing_over import AcceptIt, RejectIt, ToOwner, to_accept, to_assign, to_reject
from domain.touchpoints.touchpoint import Touchpoint
from producers.commands import CommandRefused
from tests.projections.given_sales import FRIDAY, MINUTE, Company, local, touchpoint
from tests.runtime.given_commander import desk_of

HOT = touchpoint(FRIDAY, "demo_requested")
MISSED = local(2026, 6, 8, 12, 31)
Ask = Callable[[Command], Touchpoint]


@pytest.fixture
def sales(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, FRIDAY)
    yield company
    company.close()


@pytest.fixture
def ask(sales: Company, tmp_path: Path) -> Iterator[Ask]:
    """Asks a command about the only lead, and gives the touchpoint that it put on the log."""
    with desk_of(sales, tmp_path) as desk:
        yield desk.ask


def owner(sales: Company) -> tuple[Any, ...]:
    [lead] = sales.world.rows("leads")
    return lead.owner, lead.accepted_at


def test_who_was_just_announced_may_accept(sales: Company, ask: Ask) -> None:
    sales.world.play([[HOT]])
    assert owner(sales) == (None, None), "the touchpoint that notes it is on its way"
    accepted = ask(to_accept(AcceptIt()))
    assert accepted.properties["owner"] == "ana"
    sales.world.play([[accepted]])
    sales.bring_back()
    assert owner(sales) == ("ana", accepted.instant)
    assert ("accept", "ana", "kept", "ana") in sales.deadlines()


def test_who_was_just_announced_may_give_it_back(sales: Company, ask: Ask) -> None:
    sales.world.play([[HOT]])
    rejected = ask(to_reject(RejectIt(reason="spam")))
    sales.world.play([[rejected]])
    sales.bring_back()
    assert owner(sales) == (None, None)
    assert sales.told("lead.assigned") == [("ana", "hot"), (None, "rejected")]


def test_who_has_just_lost_it_may_not_and_the_next_one_may(sales: Company, ask: Ask) -> None:
    sales.touch(FRIDAY, "demo_requested")
    sales.world.clock = MISSED
    sales.world.project()
    assert owner(sales) == ("ana", None)
    with pytest.raises(CommandRefused, match="ana does not have the lead: bo has it"):
        ask(to_accept(AcceptIt(owner="ana")))
    accepted = ask(to_accept(AcceptIt(owner="bo")))
    sales.world.play([[accepted]])
    sales.bring_back()
    assert owner(sales) == ("bo", accepted.instant)


def test_it_is_not_given_anew_to_whom_it_was_just_given(sales: Company, ask: Ask) -> None:
    sales.world.play([[HOT]])
    with pytest.raises(CommandRefused, match="ana has the lead already"):
        ask(to_assign(ToOwner(owner="ana")))


def test_whom_a_person_gave_it_to_meanwhile_has_it(sales: Company, ask: Ask) -> None:
    sales.world.play([[HOT]])
    sales.world.clock = FRIDAY + MINUTE
    sales.world.play([[touchpoint(FRIDAY + MINUTE, "owner_assigned", owner="bo")]])
    assert ask(to_accept(AcceptIt())).properties["owner"] == "bo"
    sales.bring_back()
