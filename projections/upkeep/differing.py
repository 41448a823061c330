"""Where the ledger says something else than the read models, found as a set: what is open against what holds."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, or_, select, true, union

from domain.signals.kinds import ENTERED, HOT, STAGE, SignalKind
from store.database.tables import live, open_signals


def differing(conn: Connection) -> list[int]:
    """The clusters, but for those that were put aside, in which the ledger may say something else by another model.

    Quiet leads and promotions that wait are among them: what they wait for may differ.
    """
    opened = open_signals.c
    waiting = select(opened.holder.label("lead")).where(
        or_(opened.signal.is_(None), and_(opened.waits, opened.kind == HOT.value))
    )
    leads = union(*_parts().values(), waiting).subquery()
    identities, clusters = live.identities, live.clusters
    query = select(clusters.c.cluster).distinct()
    query = query.join(identities, identities.c.cluster == clusters.c.cluster)
    query = query.join(leads, leads.c.lead == identities.c.id).where(clusters.c.aside.is_(None))
    return list(conn.execute(query.order_by(clusters.c.cluster)).scalars())


def unsettled(conn: Connection) -> Iterator[tuple[str, UUID]]:
    """Each lead, but for those of clusters put aside, of whom the ledger says something else, and about what."""
    identities, clusters = live.identities, live.clusters
    for part, query in _parts().items():
        leads = query.subquery()
        present = select(leads.c.lead).join(identities, identities.c.id == leads.c.lead, isouter=True)
        present = present.join(clusters, clusters.c.cluster == identities.c.cluster, isouter=True)
        for lead in conn.execute(present.where(clusters.c.aside.is_(None)).order_by(leads.c.lead)).scalars():
            yield part, lead


def _parts() -> dict[str, Select[Any]]:
    """The leads of whom the ledger says something else than the rows, by what it is about."""
    return {
        "stage": _stages(),
        "hot": _hot(),
        "entered": _entered(),
        "left": _left(),
        "nobody's": _nobodys(),
    }


def _open(kind: SignalKind, lead: Any, subject: Any = "") -> Any:
    """The condition that joins what is open of a kind."""
    opened = open_signals.c
    return and_(opened.holder == lead, opened.kind == kind.value, opened.subject == subject)


def _stages() -> Select[Any]:
    leads = live.leads
    query = select(leads.c.lead).outerjoin(open_signals, _open(STAGE, leads.c.lead)).where(leads.c.identified)
    return query.where(or_(open_signals.c.holder.is_(None), open_signals.c.value != leads.c.stage))


def _hot() -> Select[Any]:
    """Who is hot and not told as it is now, and of whom that is open and does not hold."""
    scores, leads, opened = live.scores, live.leads, open_signals.c
    query = select(leads.c.lead).join(scores, scores.c.lead == leads.c.lead)
    query = query.outerjoin(open_signals, _open(HOT, leads.c.lead)).where(leads.c.identified)
    changed = or_(scores.c.hot != true(), scores.c.hot_since > opened.at)
    return query.where(or_(and_(opened.holder.is_(None), scores.c.hot), and_(opened.holder.is_not(None), changed)))


def _entered() -> Select[Any]:
    members, leads = live.segment_members, live.leads
    query = select(leads.c.lead).join(members, members.c.lead == leads.c.lead)
    query = query.outerjoin(open_signals, _open(ENTERED, leads.c.lead, members.c.segment))
    return query.where(leads.c.identified, open_signals.c.holder.is_(None))


def _left() -> Select[Any]:
    members, opened = live.segment_members, open_signals.c
    same = and_(members.c.lead == opened.holder, members.c.segment == opened.subject)
    query = select(opened.holder.label("lead")).outerjoin(members, same)
    return query.where(opened.kind == ENTERED.value, members.c.lead.is_(None))


def _nobodys() -> Select[Any]:
    """What is open of whom there is no identified lead of that id."""
    leads, opened = live.leads, open_signals.c
    query = select(opened.holder.label("lead")).outerjoin(leads, leads.c.lead == opened.holder)
    return query.where(or_(leads.c.lead.is_(None), leads.c.identified != true()))
