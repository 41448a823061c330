"""`model show` and `model history`: the active model for people to read, and which was active since when."""

from collections.abc import Mapping
from typing import Annotated

import typer

from projections.queries import model as model_query
from projections.queries import model_history
from projections.queries.days import days_between
from projections.queries.model import FunnelOfModelShape, LimitShape, ModelShape, StageOfModelShape
from runtime.commands.options import AsJson, Cursor, Data, DatabaseUrl, Language, Limit, reading, say_more
from runtime.terminal.show import Column, Listing, print_json, print_listings
from runtime.terminal.words import Words


def show(
    *,
    first: Annotated[
        str | None, typer.Option("--from", help="Count how often rules fired from this day on; else 28 days.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before this day.", metavar="DAY")] = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """Show the active model: stages, rules with how often they gave points, segments, funnels, conditions in words."""
    with reading(data, database) as view:
        days = days_between(first, end, view.model.timezone, ("--from", "--to"))
        shape = model_query.active(view, days)
        words = Words(view.model, lang)
    if as_json:
        print_json(shape)
    else:
        print_listings(*_listings(shape, words))


def history(
    *,
    text: Annotated[int | None, typer.Option(help="Print the model file of this activation.", min=1)] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
    lang: Language = None,
    as_json: AsJson = False,
    data: Data = None,
    database: DatabaseUrl = None,
) -> None:
    """List the activations of models, newest first; or print the file of one."""
    with reading(data, database) as view:
        if text is not None:
            shape = model_history.activated(view.conn, text)
            if as_json:
                print_json(shape)
            else:
                print(shape.text)
            return
        page = model_history.history(view.conn, limit=limit, cursor=cursor)
        words = Words(view.model, lang)
    if as_json:
        print_json(page)
        return
    rows = [(each.activation, words.when(each.activated_at), each.version, each.refolded) for each in page.items]
    print_listings(Listing(f"Activations, newest first (times in {words.zone})", _ACTIVATIONS, rows))
    say_more(page.next, "--cursor")


_ACTIVATIONS = (
    Column("activation", number=True),
    Column("since"),
    Column("version"),
    Column("leads folded anew"),
)


_STAGES = (Column("stage"), Column("is"), Column("requires", 1), Column("was", 2))
_RULES = (
    Column("rule"), Column("on"), Column("where", 3), Column("points", number=True), Column("limit", 2),
    Column("on or off", 1), Column("fired", number=True),
)  # fmt: skip
_FIT = (Column("rule"), Column("where"), Column("points", number=True), Column("on or off", 1))
_EXCLUSIONS = (Column("no lead"), Column("where"), Column("on or off", 1))
_CONDITIONS = (Column("name"), Column("condition"))
_FUNNELS = (Column("funnel"), Column("order", 2), Column("window", 1), Column("steps"))


def _listings(model: ModelShape, words: Words) -> list[Listing]:
    score, fit = model.score, model.fit
    return [
        Listing("The active model", (Column("what"), Column("how it is")), _settings(model, words)),
        Listing("Stages", _STAGES, [_stage(each, words) for each in model.stages]),
        Listing("Rules of heat", _RULES, [
            (
                words.label(each.label, each.name), each.on, each.where, each.points, _limit(each.limit),
                _switch(each.enabled), each.fired,
            )
            for each in score.rules
        ]),
        Listing("Rules of fit", _FIT, [
            (words.label(each.label, each.name), each.where, each.points, _switch(each.enabled)) for each in fit.rules
        ]),
        Listing("No leads", _EXCLUSIONS, [
            (words.label(each.label, each.reason), each.where, _switch(each.enabled)) for each in model.not_a_lead
        ]),
        Listing("Segments", _CONDITIONS, [
            (words.label(each.label, each.name), each.condition) for each in model.segments
        ]),
        Listing("Funnels", _FUNNELS, [
            (words.funnel(each.name), each.order, each.window, _steps(each, words)) for each in model.funnels
        ]),
    ]  # fmt: skip


def _settings(model: ModelShape, words: Words) -> list[tuple[str, object]]:
    score = model.score
    hot_at = {grade: heat for grade, heat in score.hot_at.items() if heat is not None}
    return [
        ("version", model.version),
        ("active since", words.when(model.activated_at)),
        ("time zone", model.timezone),
        ("half-life", score.half_life),
        ("hot at", _by_grade(hot_at)),
        ("hot anew below", score.rearm_at),
        ("becoming hot asks for", score.promote_to and words.stage(score.promote_to)),
        ("grades", _by_grade(model.fit.grades)),
        ("rules fired from", words.when(score.fired_from)),
        ("to before", words.when(score.fired_to)),
    ]


def _by_grade(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{grade} {number:g}" for grade, number in numbers.items())


def _stage(stage: StageOfModelShape, words: Words) -> tuple[object, ...]:
    roles = [role for role in ("won", "detour", "retired", "hot") if getattr(stage, role)]
    return words.stage(stage.name), ", ".join(roles), ", ".join(stage.requires), ", ".join(stage.was)


def _limit(limit: LimitShape | None) -> str | None:
    if limit is None:
        return None
    within = f" per {limit.within}" if limit.within else ""
    return f"{limit.count}{within}" + (f" for each {limit.per}" if limit.per else "")


def _switch(enabled: bool) -> str:
    return "on" if enabled else "off"


def _steps(funnel: FunnelOfModelShape, words: Words) -> str:
    return " > ".join(words.label(step.label, " ".join(filter(None, (step.on, step.where)))) for step in funnel.steps)
