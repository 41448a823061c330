"""The lists behind the numbers of a report, page by page, and that each is as long as its number says."""

from typing import Any

from projections.queries.view import View
from projections.reports.answer import HappenedShape, ReportQuestion
from projections.reports.people import people_behind
from projections.reports.registry import known_report, report


def behind(
    view: View, name: str, question: ReportQuestion, item: dict[str, Any], number: str, limit: int = 1000
) -> list[HappenedShape]:
    """All pages of who is behind a number of a row."""
    definition = known_report(name)
    assert definition.people is not None
    row = {column: str(item[column]) for column in definition.people.row if item[column] is not None}
    asked = ReportQuestion(question.days, question.by, {**question.options, **row})
    found: list[HappenedShape] = []
    cursor: str | None = None
    while True:
        page = people_behind(view, definition, asked, number, limit=limit, cursor=cursor)
        found, cursor = [*found, *page.items], page.next
        if cursor is None:
            return found


def lists_agree(view: View, name: str, question: ReportQuestion, *, again: tuple[str, ...] = ()) -> int:
    """How many lists that are not empty there are. Every number of every row is the length of its list, which is the
    newest first, and has nobody twice but for the numbers `again`."""
    people, told = known_report(name).people, 0
    assert people is not None
    for item in report(view, name, question).items:
        for number in people.numbers:
            if item[number] is None:
                continue
            found = behind(view, name, question, item, number, max(3, item[number] // 2))
            assert len(found) == item[number], (question, item, number)
            assert number in again or len({each.id for each in found}) == len(found)
            assert [each.at for each in found] == sorted((each.at for each in found), reverse=True)
            told += bool(found)
    return told
