"""How the installation is, as `/api/status` and `leadline doctor --json` tell it."""

from collections.abc import Iterator

from sqlalchemy import Connection, select

from api.status import (
    ArrowShape,
    CheckShape,
    DestinationStateShape,
    PutAsideShape,
    RefusedByDoorShape,
    SignalPlaceShape,
    SpoolShape,
    StatusShape,
    VerificationShape,
)
from consumers.promote.promoter import POSITION as PROMOTED
from consumers.publish.publisher import POSITION as PUBLISHED
from domain.errors import Retry
from projections.queries.rejections import waiting_by_door
from runtime.checks import Findings, look, spooled_here
from runtime.disk import room
from runtime.status import Status
from runtime.wiring import Wiring
from store.database.tables import destinations, ledger
from store.events.store import recorded_at
from store.verifications import last_verification


def status_now(wiring: Wiring) -> StatusShape:
    """Look at everything. Raises Retry where the database says nothing."""
    findings = look(wiring)
    if findings.status is None:
        raise Retry("; ".join(findings.away))
    return status_shape(wiring, findings)


def status_shape(wiring: Wiring, findings: Findings) -> StatusShape:
    """What a look at everything found, which the database answered."""
    status = findings.status
    assert status is not None
    with wiring.existing.snapshot() as conn:
        verification = last_verification(conn)
        return StatusShape(
            now=status.now,
            clock=status.clock,
            recorded=status.recorded,
            projected=status.projected,
            behind=status.lag,
            leads=status.leads,
            model=status.model,
            arrows=list(_arrows(conn, status, findings)),
            spool=_spool(wiring),
            aside_count=status.aside_count,
            aside=[PutAsideShape(cluster=cluster, reason=reason) for cluster, reason in status.aside],
            rejected_count=status.rejected,
            rejected=[RefusedByDoorShape(door=door, waiting=n) for door, n in waiting_by_door(conn).items()],
            destinations=[DestinationStateShape(**each._asdict()) for each in status.destinations],
            last_signal=_last_signal(conn),
            last_delivered_at=max((each.last_success or 0 for each in status.destinations), default=0) or None,
            verified=None if verification is None else VerificationShape(**verification._asdict()),
            disk=room(wiring, conn, status),
            checks=[
                CheckShape(what=what, how=how, wrong=place in findings.wrongs)
                for place, (what, how) in enumerate(findings.rows)
            ],
            problems=findings.problems,
        )


def _arrows(conn: Connection, status: Status, findings: Findings) -> Iterator[ArrowShape]:
    for name, reached, end in findings.partitions:
        yield _arrow(f"recorder of {name}", reached, end)
    waiting = recorded_at(conn, status.projected + 1) if status.lag > 0 else None
    yield _arrow("projector", status.projected, status.recorded, waiting)
    for name, position in (("publisher", PUBLISHED), ("promoter", PROMOTED)):
        if position in status.positions:
            yield _reader(conn, name, status.positions[position], status.announced)
    told = {each.name for each in status.destinations}
    query = select(destinations.c.name, destinations.c.position).order_by(destinations.c.name)
    for row in conn.execute(query.where(destinations.c.name.in_(told))):
        yield _reader(conn, f"destination {row.name}", row.position, status.announced)


def _reader(conn: Connection, name: str, position: int, end: int) -> ArrowShape:
    """What reads the ledger."""
    oldest = select(ledger.c.at).where(ledger.c.position > position).order_by(ledger.c.position).limit(1)
    return _arrow(name, position, end, conn.execute(oldest).scalar() if end > position else None)


def _arrow(name: str, position: int, end: int, waiting_since: int | None = None) -> ArrowShape:
    behind = max(0, end - position)
    return ArrowShape(name=name, position=position, end=end, behind=behind, waiting_since=waiting_since)


def _spool(wiring: Wiring) -> SpoolShape | None:
    held = spooled_here(wiring)
    limit = int(wiring.settings.spool_limit)
    return None if held is None else SpoolShape(waiting=held.records, used=held.used, limit=limit)


def _last_signal(conn: Connection) -> SignalPlaceShape | None:
    query = select(ledger.c.id, ledger.c.kind, ledger.c.at, ledger.c.position)
    row = conn.execute(query.order_by(ledger.c.position.desc()).limit(1)).one_or_none()
    return None if row is None else SignalPlaceShape(**row._mapping)
