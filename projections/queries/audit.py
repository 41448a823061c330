"""The audit as people read it: newest first, page by page."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from projections.queries.cursors import give, take
from projections.queries.shapes import Moment, Page, Shape
from store.audit import AuditedAct, AuditPlace, audit_lines

_LIST = "audit"


class AuditShape(Shape):
    """What somebody did."""

    at: Moment
    who: Annotated[str, Field(description="the name of a token, or the user of the command line")]
    act: AuditedAct
    what: Annotated[str, Field(description="which export; whose token, and its role; which activation")]
    rows: Annotated[int | None, Field(description="how many were exported")]


def audit_page(conn: Connection, limit: int, cursor: str | None) -> Page[AuditShape]:
    """The lines behind a cursor. Raises BadCursor."""
    after = None if cursor is None else AuditPlace(*take(_LIST, cursor, int, str))
    lines = audit_lines(conn, limit + 1, after)
    shapes = [AuditShape(at=each.at, who=each.who, act=each.act, what=each.what, rows=each.rows) for each in lines]
    following = give(_LIST, lines[limit - 1].at, lines[limit - 1].id) if len(lines) > limit else None
    return Page[AuditShape](items=shapes[:limit], next=following)
