"""What SQL needs of the active model, as rows: a view that an analyst reads cannot parse the model file.

| kind | name | number | says |
| --- | --- | --- | --- |
| stage | the stage | | won, detour, retired, or nothing |
| rule, fit_rule | the rule | its points | the type of its touchpoints; nothing |
| hot_at | the grade, "" for all | the heat | |
| grade | the grade | its least points | |
| segment | its name | | |
| funnel | its name | its steps | its order |
| window | the funnel's name | its window, microseconds | |
| funnel_step | the funnel and the step's number | that number | the type of its touchpoints |
| required | a field of the person | | the first stage that requires it |
| member | a member of an owner's team | | the owner |
| tag | its name | | |
| setting | half_life (microseconds), rearm_at, timezone, report_by, promote_to | its value | or its text |
"""

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, FromClause, Integer, Text, column, delete, insert, select, values

from domain.fold.days import offsets_of
from domain.model.definition import Model, Stage
from store.database.tables import model_parts, zone_offsets

Part = tuple[str, str, int, str | None, float | None, str | None]
"""A row of `model_parts`."""


def write_parts(conn: Connection, model: Model) -> bool:
    """Have the tables say what this model says; False: they did."""
    changed = False
    for table, rows in ((model_parts, _parts(model)), (zone_offsets, offsets_of(model.timezone))):
        wanted = sorted(rows)
        stored = sorted(tuple(row) for row in conn.execute(select(table)))
        if stored != wanted:
            changed = True
            conn.execute(delete(table))
            names = [column.name for column in table.columns]
            conn.execute(insert(table), [dict(zip(names, row, strict=True)) for row in wanted])
    return changed


def parts_of(model: Model) -> FromClause:
    """The parts of a model that need not be the active one, as rows (kind, name, says) of a query."""
    named = column("kind", Text), column("name", Text), column("says", Text)
    rows = [(kind, name, says) for kind, name, *_, says in _parts(model)]
    return values(*named, name="parts").data(rows).cte("parts_of_model")


def offsets_until(zone: str, instant: int) -> FromClause:
    """How far the clocks of a zone were ahead of UTC up to an instant, as rows (since, seconds) of a query."""
    first, *later = offsets_of(zone)
    rows = [first, *(each for each in later if each[0] <= instant)]
    return values(column("since", BigInteger), column("seconds", Integer), name="offsets").data(rows).cte("zone_then")


def _parts(model: Model) -> list[Part]:
    """Of each kind and name the first."""
    parts: dict[tuple[str, str], Part] = {}
    places: dict[str, int] = {}
    for kind, name, label, number, says in _each(model):
        place = places[kind] = places.get(kind, -1) + 1
        parts.setdefault((kind, name), (kind, name, place, _json(label), number, says))
    return list(parts.values())


def _json(label: Any) -> str | None:
    return None if label is None else orjson.dumps(label).decode()


def _each(model: Model) -> Iterator[tuple[str, str, Any, float | None, str | None]]:
    """(kind, name, label, number, what it says)."""
    score, sales = model.score, model.sales
    for stage in model.stages:
        yield "stage", stage.name, stage.label, None, _role(stage)
        for field in filter(_may_be_known, stage.requires):
            yield "required", field.removeprefix("profile."), None, None, stage.name
    for rule in score.rules:
        yield "rule", rule.name, rule.label, rule.points, rule.on
    for fit_rule in model.fit.rules:
        yield "fit_rule", fit_rule.name, fit_rule.label, fit_rule.points, None
    for grade, points in model.fit.grades.items():
        yield "grade", grade, None, points, None
    for grade, heat in (score.hot_at if isinstance(score.hot_at, dict) else {"": score.hot_at}).items():
        if heat is not None:
            yield "hot_at", grade, None, heat, None
    for segment in model.segments:
        yield "segment", segment.name, segment.label, None, None
    for funnel in model.funnels:
        yield "funnel", funnel.name, funnel.label, float(len(funnel.steps)), funnel.order.value
        yield "window", funnel.name, None, float(funnel.window), None
        for number, step in enumerate(funnel.steps, 1):
            yield "funnel_step", f"{funnel.name} {number}", step.label, float(number), step.on
    for owner in sales.owners:
        for member in (owner.name, *owner.members) if owner.members else ():
            yield "member", member, None, None, owner.name
    for tag in model.tags:
        yield "tag", tag.name, tag.label, None, None
    yield "setting", "half_life", None, float(score.half_life), None
    yield "setting", "rearm_at", None, score.rearm_at, None
    yield "setting", "timezone", None, None, model.timezone
    yield "setting", "report_by", None, None, sales.report_by
    yield "setting", "promote_to", None, None, score.promote_to


def _may_be_known(field: str) -> bool:
    """Names of what is known are in snake_case; one with a quote or backslash is none that SQL can look for."""
    return not {'"', "\\"} & {*field}


def _role(stage: Stage) -> str | None:
    for role in ("won", "detour", "retired"):
        if getattr(stage, role):
            return role
    return None
