"""How the installation is, as `/api/status` and `leadline doctor --json` tell it."""

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from api.status import (
    ArrowShape,
    CheckShape,
    DestinationStateShape,
    PutAsideShape,
    RefusedByDoorShape,
    SignalPlaceShape,
    StatusShape,
    VerificationShape,
)
from consumers.promote.promoter import POSITION as PROMOTED
from consumers.publish.publisher import POSITION as PUBLISHED
from domain.errors import Retry
from runtime.checks import Findings, look
from runtime.disk import room
from runtime.status import Status
from runtime.wiring import Wiring
from store.database.tables import destinations, ledger, rejected
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
            aside_count=status.aside_count,
            aside=[PutAsideShape(cluster=cluster, reason=reason) for cluster, reason in status.aside],
            rejected_count=status.rejected,
            rejected=_rejected(conn),
            destinations=[DestinationStateShape(**each._asdict()) for each in status.destinations],
            last_signal=_last_signal(conn),
            last_delivered_at=max((each.last_success or 0 for each in status.destinations), default=0) or None,
            verified=None if verification is None else VerificationShape(**verification._asdict()),
            disk=room(wiring, conn, status),
            checks=[CheckShape(what=what, how=how) for what, how in findings.rows],
            problems=findings.problems,
        )


def _arrows(conn: Connection, status: Status, findings: Findings) -> Iterator[ArrowShape]:
    for name, reached, end in findings.partitions:
        yield _arrow(f"recorder of {name}", reached, end)
    yield _arrow("projector", status.projected, status.recorded)
    for name, position in (("publisher", PUBLISHED), ("promoter", PROMOTED)):
        if position in status.positions:
            yield _arrow(name, status.positions[position], status.announced)
    told = {each.name for each in status.destinations}
    query = select(destinations.c.name, destinations.c.position).order_by(destinations.c.name)
    for row in conn.execute(query.where(destinations.c.name.in_(told))):
        yield _arrow(f"destination {row.name}", row.position, status.announced)


def _arrow(name: str, position: int, end: int) -> ArrowShape:
    return ArrowShape(name=name, position=position, end=end, behind=max(0, end - position))


def _rejected(conn: Connection) -> list[RefusedByDoorShape]:
    count = func.count().label("waiting")
    query = select(rejected.c.door, count).where(rejected.c.replayed_at.is_(None)).group_by(rejected.c.door)
    return [
        RefusedByDoorShape(door=row.door, waiting=row.waiting)
        for row in conn.execute(query.order_by(count.desc(), rejected.c.door))
    ]


def _last_signal(conn: Connection) -> SignalPlaceShape | None:
    query = select(ledger.c.id, ledger.c.kind, ledger.c.at, ledger.c.position)
    row = conn.execute(query.order_by(ledger.c.position.desc()).limit(1)).one_or_none()
    return None if row is None else SignalPlaceShape(**row._mapping)
