"""The people behind a number of any report, page by page: found by what the number is counted by, the newest first."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, tuple_

from domain.phrases import phrase
from projections.queries.cursors import give, take
from projections.queries.leads import card_fields, cards
from projections.queries.shapes import Page
from projections.queries.view import View
from projections.reports.answer import (
    BadReport,
    CellLeads,
    HappenedShape,
    Report,
    ReportCell,
    ReportPeople,
    ReportQuestion,
)
from projections.reports.registry import understood

_FETCHED: Final = 1_000
"""Rows that are read at once where not the database tells which of them count."""


def people_asked(
    definition: Report, number: str, said: Mapping[str, str]
) -> tuple[Mapping[str, str], ReportCell, ReportPeople]:
    """What a reader says, taken apart: options of the report, and the cell. Raises BadReport."""
    people = definition.people
    if people is None:
        raise BadReport(phrase("{report}: no number of it opens a list of people", report=definition.name))
    if number not in people.numbers:
        raise BadReport(
            phrase(
                "{name:input}: found {found!r}, allowed are {allowed}",
                name="number",
                found=number[:80],
                allowed=tuple(people.numbers),
            )
        )
    for name in said:
        if name not in definition.options and name not in people.row:
            raise BadReport(
                phrase(
                    "{name}: is no option of {report} and no column of its rows, allowed are {allowed}",
                    name=name[:80],
                    report=definition.name,
                    allowed=(*people.row, *definition.options),
                )
            )
    options = {name: value for name, value in said.items() if name in definition.options}
    return options, ReportCell(number, {name: said[name] for name in people.row if name in said}), people


def people_behind(
    view: View,
    definition: Report,
    question: ReportQuestion,
    number: str,
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[HappenedShape]:
    """A page of who is behind a number. What tells the row apart stands beside the options of the question.

    Raises BadReport, NotFound, BadCursor, SavedByAnother.
    """
    options, cell, people = people_asked(definition, number, question.options)
    asked = understood(view, definition, ReportQuestion(question.days, question.by, options))
    found, name = people.find(view, asked, cell), f"{view.tables.prefix}people of {definition.name}"
    rows = list(islice(_listed(view, found, name, limit, cursor), limit + 1))
    leads = view.tables.leads.c
    shown = view.conn.execute(cards(view).where(leads.lead.in_({row.lead for row in rows[:limit]})))
    untold = dict.fromkeys(found.without)
    by_id = {row.lead: card_fields(view, row) | untold for row in shown}
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = give(name, last.at, str(last.lead), *([] if found.again is None else [last.again]))
    items = [HappenedShape(**by_id[row.lead], at=row.at) for row in rows[:limit]]
    return Page[HappenedShape](items=items, next=following)


def _listed(view: View, found: CellLeads, name: str, limit: int, cursor: str | None) -> Iterator[Row[Any]]:
    """The rows behind a cursor, one more than a page has."""
    told = found.query.subquery("told").c
    order = [told.at, told.lead, *([] if found.again is None else [told.again])]
    query: Select[Any] = select(*told)
    if cursor is not None:
        kinds = (int, UUID, *([] if found.again is None else [found.again]))
        query = query.where(tuple_(*order) < tuple_(*take(name, cursor, *kinds)))
    query = query.order_by(*(each.desc() for each in order))
    if found.counts is None:
        yield from view.conn.execute(query.limit(limit + 1))
        return
    with view.conn.execute(query.execution_options(yield_per=_FETCHED)) as rows:
        yield from filter(found.counts, rows)
