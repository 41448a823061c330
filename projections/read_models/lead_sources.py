"""Where a lead came from: first, last, when it became identified, and when it first entered each stage.

Of whom no source is known there is no row: that is direct.
"""

from typing import Any, Final
from uuid import UUID

from domain.conditions.tree import SOURCE_FIELDS
from domain.fold.fold import Fold
from domain.fold.lead import Attribution
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject

FIRST: Final = "first"
LAST: Final = "last"
IDENTIFIED: Final = "identified"
STAGE: Final = "stage"
"""What `which` of a row may be; a row of `STAGE` also names the stage."""


def _entries(fold: Fold, subject: Subject) -> Entries:
    sources = subject.lead.sources
    if sources.first is None or sources.last is None:
        return {}
    entries: Entries = {FIRST: _columns(sources.first), LAST: _columns(sources.last)}
    for became, arrival in sources.then.items():
        entries[f"{STAGE} {became}" if became else IDENTIFIED] = _columns(arrival)
    return entries


def _columns(arrival: Attribution) -> list[Any]:
    return [arrival.at, *map(arrival.seen.get, SOURCE_FIELDS)]


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    which, _, stage = str(key).partition(" ")
    return (id, which, stage, *values)


LEAD_SOURCES = SeveralRows(lambda tables: tables.lead_sources, _entries, _row)
