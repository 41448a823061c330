"""Activation: another model becomes the active one, everything refolded by it, and what that changes is said.

Memberships are mirrored, so their changes are announced. An alert is not: who is hot only because the rules changed is
quiet until they earn again, and who is not hot any more is withdrawn aloud.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, and_, func, select, update

from domain.errors import Refused
from domain.model.definition import Model, Stage
from domain.signals.kinds import ASSIGNED
from domain.signals.signal import TELL
from projections.history.engines import INLINE, Engine
from projections.projecting.projector import LOCK, Progress, read_progress
from projections.upkeep.beside import Report, build_beside, put_in_place
from projections.upkeep.moved import Moved, moved
from projections.upkeep.settle import settle
from store.audit import AuditedAct, activation_line, keep_line
from store.database import bulk
from store.database.database import Database
from store.database.derived import Derived
from store.database.tables import live, open_signals
from store.events.ids import Ids
from store.models import active_model, last_activation, record_activation


class ActivationRefused(Refused):
    """The model would take back what happened: the active one stays on."""


class ActivatedMeanwhile(ActivationRefused):
    """The model was made of one that is not the active one any more."""


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation did. `known`: the file is the active one already, word for word.

    `refolded`: the rows were made anew, and `moved` says what that changed.
    """

    hash: str
    known: bool = False
    refolded: bool = False
    moved: Moved = field(default_factory=Moved)
    quiet: int = 0
    """Leads that are hot now and whom nobody was told of; with `announce` they are told now."""
    activation: int = 0
    """The number of the activation that is the active one now."""


def activate(
    database: Database,
    ids: Ids,
    model: Model,
    report: Report | None = None,
    *,
    announce: bool = False,
    based_on: int | None = None,
    by: str | None = None,
    engine: Engine = INLINE,
) -> Activated:
    """Make a model the active one, and its read models the live ones, in one transaction.

    A first activation is no change: what holds is announced as usual. `based_on`: the activation that the model was
    made of, where another one refuses it; `by`: who activates it, for the audit. Raises ActivationRefused,
    RebuildRefused's kinds.
    """

    def record(conn: Connection, at: int) -> int:
        number = record_activation(conn, model, at)
        if by is not None:
            keep_line(database, conn, by, AuditedAct.MODEL_ACTIVATED, activation_line(number))
        return number

    with database.transaction() as conn:
        database.lock(conn, "models")
        check_based_on(conn, based_on)
        active, folded = active_model(conn), read_progress(conn).model
        check_kept(conn, active or model, model)
        if active is None or (active.hash == model.hash and folded in ("", model.hash)):
            known = active is not None and active.text == model.text
            number = last_activation(conn) if known else record(conn, database.now(conn))
            quiet = _quiet(database, conn, announce) if folded else 0
            return Activated(model.hash, known, quiet=quiet, activation=number)

    def switch(conn: Connection, tables: Derived, now: Progress) -> Activated:
        check_based_on(conn, based_on)
        check_kept(conn, active_model(conn) or model, model)
        changed = moved(conn, tables)
        aside = _aside_to_be_told(conn)
        put_in_place(conn, tables, now)
        number = record(conn, max(database.now(conn), now.clock))
        still_aside = live.clusters.c.aside.is_not(None)
        conn.execute(update(live.clusters).where(still_aside).values(activation=number))
        settle(database, conn, ids, model, now, number)
        _keep_to_be_told(conn, aside)
        return Activated(model.hash, False, True, changed, _quiet(database, conn, announce), number)

    return build_beside(database, ids, model, report, switch, engine=engine)


def _quiet(database: Database, conn: Connection, announce: bool) -> int:
    """How many are hot and untold; `announce` leaves them to the projector, which tells of them batch by batch."""
    quiet = open_signals.c.signal.is_(None)
    count = conn.execute(select(func.count()).select_from(open_signals).where(quiet)).scalar_one()
    if announce:
        database.lock(conn, LOCK)
        conn.execute(update(open_signals).where(quiet).values(earned=TELL))
        aside = live.clusters.c.activation
        conn.execute(update(live.clusters).where(aside > 0).values(activation=-aside))
        conn.execute(update(live.projector).values(build=live.projector.c.build + 1))  # so that it looks
    return int(count)


