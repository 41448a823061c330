"""`report_model`: what a reader of the other views must know of the active model."""

from typing import Any, Final

from sqlalchemy import Select, case, select

from store.database.derived import Derived
from store.database.shown import ShownAs
from store.database.tables import model_parts
from store.database.views.view import ReportView, ViewColumn

_SPANS: Final = ("half_life",)


def _rows(tables: Derived) -> Select[Any]:
    part = model_parts.c
    is_span = (part.kind == "window") | ((part.kind == "setting") & part.name.in_(_SPANS))
    number = case((is_span, part.number / 1_000_000.0), else_=part.number)
    return select(part.kind, part.name, part.place, part.label, number.label("number"), part.says)


MODEL: Final = ReportView(
    "report_model",
    "One row for each part of the active model: stages in their order, rules with their points, thresholds, settings.",
    (
        ViewColumn(
            "kind",
            ShownAs.TEXT,
            "stage, rule, fit_rule, hot_at (by grade; empty name: for all), grade, segment, funnel, funnel_step (the"
            " funnel and the step's number), window (of a funnel), member (of an owner's team), tag, setting",
        ),
        ViewColumn("name", ShownAs.TEXT, "its name"),
        ViewColumn("place", ShownAs.COUNT, "its place among those of its kind, from 0"),
        ViewColumn("label", ShownAs.JSON, "its label: a text, or an object of texts by language"),
        ViewColumn(
            "number",
            ShownAs.NUMBER,
            "a rule's points, a threshold's heat, a grade's least points, a funnel's steps, a step's number; of a"
            " window and the half-life seconds",
        ),
        ViewColumn(
            "says",
            ShownAs.TEXT,
            "a stage's role (won, detour, retired), the touchpoint type of a rule or step, a funnel's order, a member's"
            " team, a setting's text",
        ),
    ),
    _rows,
)
