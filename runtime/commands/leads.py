"""`leads`, `lead`: who they are and how they stand, straight from the database."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from projections.queries import one_lead
from projections.queries.filters import Filters
from projections.queries.leads import find_leads
from projections.queries.orders import OrderName
from projections.queries.score import score
from projections.queries.shapes import LeadDetail, LeadShape, ReasonShape, ScoreShape, SourceShape
from projections.queries.timeline import timeline
from runtime.commands.options import (
    AsJson,
    AsOf,
    Cursor,
    Data,
    DatabaseUrl,
    Knowing,
    Language,
    Limit,
    bound_of,
    reading,
    say_more,
    wiring_of,
)
from runtime.terminal.explained import coming_in_words, did_in_words, distance_in_words, owner_in_words, score_listings
from runtime.terminal.show import Column, Listing, cell, plain, print_json, print_listings, say
from runtime.terminal.words import Words, who


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (leads, lead):
        app.command()(command)


def leads(
    *,
    q: Annotated[
        str | None,
        typer.Option("--q", help="Who is called so: beginnings of words of name, company, e-mail; 芳 finds 王芳."),
    ] = None,
    email: Annotated[str | None, typer.Option(help="Whom this e-mail names.")] = None,
    user_id: Annotated[str | None, typer.Option(help="Whom this user id names.")] = None,
    anonymous_id: Annotated[str | None, typer.Option(help="Whom this cookie names.")] = None,
    phone: Annotated[str | None, typer.Option(help="Whom this phone number names.")] = None,
    stage: Annotated[str | None, typer.Option(help="In this stage.")] = None,
    segment: Annotated[str | None, typer.Option(help="In this segment.")] = None,
    grade: Annotated[str | None, typer.Option(help="Of this grade: A, B, C or D.")] = None,
    hot: Annotated[bool | None, typer.Option("--hot/--not-hot", help="Hot now, or not.")] = None,
    announced: Annotated[
        bool | None, typer.Option("--announced/--not-announced", help="Hot, and somebody was told, or not.")
    ] = None,
    excluded: Annotated[
        bool | None, typer.Option("--excluded/--not-excluded", help="No lead (an employee, ...), or not.")
    ] = None,
    first_channel: Annotated[str | None, typer.Option(help="Came first from there: paid_search, direct, ...")] = None,
    last_channel: Annotated[str | None, typer.Option(help="Came last from there.")] = None,
    campaign: Annotated[str | None, typer.Option(help="Of the first or the last source.")] = None,
    owner: Annotated[str | None, typer.Option(help="Taken care of by this owner; none: by nobody.")] = None,
    tag: Annotated[str | None, typer.Option(help="One of [[tags]] that people put on it.")] = None,
    changed_since: Annotated[str | None, typer.Option(help="Changed at or after: a day or an RFC 3339 time.")] = None,
    order: Annotated[
        OrderName, typer.Option(help="Hottest, last seen, last moved to another stage first; or by name.")
    ] = "heat",
    count: Annotated[bool, typer.Option("--count", help="Say also how many there are.")] = False,
    limit: Limit = 20,
    cursor: Cursor = None,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List leads, narrowed and ordered as you say."""
    identities = {"email": email, "user_id": user_id, "anonymous_id": anonymous_id, "phone": phone}
    with reading(data, database, as_of, knowing) as view:
        filters = Filters(
            identities,
            q=q,
            stage=stage,
            segment=segment,
            grade=grade,
            hot=hot,
            announced=announced,
            excluded=excluded,
            first_channel=first_channel,
            last_channel=last_channel,
            campaign=campaign,
            owner=owner,
            tag=tag,
            changed_since=bound_of("--changed-since", changed_since, view.model.timezone),
        )
        page = find_leads(view, filters, order=order, limit=limit, cursor=cursor, count=count)
    if as_json:
        print_json(page)
        return
    words = Words(view.model, lang)
    rows = [_row(each, words) for each in page.items]
    print_listings(Listing(words.say(f"leads_title.{order}", zone=words.zone), _LEADS, rows))
    if page.count is not None:
        say(words.say("leads_counted", count=page.count))
    say_more(page.next, "--cursor")


_LEADS = (
    Column("who"),
    Column("company", 2),
    Column("stage", 1),
    Column("heat", number=True),
    Column("grade", 3),
    Column("hot"),
    Column("why", 5),
    Column("cools at", 4),
    Column("last seen", 6),
    Column("owner", 7),
    Column("touches", 8, number=True),
    Column("lead", 9),
)


