"""`report`: what reports there are, and each as a table, JSON or CSV."""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, assert_never

import typer

from domain.errors import Refused
from domain.touchpoints.touchpoint import microseconds
from projections.queries.days import days_between
from projections.queries.money import written
from projections.queries.shapes import Page
from projections.reports.answer import ColumnKind, ReportColumn, ReportNameShape, ReportQuestion, ReportShape
from projections.reports.registry import csv_of, report, reports, ways_of
from runtime.commands.options import AsJson, AsOf, Data, DatabaseUrl, Knowing, Language, reading
from runtime.terminal.show import Column, Listing, print_json, print_listings, say
from runtime.terminal.spans import lasted, percent
from runtime.terminal.words import Words

_TEXTS: Final = {
    ColumnKind.TEXT, ColumnKind.STAGE, ColumnKind.RULE, ColumnKind.SEGMENT, ColumnKind.CHANNEL, ColumnKind.GROUP,
    ColumnKind.DAY, ColumnKind.MOMENT, ColumnKind.FLAG,
}  # fmt: skip
_REPORTS: Final = (
    Column("report"),
    Column("by", 2),
    Column("options", 3),
    Column("days", 4, number=True),
    Column("what", 1),
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report_command)


def report_command(
    *,
    name: Annotated[
        str | None, typer.Argument(help="Which report; none: list what there are.", show_default=False)
    ] = None,
    by: Annotated[str | None, typer.Option(help="What its rows are told apart by, as the list says.")] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="This day or later, such as 2026-11-01.", metavar="DAY")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before this day.", metavar="DAY")] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="What else it may be asked; may be repeated.", metavar="NAME=VALUE")
    ] = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List the reports; or show one, as a table, JSON or CSV."""
    if as_json and as_csv:
        raise Refused("--json, --csv: found both, allowed is one of them")
    if name is None:
        if as_csv or by or first or end or option or as_of or knowing:
            raise Refused(
                "--by, --from, --to, --option, --csv, --as-of: found one without a report, allowed is with its name"
            )
        _print_names(reports(), as_json=as_json)
        return
    with reading(data, database, as_of, knowing) as view:
        words = Words(view.model, lang)
        days = days_between(first, end, view.model.timezone, ("--from", "--to"))
        shape = report(view, name, ReportQuestion(days, by, _options(option or ())))
    if as_json:
        print_json(shape)
    elif as_csv:
        _print_csv(csv_of(shape))
    else:
        print_listings(report_listing(shape, words))
        say(_period(shape, words))
        for note in shape.notes:
            say(note)


def _options(texts: Sequence[str]) -> dict[str, str]:
    """Options by name. Raises Refused."""
    options: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Refused(f"--option: found {text[:80]!r}, allowed is NAME=VALUE")
        if name in options:
            raise Refused(f"--option: found {name[:80]} twice, allowed is once")
        options[name] = value
    return options


def _print_names(page: Page[ReportNameShape], *, as_json: bool) -> None:
    if as_json:
        print_json(page)
        return
    rows = [
        (
            each.name,
            ", ".join(ways_of(each.by)),
            ", ".join(option.name for option in each.options),
            each.recent,
            each.about,
        )
        for each in page.items
    ]
    print_listings(Listing("Reports", _REPORTS, rows))


def _print_csv(lines: Iterator[str]) -> None:
    """In UTF-8, whatever the terminal's encoding: a file is read elsewhere."""
    sys.stdout.flush()
    for line in lines:
        sys.stdout.buffer.write(line.encode())
    sys.stdout.flush()


def _period(shape: ReportShape, words: Words) -> str:
    """Which days it is of, and as of when."""
    first, end, clock = (words.when(each) for each in (shape.from_, shape.to, shape.clock))
    bounds = ("" if first is None else f" from {first:%Y-%m-%d}") + (
        "" if end is None else f" to before {end:%Y-%m-%d}"
    )
    return f"{shape.report}:{bounds or ' ever'}, as of {clock:%Y-%m-%d %H:%M:%S} ({words.zone})"


def report_listing(shape: ReportShape, words: Words) -> Listing:
    """The rows of a report, as people read them. Where the screen is narrow, what says nothing is left out first,
    then the last ones."""
    columns = [
        Column(each.name.replace("_", " "), rank, number=each.kind not in _TEXTS)
        for each, rank in zip(shape.columns, _ranks(shape), strict=True)
    ]
    rows = [[_shown(each, item, shape.by, words) for each in shape.columns] for item in shape.items]
    by = "" if shape.by is None else f" by {shape.by}"
    return Listing(f"Report {shape.report}{by}", columns, rows)


def _ranks(shape: ReportShape) -> list[int]:
    """Of each column: the greatest is left out first, that of rank 0 never."""
    names = [each.name for each in shape.columns]
    says = [not shape.items or any(item[name] is not None for item in shape.items) for name in names]
    first = says.index(True) if True in says else 0
    return [0 if place == first else place + 1 if said else len(names) + place + 1 for place, said in enumerate(says)]


def _shown(column: ReportColumn, item: dict[str, Any], by: str | None, words: Words) -> object:
    value = item[column.name]
    if value is None:
        return None
    match column.kind:
        case ColumnKind.STAGE:
            return words.stage(value)
        case ColumnKind.RULE:
            return words.rule(value)
        case ColumnKind.SEGMENT:
            return words.segment(value)
        case ColumnKind.CHANNEL:
            return words.channel(value)
        case ColumnKind.GROUP:
            return _group(value, by or "", words)
        case ColumnKind.SHARE:
            return percent(value)
        case ColumnKind.SECONDS:
            return lasted(value)
        case ColumnKind.MONEY:
            return written(value, item.get("currency"))
        case ColumnKind.MOMENT:
            return words.when(microseconds(datetime.fromisoformat(value)))
        case ColumnKind.NUMBER:
            return f"{value:.3g}" if 0 < abs(value) < 1 else value
        case ColumnKind.TEXT | ColumnKind.COUNT | ColumnKind.DAY | ColumnKind.FLAG:
            return value
        case _:
            assert_never(column.kind)


def _group(group: str, by: str, words: Words) -> str:
    """A group as other reports show it."""
    if by == "stage":
        return words.stage(group)
    return words.channel(group) if by.endswith("channel") else group
