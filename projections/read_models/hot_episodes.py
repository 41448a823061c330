"""When a lead was hot by the rules, all its history long: since when, until when, how hot at most, and why."""

from typing import Any
from uuid import UUID

import orjson

from domain.fold.fold import Fold
from domain.fold.lead import Episode
from projections.read_models.family import Entries, Key, Row, SeveralRows, Subject


def _entries(fold: Fold, subject: Subject) -> Entries:
    now = subject.now
    if now.hot is None and not now.episodes:  # nearly always
        return {}
    entries: Entries = {episode.began: _values(episode) for episode in now.episodes}
    if now.hot is not None:
        entries[now.hot.began] = _values(now.hot)
    return entries


def _values(episode: Episode) -> list[Any]:
    return [episode.ended, episode.peak, episode.stage, episode.grade, episode.reasons]


def _row(id: UUID, key: Key, values: list[Any]) -> Row:
    *columns, reasons = values
    return (id, key, *columns, orjson.dumps(reasons).decode())


HOT_EPISODES = SeveralRows(lambda tables: tables.hot_episodes, _entries, _row)
