"""The documented way: an aggregate with @event; load, trigger, save per command; then its ProjectionRunner."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier

from tests.bench.traffic import Play


class Lead(Aggregate):
    """A lead as the library's documentation would write it."""

    class Interacted(Aggregate.Event):
        """Something happened."""

        type: str
        occurred_at: int
        properties: dict[str, str]

    def __init__(self, key: str) -> None:
        self.key = key
        self.touches = 0

    @staticmethod
    def create_id(key: str) -> UUID:
        """The aggregate's id."""
        return uuid5(NAMESPACE_URL, key)

    @event(Interacted)
    def interact(self, type: str, occurred_at: int, properties: dict[str, str]) -> None:
        """Count it."""
        self.touches += 1


class Leads(Application[UUID]):
    """Load, trigger, save."""

    def interact(self, played: Play) -> None:
        """One command."""
        try:
            lead: Lead = self.repository.get(Lead.create_id(played.cookie))
        except AggregateNotFoundError:
            lead = Lead(played.cookie)
        at = round(datetime.fromisoformat(played.at).timestamp() * 1_000_000)
        lead.interact(played.type, at, dict(played.properties))
        self.save(lead)


class Scores(PostgresTrackingRecorder):
    """A read model in the library's way: a table beside the tracking, in one transaction an event."""

    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.scores = "bench_scores"
        self.sql_create_statements.append(
            SQL("CREATE TABLE IF NOT EXISTS {0}.{1} (lead uuid PRIMARY KEY, touches bigint, last bigint)").format(
                Identifier(self.datastore.schema), Identifier(self.scores)
            )
        )

    def touched(self, lead: UUID, at: int, tracking: Any) -> None:
        """Count a touch."""
        statement = SQL(
            "INSERT INTO {0}.{1} VALUES (%s, 1, %s) ON CONFLICT (lead) DO UPDATE"
            " SET touches = {1}.touches + 1, last = EXCLUDED.last"
        ).format(Identifier(self.datastore.schema), Identifier(self.scores))
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(statement, (lead, at))


class ScoreProjection(Projection[Scores]):
    """Counts touches."""

    name = "bench_scores"
    topics = ("tests.bench.documented:Lead.Interacted",)

    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Any) -> None:
        """Others do not concern it."""

    @process_event.register
    def interacted(self, domain_event: Lead.Interacted, tracking: Any) -> None:
        """Write it."""
        self.view.touched(domain_event.originator_id, domain_event.occurred_at, tracking)


def environment(url: str) -> dict[str, str]:
    """The library's settings for a PostgreSQL URL."""
    match = re.fullmatch(r"postgresql://([^:@/]+)(?::([^@/]*))?@([^:/]+):(\d+)/([^?]+)(?:\?.*)?", url)
    if match is None:
        raise SystemExit(
            f"the benchmark cannot read {url.rsplit('@', maxsplit=1)[-1]}: allowed is postgresql://USER:PW@HOST:PORT/NAME"
        )
    user, password, host, port, name = match.groups()
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": name,
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": port,
        "POSTGRES_USER": user,
        "POSTGRES_PASSWORD": password or "none",
    }


@contextmanager
def saving(url: str, played: Sequence[Play]) -> Iterator[Callable[[], int]]:
    """An application that is ready; the call plays all commands, and says how many."""
    app = Leads(env=environment(url))

    def go() -> int:
        for each in played:
            app.interact(each)
        return len(played)

    try:
        yield go
    finally:
        app.close()


@contextmanager
def projecting(url: str) -> Iterator[Callable[[], int]]:
    """The call plays the documented ProjectionRunner over all that was saved, and says how many events these are."""
    env = environment(url)
    app = Leads(env=env)
    last = app.recorder.max_notification_id() or 0
    app.close()

    with ExitStack() as stack:

        def go() -> int:
            runner = ProjectionRunner(
                application_class=Leads, projection_class=ScoreProjection, view_class=Scores, env=env
            )
            stack.enter_context(runner).wait(last, timeout=300)
            return int(last)

        yield go
