"""How far each part has come: for `doctor` and for `/metrics`."""

from collections.abc import Iterable
from dataclasses import dataclass

from eventsourcing.persistence import PersistenceError
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from producers.protocols import forms
from store.database.database import Database
from store.database.tables import events, ledger, live, models, rejected, tracking
from store.deliveries import Tally, tallies


@dataclass(frozen=True, slots=True)
class Status:
    """What one look at the database says. Instants are microseconds."""

    recorded: int
    """Position of the newest event."""
    projected: int
    """Position that the read models are folded to."""
    clock: int | None
    """Instant that the read models are folded to."""
    now: int
    """The database's time."""
    announced: int
    """Position of the newest signal in the ledger."""
    positions: dict[str, int]
    """Stored positions of readers: of the log's partitions, and of the publisher."""
    aside: list[tuple[int, str]]
    """Clusters put aside, and why; at most 100."""
    aside_count: int
    rejected: int
    """Refused input that was not replayed yet."""
    rejected_forms: int
    """Of that, forms: people who were thanked, and of whom nothing else is known."""
    model: str | None
    """Hash of the active model."""
    folded_with: str | None
    """Hash of the model that the read models were folded with."""
    format: int | None
    """Of the saved state that the read models were folded with."""
    leads: int
    destinations: list[Tally]
    """What waits and what is dead, by destination."""

    @property
    def lag(self) -> int:
        """Events that are recorded and not yet projected."""
        return self.recorded - self.projected


def status_of(database: Database) -> Status:
    """One consistent look."""
    with database.snapshot() as conn:

        def count(query: object) -> int:
            return int(conn.execute(query).scalar() or 0)  # type: ignore[call-overload]

        progress = conn.execute(select(live.projector)).first()
        put_aside = live.clusters.c.aside.is_not(None)
        waiting = select(func.count()).select_from(rejected).where(rejected.c.replayed_at.is_(None))
        return Status(
            recorded=count(select(func.max(events.c.position))),
            projected=0 if progress is None else progress.position,
            clock=None if progress is None else progress.clock,
            now=database.now(conn),
            announced=count(select(func.max(ledger.c.position))),
            positions={row[0]: row[1] for row in conn.execute(select(tracking).order_by(tracking.c.name))},
            aside=[
                (row[0], row[1])
                for row in conn.execute(
                    select(live.clusters.c.cluster, live.clusters.c.aside)
                    .where(put_aside)
                    .order_by(live.clusters.c.cluster)
                    .limit(100)
                )
            ],
            aside_count=count(select(func.count()).select_from(live.clusters).where(put_aside)),
            rejected=count(waiting),
            rejected_forms=count(waiting.where(rejected.c.door.startswith(forms.PROTOCOL.prefix))),
            model=conn.execute(select(models.c.hash).order_by(models.c.activation.desc()).limit(1)).scalar(),
            folded_with=None if progress is None else progress.model,
            format=None if progress is None else progress.format,
            leads=count(select(func.count()).select_from(live.leads)),
            destinations=tallies(conn),
        )


class StatusMetrics(Collector):
    """The status as gauges, looked up when somebody asks for them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The gauges; `leadline_database_up` alone where the database does not answer."""
        try:
            now = status_of(self._database)
        except PersistenceError:
            yield GaugeMetricFamily("leadline_database_up", "Whether the database answers", 0)
            return
        yield GaugeMetricFamily("leadline_database_up", "Whether the database answers", 1)
        yield GaugeMetricFamily("leadline_recorded_position", "Position of the newest event", now.recorded)
        yield GaugeMetricFamily("leadline_projected_position", "Position of the read models", now.projected)
        yield GaugeMetricFamily("leadline_projector_lag", "Events recorded and not yet projected", now.lag)
        yield GaugeMetricFamily("leadline_ledger_position", "Position of the newest signal", now.announced)
        yield GaugeMetricFamily("leadline_clusters_aside", "Clusters that a fold could not take", now.aside_count)
        yield GaugeMetricFamily("leadline_rejected", "Refused input that waits for a replay", now.rejected)
        yield GaugeMetricFamily("leadline_rejected_forms", "Of that, forms that people filled in", now.rejected_forms)
        yield GaugeMetricFamily("leadline_leads", "Leads, visitors included", now.leads)
        yield from _of_destinations(now.destinations)
        if now.clock is not None:
            seconds = max(0, now.now - now.clock) / 1_000_000
            yield GaugeMetricFamily("leadline_clock_lag_seconds", "Age of the read models' clock", seconds)
            ahead = max(0, now.clock - now.now) / 1_000_000
            yield GaugeMetricFamily("leadline_clock_ahead_seconds", "How far it is ahead: a clock was wrong", ahead)


def _of_destinations(destinations: Iterable[Tally]) -> Iterable[GaugeMetricFamily]:
    waiting = GaugeMetricFamily("leadline_deliveries_waiting", "Signals that wait", labels=["destination"])
    dead = GaugeMetricFamily("leadline_deliveries_dead", "Signals that were given up", labels=["destination"])
    last = GaugeMetricFamily("leadline_delivery_last_success", "When the last one arrived", labels=["destination"])
    for tally in destinations:
        waiting.add_metric([tally.name], tally.waiting)
        dead.add_metric([tally.name], tally.dead)
        if tally.last_success is not None:
            last.add_metric([tally.name], tally.last_success / 1_000_000)
    yield from (waiting, dead, last)
