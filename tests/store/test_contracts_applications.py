"""The application and projection suites that the eventsourcing library ships, unmodified, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.persistence import Tracking
from eventsourcing.tests import application, projection
from eventsourcing.utils import get_topic
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert, select, update

from store.events.library.factory import Factory
from store.events.library.recorders import Datastore, SqlTrackingRecorder
from tests.store.contracts import OnDatabase, OnPostgres, OnSqlite

counters = Table(
    "counters", MetaData(), Column("name", Text, primary_key=True), Column("n", BigInteger, nullable=False)
)


class SqlEventCounters(SqlTrackingRecorder, projection.EventCountersView):
    """A view of the suite's, with a table of its own beside ours."""

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore)
        with datastore.transaction() as conn:
            counters.create(conn, checkfirst=True)
            if conn.execute(select(counters.c.name)).first() is None:
                conn.execute(insert(counters), [{"name": "created", "n": 0}, {"name": "subsequent", "n": 0}])

    def get_created_event_counter(self) -> int:
        return self._get("created")

    def get_subsequent_event_counter(self) -> int:
        return self._get("subsequent")

    def incr_created_event_counter(self, tracking: Tracking) -> None:
        self._increment("created", tracking)

    def incr_subsequent_event_counter(self, tracking: Tracking) -> None:
        self._increment("subsequent", tracking)

    def _get(self, name: str) -> int:
        with self.datastore.reading() as conn:
            return int(conn.execute(select(counters.c.n).where(counters.c.name == name)).scalar_one())

    def _increment(self, name: str, tracking: Tracking) -> None:
        with self._with(tracking) as conn:
            conn.execute(update(counters).where(counters.c.name == name).values(n=counters.c.n + 1))

    @contextmanager
    def _with(self, tracking: Tracking) -> Iterator[Connection]:
        with self.datastore.transaction() as conn:
            yield conn
            self.insert_tracking(tracking)


class TestExampleApplicationOnSqlite(OnSqlite, application.ExampleApplicationTestCase):
    expected_factory_topic = get_topic(Factory)


class TestExampleApplicationOnPostgres(OnPostgres, application.ExampleApplicationTestCase):
    expected_factory_topic = get_topic(Factory)


class TestApplicationOnSqlite(OnSqlite, application.ApplicationTestCase):
    pass


class TestApplicationOnPostgres(OnPostgres, application.ApplicationTestCase):
    pass


class ViewSuite(OnDatabase):
    def construct_event_counters_view(self) -> projection.EventCountersView:
        return SqlEventCounters(self.datastore())


class TestEventCountersViewOnSqlite(ViewSuite, OnSqlite, projection.EventCountersViewTestCase):
    pass


class TestEventCountersViewOnPostgres(ViewSuite, OnPostgres, projection.EventCountersViewTestCase):
    pass


class TestProjectionOnSqlite(OnSqlite, projection.AggregateEventCountersProjectionTestCase):
    view_class = SqlEventCounters


class TestProjectionOnPostgres(OnPostgres, projection.AggregateEventCountersProjectionTestCase):
    view_class = SqlEventCounters


class TestEventSourcedProjectionOnSqlite(OnSqlite, projection.EventSourcedProjectionTestCase):
    pass


class TestEventSourcedProjectionOnPostgres(OnPostgres, projection.EventSourcedProjectionTestCase):
    pass