def _aside_to_be_told(conn: Connection) -> Sequence[UUID]:
    """The identities of clusters that are put aside and that an earlier `announce` waits for."""
    clusters, identities = live.clusters, live.identities
    query = select(identities.c.id).join(clusters, clusters.c.cluster == identities.c.cluster)
    return conn.execute(query.where(clusters.c.aside.is_not(None), clusters.c.activation < 0)).scalars().all()


def _keep_to_be_told(conn: Connection, ids: Sequence[UUID]) -> None:
    """This activation does not take back that they be told: of whom it folded again, and who is still put aside."""
    clusters, states, quiet = live.clusters, live.lead_states, open_signals
    rows = bulk.select_in(conn, live.identities, ["cluster"], "id", ids)
    for number in {number for (number,) in rows if number is not None}:
        waits = and_(clusters.c.cluster == number, clusters.c.activation > 0)
        conn.execute(update(clusters).where(waits).values(activation=-clusters.c.activation))
        leads = select(states.c.lead).where(states.c.cluster == number)
        conn.execute(update(quiet).where(quiet.c.signal.is_(None), quiet.c.holder.in_(leads)).values(earned=TELL))


# ---- what is refused -----------------------------------------------------------------------------------------


def check_based_on(conn: Connection, activation: int | None) -> None:
    """The activation that a model was made of must be the active one. Raises ActivatedMeanwhile."""
    newest = last_activation(conn)
    if activation is not None and activation != newest:
        raise ActivatedMeanwhile(
            f"the model was made of activation {activation}, and meanwhile activation {newest} is the active one: look "
            "at what that changed, and begin with it"
        )


def check_kept(conn: Connection, active: Model, model: Model) -> None:
    """What leads have or had may not vanish from the file. Raises ActivationRefused, by stage and by owner."""
    _check_stages(conn, active, model)
    _check_owners(conn, model)


def _check_stages(conn: Connection, active: Model, model: Model) -> None:
    """A stage that any lead ever entered may not vanish. Raises ActivationRefused with the number of leads."""
    missing = list(_vanished(conn, active, model))
    if missing:
        named = "; ".join(f"{name!r}, which {leads:,} leads have entered" for name, leads in missing)
        raise ActivationRefused(
            f"the new model has no stage {named}: rename it (`was` of the stage that it is now), or keep it with "
            "`retired = true`. The active model stays on"
        )


def _check_owners(conn: Connection, model: Model) -> None:
    """An owner who has leads may not vanish. Raises ActivationRefused with the number of leads."""
    owned = open_signals.c
    query = select(owned.value, func.count()).where(owned.kind == ASSIGNED.value).group_by(owned.value)
    names = {owner.name for owner in model.sales.owners}
    missing = [
        f"{owner!r}, who has {leads:,} leads" for owner, leads in sorted(conn.execute(query)) if owner not in names
    ]
    if missing:
        raise ActivationRefused(
            f"the new model has no owner {'; '.join(missing)}: keep them with `retired = true`, new leads then go to "
            "others. The active model stays on"
        )


def _vanished(conn: Connection, active: Model, model: Model) -> Iterator[tuple[str, int]]:
    names = {name for stage in model.stages for name in _names(stage)}
    missing = [(stage.name, name) for stage in active.stages for name in _names(stage) if name not in names]
    entered = _entered(conn, {stage for stage, _ in missing}) if missing else {}
    for stage, name in missing:
        if stage in entered:
            yield name, entered[stage]


def _names(stage: Stage) -> tuple[str, ...]:
    return (stage.name, *stage.was)


def _entered(conn: Connection, stages: Collection[str]) -> Mapping[str, int]:
    """How many leads ever entered each of these stages."""
    history = live.stage_history
    query = select(history.c.stage, func.count(history.c.lead.distinct())).group_by(history.c.stage)
    query = query.where(history.c.stage.in_(stages))
    return {row[0]: row[1] for row in conn.execute(query)}
