"""Tags of leads: read from the terms that leads are found by. A model that offers none knows none."""

from typing import Final

from sqlalchemy import ColumnElement, Text, func, literal, select

from projections.queries.view import View, known
from projections.read_models.lead_terms import TAG

_BEYOND: Final = chr(ord(TAG) + 1)
"""Sorts behind every tag among the terms."""


def tags_column(view: View) -> ColumnElement[str | None]:
    """The tags of a row of `leads`, a line each; null: it has none."""
    if not view.model.tags:
        return literal(None, Text)
    leads, terms = view.tables.leads.c, view.tables.lead_terms.c
    of_lead = terms.lead == leads.lead, terms.term >= TAG, terms.term < _BEYOND
    return select(func.aggregate_strings(terms.term, "\n")).where(*of_lead).scalar_subquery()


def tags_in(view: View, lines: str | None) -> list[str]:
    """The tags in such lines, those that the model offers first, in its order."""
    if not lines or not view.model.tags:
        return []
    names = {line.removeprefix(TAG) for line in lines.split("\n")}
    offered = [tag.name for tag in view.model.tags if tag.name in names]
    return [*offered, *sorted(names.difference(offered))]


def has_tag(view: View, tag: str) -> ColumnElement[bool]:
    """Whether a row of `leads` has a tag. Raises NotFound: the model offers none of that name."""
    name = known("tag", tag, tuple(each.name for each in view.model.tags))
    terms = view.tables.lead_terms.c
    tagged = select(terms.lead).where(terms.term == TAG + name)
    return view.tables.leads.c.lead.in_(tagged)
