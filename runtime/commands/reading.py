"""`leads`, `lead`, `funnel`, `segments`, `signals`: what the read models say, straight from the database."""

from typing import Annotated

import typer
from rich.table import Table

from domain.errors import Refused
from domain.signals.kinds import SignalKind
from projections.queries import leads as queries
from projections.queries.periods import bound
from projections.queries.shapes import FunnelShape, LeadDetail, LeadShape, ScoreShape
from projections.reports import reports
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Limit, reading
from runtime.errors import not_built
from runtime.show import cell, console, plain, print_json, table, when

AsOf = Annotated[str | None, typer.Option("--as-of", help="Not built yet.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (leads, lead, funnel, segments, signals):
        app.command()(command)


def leads(
    *,
    email: Annotated[str | None, typer.Option(help="Whom this e-mail names.")] = None,
    user_id: Annotated[str | None, typer.Option(help="Whom this user id names.")] = None,
    anonymous_id: Annotated[str | None, typer.Option(help="Whom this cookie names.")] = None,
    phone: Annotated[str | None, typer.Option(help="Whom this phone number names.")] = None,
    stage: Annotated[str | None, typer.Option(help="In this stage.")] = None,
    segment: Annotated[str | None, typer.Option(help="In this segment.")] = None,
    grade: Annotated[str | None, typer.Option(help="Of this grade: A, B, C or D.")] = None,
    hot: Annotated[bool | None, typer.Option("--hot/--not-hot", help="Hot now, or not.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List leads, hottest first."""
    refuse_as_of(as_of)
    identities = {"email": email, "user_id": user_id, "anonymous_id": anonymous_id, "phone": phone}
    with reading(data, database) as view:
        page = queries.leads(
            view, identities, stage=stage, segment=segment, grade=grade, hot=hot, limit=limit, cursor=cursor
        )
    if as_json:
        print_json(page)
        return
    columns = ("lead", "who", "company", "stage", "#heat", "grade", "hot", "cools at", "last touch", "#touches")
    rows = [_row(each) for each in page.items]
    console().print(table("Leads, hottest first", columns, rows))
    if page.next:
        console().print(f"more: --cursor {page.next}", soft_wrap=True)


def _row(lead: LeadShape) -> tuple[object, ...]:
    return (
        lead.id,
        who(lead),
        lead.profile.get("company"),
        lead.stage,
        lead.heat,
        lead.grade,
        lead.hot,
        when(lead.cools_at),
        when(lead.last_touch),
        lead.touches,
    )


def who(lead: LeadShape) -> str:
    """What people call a lead: the name, else the e-mail, else the highest identity."""
    name = lead.profile.get("name")
    if isinstance(name, str) and name:
        return name
    found = {identity.kind: identity.value for identity in reversed(lead.identities)}
    for kind in ("email", "user_id", "phone", "anonymous_id"):
        if kind in found:
            return found[kind]
    return lead.id


def lead(
    *,
    of: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, an e-mail, or KIND:VALUE (user_id:u-1).")],
    limit: Limit = 20,
    as_of: AsOf = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show one lead: the card, every point explained, the newest touchpoints."""
    refuse_as_of(as_of)
    with reading(data, database) as view:
        found = queries.lead_of_identity(view, of)
        card = queries.lead_detail(view, found)
        points = queries.score(view, found)
        history = queries.timeline(view, found, limit=limit, newest=True)
    if as_json:
        print_json({**plain(card), "score": plain(points), "timeline": plain(history)})
        return
    console().print(table(who(card), ("", ""), _card(card)))
    print_score(points)
    rows = [(when(each.occurred_at), each.type, each.source["name"], _brief(each.properties)) for each in history.items]
    console().print(table("Timeline, newest first", ("when", "type", "source", "properties"), rows))


def _card(lead: LeadDetail) -> list[tuple[str, object]]:
    return [
        ("id", lead.id),
        ("identities", "  ".join(f"{identity.kind}:{identity.value}" for identity in lead.identities)),
        ("profile", _brief(lead.profile)),
        ("stage", f"{lead.stage} since {when(lead.stage_since)}"),
        ("stages", " > ".join(stage.stage for stage in lead.stages)),
        ("heat", f"{cell(lead.heat)}{' (hot until ' + when(lead.cools_at) + ')' if lead.hot else ''}"),
        ("grade", f"{lead.grade} ({cell(lead.fit)} points)"),
        ("not a lead", lead.not_a_lead),
        ("segments", ", ".join(lead.segments)),
        ("touches", f"{lead.touches}, from {when(lead.first_touch)} to {when(lead.last_touch)}"),
        ("findings", "; ".join(str(finding) for finding in lead.findings)),
    ]


def print_score(points: ScoreShape) -> None:
    """Every point explained, as a table."""
    rows = [(when(each.at), each.rule, each.type, each.points, each.now) for each in points.items]
    title = f"Heat {cell(points.heat)}, halves every {points.half_life}"
    console().print(table(title, ("when", "rule", "touchpoint", "#points", "#now"), rows))


def _brief(values: dict[str, object]) -> str:
    text = "  ".join(f"{name}={value}" for name, value in values.items())
    return text if len(text) <= 200 else text[:199] + "…"


def funnel(
    *,
    name: Annotated[str, typer.Argument(help="The funnel's name in the model.")],
    started_from: Annotated[
        str | None, typer.Option("--from", help="First step at or after: a day or an RFC 3339 time.")
    ] = None,
    started_to: Annotated[str | None, typer.Option("--to", help="First step before.")] = None,
    by: Annotated[str | None, typer.Option(help="Not built yet.")] = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show how many leads reached each step of a funnel."""
    refuse_as_of(as_of)
    if by is not None:
        raise not_built("--by")
    with reading(data, database) as view:
        zone = view.model.timezone
        first, end = _bound("--from", started_from, zone), _bound("--to", started_to, zone)
        report = reports.funnel(view, name, first, end)
    if as_json:
        print_json(report)
        return
    console().print(funnel_table(report))


def _bound(flag: str, text: str | None, zone: str) -> int | None:
    try:
        return None if text is None else bound(text, zone)
    except ValueError as error:
        raise Refused(f"{flag}: {error}") from None


def funnel_table(report: FunnelShape) -> Table:
    """A funnel's report as a table."""
    first = report.steps[0].leads
    rows = [
        (
            number,
            " ".join(filter(None, (step.on, step.where))),
            step.leads,
            f"{step.leads / first:.1%}" if first else "-",
            step.pending,
        )
        for number, step in enumerate(report.steps, 1)
    ]
    title = f"Funnel {report.funnel} ({report.order}, within {report.window})"
    return table(title, ("#", "step", "#leads", "#of first", "#pending"), rows)


def segments(*, as_of: AsOf = None, as_json: AsJson = False, data: Data = None, database: DatabaseUrl = None) -> None:
    """List segments and their sizes."""
    refuse_as_of(as_of)
    with reading(data, database) as view:
        page = reports.segments(view)
    if as_json:
        print_json(page)
        return
    console().print(table("Segments", ("segment", "#leads"), [(each.name, each.size) for each in page.items]))


def signals(
    *,
    after: Annotated[str | None, typer.Option(help="A ledger position or a signal's id.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"One of {', '.join(SignalKind)}.")] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what was announced, oldest first."""
    if kind is not None and kind not in set(SignalKind):
        raise Refused(f"--kind: found {kind!r}, allowed are {', '.join(SignalKind)}")
    with reading(data, database) as view:
        place = 0 if after is None else reports.ledger_place(view.conn, after)
        page = reports.signals(view.conn, place, kinds=(kind,) if kind else (), limit=limit)
    if as_json:
        print_json(page)
        return
    rows = [(each.position, when(each.at), each.kind, each.subject, each.lead, each.closes) for each in page.items]
    console().print(table("Signals", ("#position", "at", "kind", "subject", "lead", "closes"), rows))
    if page.next:
        console().print(f"more: --after {page.next}")


def refuse_as_of(as_of: str | None) -> None:
    """Refuse by name what is not built."""
    if as_of is not None:
        raise not_built("--as-of")
