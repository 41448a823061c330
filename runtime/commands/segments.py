"""`segments`: their sizes, who is and was in one, how it grew; and one that is only tried."""

from collections.abc import Sequence
from typing import Annotated

import typer

from domain.conditions.tree import Condition
from domain.errors import Refused
from domain.model.definition import Model
from domain.model.file import read_toml
from domain.model.trial import read_when
from domain.touchpoints.touchpoint import rfc3339
from projections.queries.days import SeriesName, days_between
from projections.queries.shapes import MemberShape
from projections.queries.view import View, known
from projections.reports.segments import members as segment_members
from projections.reports.segments.history import history
from projections.reports.segments.preview import Looking, preview
from projections.reports.segments.shapes import GrowthShape, SegmentPreviewShape, SegmentShape
from runtime.commands.options import (
    AsJson,
    AsOf,
    Cursor,
    Data,
    DatabaseUrl,
    Knowing,
    Language,
    Limit,
    ModelFile,
    bound_of,
    reading,
    say_more,
    wiring_of,
)
from runtime.terminal.show import Column, Listing, print_json, print_listings, progress, say
from runtime.terminal.words import Words, who
from runtime.wiring import Wiring

Name = Annotated[str, typer.Argument(help="The segment's name in the model.")]
SeriesOption = Annotated[SeriesName, typer.Option("--by", help="By day, week (from Monday) or month.")]
To = Annotated[str | None, typer.Option("--to", help="Before this day.", metavar="DAY")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        help="List segments and their sizes; who is or was in one, how it grew.", invoke_without_command=True
    )
    group.callback()(segments)
    group.command()(members)
    group.command("history")(grown)
    group.command("preview")(previewed)
    app.add_typer(group, name="segments")


def segments(
    context: typer.Context,
    *,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List segments and their sizes; who is or was in one, how it grew."""
    if context.invoked_subcommand is not None:
        if any(context.params.values()):
            raise Refused(f"options stand behind the command: leadline segments {context.invoked_subcommand} ...")
        return
    with reading(data, database, as_of, knowing) as view:
        page = segment_members.segments(view)
    if as_json:
        print_json(page)
        return
    print_listings(segments_listing(page.items, Words(view.model, lang)))


def segments_listing(segments: Sequence[SegmentShape], words: Words) -> Listing:
    """Segments and their sizes."""
    columns = (Column("segment"), Column("leads", number=True), Column("name", 1))
    rows = [(words.label(each.label, each.name), each.size, each.name) for each in segments]
    return Listing("Segments", columns, rows)


def members(
    *,
    name: Name,
    at: Annotated[
        str | None,
        typer.Option(help="Who was in it then: an RFC 3339 time, or the beginning of a day.", metavar="TIME"),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List the leads in a segment: now, or at a past instant by what is known now."""
    with reading(data, database, as_of, knowing) as view:
        page = segment_members.members_of(view, name, at=_past(view, at), limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    print_listings(Listing(f"In {words.segment(name)}", _MEMBERS, [_member(each, words) for each in page.items]))
    say_more(page.next, "--cursor")


def _past(view: View, at: str | None) -> int | None:
    instant = bound_of("--at", at, view.model.timezone)
    if instant is not None and instant > view.clock:
        raise Refused(f"--at: found {at}, allowed is up to {rfc3339(view.clock)}: nothing later is known")
    return instant


_MEMBERS = (
    Column("who"),
    Column("company", 2),
    Column("stage", 1),
    Column("heat", 4, number=True),
    Column("grade", 3),
    Column("entered"),
    Column("left", 5),
    Column("lead", 6),
)


def _member(lead: MemberShape, words: Words) -> tuple[object, ...]:
    return (
        who(lead),
        lead.profile.get("company"),
        words.stage(lead.stage),
        lead.heat,
        lead.grade,
        words.when(lead.entered_at),
        words.when(lead.left_at),
        lead.id,
    )


def grown(
    *,
    name: Name,
    by: SeriesOption = "week",
    start: Annotated[
        str | None, typer.Option("--from", help="From this day on; else the last twelve weeks.", metavar="DAY")
    ] = None,
    end: To = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show how a segment grew: its size at the end of each day, week or month, who entered and who left."""
    with reading(data, database, as_of, knowing) as view:
        days = days_between(start, end, view.model.timezone, ("--from", "--to"))
        report = history(view, name, by, days)
    if as_json:
        print_json(report)
        return
    words = Words(view.model, lang)
    print_listings(growth_listing(f"{words.segment(name)} by {by} (days in {words.zone})", report.series))
    say(f"before: {report.size_before:,}")


def growth_listing(title: str, series: Sequence[GrowthShape]) -> Listing:
    """How a segment grew."""
    columns = (
        Column("from"),
        Column("size", number=True),
        Column("entered", number=True),
        Column("left", number=True),
    )
    return Listing(title, columns, [(each.first_day, each.size, each.entered, each.left) for each in series])


def previewed(
    *,
    name: Annotated[
        str | None, typer.Argument(help="A segment of the model file, which need not be active.", show_default=False)
    ] = None,
    when: Annotated[
        str | None,
        typer.Option(
            help="A condition in its place, as in the model file: '{ did = \"page_viewed\", at_least = 3 }'.",
            metavar="TABLE",
        ),
    ] = None,
    by: SeriesOption = "week",
    start: Annotated[
        str | None, typer.Option("--from", help="Look back to this day; else 26 weeks.", metavar="DAY")
    ] = None,
    end: To = None,
    file: ModelFile = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Say who would be in a segment, and how it would have grown: from the recorded history; change nothing."""
    if (name is None) == (when is None):
        raise Refused("name a segment of the model file, or give a condition with --when: one of them")
    with wiring_of(model=file, data=data, database=database) as wiring:
        model, condition = _tried(wiring, name, when, of_file=file is not None)
        looking = Looking(by, days_between(start, end, model.timezone, ("--from", "--to")))
        with progress("preview") as show_progress:
            shape = preview(wiring.existing, model, condition, show_progress, wiring.engine, looking=looking, name=name)
    if as_json:
        print_json(shape)
        return
    _print_preview(shape, Words(model, lang))


def _tried(wiring: Wiring, name: str | None, when: str | None, *, of_file: bool) -> tuple[Model, Condition]:
    """A segment of the model file; a condition beside that, where one is named, else beside the active model."""
    if when is None:
        model = wiring.model_file_to_activate()
        segments = {segment.name: segment.when for segment in model.segments}
        return model, segments[known("segment", name or "", list(segments))]
    if of_file:
        model = wiring.model_file_to_activate()
    else:
        with wiring.reader.view() as view:
            model = view.model
    tables = read_toml(f"when = {when}")
    if len(tables) > 1:
        raise Refused(f"--when: found {', '.join(tables)}, allowed is one table in braces")
    return model, read_when(tables["when"], model.text)


def _print_preview(shape: SegmentPreviewShape, words: Words) -> None:
    for reason in shape.failed:
        say(f"left out, since it cannot be folded: {reason}")
    say(f"who: {shape.condition}")
    say(f"{shape.size:,} in it now, of these {shape.identified:,} known; {shape.touchpoints:,} touchpoints folded")
    rows = [
        (each.name, each.company, words.stage(each.stage), each.grade, words.when(each.since), each.id)
        for each in shape.sample
    ]
    print_listings(
        Listing("Some of them", _SAMPLE, rows), growth_listing(f"By {shape.by} (days in {words.zone})", shape.series)
    )


_SAMPLE = (
    Column("who"),
    Column("company", 1),
    Column("stage"),
    Column("grade", 2),
    Column("since"),
    Column("lead", 3),
)