def _row(lead: LeadShape, words: Words) -> tuple[object, ...]:
    return (
        who(lead),
        lead.profile.get("company"),
        words.stage(lead.stage),
        lead.heat,
        lead.grade,
        lead.hot if lead.not_a_lead is None else words.say("no_lead", reason=words.exclusion(lead.not_a_lead)),
        _why(lead.reasons, words),
        words.when(lead.cools_at),
        words.when(lead.last_seen),
        lead.owner and lead.owner.name,
        lead.touches,
        lead.id,
    )


def _why(reasons: Sequence[ReasonShape], words: Words) -> str:
    """The three strongest rules, and how often each gave points."""
    told = (words.say("times", count=each.count, rule=words.rule(each.rule)) for each in reasons[:3])
    return words.say("comma").join(told)


def lead(
    *,
    of: Annotated[
        str,
        typer.Argument(
            metavar="WHO",
            help="A lead's id, an e-mail, KIND:VALUE (user_id:u-1), or a name or company that only one has.",
        ),
    ],
    type: Annotated[
        list[str] | None, typer.Option(help="Of the timeline only touchpoints of this type; may be repeated.")
    ] = None,
    limit: Limit = 20,
    as_of: AsOf = None,
    knowing: Knowing = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show one lead: how far it is from hot, every point explained, what the newest touchpoints did."""
    with wiring_of(data=data, database=database) as wiring, wiring.reader.leads(as_of, knowing) as view:
        lead_id = one_lead.lead_called(view, of)
        card = one_lead.lead_detail(view, lead_id)
        points = score(view, lead_id)
        history = timeline(view, lead_id, types=type or (), limit=limit, newest=True)
    if as_json:
        print_json({**plain(card), "score": plain(points), "timeline": plain(history)})
        return
    words = Words(view.model, lang)
    timeline_rows = [
        (
            words.when(each.occurred_at),
            each.type,
            each.source["name"],
            did_in_words(each, words),
            _brief(each.properties),
        )
        for each in history.items
    ]
    if view.past is not None:
        say(words.say(f"as_of.{view.past.knowing}", at=words.when(card.as_of), position=card.position))
    print_listings(
        Listing(who(card), (Column("what"), Column("how it is")), _card(card, points, words)),
        *score_listings(points, words),
        Listing(words.say("timeline_title", zone=words.zone), _TIMELINE, timeline_rows),
    )


_TIMELINE = (Column("when"), Column("type"), Column("source", 2), Column("did", 1), Column("properties", 3))


def _card(lead: LeadDetail, points: ScoreShape, words: Words) -> list[tuple[str, object]]:
    first, last = cell(words.when(lead.first_touch)), cell(words.when(lead.last_touch))
    heat = cell(lead.heat)
    if lead.hot:
        heat = words.say("hot_until", heat=heat, at=cell(words.when(lead.cools_at)))
    return [
        ("id", lead.id),
        ("identities", "  ".join(f"{identity.kind}:{identity.value}" for identity in lead.identities)),
        ("profile", _brief(lead.profile)),
        ("stage", words.say("since", what=words.stage(lead.stage), at=cell(words.when(lead.stage_since)))),
        ("stages", " > ".join(words.stage(stage.stage) for stage in lead.stages)),
        ("heat", heat),
        ("hot?", distance_in_words(points, lead.stage, words)),
        ("time alone", coming_in_words(points, words)),
        ("grade", words.say("fit", grade=lead.grade, points=cell(lead.fit))),
        ("not a lead", lead.not_a_lead and words.exclusion(lead.not_a_lead)),
        ("first source", _source(lead.first_source, words)),
        ("last source", _source(lead.last_source, words)),
        ("owner", owner_in_words(lead.owner, words)),
        *([("tags", words.say("comma").join(map(words.tag, lead.tags)))] if lead.tags else []),
        ("segments", words.say("comma").join(words.segment(segment) for segment in lead.segments)),
        ("touches", words.say("touches", count=lead.touches, first=first, last=last)),
        ("last seen", words.when(lead.last_seen)),
        ("findings", "; ".join(_finding(finding, words) for finding in lead.findings)),
    ]


def _finding(finding: Sequence[Any], words: Words) -> str:
    """What a finding says, and since when."""
    kind, detail, at = finding
    return words.say("since", what=f"{kind} ({detail})" if detail else kind, at=cell(words.when(at)))


def _source(source: SourceShape, words: Words) -> str:
    said = [part for part in (source.source, source.medium, source.campaign) if part]
    where = f": {' / '.join(said)}" if said else ""
    return words.say("since", what=f"{words.channel(source.channel)}{where}", at=cell(words.when(source.since)))


def _brief(values: dict[str, object]) -> str:
    text = "  ".join(f"{name}={value}" for name, value in values.items())
    return text if len(text) <= 200 else text[:199] + "…"
