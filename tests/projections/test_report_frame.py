"""What holds of every report: what it may be asked, how its values are answered, and what is refused."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.errors import NotFound
from projections.queries.days import DayRange
from projections.reports.answer import BadReport, ColumnKind, Report, ReportQuestion, ReportRows, column
from projections.reports.registry import REPORTS, answered, csv_of, known_report, reports
from tests.domain.stories import at
from tests.projections.world import World

DAY = 19_675  # 2023-11-14, on which the stories begin
OF_ALL = {"as_of", "by", "format", "from", "to"}
"""What every report is asked with."""


def echo(**more: Any) -> Report:
    """A report of what it was asked."""
    columns = [
        column("first", ColumnKind.DAY, ""),
        column("by", ColumnKind.GROUP, ""),
        column("n", ColumnKind.TEXT, ""),
    ]
    return Report(
        "echo",
        "",
        columns,
        lambda _, question: ReportRows([(question.days.first, question.by, question.options.get("n"))]),
        **more,
    )


def first_item(world: World, definition: Report, question: ReportQuestion) -> dict[str, Any]:
    with world.view() as view:
        return answered(view, definition, question).items[0]


def test_reports_are_named_once_and_have_columns_of_their_own() -> None:
    assert len({each.name for each in REPORTS}) == len(REPORTS) == len(reports().items)
    for each in REPORTS:
        names = [column.name for column in each.columns]
        assert len(set(names)) == len(names) and not OF_ALL & set(each.options), each.name
        assert each.about and all(column.about for column in each.columns), each.name
        if any(column.kind is ColumnKind.MONEY for column in each.columns):
            assert "currency" in names, each.name


def test_a_report_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"no report 'sales': there are .*stages, .*response_times"):
        known_report("sales")


def test_without_a_period_a_recent_one_is_told_up_to_and_with_today(world: World) -> None:
    world.play([[at(0, "page_viewed", "c:1")]])
    with world.view() as view:
        shape = answered(view, echo(recent=30), ReportQuestion())
    assert shape.model_dump(mode="json", by_alias=True)["from"] == "2023-10-16T00:00:00.000000Z"
    assert shape.model_dump(mode="json", by_alias=True)["to"] == "2023-11-15T00:00:00.000000Z"
    assert shape.items[0]["first"] == "2023-10-16"


@pytest.mark.parametrize("days", [DayRange(DAY - 100), DayRange(None, DAY), DayRange(DAY, DAY + 1)])
def test_a_period_that_is_asked_for_is_the_one(world: World, days: DayRange) -> None:
    with world.view() as view:
        recent, ever = (answered(view, echo(recent=recent), ReportQuestion(days)) for recent in (30, None))
    assert (recent.from_, recent.to, recent.items) == (ever.from_, ever.to, ever.items)
    assert (recent.from_ is None) == (days.first is None) and (recent.to is None) == (days.end is None)


def test_by_is_the_first_one_where_nobody_says(world: World) -> None:
    assert first_item(world, echo(by=("day", "type")), ReportQuestion())["by"] == "day"
    assert first_item(world, echo(), ReportQuestion())["by"] is None


@pytest.mark.parametrize("by", ["type", "segment:buyers", "profile.country", "profile.amount:5000,10000"])
def test_by_may_be_what_the_report_says(world: World, by: str) -> None:
    assert first_item(world, echo(by=("type", "segment:", "profile.")), ReportQuestion(by=by))["by"] == by


@pytest.mark.parametrize(("allowed", "by", "words"), [
    (("type", "segment:"), "day", "by: found 'day', allowed are type, segment:NAME"),
    (("type", "segment:"), "profile.country", "allowed are type, segment:NAME"),
    (("type", "segment:"), "types", "found 'types'"),
    (("type", "segment:"), "", "found ''"),
    ((), "type", "by: found 'type', allowed is none: echo tells nothing apart"),
])  # fmt: skip
def test_by_may_be_nothing_else(world: World, allowed: tuple[str, ...], by: str, words: str) -> None:
    with pytest.raises(BadReport, match=words):
        first_item(world, echo(by=allowed), ReportQuestion(by=by))


def test_options_are_those_that_the_report_declares(world: World) -> None:
    assert first_item(world, echo(options={"n": "how many"}), ReportQuestion(options={"n": "2"}))["n"] == "2"
    with pytest.raises(BadReport, match="m: is no option of echo, allowed are n"):
        first_item(world, echo(options={"n": "how many"}), ReportQuestion(options={"n": "2", "m": "3"}))
    with pytest.raises(BadReport, match="n: is no option of echo, allowed is none"):
        first_item(world, echo(), ReportQuestion(options={"n": "2"}))


@pytest.mark.parametrize(("kind", "value", "answer"), [
    (ColumnKind.MONEY, 12_340_000, 12.34), (ColumnKind.MONEY, Decimal(-500_000), -0.5), (ColumnKind.MONEY, None, None),
    (ColumnKind.COUNT, Decimal(3), 3), (ColumnKind.DAY, DAY, "2023-11-14"),
    (ColumnKind.DAY, "2023-11-14", "2023-11-14"),
    (ColumnKind.MOMENT, 1_700_000_000_000_000, "2023-11-14T22:13:20.000000Z"), (ColumnKind.SHARE, 0.25, 0.25),
    (ColumnKind.TEXT, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
])  # fmt: skip
def test_values_are_answered_by_the_kind_of_their_column(
    world: World, kind: ColumnKind, value: object, answer: object
) -> None:
    definition = Report("one", "", [column("it", kind, "")], lambda _, question: ReportRows([(value,)]))
    assert first_item(world, definition, ReportQuestion()) == {"it": answer}


def test_a_row_has_a_value_of_each_column(world: World) -> None:
    definition = Report("one", "", [column("it", ColumnKind.TEXT, "")], lambda _, question: ReportRows([("a", "b")]))
    with pytest.raises(ValueError, match="longer"):
        first_item(world, definition, ReportQuestion())


def test_as_csv_the_rows_are_the_same(world: World) -> None:
    columns = [column("who", ColumnKind.TEXT, ""), column("revenue", ColumnKind.MONEY, "")]
    definition = Report("one", "", columns, lambda _, question: ReportRows([("=cmd", -5_000_000), (None, None)]))
    with world.view() as view:
        assert list(csv_of(answered(view, definition, ReportQuestion()))) == [
            "who,revenue\r\n",
            "'=cmd,-5.0\r\n",
            ",\r\n",
        ]
