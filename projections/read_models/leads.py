"""The lead card: who a lead is, its stage, its touches, and its profile."""

from functools import lru_cache
from typing import Any, Final

import orjson
import sqlalchemy as sa

from domain.fold.fold import Fold
from domain.fold.lead import Lead, Now
from domain.model.channels import Channel
from domain.touchpoints.identity import Identity
from projections.read_models.family import OneRow, Row, Subject

IDENTITIES: Final = 20
"""Most identities in the row, highest kinds first: the walk knows all of them."""

_NOBODYS: Final = (None, None, None, None)


def _row(fold: Fold, subject: Subject) -> Row:
    lead, sources, owner = subject.lead, subject.lead.sources, subject.lead.owner
    findings = [*lead.findings, *subject.findings]
    return (
        subject.id,
        lead.stage,
        lead.stages[-1].at if lead.stages else lead.first_touch,
        lead.identified,
        lead.first_touch,
        lead.last_touch,
        lead.touches,
        _as_json(tuple(subject.identities[:IDENTITIES])),
        orjson.dumps(lead.profile, option=orjson.OPT_SORT_KEYS).decode() if lead.profile else "{}",
        orjson.dumps(findings).decode() if findings else "[]",
        len(subject.identities),
        Channel.DIRECT.value if sources.first is None else sources.first.seen["channel"],
        sources.current["channel"],
        lead.last_seen,
        max(_changed_at(lead, subject.now), subject.parted_at),
        *(_NOBODYS if owner is None else (owner.owner, owner.since, owner.due, owner.accepted_at)),
        lead.identified_at,
        next((entry.at for entry in lead.stages if entry.stage in fold.ladder.won), None) if lead.stages else None,
    )


def _changed_at(lead: Lead, now: Now) -> int:
    """When something of the lead last changed: a touchpoint, or, by time alone, a segment or the hot episode."""
    changed_at = lead.last_touch
    for instants in (now.segments, now.left):
        if instants:
            changed_at = max(changed_at, *instants.values())
    return max(changed_at, now.episodes[-1].ended or 0) if now.episodes else changed_at


@lru_cache(20_000)
def _as_json(identities: tuple[Identity, ...]) -> str:
    """Pairs of kind and value; remembered, since they seldom change."""
    return orjson.dumps([list(identity) for identity in identities]).decode()


def said_of(row: sa.Row[Any]) -> dict[str, Any]:
    """What the columns that hold JSON say, of a row of `leads` with `scores`; `identities` as [kind, value] pairs."""
    return {name: orjson.loads(getattr(row, name)) for name in ("identities", "profile", "findings", "reasons")}


LEADS = OneRow(lambda tables: tables.leads, _row)
