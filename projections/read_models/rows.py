"""The rows of the read models that one lead gives, and the difference to what was written of it before."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct, field
from sqlalchemy import Connection

from domain.fold.fold import Fold
from domain.fold.lead import Lead, Now
from domain.fold.score import zero_point
from domain.touchpoints.identity import Identity
from domain.touchpoints.touchpoint import NEVER
from store.database import bulk
from store.database.tables import Derived

Row = tuple[Any, ...]


class Shown(Struct, array_like=True):
    """What the tables of many rows a lead hold of one lead. Saved with its cluster: only changes are written."""

    stages: list[list[Any]] = field(default_factory=list)
    segments: dict[str, int] = field(default_factory=dict)
    funnels: dict[str, list[Any]] = field(default_factory=dict)


def shown(fold: Fold, lead: Lead, now: Now) -> Shown:
    """What is to be seen of a lead in the tables of many rows."""
    funnels: dict[str, list[Any]] = {}
    for name, attempts in lead.funnels.items():
        steps, window = fold.funnels[name]
        until = None if attempts.step == steps else min(attempts.latest + window, NEVER)
        funnels[name] = [attempts.step, attempts.started_at, attempts.reached_at, until]
    return Shown([[entry.stage, entry.at, entry.source] for entry in lead.stages], dict(now.segments), funnels)


def card(id: UUID, lead: Lead, identities: tuple[Identity, ...], findings: list[list[Any]]) -> Row:
    """The row of `leads`. `findings`: of how the person was put together, beside those of the lead's history."""
    return (
        id,
        lead.stage,
        lead.stages[-1].at if lead.stages else lead.first_touch,
        lead.identified,
        lead.first_touch,
        lead.last_touch,
        lead.touches,
        orjson.dumps([list(identity) for identity in identities]).decode(),
        orjson.dumps(lead.profile, option=orjson.OPT_SORT_KEYS).decode() if lead.profile else "{}",
        orjson.dumps(lead.findings + findings).decode() if lead.findings or findings else "[]",
    )


def score(fold: Fold, id: UUID, lead: Lead, now: Now) -> Row:
    """The row of `scores`."""
    heat = lead.heat
    return (
        id,
        heat.value,
        heat.at,
        zero_point(heat.value, heat.at, fold.half_life),
        now.hot_since is not None,
        now.hot_since,
        now.cools_at,
        lead.grade,
        lead.fit,
        lead.not_a_lead,
    )


class Changes:
    """The writes of one batch, table by table."""

    def __init__(self, tables: Derived) -> None:
        self._tables = tables
        self.leads: list[Row] = []
        self.scores: list[Row] = []
        self._gone: list[UUID] = []
        self._stages: dict[tuple[UUID, int], Row] = {}
        self._segments: dict[tuple[str, UUID], Row] = {}
        self._funnels: dict[tuple[str, UUID], Row] = {}
        self._no_stages: list[UUID] = []
        self._no_segments: list[UUID] = []
        self._no_funnels: list[UUID] = []

    def gone(self, id: UUID) -> None:
        """The lead ceased: nothing of it is to be seen."""
        self._gone.append(id)

    def show(self, id: UUID, before: Shown | None, after: Shown) -> None:
        """Bring the tables of many rows from what they hold of a lead to what is to be seen of it."""
        before = before or Shown()
        kept = len(before.stages)
        if after.stages[:kept] != before.stages:
            self._no_stages.append(id)
            kept = 0
        for n, (stage, at, source) in enumerate(after.stages[kept:], kept + 1):
            self._stages[id, n] = (id, n, stage, at, source)
        if before.segments != after.segments:
            if before.segments.keys() - after.segments.keys():
                self._no_segments.append(id)
                before.segments = {}
            for name, entered_at in _new(before.segments, after.segments):
                self._segments[name, id] = (name, id, entered_at)
        if before.funnels != after.funnels:
            if before.funnels.keys() - after.funnels.keys():
                self._no_funnels.append(id)
                before.funnels = {}
            for name, row in _new(before.funnels, after.funnels):
                self._funnels[name, id] = (id, name, *row)

    def write(self, conn: Connection) -> None:
        """Write everything, deletions first."""
        tables = self._tables
        for table in (tables.leads, tables.scores):
            bulk.delete(conn, table, "lead", self._gone)
        bulk.delete(conn, tables.stage_history, "lead", self._gone + self._no_stages)
        bulk.delete(conn, tables.segment_members, "lead", self._gone + self._no_segments)
        bulk.delete(conn, tables.funnel_leads, "lead", self._gone + self._no_funnels)
        bulk.upsert(conn, tables.leads, self.leads)
        bulk.upsert(conn, tables.scores, self.scores)
        bulk.upsert(conn, tables.stage_history, list(self._stages.values()))
        bulk.upsert(conn, tables.segment_members, list(self._segments.values()))
        bulk.upsert(conn, tables.funnel_leads, list(self._funnels.values()))


def _new(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in after.items() if before.get(name) != value]
