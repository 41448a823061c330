"""Response times: by owner, by team or by nobody, as the model says; and what is to be done, due first first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.errors import Refused
from domain.model.definition import parse_model
from projections.queries.view import Past
from projections.queries.walked import SavedClusters
from projections.reports.answer import BadReport, ReportQuestion
from projections.reports.registry import report
from projections.reports.responses import responses, waited_for
from projections.upkeep.activation import activate
from store.database.tables import live
from tests.projections.given_lists import behind, lists_agree
from tests.projections.given_sales import MINUTE, TEXT, Company, local

MONDAY = local(2026, 6, 8, 9)
TEAMS = TEXT.replace(
    'name = "boss"\nweight = 0',
    'name = "boss"\nweight = 0\n[[sales.owners]]\nname = "north"\nmembers = ["ana"]\nweight = 0',
)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    """Ana accepts after 10 minutes and calls half an hour later, Bo never accepts, the boss has not yet."""
    sales = Company(tmp_path, MONDAY, TEAMS)
    sales.touch(MONDAY, "demo_requested", "e:a@x.test")
    sales.touch(MONDAY, "demo_requested", "e:b@x.test")
    sales.touch(MONDAY + 10 * MINUTE, "owner_accepted", "e:a@x.test", owner="ana")
    sales.touch(MONDAY + 40 * MINUTE, "call_logged", "e:a@x.test", by="ana")
    sales.wait(MONDAY + 5 * 60 * MINUTE)
    yield sales
    sales.close()


def tell_by(sales: Company, by: str) -> None:
    model = parse_model(TEAMS.replace("[sales]\n", f'[sales]\nreport_by = "{by}"\n'))
    activate(sales.world.database, sales.world.ids, model)


def reported(sales: Company, by: str) -> list[tuple[object, ...]]:
    tell_by(sales, by)
    with sales.world.view() as view:
        report = responses(view, None, None)
    assert report.by == by
    return [
        (each.who, each.deadline, each.asked, each.kept, each.missed, each.open, each.median) for each in report.items
    ]


def test_by_owner(company: Company) -> None:
    assert reported(company, "owner") == [
        ("ana", "accept", 2, 1, 0, 1, 600.0), ("ana", "work", 1, 1, 0, 0, 1_800.0),
        ("bo", "accept", 1, 0, 1, 0, None),
    ]  # fmt: skip


def test_by_team_single_people_are_not_told_apart(company: Company) -> None:
    assert reported(company, "team") == [
        (None, "accept", 1, 0, 1, 0, None), ("north", "accept", 2, 1, 0, 1, 600.0),
        ("north", "work", 1, 1, 0, 0, 1_800.0),
    ]  # fmt: skip
    with company.world.view() as view:
        assert [each.owner for each in waited_for(view, state="kept").items] == [None, None]
        with pytest.raises(Refused, match="report_by"):
            waited_for(view, owner="ana", state="kept")


def test_by_nobody(company: Company) -> None:
    assert [row[:4] for row in reported(company, "none")] == [(None, "accept", 3, 1), (None, "work", 1, 1)]


@pytest.mark.parametrize("by", ["owner", "team", "none"])
def test_every_number_opens_the_leads_behind_it(company: Company, by: str) -> None:
    tell_by(company, by)
    with company.world.view() as view:
        for apart in ("owner", "kind"):
            question = ReportQuestion(by=apart)
            assert lists_agree(view, "response_times", question, again=("asked", "kept", "open")) >= 4
        everybody = {"who": None, "deadline": None, "asked": 4}
        asked = behind(view, "response_times", ReportQuestion(by="kind"), everybody, "asked", 1)
        assert len(asked) == 4, "without a kind those of all kinds"
        assert {each.owner is None for each in asked} == {by != "owner"}, "owners are told where the model says so"
        assert all(each.owner for each in behind(view, "response_times", ReportQuestion(by="kind"), everybody, "open"))
        with pytest.raises(BadReport, match="deadline: found 'follow_up', allowed are accept, work, answer"):
            behind(view, "response_times", ReportQuestion(), everybody | {"deadline": "follow_up"}, "open")


def test_a_period_is_when_it_was_asked(company: Company) -> None:
    with company.world.view() as view:
        assert [each.asked for each in responses(view, MONDAY + MINUTE, None).items] == [1, 1]
        assert responses(view, None, MONDAY).items == []


def test_what_is_done_late_is_counted_with_the_time_that_it_took(tmp_path: Path) -> None:
    """A call of the first owner, too late, is theirs; an answer is one however late, and the first one counts."""
    sales = Company(tmp_path, MONDAY, TEAMS)
    sales.touch(MONDAY, "demo_requested", "e:a@x.test")
    sales.touch(MONDAY + MINUTE, "owner_accepted", "e:a@x.test", owner="ana")
    sales.touch(MONDAY + 2 * MINUTE, "message_received", "e:a@x.test")
    hour = 60 * MINUTE
    sales.wait(MONDAY + 4 * 24 * hour)
    assert sales.deadlines() == [
        ("accept", "ana", "kept", "ana"), ("work", "ana", "missed", None), ("answer", "ana", "missed", None),
    ]  # fmt: skip
    sales.touch(MONDAY + 5 * 24 * hour, "call_logged", "e:a@x.test", by="ana")
    sales.touch(MONDAY + 6 * 24 * hour, "call_logged", "e:a@x.test", by="bo")
    sales.wait(MONDAY + 7 * 24 * hour)
    tell_by(sales, "owner")
    with sales.world.view() as view:
        rows = [(each.deadline, each.missed, each.median) for each in responses(view, None, None).items]
    days = 5 * 24 * 3_600.0
    assert rows == [("accept", 0, 60.0), ("work", 1, days - 60), ("answer", 1, days - 120)]
    assert [by for *_, by in sales.deadlines()] == ["ana", "ana", "ana"]
    sales.close()


def test_what_another_owner_does_is_not_done_late_by_the_one_before(tmp_path: Path) -> None:
    sales = Company(tmp_path, MONDAY, TEAMS)
    sales.touch(MONDAY, "demo_requested", "e:a@x.test")
    sales.touch(MONDAY + MINUTE, "owner_accepted", "e:a@x.test", owner="ana")
    sales.wait(MONDAY + 4 * 24 * 60 * MINUTE)
    sales.touch(MONDAY + 5 * 24 * 60 * MINUTE, "owner_assigned", "e:a@x.test", owner="bo")
    sales.touch(MONDAY + 6 * 24 * 60 * MINUTE, "call_logged", "e:a@x.test", by="bo")
    assert [row for row in sales.deadlines() if row[0] == "work"] == [("work", "ana", "missed", None)]
    sales.close()


def test_what_is_to_be_done_is_listed_due_first_first_page_by_page(company: Company) -> None:
    company.touch(
        company.world.clock, "reminder_set", "e:a@x.test", at="2026-06-08T15:00:00+08:00", note="asks at three"
    )
    with company.world.view() as view:
        first = waited_for(view, limit=1)
        second = waited_for(view, limit=1, cursor=first.next)
        assert second.next is None
        listed = [(each.deadline, each.owner, each.note) for each in (*first.items, *second.items)]
        assert listed == [("follow_up", "ana", "asks at three"), ("accept", "ana", None)]
        assert [each.deadline for each in waited_for(view, owner="ana").items] == ["follow_up", "accept"]
        assert waited_for(view, owner="bo").items == []
        with pytest.raises(Refused, match="allowed are open, kept, missed, dropped"):
            waited_for(view, state="lost")


@pytest.mark.parametrize(("report_by", "by", "who", "note"), [
    ("owner", "owner", ["ana", "ana", "bo"], []),
    ("team", "owner", [None, "north", "north"], ["who: their teams, as report_by of the model says"]),
    ("none", "owner", [None, None], ["who: nobody, as report_by of the model says"]),
    ("owner", "kind", [None, None], []),
])  # fmt: skip
def test_as_a_report_it_has_the_same_numbers(
    company: Company, report_by: str, by: str, who: list[str | None], note: list[str]
) -> None:
    rows = reported(company, report_by if by == "owner" else "none")
    tell_by(company, report_by)
    with company.world.view() as view:
        shape = report(view, "response_times", ReportQuestion(by=by))
    names = ("who", "deadline", "asked", "kept", "missed", "open", "median")
    assert [tuple(item[name] for name in names) for item in shape.items] == rows
    assert ([item["who"] for item in shape.items], shape.notes) == (who, note)


def test_as_of_an_instant_it_is_what_was_reported_then(tmp_path: Path) -> None:
    sales, were = Company(tmp_path, MONDAY, TEAMS), {}

    def remember() -> None:
        with sales.world.view() as view:
            were[view.clock] = responses(view, None, None)

    sales.touch(MONDAY, "demo_requested", "e:a@x.test")
    sales.touch(MONDAY + 1, "demo_requested", "e:b@x.test")
    remember()
    sales.touch(MONDAY + 10 * MINUTE, "owner_accepted", "e:a@x.test", owner="ana")
    remember()
    sales.touch(MONDAY + 40 * MINUTE, "call_logged", "e:a@x.test", by="ana")
    remember()
    sales.wait(MONDAY + 5 * 60 * MINUTE)
    remember()
    with sales.world.view() as view:
        for clock, report_then in were.items():
            past = Past("then", SavedClusters(sales.world.events, sales.world.ids, live))
            assert responses(replace(view, clock=clock, past=past), None, None) == report_then
    assert len({report_then.model_dump_json() for report_then in were.values()}) == 4
    sales.close()
