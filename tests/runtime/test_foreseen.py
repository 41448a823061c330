"""What a merge or an unmerge would do is what it does: the preview before, against leads and signals after."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.commands.commander import Command
from api.commands.stage_and_person import TakeOut, WithLead, to_merge, to_unmerge
from producers.commands import CommandRefused
from projections.queries.foreseen import ForeseenShape
from projections.queries.shapes import LeadDetail
from store.database.tables import ledger
from tests.domain.stories import at
from tests.projections.given_sales import MINUTE, TEXT, Company, local, touchpoint
from tests.runtime.given_commander import Desk, desk_of

MONDAY = local(2026, 6, 8, 9)
MODEL = TEXT.replace(
    "[sales]",
    '[[segments]]\nname = "readers"\nwhen = { did = "page_viewed", at_least = 2 }\n'
    '[[segments]]\nname = "asked"\nwhen = { did = "demo_requested" }\n[[tags]]\nname = "vip"\n[sales]',
    1,
)
ADA, BO = "e:ada@x.test", "e:bo@x.test"


@pytest.fixture
def sales(tmp_path: Path) -> Iterator[Company]:
    company = Company(tmp_path, MONDAY, MODEL)
    yield company
    company.close()


@pytest.fixture
def desk(sales: Company, tmp_path: Path) -> Iterator[Desk]:
    with desk_of(sales, tmp_path) as desk:
        yield desk


def ids(sales: Company) -> dict[str, str]:
    """The leads by their e-mails, a letter each."""
    return {_email(row.profile): str(row.lead) for row in sales.world.rows("leads")}


def _email(profile: str) -> str:
    return profile.partition('"email":"')[2].partition("@")[0]


def said(sales: Company, after: int = 0) -> list[tuple[Any, ...]]:
    with sales.world.database.snapshot() as conn:
        rows = conn.execute(select(ledger).where(ledger.c.position > after).order_by(ledger.c.position)).all()
    return [(row.kind, str(row.lead), str(row.lead_now), row.subject, row.closes) for row in rows]


def cards(leads: list[LeadDetail]) -> dict[str, dict[str, Any]]:
    """Without when it is looked at, and what is waited for then."""
    return {lead.id: lead.model_dump(exclude={"clock", "due"}) for lead in leads}


def foresee_then_do(
    sales: Company, desk: Desk, command: Command, lead: str, others: tuple[str, ...] = ()
) -> ForeseenShape:
    """The preview, once what it said has proved true; and that it left no trace."""
    before, rows = said(sales), {name: sales.world.rows(name) for name in ("leads", "lead_states", "identities")}
    foreseen = desk.commander.foresee(lead, others, command)
    assert said(sales) == before and {name: sales.world.rows(name) for name in rows} == rows
    done = desk.ask(command, lead)
    sales.world.clock = max(sales.world.clock, done.received_at)
    sales.world.play([[done]])
    told = [(each.kind, each.lead, each.lead_now, each.subject, each.closes) for each in foreseen.signals]
    assert sorted(told, key=str) == sorted(said(sales)[len(before) :], key=str)
    assert cards(foreseen.leads) == cards([desk.card(each.id) for each in foreseen.leads])
    live = {str(row.lead) for row in sales.world.rows("leads")}
    assert {each.id for each in foreseen.ceased} == {str(row.lead) for row in rows["leads"]} - live
    for each in foreseen.ceased:
        assert each.lead_now == desk.card(each.id).id
    sales.bring_back()
    return foreseen


def test_two_leads_that_are_hot_only_together(sales: Company, desk: Desk) -> None:
    for minute in range(5):
        sales.touch(MONDAY + minute * MINUTE, "page_viewed", ADA, path="/a", kind="server")
        sales.touch(MONDAY + minute * MINUTE, "page_viewed", BO, path="/b", kind="server")
    sales.touch(MONDAY + 5 * MINUTE, "tagged", BO, set=["vip"])
    leads = ids(sales)
    foreseen = foresee_then_do(sales, desk, to_merge(WithLead.model_validate({"with": leads["bo"]})), leads["ada"])
    [lead] = foreseen.leads
    assert (lead.hot, lead.announced, lead.heat, lead.tags) == (True, True, 100, ["vip"])
    assert {"lead.hot", "lead.assigned", "segment.left"} <= {each.kind for each in foreseen.signals}
    assert len(foreseen.ceased) == 1


def test_two_hot_leads_with_owners_and_what_is_withdrawn(sales: Company, desk: Desk) -> None:
    sales.touch(MONDAY, "demo_requested", ADA, kind="server")
    sales.touch(MONDAY + MINUTE, "demo_requested", BO, kind="server")
    sales.touch(MONDAY + 2 * MINUTE, "owner_accepted", BO, owner="bo")
    leads = ids(sales)
    foreseen = foresee_then_do(sales, desk, to_merge(WithLead.model_validate({"with": leads["ada"]})), leads["bo"])
    assert [lead.heat for lead in foreseen.leads] == [168]
    assert any(each.kind == "lead.cooled" and each.closes for each in foreseen.signals)


def test_an_unmerge_takes_out_what_the_merge_put_together(sales: Company, desk: Desk) -> None:
    sales.touch(MONDAY, "demo_requested", ADA, kind="server")
    sales.touch(MONDAY + MINUTE, "page_viewed", BO, path="/b", kind="server")
    sales.touch(MONDAY + 2 * MINUTE, "stage_changed", BO, to="customer")
    leads = ids(sales)
    merged = foresee_then_do(sales, desk, to_merge(WithLead.model_validate({"with": leads["bo"]})), leads["ada"])
    assert [(lead.stage, lead.hot) for lead in merged.leads] == [("customer", False)]
    take_out = TakeOut(identities=[{"kind": "email", "value": "ada@x.test"}])
    apart = foresee_then_do(sales, desk, to_unmerge(take_out), merged.leads[0].id)
    assert sorted((lead.profile["email"], lead.hot) for lead in apart.leads) == [
        ("ada@x.test", True), ("bo@x.test", False)
    ]  # fmt: skip


def test_an_unmerge_that_shares_a_cookie_and_knows_new_links(sales: Company, desk: Desk) -> None:
    one = at(0, "page_viewed", ADA, "p:+4930901820", "c:k", id="one")
    sales.tell([one._replace(occurred_at=MONDAY, received_at=MONDAY)], MONDAY)
    [lead] = ids(sales).values()
    take_out = TakeOut(identities=[{"kind": "phone", "value": "+4930901820"}])
    foreseen = foresee_then_do(sales, desk, to_unmerge(take_out), lead)
    assert len(foreseen.leads) == 2 and not foreseen.ceased


def test_what_is_refused_is_refused_before_it_is_foreseen(sales: Company, desk: Desk) -> None:
    sales.touch(MONDAY, "identified", ADA, kind="server")
    [lead] = ids(sales).values()
    with pytest.raises(CommandRefused, match="one lead already"):
        desk.commander.foresee(lead, [lead], to_merge(WithLead.model_validate({"with": lead})))
    with pytest.raises(CommandRefused, match="not this lead's"):
        desk.commander.foresee(lead, [], to_unmerge(TakeOut(identities=[{"kind": "email", "value": "x@y.test"}])))


def test_what_a_fault_put_aside_is_not_foreseen(sales: Company, desk: Desk) -> None:
    for name in (ADA, BO):
        sales.touch(MONDAY, "identified", name, kind="server")
    leads = ids(sales)
    with sales.world.database.transaction() as conn:
        conn.exec_driver_sql("UPDATE clusters SET aside = 'ValueError: a test'")
    with pytest.raises(CommandRefused, match="ValueError: a test"):
        desk.commander.foresee(leads["ada"], [], to_merge(WithLead.model_validate({"with": leads["bo"]})))
    with sales.world.database.transaction() as conn:
        conn.exec_driver_sql("UPDATE clusters SET aside = NULL")


def test_of_visitors_nothing_is_said(sales: Company, desk: Desk) -> None:
    sales.tell([touchpoint(MONDAY, "page_viewed", name, kind="browser") for name in ("c:one", "c:two")], MONDAY)
    one, two = (str(row.lead) for row in sales.world.rows("leads"))
    foreseen = foresee_then_do(sales, desk, to_merge(WithLead.model_validate({"with": two})), one)
    assert foreseen.signals == [] and [lead.touches for lead in foreseen.leads] == [3]
