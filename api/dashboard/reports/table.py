"""Any report as a table of a page: headings that sort by links, values as people read them, notes in their language.

A page asks the report as the API does, and shows it by the macro of `templates/report_table.html`:

    shape = seen_by(viewer, view.ids, report(view, "stages", ReportQuestion(period.days)))
    table = report_table(wording, shape, wording.text(N_("Stages")), sort=sort, address=address)

    {% from "report_table.html" import table_of with context %}
    <link rel="stylesheet" href="{{ static('reports.css') }}">
    {{ table_of(table) }}

`columns` shows some of them, in this order; `link` says where a number leads; `address` makes of a sort the address of
the same page (without it nothing sorts). What a page calls a column and explains of it is in `columns.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.dashboard.reports.columns import COLUMN_TEXTS
from api.dashboard.reports.notes import note_text
from api.dashboard.reports.questions import by_label
from api.dashboard.reports.values import UNKNOWN, value_text
from api.dashboard.words.well_known import N_
from api.dashboard.words.wording import PageWording
from projections.reports.answer import ColumnKind, ReportColumn, ReportShape

_NUMERIC: Final = frozenset((
    ColumnKind.COUNT, ColumnKind.NUMBER, ColumnKind.SHARE, ColumnKind.MONEY, ColumnKind.SECONDS,
))  # fmt: skip
_NAMELESS: Final = N_("not known")
_NOBODY: Final = N_("nobody")
_NO_TEAM: Final = N_("in no team")
_TEAMS: Final = "who: their teams"
"""How the note of response times begins where it tells teams apart."""

Item = Mapping[str, Any]
Link = Callable[[str, Item], str | None]
"""Where the value of a column (by name) of a row leads; None: nowhere."""


@dataclass(frozen=True, slots=True)
class TableHead:
    """A heading. `sorted`: as `aria-sort` says it, "" where the table is not sorted by it; `address`: sorts by it."""

    name: str
    label: str
    about: str
    numeric: bool
    sorted: str = ""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class TableCell:
    """A value as it is shown. `known`: whether somebody knows it."""

    text: str
    numeric: bool
    known: bool
    link: str | None = None


@dataclass(frozen=True, slots=True)
class ReportTable:
    """What the macro shows. `left_out`: labels of the columns in which no row has a value."""

    caption: str
    heads: Sequence[TableHead]
    rows: Sequence[Sequence[TableCell]]
    left_out: Sequence[str]
    notes: Sequence[str]


def report_table(
    wording: PageWording,
    shape: ReportShape,
    caption: str,
    *,
    columns: Sequence[str] | None = None,
    sort: str = "",
    address: Callable[[str], str] | None = None,
    link: Link | None = None,
) -> ReportTable:
    """The table of a report. `sort`: the name of a column, with `-` before it the greatest first; "": as it comes.

    Columns without any value are left out, and named.
    """
    named = {column.name: column for column in shape.columns}
    asked = [named[name] for name in (named if columns is None else columns)]
    said = [each for each in asked if not shape.items or any(item[each.name] is not None for item in shape.items)]
    texts = COLUMN_TEXTS[shape.report]
    items = sorted_items(wording, shape, sort) if address is not None else shape.items
    return ReportTable(
        caption,
        [_head(wording, shape, each, sort, address) for each in said],
        [[_cell(wording, shape, each, item, first, link) for first, each in _numbered(said)] for item in items],
        [wording.text(texts[each.name].label) for each in asked if each not in said],
        [note_text(wording, note) for note in shape.notes],
    )


def sorted_items(wording: PageWording, shape: ReportShape, sort: str) -> Sequence[Item]:
    """The rows by a column, those without a value last; amounts only within their currency."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    column = next((each for each in shape.columns if each.name == name), None)
    if column is None:
        return shape.items
    having = [item for item in shape.items if item[name] is not None]
    others = [item for item in shape.items if item[name] is None]
    if column.kind in _NUMERIC or column.kind in (ColumnKind.DAY, ColumnKind.MOMENT, ColumnKind.FLAG):
        having.sort(key=lambda item: item[name], reverse=down)
    else:
        having.sort(key=lambda item: value_text(wording, shape, column, item).casefold(), reverse=down)
    if column.kind is ColumnKind.MONEY:
        having.sort(key=lambda item: item["currency"] or "\U0010ffff")
    return having + others


def _nameless(shape: ReportShape) -> str:
    """What the name of a row says that has none."""
    if shape.report != "response_times":
        return _NAMELESS
    return _NO_TEAM if any(note.startswith(_TEAMS) for note in shape.notes) else _NOBODY


def _numbered(columns: Sequence[ReportColumn]) -> list[tuple[bool, ReportColumn]]:
    """The columns, and whether each is the first."""
    return [(place == 0, column) for place, column in enumerate(columns)]


def _head(
    wording: PageWording, shape: ReportShape, column: ReportColumn, sort: str, address: Callable[[str], str] | None
) -> TableHead:
    name, text, numeric = column.name, COLUMN_TEXTS[shape.report][column.name], column.kind in _NUMERIC
    up, down = name, f"-{name}"
    following = {up: down, down: up}.get(sort, down if numeric else up)
    return TableHead(
        name,
        head_label(wording, shape, name),
        wording.text(text.about),
        numeric,
        {up: "ascending", down: "descending"}.get(sort, "") if address is not None else "",
        None if address is None else address(following),
    )


def head_label(wording: PageWording, shape: ReportShape, name: str) -> str:
    """What the heading of a column says: of groups what they are."""
    if name == "group" and shape.by is not None:
        return by_label(wording, shape.by)
    return wording.text(COLUMN_TEXTS[shape.report][name].label)


def _cell(
    wording: PageWording, shape: ReportShape, column: ReportColumn, item: Item, first: bool, link: Link | None
) -> TableCell:
    text, numeric = value_text(wording, shape, column, item), column.kind in _NUMERIC
    known = item[column.name] is not None
    if not known:
        text = wording.text(_nameless(shape)) if first else UNKNOWN
    return TableCell(text, numeric, known, None if link is None else link(column.name, item))
