"""Every stay of a lead in a segment: when it entered, and when it left."""

from collections.abc import Iterator

from domain.fold.fold import Fold
from projections.read_models.family import GrowingRows, Row, Subject


def _rows(fold: Fold, subject: Subject) -> list[Row]:
    now = subject.now
    rows: list[Row] = [
        (subject.id, name, entered_at, left_at)
        for name, spells in now.spells.items()
        for entered_at, left_at in spells.items()
    ]
    rows += [(subject.id, *stay, None) for stay in _outdated(subject) if now.segments.get(stay[0]) == stay[1]]
    return rows


def _undone(subject: Subject) -> list[Row]:
    now = subject.now
    return [(subject.id, *stay) for stay in _outdated(subject) if now.segments.get(stay[0]) != stay[1]]


def _outdated(subject: Subject) -> Iterator[tuple[str, int]]:
    """Stays that were shown otherwise than they turned out: those that go on, and those that never began."""
    for name, spells in subject.lead.foreseen.items():
        told = subject.now.spells.get(name, {})
        yield from ((name, entered_at) for entered_at in spells if entered_at not in told)


SEGMENT_SPELLS = GrowingRows(lambda tables: tables.segment_spells, _rows, _undone)
