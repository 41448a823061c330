"""`leads`, `lead`, `funnel`, `segments`, `signals`: what the read models say, straight from the database."""

from collections.abc import Sequence
from typing import Annotated

import typer

from domain.errors import Refused
from domain.signals.kinds import SignalKind
from projections.queries import one_lead
from projections.queries.leads import find_leads, leads_of
from projections.queries.periods import bound
from projections.queries.score import score
from projections.queries.shapes import (
    FunnelShape,
    LeadDetail,
    LeadShape,
    ScoreShape,
    SegmentShape,
    SignalShape,
    SourceShape,
)
from projections.queries.timeline import timeline
from projections.reports import funnels as funnel_report
from projections.reports import segments as segment_report
from projections.reports import signals as signal_report
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Language, Limit, reading, wiring_of
from runtime.errors import not_built
from runtime.explained import coming_in_words, distance_in_words, effect_in_words, score_listings
from runtime.show import Column, Listing, cell, plain, print_json, print_listings, say
from runtime.words import Words, who

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
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List leads, hottest first."""
    refuse_as_of(as_of)
    identities = {"email": email, "user_id": user_id, "anonymous_id": anonymous_id, "phone": phone}
    with reading(data, database) as view:
        page = find_leads(
            view, identities, stage=stage, segment=segment, grade=grade, hot=hot, limit=limit, cursor=cursor
        )
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    rows = [_row(each, words) for each in page.items]
    print_listings(Listing(f"Leads, hottest first (times in {words.zone})", _LEADS, rows))
    _say_more(page.next, "--cursor")


_LEADS = (
    Column("who"),
    Column("company", 2),
    Column("stage", 1),
    Column("heat", number=True),
    Column("grade", 3),
    Column("hot"),
    Column("cools at", 4),
    Column("last touch", 5),
    Column("touches", 6, number=True),
    Column("lead", 7),
)


def _row(lead: LeadShape, words: Words) -> tuple[object, ...]:
    return (
        who(lead),
        lead.profile.get("company"),
        words.stage(lead.stage),
        lead.heat,
        lead.grade,
        lead.hot,
        words.when(lead.cools_at),
        words.when(lead.last_touch),
        lead.touches,
        lead.id,
    )


def _say_more(cursor: str | None, flag: str) -> None:
    if cursor:
        say(f"more: {flag} {cursor}")


def lead(
    *,
    of: Annotated[str, typer.Argument(metavar="WHO", help="A lead's id, an e-mail, or KIND:VALUE (user_id:u-1).")],
    limit: Limit = 20,
    as_of: AsOf = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show one lead: how far it is from hot, every point explained, what the newest touchpoints did."""
    refuse_as_of(as_of)
    with reading(data, database) as view:
        lead_id = one_lead.lead_of_identity(view, of)
        card = one_lead.lead_detail(view, lead_id)
        points = score(view, lead_id)
        history = timeline(view, lead_id, limit=limit, newest=True)
    if as_json:
        print_json({**plain(card), "score": plain(points), "timeline": plain(history)})
        return
    words = Words(view.model, lang)
    timeline_rows = [
        (
            words.when(each.occurred_at),
            each.type,
            each.source["name"],
            effect_in_words(each.effect, words),
            _brief(each.properties),
        )
        for each in history.items
    ]
    print_listings(
        Listing(who(card), (Column("what"), Column("how it is")), _card(card, points, words)),
        *score_listings(points, words),
        Listing(f"Timeline, newest first (times in {words.zone})", _TIMELINE, timeline_rows),
    )


_TIMELINE = (Column("when"), Column("type"), Column("source", 2), Column("did", 1), Column("properties", 3))


def _card(lead: LeadDetail, points: ScoreShape, words: Words) -> list[tuple[str, object]]:
    first, last = cell(words.when(lead.first_touch)), cell(words.when(lead.last_touch))
    until = f" (hot until {cell(words.when(lead.cools_at))})" if lead.hot else ""
    return [
        ("id", lead.id),
        ("identities", "  ".join(f"{identity.kind}:{identity.value}" for identity in lead.identities)),
        ("profile", _brief(lead.profile)),
        ("stage", f"{words.stage(lead.stage)} since {cell(words.when(lead.stage_since))}"),
        ("stages", " > ".join(words.stage(stage.stage) for stage in lead.stages)),
        ("heat", f"{cell(lead.heat)}{until}"),
        ("hot?", distance_in_words(points, words)),
        ("time alone", coming_in_words(points, words)),
        ("grade", f"{lead.grade} ({cell(lead.fit)} points)"),
        ("not a lead", lead.not_a_lead and words.exclusion(lead.not_a_lead)),
        ("first source", _source(lead.first_source, words)),
        ("last source", _source(lead.last_source, words)),
        ("segments", ", ".join(words.segment(segment) for segment in lead.segments)),
        ("touches", f"{lead.touches}, from {first} to {last}"),
        ("findings", "; ".join(str(finding) for finding in lead.findings)),
    ]


def _source(source: SourceShape, words: Words) -> str:
    said = [part for part in (source.source, source.medium, source.campaign) if part]
    where = f": {' / '.join(said)}" if said else ""
    return f"{words.channel(source.channel)}{where} since {cell(words.when(source.since))}"


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
    lang: Language = None,
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
        report = funnel_report.funnel(view, name, first, end)
    if as_json:
        print_json(report)
        return
    print_listings(funnel_listing(report, Words(view.model, lang)))


def _bound(flag: str, text: str | None, zone: str) -> int | None:
    try:
        return None if text is None else bound(text, zone)
    except ValueError as error:
        raise Refused(f"{flag}: {error}") from None


def funnel_listing(report: FunnelShape, words: Words) -> Listing:
    """A funnel's report."""
    first = report.steps[0].leads
    rows = [
        (
            number,
            words.label(step.label, " ".join(filter(None, (step.on, step.where)))),
            step.leads,
            f"{step.leads / first:.1%}" if first else None,
            step.pending,
        )
        for number, step in enumerate(report.steps, 1)
    ]
    columns = (Column("no", 2, number=True), Column("step"), Column("leads", number=True))
    more = (Column("of first", number=True), Column("pending", 1, number=True))
    name = words.label(report.label, report.funnel)
    return Listing(f"Funnel {name} ({report.order}, within {report.window})", (*columns, *more), rows)


def segments(
    *,
    as_of: AsOf = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List segments and their sizes."""
    refuse_as_of(as_of)
    with reading(data, database) as view:
        page = segment_report.segments(view)
    if as_json:
        print_json(page)
        return
    print_listings(segments_listing(page.items, Words(view.model, lang)))


def segments_listing(segments: Sequence[SegmentShape], words: Words) -> Listing:
    """Segments and their sizes."""
    columns = (Column("segment"), Column("leads", number=True), Column("name", 1))
    rows = [(words.label(each.label, each.name), each.size, each.name) for each in segments]
    return Listing("Segments", columns, rows)


def signals(
    *,
    after: Annotated[str | None, typer.Option(help="A ledger position or a signal's id.")] = None,
    kind: Annotated[str | None, typer.Option(help=f"One of {', '.join(SignalKind)}.")] = None,
    limit: Limit = 100,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List what was announced, oldest first."""
    if kind is not None and kind not in set(SignalKind):
        raise Refused(f"--kind: found {kind!r}, allowed are {', '.join(SignalKind)}")
    with wiring_of(data=data, database=database) as wiring, wiring.reader.view() as view:
        place = 0 if after is None else signal_report.ledger_place(view.conn, after)
        page = signal_report.signals(
            view.conn, place, kinds=(kind,) if kind else (), limit=limit, public_url=wiring.settings.public_url
        )
        leads = {lead.id: who(lead) for lead in leads_of(view, {each.lead_now for each in page.items})}
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    rows = [
        (
            each.position,
            words.when(each.at),
            each.kind,
            leads.get(each.lead_now, each.lead_now),
            words.subject(each.subject) if each.subject else None,
            because(each, words),
        )
        for each in page.items
    ]
    print_listings(Listing(f"Signals, oldest first (times in {words.zone})", _SIGNALS, rows))
    _say_more(page.next, "--after")


_SIGNALS = (
    Column("position", 3, number=True),
    Column("at", 2),
    Column("kind"),
    Column("who"),
    Column("about"),
    Column("because of", 1),
)


def because(signal: SignalShape, words: Words) -> str | None:
    """Why it was announced, in words: the rules that made a lead hot, or the reason of an end."""
    fields = signal.model_extra or {}
    rules = [f"{each['count']} x {words.rule(each['rule'])}" for each in fields.get("reasons") or ()]
    return ", ".join(rules) or fields.get("reason")


def refuse_as_of(as_of: str | None) -> None:
    """Refuse by name what is not built."""
    if as_of is not None:
        raise not_built("--as-of")
